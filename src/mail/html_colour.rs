//! Colours, as far as they tell whether words are seen.

/// A colour of letters or of what is behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Solid([u8; 3]),
    /// Nothing is seen of it.
    Clear,
    /// A picture, or a way of naming it that we don't know.
    Unknown,
}

/// A colour as CSS or an attribute names it.
pub(super) fn colour(value: &str) -> Colour {
    let value = value.trim().to_ascii_lowercase();
    if let Some(inner) = value.strip_prefix("rgb") {
        return channels(inner.trim_start_matches('a'));
    }
    let hex = value.strip_prefix('#').unwrap_or(&value);
    if let Some(solid) = hex_colour(hex) {
        return solid;
    }
    let solid = |r, g, b| Colour::Solid([r, g, b]);
    match value.as_str() {
        "transparent" => Colour::Clear,
        "white" | "window" => solid(255, 255, 255),
        "snow" | "ivory" | "floralwhite" | "ghostwhite" | "mintcream" | "azure" => {
            solid(250, 250, 250)
        }
        "whitesmoke" | "seashell" | "aliceblue" => solid(245, 245, 245),
        "black" | "windowtext" | "initial" => solid(0, 0, 0),
        "red" => solid(255, 0, 0),
        "darkred" | "maroon" => solid(128, 0, 0),
        "crimson" => solid(220, 20, 60),
        "green" => solid(0, 128, 0),
        "darkgreen" => solid(0, 100, 0),
        "lime" => solid(0, 255, 0),
        "blue" => solid(0, 0, 255),
        "navy" | "darkblue" => solid(0, 0, 128),
        "royalblue" => solid(65, 105, 225),
        "purple" => solid(128, 0, 128),
        "fuchsia" | "magenta" => solid(255, 0, 255),
        "orange" => solid(255, 165, 0),
        "darkorange" => solid(255, 140, 0),
        "brown" => solid(165, 42, 42),
        "teal" => solid(0, 128, 128),
        "aqua" | "cyan" => solid(0, 255, 255),
        "yellow" => solid(255, 255, 0),
        "olive" => solid(128, 128, 0),
        "gray" | "grey" => solid(128, 128, 128),
        "silver" | "lightgray" | "lightgrey" => solid(200, 200, 200),
        _ => Colour::Unknown,
    }
}

fn hex_colour(hex: &str) -> Option<Colour> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let solid = |r: u8, g: u8, b: u8| Some(Colour::Solid([r, g, b]));
    match digits.as_slice() {
        [.., 0] if digits.len() == 4 => Some(Colour::Clear),
        [.., 0, 0] if digits.len() == 8 => Some(Colour::Clear),
        [r, g, b] | [r, g, b, _] => solid(r * 17, g * 17, b * 17),
        [r, rr, g, gg, b, bb] | [r, rr, g, gg, b, bb, _, _] => {
            solid(r * 16 + rr, g * 16 + gg, b * 16 + bb)
        }
        _ => None,
    }
}

/// `(1, 2, 3)`, `(1 2 3 / 0.5)`
fn channels(inner: &str) -> Colour {
    let parts: Vec<f32> = inner
        .split(|c: char| matches!(c, '(' | ')' | ',' | '/') || c.is_whitespace())
        .filter(|p| !p.is_empty())
        .map(|p| match p.strip_suffix('%') {
            Some(percent) => percent.parse::<f32>().map_or(f32::NAN, |v| v * 2.55),
            None => p.parse().unwrap_or(f32::NAN),
        })
        .collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
    let channel = |v: f32| v.clamp(0.0, 255.0) as u8;
    match parts.as_slice() {
        [.., alpha] if parts.len() == 4 && *alpha < 0.05 => Colour::Clear,
        [r, g, b] | [r, g, b, _] if !(r + g + b).is_nan() => {
            Colour::Solid([channel(*r), channel(*g), channel(*b)])
        }
        _ => Colour::Unknown,
    }
}

/// Whether letters in one colour are not seen on the other.
pub(super) fn same(letters: [u8; 3], behind: [u8; 3]) -> bool {
    letters.iter().zip(behind).all(|(a, b)| a.abs_diff(b) <= 16)
}

/// The colour, coarsely, where it was chosen to stand out and can be read on white.
pub(super) fn vivid(colour: [u8; 3]) -> Option<[u8; 3]> {
    let [r, g, b] = colour.map(|channel| channel / 17);
    let stands_out = r.max(g).max(b) - r.min(g).min(b) >= 6;
    let light = 3 * u32::from(r) + 6 * u32::from(g) + u32::from(b);
    (stands_out && light < 100).then_some([r, g, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_way_that_mail_writes_them() {
        for (text, expected) in [
            ("#FFF", Colour::Solid([255; 3])),
            ("#01020a", Colour::Solid([1, 2, 10])),
            ("ff0000", Colour::Solid([255, 0, 0])),
            ("#01020a80", Colour::Solid([1, 2, 10])),
            ("#01020a00", Colour::Clear),
            (" White ", Colour::Solid([255; 3])),
            ("rgb(1, 2,3)", Colour::Solid([1, 2, 3])),
            ("rgb(100% 0% 0%)", Colour::Solid([255, 0, 0])),
            ("rgba(1,2,3,0.5)", Colour::Solid([1, 2, 3])),
            ("rgb(1 2 3 / 0)", Colour::Clear),
            ("transparent", Colour::Clear),
            ("rgb(a,b)", Colour::Unknown),
            ("#12", Colour::Unknown),
            ("inherit", Colour::Unknown),
        ] {
            assert_eq!(colour(text), expected, "{text}");
        }
    }

    #[test]
    fn only_colours_that_stand_out_and_read_on_white_go_out() {
        assert_eq!(vivid([0xcc, 0, 0]), Some([12, 0, 0]));
        assert_eq!(vivid([0, 0, 0]), None);
        assert_eq!(vivid([0x1f, 0x1f, 0x3f]), None);
        assert_eq!(vivid([255, 255, 0]), None, "yellow on white");
        for shade in 0..=255 {
            if let Some([r, g, b]) = vivid([shade, 0, 0x60]) {
                let again = [r * 17, g * 17, b * 17];
                assert_eq!(vivid(again), Some([r, g, b]), "the same again");
            }
        }
    }
}
