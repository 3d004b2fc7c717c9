//! Subjects.

/// What mail programs in our languages put before a subject when they answer or forward.
const MARKS: [&str; 11] = ["re", "aw", "sv", "vs", "fw", "fwd", "wg", "tr", "rv", "odp", "antw"];

/// A subject without what answering put before it: `Re: AW: Lamp` is about `Lamp`.
pub fn base_subject(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((head, tail)) = rest.split_once(':') {
        if !MARKS.contains(&head.trim().to_lowercase().as_str()) {
            break;
        }
        rest = tail.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_loses_the_marks_of_answering_and_nothing_else() {
        for (subject, expected) in [
            ("Re: AW: Lamp", "Lamp"),
            ("RE:Re: Order: blue", "Order: blue"),
            ("Lamp", "Lamp"),
            ("Re:", ""),
        ] {
            assert_eq!(base_subject(subject), expected);
        }
    }
}
