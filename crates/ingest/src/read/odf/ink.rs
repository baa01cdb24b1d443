//! How the letters of an ODT are drawn, as far as it tells whether they are seen.
//!
//! Owns what styles say of it; on slides, which have grounds of their own, nothing is taken for white on white.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::super::docx::attribute;
use super::super::ink::{TINY_HALF_POINTS, is_paper_hex};

/// What the styles of a document say, by their names.
#[derive(Debug, Default)]
pub(super) struct Inks {
    white: HashMap<String, bool>,
    tiny: HashMap<String, bool>,
    ground: HashMap<String, bool>,
    /// Whether pages have a colour, or pictures lie behind the text.
    pub(super) pages: bool,
}

/// How a stretch of text is drawn; nothing where its style does not say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ink {
    white: Option<bool>,
    tiny: Option<bool>,
    pub(super) ground: Option<bool>,
}

impl Inks {
    /// Takes what an element of a style says.
    pub(super) fn take(&mut self, element: &str, style: &str, start: &BytesStart<'_>) {
        let ground = attribute(start, "background-color").map(|colour| is_paper_hex(&colour) == Some(false));
        match element {
            "page-layout-properties" | "drawing-page-properties" => self.pages |= ground == Some(true),
            "graphic-properties" => {
                self.pages |= attribute(start, "run-through").is_some_and(|way| way == "background");
            }
            _ => {
                self.ground
                    .extend(ground.map(|ground| (style.to_owned(), ground)));
            }
        }
        if element == "text-properties" {
            let white = attribute(start, "color").map(|colour| is_paper_hex(&colour) == Some(true));
            self.white.extend(white.map(|white| (style.to_owned(), white)));
            let size =
                attribute(start, "font-size").and_then(|size| size.strip_suffix("pt")?.parse::<f32>().ok());
            self.tiny
                .extend(size.map(|points| (style.to_owned(), points * 2.0 <= TINY_HALF_POINTS as f32)));
        }
    }

    /// Returns how text of a style is drawn.
    pub(super) fn of(&self, find: impl Fn(&HashMap<String, bool>) -> Option<bool>) -> Ink {
        Ink {
            white: find(&self.white),
            tiny: find(&self.tiny),
            ground: find(&self.ground),
        }
    }
}

/// Tells whether text is unseen that is drawn as the innermost of these says, on paper or on another ground.
pub(super) fn is_unseen(inks: &(impl DoubleEndedIterator<Item = Ink> + Clone), on_ground: bool) -> bool {
    let last = |which: fn(&Ink) -> Option<bool>| inks.clone().rev().find_map(|ink| which(&ink));
    let grounded = on_ground || inks.clone().any(|ink| ink.ground == Some(true));
    last(|ink| ink.tiny) == Some(true) || last(|ink| ink.white) == Some(true) && !grounded
}
