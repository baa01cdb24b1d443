//! What the styles of a DOCX say about paragraphs and runs: heading level, numbering, bold, hidden, raised, caption,
//! title, and ink that shows nothing.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::ink::{TINY_HALF_POINTS, is_paper_hex};
use super::{attribute, is_on, local};

/// How many styles may be based on one another: Word allows eleven.
const MAX_PARENTS: usize = 16;

#[allow(clippy::struct_excessive_bools, reason = "each is a property of its own")]
/// What a style says.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    /// Level of a heading, from 1.
    pub(super) heading: Option<u8>,
    /// Numbering and its level.
    pub(super) number: Option<(String, u8)>,
    pub(super) bold: bool,
    pub(super) caption: bool,
    pub(super) title: bool,
    /// Whether its text is not shown.
    pub(super) hidden: bool,
    /// Whether its text is superscript.
    pub(super) raised: bool,
    /// How its letters are drawn.
    pub(super) ink: Ink,
}

/// How letters are drawn, as far as it tells whether they are seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ink {
    /// Whether their colour is that of paper.
    white: Option<bool>,
    /// Whether they are too small to be read.
    tiny: Option<bool>,
    /// Whether they stand on a ground of another colour.
    pub(super) grounded: bool,
}

impl Ink {
    /// Takes what an element of a run's properties says; tells whether it is one of these.
    pub(super) fn take(&mut self, name: &str, start: &BytesStart<'_>) -> bool {
        let value = || attribute(start, "val").unwrap_or_default();
        match name {
            // «auto» is the colour that is seen on its ground.
            "color" => self.white = Some(is_paper_hex(&value()) == Some(true)),
            "sz" => self.tiny = value().parse().ok().map(|size: u32| size <= TINY_HALF_POINTS),
            "shd" => self.grounded |= is_ground(start),
            "highlight" => self.grounded |= !matches!(value().as_str(), "none" | "white" | ""),
            _ => return false,
        }
        true
    }

    /// Fills in what is left open here by what these letters would be drawn with otherwise.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            white: self.white.or(other.white),
            tiny: self.tiny.or(other.tiny),
            grounded: self.grounded || other.grounded,
        }
    }

    /// Tells whether letters show nothing, on paper or on another ground.
    pub(super) fn is_unseen(self, on_ground: bool) -> bool {
        self.tiny == Some(true) || self.white == Some(true) && !self.grounded && !on_ground
    }
}

/// Tells whether a shading gives a ground of another colour than paper.
pub(super) fn is_ground(shading: &BytesStart<'_>) -> bool {
    let pattern = attribute(shading, "val").unwrap_or_default();
    let fill = attribute(shading, "fill").unwrap_or_default();
    !matches!(pattern.as_str(), "" | "clear" | "nil") || is_paper_hex(&fill) == Some(false)
}

#[derive(Debug, Clone, Default)]
struct Raw {
    style: Style,
    parent: Option<String>,
}

/// All styles of a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Styles {
    styles: HashMap<String, Raw>,
    normal: Option<String>,
}

impl Styles {
    /// Reads `styles.xml`; a broken rest is left out.
    pub(super) fn parse(xml: &str) -> Self {
        let mut styles = Self::default();
        let mut reader = Reader::from_str(xml);
        let mut current: Option<(String, Raw)> = None;
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) | Event::Empty(start) => {
                    let name = local(&start);
                    let value = attribute(&start, "val");
                    if name == "style" {
                        let id = attribute(&start, "styleId").unwrap_or_default();
                        let paragraph = attribute(&start, "type").as_deref() == Some("paragraph");
                        if paragraph
                            && attribute(&start, "default").is_some_and(|on| on != "0" && on != "false")
                        {
                            styles.normal = Some(id.clone());
                        }
                        current = Some((id, Raw::default()));
                    } else if let Some((_, raw)) = &mut current {
                        match name.as_str() {
                            "name" => named(&mut raw.style, &value.unwrap_or_default()),
                            "basedOn" => raw.parent = value,
                            "outlineLvl" => {
                                let level = value.and_then(|level| level.parse::<u8>().ok());
                                raw.style.heading = level.filter(|level| *level < 9).map(|level| level + 1);
                            }
                            "numId" => {
                                let level = raw.style.number.take().map_or(0, |(_, level)| level);
                                raw.style.number = value.map(|id| (id, level));
                            }
                            "ilvl" => {
                                let id = raw.style.number.take().map(|(id, _)| id).unwrap_or_default();
                                raw.style.number = value
                                    .and_then(|level| level.parse().ok())
                                    .map(|level| (id, level));
                            }
                            "b" => raw.style.bold = is_on(&start),
                            "vanish" => raw.style.hidden = is_on(&start),
                            "vertAlign" => raw.style.raised = value.as_deref() == Some("superscript"),
                            name => {
                                raw.style.ink.take(name, &start);
                            }
                        }
                    }
                }
                Event::End(end) if end.local_name().as_ref() == "style" => {
                    if let Some((id, raw)) = current.take() {
                        styles.styles.insert(id, raw);
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        styles
    }

    /// Returns a style by its id, with what it takes over from the styles it is based on.
    pub(super) fn get(&self, id: &str) -> Option<Style> {
        let first = self.styles.get(id)?;
        let mut style = first.style.clone();
        let mut parent = first.parent.as_deref();
        for _ in 0..MAX_PARENTS {
            let Some(raw) = parent.and_then(|id| self.styles.get(id)) else {
                break;
            };
            style.heading = style.heading.or(raw.style.heading);
            style.number = style.number.or_else(|| raw.style.number.clone());
            style.bold |= raw.style.bold;
            style.caption |= raw.style.caption;
            style.hidden |= raw.style.hidden;
            style.raised |= raw.style.raised;
            style.ink = style.ink.or(raw.style.ink);
            parent = raw.parent.as_deref();
        }
        Some(style)
    }

    /// Returns the style of paragraphs that name none.
    pub(super) fn normal(&self) -> Style {
        self.normal
            .as_deref()
            .and_then(|id| self.get(id))
            .unwrap_or_default()
    }
}

/// Reads what the name of a built-in style tells, in English and Russian Word.
fn named(style: &mut Style, name: &str) {
    let lower = name.to_lowercase();
    for start in ["heading ", "заголовок "] {
        if let Some(level) = lower
            .strip_prefix(start)
            .and_then(|level| level.trim().parse::<u8>().ok())
        {
            style.heading = style.heading.or(Some(level.clamp(1, 9)));
        }
    }
    style.caption |= matches!(
        lower.as_str(),
        "caption" | "название объекта" | "table caption" | "image caption"
    );
    style.title |= matches!(lower.as_str(), "title" | "название" | "заголовок");
}
