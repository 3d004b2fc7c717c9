//! What the end of a file's name means to the machine that it reaches.

/// A double click on these runs them, or lets them run something, on some system that people have.
const RUN: &[&str] = &[
    "ade",
    "adp",
    "apk",
    "app",
    "appimage",
    "application",
    "appref-ms",
    "appx",
    "bash",
    "bat",
    "chm",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "dll",
    "dmg",
    "drv",
    "exe",
    "gadget",
    "hlp",
    "hta",
    "inf",
    "ins",
    "isp",
    "jar",
    "jnlp",
    "job",
    "js",
    "jse",
    "ksh",
    "lnk",
    "mde",
    "mht",
    "mhtml",
    "msc",
    "msh",
    "msi",
    "msix",
    "msp",
    "mst",
    "ocx",
    "pif",
    "pkg",
    "pl",
    "prg",
    "ps1",
    "ps1xml",
    "ps2",
    "psc1",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyw",
    "rb",
    "reg",
    "rpm",
    "run",
    "scf",
    "scr",
    "sct",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "sys",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vxd",
    "website",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xll",
    "xpi",
];

/// Office documents that carry macros by their name.
const MACROS: &[&str] =
    &["docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm"];

/// Other ends of names that say what a file is.
const OTHERS: &[&str] = &[
    "7z", "aac", "ace", "ai", "arj", "asc", "avi", "avif", "bin", "bmp", "bz2", "cab", "cer",
    "crt", "csv", "dat", "dib", "doc", "docx", "dot", "eml", "eps", "gif", "gpg", "gz", "heic",
    "heif", "htm", "html", "ics", "img", "iso", "jfif", "jpe", "jpeg", "jpg", "json", "key", "log",
    "md", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "msg", "odp", "ods", "odt", "ogg", "p7m",
    "p7s", "pages", "pdf", "php", "png", "pps", "ppt", "pptx", "psd", "rar", "rtf", "svg", "tar",
    "tgz", "tif", "tiff", "txt", "vcf", "vcs", "vhd", "wav", "webm", "webp", "wma", "wmv", "xhtml",
    "xls", "xlsx", "xml", "xps", "xz", "zip",
];

/// The last extension of a name, lower case. Spaces and dots behind it don't count: Windows drops
/// them.
fn extension(name: &str) -> Option<String> {
    let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let (stem, end) = name.rsplit_once('.')?;
    (!stem.is_empty()).then(|| end.trim().to_lowercase())
}

fn is_one_of(list: &[&str], name: &str) -> bool {
    extension(name).is_some_and(|end| list.contains(&end.as_str()))
}

/// Whether a machine runs a file because of its name.
pub fn is_run_by_name(name: &str) -> bool {
    is_one_of(RUN, name)
}

/// Whether the name says that macros are inside.
pub(super) fn has_macros_by_name(name: &str) -> bool {
    is_one_of(MACROS, name)
}

/// A name without the extensions at its end: of `invoice.pdf.exe` there remains `invoice`. What is
/// no known extension stays: `manual v1.2`.
pub fn without_extensions(name: &str) -> &str {
    let ends = |c: char| c == '.' || c.is_whitespace();
    let mut stem = name.trim_end_matches(ends);
    while let Some(end) = extension(stem) {
        let known = [RUN, MACROS, OTHERS].iter().any(|list| list.contains(&end.as_str()));
        match stem.rfind('.') {
            Some(at) if known => stem = stem.get(..at).unwrap_or_default().trim_end_matches(ends),
            _ => break,
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_makes_a_machine_do() {
        for name in ["a.exe", "a.pdf.EXE", "run.bat ", "x.js.", "photo.jpg .scr", "a.lnk"] {
            assert!(is_run_by_name(name), "{name}");
        }
        for name in ["a.pdf", "exe", ".exe", "notes.txt", "exe.txt", "ランプ"] {
            assert!(!is_run_by_name(name), "{name}");
        }
        assert!(has_macros_by_name("list.XLSM") && !has_macros_by_name("list.xlsx"));
    }

    #[test]
    fn extensions_go_and_the_name_stays() {
        let check = |name, expected| assert_eq!(without_extensions(name), expected, "{name}");
        check("invoice.pdf.exe", "invoice");
        check("manual v1.2.pdf", "manual v1.2");
        check("foto.JPG . ", "foto");
        check("no extension", "no extension");
        check(".pdf", ".pdf");
        check("取扱説明書.pdf", "取扱説明書");
    }
}
