//! The drawings that pages of a PDF show, and the drawings in those: whether letters are written in them without being
//! painted, and how often they are drawn in all.
//!
//! Owns looking into each once, however many pages show it. Fifteen drawings that show one another ten times each would keep
//! a reader busy for years.

use std::collections::{HashMap, HashSet};

use pdf_oxide::PdfDocument;
use pdf_oxide::object::{Object, ObjectRef};

use super::fields::resolved;

/// Drawings inside one another: programs write a handful.
const MAX_DEPTH: usize = 30;

/// Drawings of one page that are looked into.
const MAX_LOOKED: usize = 2_000;

/// What shines through less than this is not seen.
const FAINT: f64 = 0.06;

/// What a page or a drawing holds, with all drawings in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    /// Whether letters may be written without being painted.
    pub(super) unpainted: bool,
    /// How many drawings are drawn.
    pub(super) drawn: u64,
}

/// The drawings of one document.
pub(super) struct Forms<'a> {
    pdf: &'a PdfDocument,
    known: HashMap<ObjectRef, Held>,
    /// Those now looked into: one that holds itself is drawn once.
    open: HashSet<ObjectRef>,
    looked: usize,
}

impl<'a> Forms<'a> {
    /// Makes one for a document, at which nothing is looked yet.
    pub(super) fn new(pdf: &'a PdfDocument) -> Self {
        Self {
            pdf,
            known: HashMap::new(),
            open: HashSet::new(),
            looked: 0,
        }
    }

    /// Looks into the page at `number`, from 0.
    pub(super) fn page(&mut self, number: usize) -> Held {
        self.looked = 0;
        let content = self.pdf.get_page_content_data(number).unwrap_or_default();
        let page = self.pdf.get_page(number).ok();
        let resources = page.as_ref().and_then(|page| page.as_dict()?.get("Resources"));
        self.look(&content, resources, 0)
    }

    /// Looks into a drawing that a page shows beside its content.
    pub(super) fn note(&mut self, reference: ObjectRef) -> Held {
        self.looked = 0;
        self.form(reference, None, 0)
    }

    /// Looks into content with its resources.
    fn look(&mut self, content: &[u8], resources: Option<&Object>, depth: usize) -> Held {
        let mut held = Held {
            unpainted: writes_unpainted(content),
            drawn: 0,
        };
        let resources = resources.and_then(|resources| resolved(self.pdf, resources));
        let part = |name: &str| resolved(self.pdf, resources.as_ref()?.as_dict()?.get(name)?);
        let (states, drawings) = (part("ExtGState"), part("XObject"));
        held.unpainted |= states.is_some_and(|states| self.is_see_through(&states));
        let Some(drawings) = drawings.as_ref().and_then(Object::as_dict) else {
            return held;
        };
        for (name, times) in shown(content) {
            let drawing = drawings.get(&name).and_then(Object::as_reference);
            if let Some(reference) = drawing.filter(|_| depth < MAX_DEPTH) {
                let inner = self.form(reference, resources.as_ref(), depth + 1);
                held.unpainted |= inner.unpainted;
                held.drawn = held.drawn.saturating_add(times.saturating_mul(inner.drawn));
            }
        }
        held
    }

    /// Looks into a drawing, which takes what it lacks from the `outer` resources.
    fn form(&mut self, reference: ObjectRef, outer: Option<&Object>, depth: usize) -> Held {
        if let Some(known) = self.known.get(&reference) {
            return *known;
        }
        if self.looked >= MAX_LOOKED || !self.open.insert(reference) {
            return Held::default();
        }
        self.looked += 1;
        let held = self.look_into(reference, outer, depth);
        self.open.remove(&reference);
        self.known.insert(reference, held);
        held
    }

    fn look_into(&mut self, reference: ObjectRef, outer: Option<&Object>, depth: usize) -> Held {
        let Ok(object) = self.pdf.load_object(reference) else {
            return Held::default();
        };
        let dict = object.as_dict();
        let kind = dict.and_then(|dict| dict.get("Subtype")?.as_name());
        if kind != Some("Form") {
            return Held::default();
        }
        if self.pdf.is_encrypted() {
            // What is locked cannot be looked into from here and is suspected.
            return Held {
                unpainted: true,
                drawn: 1,
            };
        }
        let content = object.decode_stream_data().unwrap_or_default();
        let own = dict.and_then(|dict| dict.get("Resources"));
        let mut held = self.look(&content, own.or(outer), depth);
        held.drawn = held.drawn.saturating_add(1);
        held
    }

    /// Tells whether one of these states of drawing lets everything through.
    fn is_see_through(&self, states: &Object) -> bool {
        let states = states.as_dict().into_iter().flat_map(HashMap::values);
        states.filter_map(|state| resolved(self.pdf, state)).any(|state| {
            let value = state
                .as_dict()
                .and_then(|state| resolved(self.pdf, state.get("ca")?));
            let value = value.and_then(|value| {
                let whole = value.as_integer().map(|whole| whole as f64);
                value.as_real().or(whole)
            });
            value.is_some_and(|through| through < FAINT)
        })
    }
}

/// Tells whether content switches painting off: `3 Tr`, or `7 Tr`, which only clips.
fn writes_unpainted(content: &[u8]) -> bool {
    operators(content, *b"Tr").any(|operand| operand.ends_with(b"3") || operand.ends_with(b"7"))
}

/// Returns the names of the drawings that content shows, and how often.
fn shown(content: &[u8]) -> HashMap<String, u64> {
    let mut shown = HashMap::new();
    for operand in operators(content, *b"Do") {
        let start = operand.iter().rposition(|byte| *byte == b'/');
        if let Some(name) = start.and_then(|start| std::str::from_utf8(&operand[start + 1..]).ok()) {
            *shown.entry(name.to_owned()).or_default() += 1;
        }
    }
    shown
}

/// Returns what stands before each operator of a name, up to it.
fn operators(content: &[u8], name: [u8; 2]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(next) = content[at..].iter().position(|byte| *byte == name[0]) {
            at += next + 1;
            let before = &content[..at - 1];
            let operand = before.trim_ascii_end();
            if content.get(at) == Some(&name[1]) && operand.len() < before.len() {
                return Some(operand);
            }
        }
        at = content.len();
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_modes_that_paint_nothing_are_suspected() {
        for (content, unpainted) in [
            (&b"BT /F1 9 Tf 3 Tr (a) Tj ET"[..], true),
            (b"BT 7\nTr ET", true),
            (b"BT 0 Tr 2 Tr 1 Tr (3 Tj) Tj ET", false),
            (b"/Tr3 Do", false),
        ] {
            assert_eq!(writes_unpainted(content), unpainted);
        }
    }

    #[test]
    fn drawings_are_counted_by_their_names() {
        let shown = shown(b"q /X1 Do Q /X2 Do\n/X1\nDo (Do) Tj Do");
        assert_eq!(shown.get("X1"), Some(&2));
        assert_eq!(shown.get("X2"), Some(&1));
    }
}
