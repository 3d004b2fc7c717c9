//! `format=flowed` (RFC 3676).

/// Joins flowed lines into paragraphs. Quote depth stays, written as `> ` once per depth.
pub(super) fn unwrap(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of the paragraph that goes on with the next line.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let rest = line.get(depth..).unwrap_or_default();
        // RFC 3676 §4.4: a space may stand before what would read as a quote mark or "From ".
        let content = rest.strip_prefix(' ').unwrap_or(rest);
        // RFC 3676 §4.3: the signature separator is never flowed.
        let separator = content == "-- ";
        match open {
            Some(before) if before == depth && !separator => {}
            before => {
                if before.is_some() {
                    out.push('\n');
                }
                for _ in 0..depth {
                    out.push_str("> ");
                }
                // What was stuffed because it looks like a quote must not look like one now.
                if depth == 0 && content.starts_with('>') {
                    out.push(' ');
                }
            }
        }
        let flows = content.ends_with(' ') && !separator;
        match content.strip_suffix(' ').filter(|_| flows && del_sp) {
            Some(without) => out.push_str(without),
            None => out.push_str(content),
        }
        if flows {
            open = Some(depth);
        } else {
            open = None;
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, del_sp: bool, expected: &str) {
        assert_eq!(unwrap(input, del_sp), expected);
    }

    #[test]
    fn soft_breaks_are_joined_and_hard_ones_stay() {
        check("one \ntwo\nthree", false, "one two\nthree\n");
        check("日本 \n語", true, "日本語\n");
        check("-- \nJane", false, "-- \nJane\n");
        check("text \n-- \nJane", false, "text \n-- \nJane\n");
    }

    #[test]
    fn quotes_are_joined_at_their_depth_only() {
        check(">> a \n>> b\n> c \nd", false, "> > a b\n> c \nd\n");
    }

    #[test]
    fn a_stuffed_line_does_not_become_a_quote() {
        check(" >no quote\n From here", false, " >no quote\nFrom here\n");
    }
}
