//! Domain names as they are compared and asked for.

/// A name in ASCII and lower case, without a final dot; none where it is no name that
/// could be looked up.
pub(super) fn ascii(name: &str) -> Option<String> {
    // RFC 5890 §2.3.2.1: an internationalised name is asked for in its ASCII form.
    let name = match name.is_ascii() {
        true => name.to_ascii_lowercase(),
        false => idna::domain_to_ascii(name).ok()?,
    };
    let name = name.strip_suffix('.').unwrap_or(&name);
    let well_formed = name.split('.').all(|label| (1..=63).contains(&label.len()));
    // An address in brackets is no name.
    (well_formed && name.len() <= 253 && !name.starts_with('[')).then(|| name.to_owned())
}
