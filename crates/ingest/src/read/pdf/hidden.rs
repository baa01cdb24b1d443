//! Letters of a PDF that nobody sees: white on white, written without being painted, off the paper, a point high, on a
//! layer that is switched off. All are ways to plant words that only a program reads.
//!
//! Owns the question whether a letter is seen. Only a page that has suspected letters is drawn or walked, so that others
//! cost nothing. The words that a scanner's program lays unseen over the picture of a page are that page's text. Invariant:
//! where the question cannot be told — the page cannot be drawn, lies on its side — no letter is lost.

use std::collections::{HashMap, HashSet};

use pdf_oxide::PdfDocument;
use pdf_oxide::layout::{Color, TextChar};
use pdf_oxide::object::{Object, ObjectRef};
use pdf_oxide::optional_content::compute_default_off_ocgs;

use super::render::{Lights, Renderer};
use super::traces::Traces;

/// A letter at least this light is suspected: darker ones leave a trace for whoever looks.
const LIGHT: f32 = 0.92;

/// Dots that differ by this little of 255 look the same.
const SAME: u8 = 20;

/// Letters at most this high, in points, are read by nobody: the smallest print of a contract has four points.
const TINY: f32 = 1.2;

/// Drawings inside one another that are looked into.
const MAX_FORMS: usize = 200;

/// Finds what is not seen on the pages of one document.
pub(super) struct Seen<'a> {
    pdf: &'a PdfDocument,
    /// Layers that are switched off.
    off: HashSet<String>,
    /// Whether a drawing that pages share writes letters without painting them.
    forms: HashMap<ObjectRef, bool>,
    /// Letters left out so far.
    pub(super) left_out: usize,
}

impl<'a> Seen<'a> {
    /// Makes one for a document.
    pub(super) fn new(pdf: &'a PdfDocument) -> Self {
        Self {
            pdf,
            off: compute_default_off_ocgs(pdf),
            forms: HashMap::new(),
            left_out: 0,
        }
    }

    /// Returns the letters that are seen on the page at `number`, from 0.
    pub(super) fn letters(
        &mut self,
        renderer: &mut Renderer<'_>,
        number: usize,
    ) -> pdf_oxide::Result<Vec<TextChar>> {
        let all = |off: &HashSet<String>| {
            self.pdf
                .extract_chars_filtered(number, off.clone(), HashSet::new())
        };
        let mut letters = all(&self.off)?;
        let before = if self.off.is_empty() {
            count(&letters)
        } else {
            count(&all(&HashSet::new())?)
        };
        self.take_odd(&mut letters, number);
        if self.leaves_unpainted(number)
            && let Some(traces) = renderer.traces(number)
        {
            take(&mut letters, |letter| is_unpainted(letter, &traces));
        }
        if letters.iter().any(is_light)
            && let Some(lights) = renderer.lights(number)
        {
            take(&mut letters, |letter| {
                Some(is_light(letter) && is_paper(letter, &lights))
            });
        }
        self.left_out += before.saturating_sub(count(&letters));
        Ok(letters)
    }

    /// Takes out what is off the paper or too small to be read. Where that would be most of a page, it is rather the measure
    /// that is wrong.
    fn take_odd(&self, letters: &mut Vec<TextChar>, number: usize) {
        let paper = self.paper(number);
        let is_odd = |letter: &TextChar| {
            let tiny = letter.font_size <= TINY && letter.bbox.height.abs() <= TINY;
            let (x, y, reach) = (letter.origin_x, letter.origin_y, letter.font_size.max(1.0));
            let off = paper.is_some_and(|[left, bottom, right, top]| {
                x < left - reach || x > right + 1.0 || y < bottom - reach || y > top + 1.0
            });
            tiny || off
        };
        let odd = letters.iter().filter(|letter| is_odd(letter)).count();
        if odd > 0 && odd * 2 < letters.len() {
            take(letters, |letter| Some(is_odd(letter)));
        }
    }

    /// Returns left, bottom, right and top of what is shown of a page.
    fn paper(&self, number: usize) -> Option<[f32; 4]> {
        /// Points: what is smaller is a mistake, which viewers pass over.
        const MIN_SIDE: f32 = 36.0;
        let (left, bottom, right, top) = self.pdf.get_page_media_box(number).ok()?;
        let sheet = [left.min(right), bottom.min(top), left.max(right), bottom.max(top)];
        let page = self.pdf.get_page(number).ok()?;
        let cropped = page.as_dict()?.get("CropBox");
        let cropped = cropped.and_then(|cropped| super::fields::sides(self.pdf, cropped));
        let paper = cropped.map_or(sheet, |[left, bottom, right, top]| {
            [
                left.max(sheet[0]),
                bottom.max(sheet[1]),
                right.min(sheet[2]),
                top.min(sheet[3]),
            ]
        });
        (paper[2] - paper[0] >= MIN_SIDE && paper[3] - paper[1] >= MIN_SIDE).then_some(paper)
    }

    /// Tells whether a page or a drawing on it may write letters without painting them.
    fn leaves_unpainted(&mut self, number: usize) -> bool {
        if self
            .pdf
            .get_page_content_data(number)
            .is_ok_and(|content| writes_unpainted(&content))
        {
            return true;
        }
        let Ok(page) = self.pdf.get_page(number) else {
            return false;
        };
        let resources = page.as_dict().and_then(|page| page.get("Resources")).cloned();
        let mut waiting: Vec<Object> = resources.into_iter().collect();
        let mut looked = 0;
        while let Some(resources) = waiting.pop() {
            let Some(resources) = self.resolved(&resources) else {
                continue;
            };
            let part = |name: &str| self.resolved(resources.as_dict()?.get(name)?);
            if part("ExtGState").is_some_and(|states| self.is_see_through(&states)) {
                return true;
            }
            let Some(drawings) = part("XObject") else { continue };
            for drawing in drawings.as_dict().into_iter().flat_map(HashMap::values) {
                looked += 1;
                let Some(reference) = drawing.as_reference().filter(|_| looked <= MAX_FORMS) else {
                    continue;
                };
                match self.forms.get(&reference) {
                    Some(true) => return true,
                    Some(false) => continue,
                    None => {}
                }
                let (unpainted, inner) = self.form(reference);
                self.forms.insert(reference, unpainted);
                if unpainted {
                    return true;
                }
                waiting.extend(inner);
            }
        }
        false
    }

    /// Looks into a drawing: whether it writes letters without painting them, and what it draws with.
    fn form(&self, reference: ObjectRef) -> (bool, Option<Object>) {
        let Ok(object) = self.pdf.load_object(reference) else {
            return (false, None);
        };
        let Some(dict) = object.as_dict() else {
            return (false, None);
        };
        if dict.get("Subtype").and_then(Object::as_name) != Some("Form") {
            return (false, None);
        }
        let inner = dict.get("Resources").cloned();
        // What is locked cannot be looked into from here and is suspected.
        let unpainted = self.pdf.is_encrypted()
            || object
                .decode_stream_data()
                .is_ok_and(|content| writes_unpainted(&content));
        (unpainted, inner)
    }

    /// Tells whether one of these states of drawing lets everything through.
    fn is_see_through(&self, states: &Object) -> bool {
        let states = states.as_dict().into_iter().flat_map(HashMap::values);
        states.filter_map(|state| self.resolved(state)).any(|state| {
            let value = |name: &str| {
                let value = self.resolved(state.as_dict()?.get(name)?)?;
                value
                    .as_real()
                    .or_else(|| value.as_integer().map(|whole| whole as f64))
            };
            value("ca").is_some_and(|through| through < 0.06)
        })
    }

    fn resolved(&self, object: &Object) -> Option<Object> {
        super::fields::resolved(self.pdf, object)
    }
}

/// Tells whether a page's content switches painting off: `3 Tr`, or `7 Tr`, which only clips.
fn writes_unpainted(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"Tr") {
        let before = rest[..at].trim_ascii_end();
        if before.len() < at && before.ends_with(b"3") || before.ends_with(b"7") {
            return true;
        }
        rest = &rest[at + 2..];
    }
    false
}

/// Takes out the letters of which `is_hidden` says so. A space, and a letter of which nothing is known, shares the fate of the
/// one before it.
fn take(letters: &mut Vec<TextChar>, is_hidden: impl Fn(&TextChar) -> Option<bool>) {
    let mut hidden = false;
    letters.retain(|letter| {
        if !letter.char.is_whitespace() {
            hidden = is_hidden(letter).unwrap_or(hidden);
        }
        !hidden
    });
}

fn count(letters: &[TextChar]) -> usize {
    letters
        .iter()
        .filter(|letter| !letter.char.is_whitespace())
        .count()
}

fn lightness(color: Color) -> f32 {
    0.299 * color.r + 0.587 * color.g + 0.114 * color.b
}

fn is_light(letter: &TextChar) -> bool {
    !letter.char.is_whitespace() && lightness(letter.color) >= LIGHT
}

/// Tells whether all dots of a letter and around it are as light as it is.
fn is_paper(letter: &TextChar, lights: &Lights) -> bool {
    let own = (lightness(letter.color) * 255.0) as u8;
    let (x, y) = (letter.origin_x, letter.origin_y);
    let width = letter.advance_width.max(letter.font_size * 0.3);
    let dots = lights.within(x, y - 0.2 * letter.font_size, x + width, y + letter.font_size);
    dots.is_some_and(|mut dots| dots.all(|dot| dot.abs_diff(own) <= SAME))
}

/// Tells whether a letter is not painted, and nothing else is where it stands.
fn is_unpainted(letter: &TextChar, traces: &Traces) -> Option<bool> {
    let (x, y) = (letter.origin_x, letter.origin_y);
    let painted = traces.painted(letter.char, x, y)?;
    Some(!painted && !traces.has_ink(x, y, letter.font_size))
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
}
