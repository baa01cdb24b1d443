//! Letters of a PDF that nobody sees: white on white, written without being painted, off the paper, a point high, on a
//! layer that is switched off. All are ways to plant words that only a program reads.
//!
//! Owns the question whether a letter is seen. Only a page that has suspected letters is drawn or walked, so that others
//! cost nothing. The words that a scanner's program lays unseen over the picture of a page are that page's text. Invariant:
//! where the question cannot be told — the page cannot be drawn, lies on its side — no letter is lost.

use std::collections::HashSet;

use pdf_oxide::PdfDocument;
use pdf_oxide::layout::{Color, TextChar};
use pdf_oxide::optional_content::compute_default_off_ocgs;

use super::super::hidden::Hidden;
use super::fields;
use super::forms::Forms;
use super::glyphs;
use super::layout::{self, Line};
use super::render::{Lights, Renderer};
use super::traces::Traces;
use super::words;

/// A letter at least this light is suspected: darker ones leave a trace for whoever looks.
const LIGHT: f32 = 0.92;

/// Dots that differ by this little of 255 look the same.
const SAME: u8 = 20;

/// Letters at most this high, in points, are read by nobody: the smallest print of a contract has four points.
const TINY: f32 = 1.2;

/// Drawings that one page draws: a map has some ten thousand signs; beyond it a page never ends.
const MAX_DRAWN: u64 = 200_000;

/// Finds what is not seen on the pages of one document.
pub(super) struct Seen<'a> {
    pdf: &'a PdfDocument,
    /// Layers that are switched off.
    off: HashSet<String>,
    forms: Forms<'a>,
    /// What was left out so far.
    pub(super) hidden: Hidden,
}

impl<'a> Seen<'a> {
    /// Makes one for a document.
    pub(super) fn new(pdf: &'a PdfDocument) -> Self {
        Self {
            pdf,
            off: compute_default_off_ocgs(pdf),
            forms: Forms::new(pdf),
            hidden: Hidden::default(),
        }
    }

    /// Returns the letters that are seen on the page at `number`, from 0, or nothing when it cannot be read.
    pub(super) fn letters(&mut self, renderer: &mut Renderer<'_>, number: usize) -> Option<Vec<TextChar>> {
        let held = self.forms.page(number);
        if held.drawn > MAX_DRAWN {
            return None;
        }
        let all = |off: &HashSet<String>| glyphs::letters(self.pdf, number, off);
        let mut letters = all(&self.off)?;
        let mut taken = if self.off.is_empty() {
            Vec::new()
        } else {
            beyond(all(&HashSet::new())?, &letters)
        };
        taken.extend(self.take_odd(&mut letters, number));
        if held.unpainted
            && let Some(traces) = renderer.traces(number)
        {
            taken.extend(take(&mut letters, |letter| is_unpainted(letter, &traces)));
        }
        if letters.iter().any(is_light)
            && let Some(lights) = renderer.lights(number)
        {
            taken.extend(take(&mut letters, |letter| {
                Some(is_light(letter) && is_paper(letter, &lights))
            }));
        }
        self.keep(&taken, number);
        Some(letters)
    }

    /// Returns the letters that signatures, buttons and stamps show on the page at `number`, from 0, one list for each. They are
    /// drawn by none of the tools here, so that light letters count as unseen, whatever their ground.
    pub(super) fn notes(&mut self, number: usize) -> Vec<Vec<TextChar>> {
        let forms = &mut self.forms;
        let mut notes = fields::drawn(self.pdf, number, |look| {
            let held = forms.note(look);
            held.drawn <= MAX_DRAWN && !held.unpainted
        });
        for letters in &mut notes {
            let mut taken = self.take_odd(letters, number);
            taken.extend(take(letters, |letter| Some(is_light(letter))));
            self.keep(&taken, number);
        }
        notes
    }

    /// Keeps the lines of letters that nobody sees.
    fn keep(&mut self, taken: &[TextChar], number: usize) {
        for line in layout::lines(&words::words(taken, Vec::new())) {
            self.hidden.add_whole(Some(number as u32 + 1), &Line::text(&line));
        }
    }

    /// Takes out and returns what is off the paper or too small to be read. Where that would be most of a page, it is rather the
    /// measure that is wrong.
    fn take_odd(&self, letters: &mut Vec<TextChar>, number: usize) -> Vec<TextChar> {
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
            take(letters, |letter| Some(is_odd(letter)))
        } else {
            Vec::new()
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
}

/// Takes out and returns the letters of which `is_hidden` says so. A space, and a letter of which nothing is known, shares the
/// fate of the one before it.
fn take(letters: &mut Vec<TextChar>, is_hidden: impl Fn(&TextChar) -> Option<bool>) -> Vec<TextChar> {
    let mut hidden = false;
    letters
        .extract_if(.., |letter| {
            if !letter.char.is_whitespace() {
                hidden = is_hidden(letter).unwrap_or(hidden);
            }
            hidden
        })
        .collect()
}

/// Returns the letters of `all` that are not among `letters`.
fn beyond(all: Vec<TextChar>, letters: &[TextChar]) -> Vec<TextChar> {
    let mark = |letter: &TextChar| (letter.char, letter.origin_x.to_bits(), letter.origin_y.to_bits());
    let known: HashSet<_> = letters.iter().map(mark).collect();
    all.into_iter()
        .filter(|letter| !known.contains(&mark(letter)))
        .collect()
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
