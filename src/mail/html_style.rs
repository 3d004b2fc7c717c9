//! The little of CSS that tells whether words are seen and how they are meant. Whatever is not
//! understood leaves words visible, and what is visible is judged: to hide text from us only shows
//! it.

use std::collections::HashMap;

use super::html_colour::{Colour, colour};
use super::rich::Align;

/// Style sheets that are read, in bytes.
const MOST_SHEET: usize = 256 * 1024;
/// Rules that are kept.
const MOST_RULES: usize = 1000;
/// Parts of one selector.
const MOST_COMPOUNDS: usize = 5;
/// Steps of matching in one mail.
const MOST_STEPS: usize = 2_000_000;
/// What is moved further out of its place, in pixels, is off the screen.
const OFF_SCREEN: f32 = -400.0;

/// The size of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Zero,
    /// A part of what it was around it.
    Relative,
    Seen,
}

/// What declarations say; later ones override.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Style {
    gone: Option<bool>,
    pub(super) invisible: Option<bool>,
    see_through: Option<bool>,
    pub(super) size: Option<Size>,
    pub(super) colour: Option<Colour>,
    pub(super) background: Option<Colour>,
    flat: Option<bool>,
    cut_off: Option<bool>,
    moved: Option<bool>,
    far: Option<bool>,
    outdented: Option<bool>,
    clipped: Option<bool>,
    floats: Option<bool>,
    ordered: Option<bool>,
    shifted: Option<bool>,
    pulled: Option<bool>,
    pub(super) turned: Option<bool>,
    pub(super) bold: Option<bool>,
    pub(super) italic: Option<bool>,
    pub(super) underlined: Option<bool>,
    pub(super) struck: Option<bool>,
    pub(super) align: Option<Align>,
    /// No room above and below.
    pub(super) tight: Option<bool>,
    /// A line at its left: how Outlook marks a quote.
    pub(super) lined: Option<bool>,
    pub(super) preformatted: Option<bool>,
}

impl Style {
    /// Nothing of the element or what is in it is seen.
    pub(super) fn is_unseen(&self) -> bool {
        let on = |what: Option<bool>| what == Some(true);
        on(self.gone)
            || on(self.see_through)
            || on(self.outdented)
            || (on(self.flat) && on(self.cut_off))
            || (on(self.moved) && (on(self.far) || on(self.clipped)))
    }

    /// It is not shown where it stands: what is next to it in the markup is not next to it for its
    /// reader.
    pub(super) fn is_elsewhere(&self) -> bool {
        let on = |what: Option<bool>| what == Some(true);
        on(self.floats)
            || on(self.ordered)
            || on(self.pulled)
            || (on(self.moved) && on(self.shifted))
    }

    /// No room of its own.
    pub(super) fn is_flat(&self) -> bool {
        self.flat == Some(true)
    }

    pub(super) fn merge(&mut self, over: &Self) {
        macro_rules! each {
            ($($field:ident)*) => { $(if over.$field.is_some() { self.$field = over.$field; })* };
        }
        each!(gone invisible see_through size colour background flat cut_off moved far outdented
            clipped floats ordered shifted pulled turned bold italic underlined struck align tight lined preformatted);
    }

    fn declare(&mut self, property: &str, value: &str) {
        match property {
            "display" => self.gone = Some(value == "none"),
            "visibility" => self.invisible = Some(matches!(value, "hidden" | "collapse")),
            "opacity" => self.see_through = Some(pixels(value).is_some_and(|v| v < 0.05)),
            "font-size" => self.size = size(value),
            "font" => self.font(value),
            "font-weight" => {
                let heavy = value.parse::<u16>().is_ok_and(|weight| weight >= 600);
                self.bold = Some(heavy || matches!(value, "bold" | "bolder"));
            }
            "font-style" => self.italic = Some(matches!(value, "italic" | "oblique")),
            "text-decoration" | "text-decoration-line" => {
                self.underlined = Some(value.contains("underline"));
                self.struck = Some(value.contains("line-through"));
            }
            "color" => self.colour = Some(colour(value)),
            "background-color" => self.background = Some(colour(value)),
            "background" | "background-image" => self.background = background(value),
            "height" | "max-height" | "width" | "max-width" => {
                let flat = pixels(value).is_some_and(|v| v <= 1.0);
                self.flat = Some(flat || (self.flat == Some(true)));
            }
            "overflow" | "overflow-x" | "overflow-y" => {
                self.cut_off = Some(matches!(value, "hidden" | "clip"));
            }
            "position" => self.moved = Some(matches!(value, "absolute" | "fixed" | "relative")),
            "left" | "top" | "right" | "bottom" => {
                let far = pixels(value).is_some_and(|v| v <= OFF_SCREEN);
                self.far = Some(far || self.far == Some(true));
                self.shifted = Some(is_some_way(value) || self.shifted == Some(true));
            }
            "float" => self.floats = Some(value != "none"),
            "order" => self.ordered = Some(value != "0"),
            "transform" => self.pulled = Some(value != "none"),
            // What is in it is shown from its end.
            "flex-direction" | "flex-flow" => self.turned = Some(value.contains("reverse")),
            "margin-right" => self.pulled = Some(value.starts_with('-')),
            "text-indent" | "margin-left" | "margin-top" => {
                let far = pixels(value).is_some_and(|v| v <= OFF_SCREEN);
                self.outdented = Some(far || self.outdented == Some(true));
                self.pulled = Some(value.starts_with('-') || self.pulled == Some(true));
                self.margin_edge(property, value);
            }
            "margin-bottom" => self.margin_edge(property, value),
            "margin" => self.tight = Some(margins_are_zero(value)),
            "clip" | "clip-path" => {
                let all = ["rect(0", "rect(1px", "inset(50%", "inset(100%"];
                self.clipped = Some(all.iter().any(|a| value.starts_with(a)));
            }
            "text-align" => self.align = align(value),
            "border-left" | "border-left-style" => {
                self.lined = Some(value.contains("solid") && pixels(value) != Some(0.0));
            }
            "white-space" => self.preformatted = Some(value.starts_with("pre")),
            _ => {}
        }
    }

    fn margin_edge(&mut self, property: &str, value: &str) {
        if property == "margin-top" || property == "margin-bottom" {
            let zero = pixels(value).is_some_and(|v| v < 2.0);
            self.tight = Some(zero && self.tight != Some(false));
        }
    }

    fn font(&mut self, value: &str) {
        for word in value.split_whitespace() {
            match word {
                "bold" | "bolder" => self.bold = Some(true),
                "italic" | "oblique" => self.italic = Some(true),
                // `0/0 a`, `12px/1.5 Arial`.
                _ => {
                    let first = word.split('/').next().unwrap_or_default();
                    let sized = first.starts_with(|c: char| c.is_ascii_digit() || c == '.');
                    let weight = first.len() == 3 && first.ends_with("00");
                    if sized && !weight {
                        self.size = size(first);
                    }
                }
            }
        }
    }
}

/// Whether a length is one that can be seen.
fn is_some_way(value: &str) -> bool {
    value != "auto" && pixels(value).is_none_or(|v| v != 0.0)
}

/// Declarations, the important ones apart: they win over what comes later.
#[derive(Debug, Clone, Copy, Default)]
struct Declared {
    normal: Style,
    important: Style,
}

fn declarations(text: &str) -> Declared {
    let mut declared = Declared::default();
    for declaration in text.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let property = property.trim();
        let value = value.trim();
        if property.len() > 30 || value.len() > 200 {
            continue;
        }
        let (property, value) = (property.to_ascii_lowercase(), value.to_ascii_lowercase());
        match value.rsplit_once('!') {
            Some((value, mark)) if mark.trim() == "important" => {
                declared.important.declare(&property, value.trim());
            }
            _ => declared.normal.declare(&property, &value),
        }
    }
    declared
}

/// Who an element is, for selectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) tag: String,
    pub(super) id: Option<String>,
    pub(super) classes: Vec<String>,
}

impl Names {
    pub(super) fn new(tag: &str, id: Option<String>, class: Option<String>) -> Self {
        let classes = class.unwrap_or_default();
        let classes = classes.split_whitespace().take(20).map(str::to_ascii_lowercase).collect();
        Self { tag: tag.to_owned(), id: id.map(|id| id.to_ascii_lowercase()), classes }
    }
}

/// One part of a selector: `td.note#x`; all that is named must fit.
#[derive(Debug, Default)]
struct Compound {
    tag: Option<String>,
    id: Option<String>,
    classes: Vec<String>,
}

impl Compound {
    fn fits(&self, names: &Names) -> bool {
        self.tag.as_ref().is_none_or(|tag| *tag == names.tag)
            && self.id.as_ref().is_none_or(|id| names.id.as_ref() == Some(id))
            && self.classes.iter().all(|class| names.classes.contains(class))
    }

    /// What the rules are looked up by.
    fn key(&self) -> String {
        match (&self.id, self.classes.first(), &self.tag) {
            (Some(id), ..) => format!("#{id}"),
            (_, Some(class), _) => format!(".{class}"),
            (.., Some(tag)) => tag.clone(),
            _ => "*".to_owned(),
        }
    }
}

struct Rule {
    /// From the outermost to the element itself.
    compounds: Vec<Compound>,
    declared: Declared,
}

/// The style sheets of one mail.
#[derive(Default)]
pub(super) struct Sheet {
    rules: Vec<Rule>,
    by_key: HashMap<String, Vec<usize>>,
    steps: usize,
}

impl Sheet {
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Reads one `style` element.
    pub(super) fn read(&mut self, css: &str) {
        let mut end = css.len().min(MOST_SHEET);
        while !css.is_char_boundary(end) {
            end -= 1;
        }
        let css = without_comments(css.get(..end).unwrap_or_default());
        let mut rest = css.as_str();
        while let Some(open) = rest.find(['{', ';', '}']) {
            let (head, tail) = rest.split_at_checked(open).unwrap_or((rest, ""));
            let head = head.trim().trim_start_matches("<!--").trim_start_matches("-->").trim();
            let is_block = tail.starts_with('{');
            rest = tail.get(1..).unwrap_or_default();
            if !is_block {
                continue;
            }
            if let Some(at) = head.strip_prefix('@') {
                // What is inside of one that holds for every screen is read as if it stood here.
                if !holds_everywhere(at) {
                    rest = behind_block(rest);
                }
                continue;
            }
            let end = rest.find('}').unwrap_or(rest.len());
            self.rule(head, rest.get(..end).unwrap_or_default());
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    fn rule(&mut self, selectors: &str, body: &str) {
        let declared = declarations(body);
        let nothing = Style::default();
        if declared.normal == nothing && declared.important == nothing {
            return;
        }
        for selector in selectors.split(',').take(50) {
            let Some(compounds) = compounds(selector) else { continue };
            let Some(last) = compounds.last() else { continue };
            if self.rules.len() >= MOST_RULES {
                return;
            }
            self.by_key.entry(last.key()).or_default().push(self.rules.len());
            self.rules.push(Rule { compounds, declared });
        }
    }

    /// What the sheets and its own attribute say of an element. `around` are those that it stands
    /// in, the innermost last.
    pub(super) fn style<'a>(
        &mut self,
        names: &Names,
        around: impl DoubleEndedIterator<Item = &'a Names> + Clone,
        inline: Option<&str>,
    ) -> Style {
        let mut found: Vec<usize> = Vec::new();
        if !self.rules.is_empty() {
            let keys = names.classes.iter().map(|class| format!(".{class}"));
            let keys = keys.chain(names.id.iter().map(|id| format!("#{id}")));
            for key in keys.chain([names.tag.clone(), "*".to_owned()]) {
                found.extend(self.by_key.get(&key).into_iter().flatten());
            }
            found.sort_unstable();
            found.dedup();
        }
        let (mut style, mut important) = (Style::default(), Style::default());
        for rule in found {
            let Some(rule) = self.rules.get(rule) else { continue };
            self.steps += 1;
            if self.steps > MOST_STEPS || !fits(rule, names, around.clone(), &mut self.steps) {
                continue;
            }
            style.merge(&rule.declared.normal);
            important.merge(&rule.declared.important);
        }
        if let Some(inline) = inline {
            let declared = declarations(&without_comments(inline));
            style.merge(&declared.normal);
            style.merge(&important);
            style.merge(&declared.important);
        } else {
            style.merge(&important);
        }
        style
    }
}

fn fits<'a>(
    rule: &Rule,
    names: &Names,
    around: impl DoubleEndedIterator<Item = &'a Names>,
    steps: &mut usize,
) -> bool {
    let mut compounds = rule.compounds.iter().rev();
    if !compounds.next().is_some_and(|last| last.fits(names)) {
        return false;
    }
    let mut wanted = compounds.next();
    for outer in around.rev() {
        *steps += 1;
        match wanted {
            Some(compound) if compound.fits(outer) => wanted = compounds.next(),
            Some(_) => {}
            None => break,
        }
    }
    wanted.is_none()
}

/// The parts of a selector; nothing where it says more than we understand.
fn compounds(selector: &str) -> Option<Vec<Compound>> {
    let mut all = Vec::new();
    for part in selector.split(|c: char| c.is_whitespace() || c == '>').filter(|p| !p.is_empty()) {
        let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '#' | '-' | '_' | '*');
        if !part.chars().all(known) || part.len() > 100 || all.len() >= MOST_COMPOUNDS {
            return None;
        }
        let lower = part.to_ascii_lowercase();
        let mut compound = Compound::default();
        let mut rest = lower.as_str();
        while !rest.is_empty() {
            let mark = rest.chars().next().filter(|c| matches!(c, '.' | '#'));
            rest = mark.map_or(rest, |_| rest.get(1..).unwrap_or_default());
            let end = rest.find(['.', '#']).unwrap_or(rest.len());
            let (name, tail) = rest.split_at_checked(end)?;
            match mark {
                Some('.') => compound.classes.push(name.to_owned()),
                Some(_) => compound.id = Some(name.to_owned()),
                None if name == "*" => {}
                None => compound.tag = Some(name.to_owned()),
            }
            rest = tail;
        }
        all.push(compound);
    }
    (!all.is_empty()).then_some(all)
}

/// `@media screen`; not one that asks for a size, a printer or a dark room.
fn holds_everywhere(at: &str) -> bool {
    let lower = at.to_ascii_lowercase();
    let Some(query) = lower.strip_prefix("media") else { return false };
    matches!(query.trim(), "" | "screen" | "only screen" | "all" | "only all" | "screen, print")
}

/// What follows a block whose opening bracket was passed.
fn behind_block(text: &str) -> &str {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("/*") {
        out.push_str(rest.get(..at).unwrap_or_default());
        let inner = rest.get(at + 2..).unwrap_or_default();
        rest = inner.find("*/").and_then(|end| inner.get(end + 2..)).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A length in pixels, near enough; a bare number as it stands.
fn pixels(value: &str) -> Option<f32> {
    let value = value.split_whitespace().next()?;
    let end = value.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    let number: f32 = number.parse().ok()?;
    Some(match unit {
        "em" | "rem" | "ch" | "ex" => number * 16.0,
        "in" | "cm" | "vw" | "vh" => number * 40.0,
        _ => number,
    })
}

fn size(value: &str) -> Option<Size> {
    let relative = value.ends_with('%') || value.ends_with("em") && !value.ends_with("rem");
    match pixels(value) {
        // Nobody reads letters of one pixel.
        Some(size) if size <= 1.0 => Some(Size::Zero),
        Some(_) if relative => Some(Size::Relative),
        Some(_) => Some(Size::Seen),
        None if matches!(value, "inherit" | "larger" | "smaller") => Some(Size::Relative),
        None => Some(Size::Seen),
    }
}

fn margins_are_zero(value: &str) -> bool {
    let all: Vec<&str> = value.split_whitespace().collect();
    let zero = |at: usize| all.get(at).and_then(|v| pixels(v)).is_some_and(|v| v.abs() < 2.0);
    // One value for all edges; else the first is the upper and the third the lower one.
    zero(0) && (all.len() < 3 || zero(2))
}

pub(super) fn align(value: &str) -> Option<Align> {
    match value.trim().to_ascii_lowercase().as_str() {
        "left" | "start" => Some(Align::Left),
        "center" | "middle" | "-webkit-center" => Some(Align::Centre),
        "right" | "end" => Some(Align::Right),
        "justify" => Some(Align::Justified),
        _ => None,
    }
}

fn background(value: &str) -> Option<Colour> {
    if value.contains("url(") || value.contains("gradient") {
        return Some(Colour::Unknown);
    }
    if value.starts_with("none") {
        return None;
    }
    let mut words = value.split_whitespace();
    if value.contains('(') { Some(colour(value)) } else { words.next().map(colour) }
}
