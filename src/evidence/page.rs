//! The conversation for people: one HTML page without anything from elsewhere.

use std::fmt::Write as _;

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// What stands below it, a line each.
    pub about: Vec<String>,
    /// The messages, the oldest first.
    pub entries: Vec<Entry>,
}

/// A message on the page.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Who wrote, when, what became of it.
    pub heading: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Verdict, deliveries, files: a line each.
    pub facts: Vec<String>,
}

impl Page {
    /// As HTML.
    pub fn html(&self) -> String {
        let mut html = String::from(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        );
        let title = escaped(&self.title);
        let _ = writeln!(html, "<title>{title}</title>\n{STYLE}\n<h1>{title}</h1>");
        list(&mut html, &self.about);
        for Entry { heading, subject, text, facts } in &self.entries {
            let (heading, subject) = (escaped(heading), escaped(subject));
            let _ = writeln!(html, "<article>\n<h2>{heading}</h2>\n<p><b>{subject}</b></p>");
            if !text.is_empty() {
                let _ = writeln!(html, "<pre>{}</pre>", escaped(text));
            }
            list(&mut html, facts);
            html.push_str("</article>\n");
        }
        html.push_str("</html>\n");
        html
    }
}

const STYLE: &str = "<style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}\
article{border-top:1px solid #999;margin-top:1.5em}h2{font-size:1em}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:1em}</style>";

fn list(html: &mut String, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    html.push_str("<ul>\n");
    for line in lines {
        let _ = writeln!(html, "<li>{}</li>", escaped(line));
    }
    html.push_str("</ul>\n");
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_on_the_page() {
        let entry = Entry {
            subject: "<script>alert(1)</script>".to_owned(),
            text: "a < b & \"c\"".to_owned(),
            ..Entry::default()
        };
        let page = Page { title: "Order <O1>".to_owned(), entries: vec![entry], ..Page::default() };
        let html = page.html();
        assert!(!html.contains("<script>"), "{html}");
        assert!(html.contains("a &lt; b &amp; &quot;c&quot;"), "{html}");
        assert!(html.contains("Order &lt;O1&gt;"), "{html}");
    }
}
