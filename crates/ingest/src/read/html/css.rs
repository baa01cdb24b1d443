//! As much of a page's style sheet as tells raised, bold, centred and hidden text by class or tag.
//!
//! Owns simple selectors only (`.W9`, `span.mark`, `p`); those with parents, states or attributes are passed over.

use std::collections::HashMap;

use scraper::node::Element;

use super::super::ink::is_paper_hex;

#[allow(clippy::struct_excessive_bools, reason = "each is a property of its own")]
/// What a rule says that matters for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) raised: bool,
    pub(super) bold: bool,
    pub(super) centred: bool,
    pub(super) hidden: bool,
    /// Whether letters have the colour of paper; where no ground is given to anything, nobody sees them.
    pub(super) white: bool,
}

impl Style {
    /// Reads declarations such as `vertical-align: super; font-weight: bold`.
    pub(super) fn of(declarations: &str) -> Self {
        let mut style = Self::default();
        let (mut colour, mut ground) = (None, None);
        for declaration in declarations.split(';') {
            let Some((property, value)) = declaration.split_once(':') else {
                continue;
            };
            let value = value
                .trim()
                .trim_end_matches("!important")
                .trim()
                .to_ascii_lowercase();
            match property.trim().to_ascii_lowercase().as_str() {
                "vertical-align" => style.raised = value == "super",
                "font-weight" => {
                    style.bold = matches!(value.as_str(), "bold" | "bolder" | "600" | "700" | "800" | "900");
                }
                "text-align" => style.centred = value == "center",
                "display" => style.hidden |= value == "none",
                "visibility" => style.hidden |= value == "hidden",
                "font-size" => style.hidden |= is_tiny(&value),
                "opacity" => style.hidden |= value == "0",
                "left" | "top" | "text-indent" | "margin-left" => style.hidden |= is_far_off(&value),
                "color" => colour = Some(value),
                "background" | "background-color" => ground = Some(value),
                "mso-hide" => style.hidden |= value == "all",
                _ => {}
            }
        }
        style.white = colour.is_some_and(|colour| is_white(&colour));
        // Said in one place, so that no other rule gives it another ground.
        style.hidden |= style.white && ground.is_some_and(|ground| is_white(&ground));
        style
    }

    /// Adds what another style says.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            raised: self.raised || other.raised,
            bold: self.bold || other.bold,
            centred: self.centred || other.centred,
            hidden: self.hidden || other.hidden,
            white: self.white || other.white,
        }
    }
}

/// Tells whether letters of this size are read by nobody: a point or less.
fn is_tiny(size: &str) -> bool {
    const POINT_IN_PIXELS: f32 = 4.0 / 3.0;
    let number = |unit: &str| {
        size.strip_suffix(unit)
            .and_then(|size| size.trim().parse::<f32>().ok())
    };
    size == "0"
        || number("px").is_some_and(|pixels| pixels <= POINT_IN_PIXELS)
        || number("pt").is_some_and(|points| points <= 1.0)
        || number("em").or_else(|| number("%")) == Some(0.0)
}

/// Tells whether a length moves text off every screen.
fn is_far_off(value: &str) -> bool {
    /// Wider than any screen, in pixels.
    const FAR: f32 = -2000.0;
    let number = value.trim_end_matches("px").parse::<f32>();
    number.is_ok_and(|number| number <= FAR)
}

/// Tells whether a colour is that of paper.
pub(super) fn is_white(value: &str) -> bool {
    is_paper_hex(value) == Some(true) && value.starts_with('#')
        || matches!(
            value,
            "white" | "#fff" | "rgb(255,255,255)" | "rgb(255, 255, 255)"
        )
}

/// The simple rules of a style sheet, by selector.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rules: HashMap<String, Style>,
}

impl Sheet {
    /// Reads a style sheet; whatever it does not understand is left out.
    pub(super) fn parse(css: &str) -> Self {
        let mut rules: HashMap<String, Style> = HashMap::new();
        let css = without_comments(css);
        let mut rest = css.as_str();
        while let Some(open) = rest.find('{') {
            let selectors = rest[..open].trim();
            if selectors.starts_with('@') {
                // Rules for print and small screens do not say what a reader of the page sees.
                rest = behind_block(&rest[open..]);
                continue;
            }
            let body = &rest[open + 1..];
            let close = body.find('}').unwrap_or(body.len());
            let style = Style::of(&body[..close]);
            for selector in selectors.split(',').map(str::trim) {
                if is_simple(selector) {
                    // A later rule replaces an earlier one for what it names; hiding and raising are rarely taken back.
                    let known = rules.entry(selector.to_owned()).or_default();
                    *known = known.with(style);
                }
            }
            rest = body.get(close + 1..).unwrap_or("");
        }
        rules.retain(|_, style| *style != Style::default());
        Self { rules }
    }

    /// Returns what the rules say about an element.
    pub(super) fn style(&self, element: &Element) -> Style {
        if self.rules.is_empty() {
            return Style::default();
        }
        let rule = |selector: &str| self.rules.get(selector).copied().unwrap_or_default();
        let tag = element.name();
        let mut style = rule(tag);
        for class in element.classes() {
            style = style
                .with(rule(&format!(".{class}")))
                .with(rule(&format!("{tag}.{class}")));
        }
        style
    }
}

fn is_simple(selector: &str) -> bool {
    !selector.is_empty()
        && selector
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && selector.matches('.').count() <= 1
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(open) = rest.find("/*") {
        out.push_str(&rest[..open]);
        rest = rest[open..]
            .find("*/")
            .map_or("", |close| &rest[open + close + 2..]);
    }
    out.push_str(rest);
    out.replace("<!--", "").replace("-->", "")
}

/// Returns what follows the block that opens at the start of `css`.
fn behind_block(css: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in css.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &css[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}
