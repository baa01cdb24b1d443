//! What is filled into forms and written on pages with a viewer: the values of fields, boxes that are ticked, free text and
//! stamps.
//!
//! Owns where these words stand. They are no part of a page's content; a reader sees them on it all the same. What signatures and
//! buttons show is drawn and not written, and is read from the drawing. Notes that open in a window of their own, and what is
//! marked as hidden, are left out. Boxes are told on a page where one is ticked; in a form that nobody has filled in they say nothing.

use std::collections::{HashMap, HashSet};

use pdf_oxide::PdfDocument;
use pdf_oxide::layout::TextChar;
use pdf_oxide::object::{Object, ObjectRef};

use super::words::Word;

/// A form has a few hundred fields; a page of a register drawn with them some thousands.
const MAX_NOTES: usize = 5_000;

/// Letters that the drawings of a page's notes show: a full page of small print. One drawing can be shown by every note.
const MAX_DRAWN_LETTERS: usize = 20_000;

/// Returns the words of the fields and free texts of the page at `number`, from 0.
pub(super) fn words(pdf: &PdfDocument, number: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let Ok(page) = pdf.get_page(number) else {
        return words;
    };
    let Some(notes) = get(pdf, page.as_dict(), "Annots") else {
        return words;
    };
    let mut boxes = Vec::new();
    for note in notes.as_array().into_iter().flatten().take(MAX_NOTES) {
        let note = resolved(pdf, note);
        let Some(dict) = note.as_ref().and_then(Object::as_dict) else {
            continue;
        };
        let Some(place) = place_of(pdf, dict).filter(|_| !is_hidden(pdf, dict)) else {
            continue;
        };
        if let Some(text) = text_of(pdf, dict) {
            lay(&text, place, size_of(pdf, dict), &mut words);
        } else if let Some(ticked) = is_ticked(pdf, dict) {
            boxes.push((place, ticked));
        }
    }
    if boxes.iter().any(|(_, ticked)| *ticked) {
        for (place, ticked) in boxes {
            let size = (place[3] - place[1]).clamp(SMALLEST, USUAL_SIZE);
            lay(if ticked { TICKED } else { EMPTY }, place, Some(size), &mut words);
            // What is ticked stands beside its box; the gap to it parts no columns.
            words
                .last_mut()
                .into_iter()
                .for_each(|sign| sign.right = place[2] + 0.5 * size);
        }
    }
    words
}

/// Returns the letters that signatures, buttons and stamps without words of their own show on the page at `number`, from 0, one
/// list for each; `may_read` tells of which drawings.
pub(super) fn drawn(
    pdf: &PdfDocument,
    number: usize,
    mut may_read: impl FnMut(ObjectRef) -> bool,
) -> Vec<Vec<TextChar>> {
    let notes = pdf
        .get_page(number)
        .ok()
        .and_then(|page| get(pdf, page.as_dict(), "Annots"));
    let notes = notes.as_ref().and_then(Object::as_array);
    let mut letters = |note: &Object| {
        let note = resolved(pdf, note)?;
        let dict = note.as_dict()?;
        let place = place_of(pdf, dict).filter(|_| !is_hidden(pdf, dict) && is_drawn(pdf, dict))?;
        let look = look_of(pdf, dict)?;
        look.as_reference().filter(|look| may_read(*look))?;
        let content = placed(pdf, &look, place)?;
        let looks = Object::Dictionary(HashMap::from([("Look".to_owned(), look)]));
        let resources = Object::Dictionary(HashMap::from([("XObject".to_owned(), looks)]));
        super::glyphs::read(pdf, number, &HashSet::new(), Some(&resources), content.as_bytes())
    };
    let mut all = Vec::new();
    let mut room = MAX_DRAWN_LETTERS;
    for note in notes.into_iter().flatten().take(MAX_NOTES) {
        if room == 0 {
            break;
        }
        let letters = letters(note).unwrap_or_default();
        room = room.saturating_sub(letters.len());
        all.extend((!letters.is_empty()).then_some(letters));
    }
    all
}

/// Tells whether what a note shows is only drawn: a signature, a button to push, a stamp without words.
fn is_drawn(pdf: &PdfDocument, dict: &Dict) -> bool {
    let kind = get(pdf, Some(dict), "Subtype");
    match kind.as_ref().and_then(Object::as_name) {
        Some("Stamp") => text_of(pdf, dict).is_none(),
        Some("Widget") => match inherited(pdf, dict, "FT").as_ref().and_then(Object::as_name) {
            Some("Sig") => true,
            Some("Btn") => is_ticked(pdf, dict).is_none(),
            _ => false,
        },
        _ => false,
    }
}

/// Returns the reference of the drawing that a note shows.
fn look_of(pdf: &PdfDocument, dict: &Dict) -> Option<Object> {
    let looks = get(pdf, Some(dict), "AP")?;
    let look = looks.as_dict()?.get("N")?;
    look.as_reference()?;
    Some(look.clone())
}

/// Returns content that shows a drawing in its place (ISO 32000-1, 12.5.5).
fn placed(pdf: &PdfDocument, look: &Object, [left, bottom, right, top]: [f32; 4]) -> Option<String> {
    let stream = resolved(pdf, look)?;
    let dict = stream.as_dict()?;
    let [x0, y0, x1, y1] = sides(pdf, dict.get("BBox")?)?;
    let matrix = get(pdf, Some(dict), "Matrix")
        .and_then(|matrix| <[f32; 6]>::try_from(numbers(pdf, &matrix)?).ok())
        .unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let corners = [(x0, y0), (x0, y1), (x1, y0), (x1, y1)];
    let across = corners.map(|(x, y)| matrix[0] * x + matrix[2] * y + matrix[4]);
    let up = corners.map(|(x, y)| matrix[1] * x + matrix[3] * y + matrix[5]);
    let least = |sides: [f32; 4]| sides.into_iter().fold(f32::INFINITY, f32::min);
    let most = |sides: [f32; 4]| sides.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let (wide, high) = (most(across) - least(across), most(up) - least(up));
    if !(wide > 0.0 && high > 0.0) {
        return None;
    }
    let (wider, higher) = ((right - left) / wide, (top - bottom) / high);
    let (aside, rise) = (left - least(across) * wider, bottom - least(up) * higher);
    Some(format!("q {wider} 0 0 {higher} {aside} {rise} cm /Look Do Q"))
}

/// What viewers take at most where the size of letters is left to them, and at least.
const USUAL_SIZE: f32 = 12.0;
const SMALLEST: f32 = 4.0;

/// The signs that word processors write for boxes.
const TICKED: &str = "☒";
const EMPTY: &str = "☐";

type Dict = HashMap<String, Object>;

/// Returns what an object refers to, or itself.
pub(super) fn resolved(pdf: &PdfDocument, object: &Object) -> Option<Object> {
    match object.as_reference() {
        Some(reference) => pdf.load_object(reference).ok(),
        None => Some(object.clone()),
    }
}

fn get(pdf: &PdfDocument, dict: Option<&Dict>, key: &str) -> Option<Object> {
    resolved(pdf, dict?.get(key)?)
}

/// Returns an entry of a field, which may stand in what the field is part of.
fn inherited(pdf: &PdfDocument, dict: &Dict, key: &str) -> Option<Object> {
    get(pdf, Some(dict), key).or_else(|| {
        let parent = get(pdf, Some(dict), "Parent")?;
        get(pdf, parent.as_dict(), key)
    })
}

/// Returns the flags that an entry holds.
fn flags(object: Option<Object>) -> i64 {
    object.and_then(|object| object.as_integer()).unwrap_or(0)
}

/// Tells whether a note is invisible, hidden or not to be viewed.
fn is_hidden(pdf: &PdfDocument, dict: &Dict) -> bool {
    const HIDDEN: i64 = 0x1 | 0x2 | 0x20;
    flags(get(pdf, Some(dict), "F")) & HIDDEN != 0
}

/// Tells whether a box or a round button is ticked; nothing when a note is neither.
fn is_ticked(pdf: &PdfDocument, dict: &Dict) -> Option<bool> {
    const PUSHED: i64 = 1 << 16;
    let button = get(pdf, Some(dict), "Subtype")?.as_name()? == "Widget"
        && inherited(pdf, dict, "FT")?.as_name()? == "Btn"
        && flags(inherited(pdf, dict, "Ff")) & PUSHED == 0;
    // Of round buttons, each says for itself which state it shows.
    let state = get(pdf, Some(dict), "AS").or_else(|| get(pdf, Some(dict), "V"));
    let state = state.as_ref().and_then(Object::as_name);
    button.then(|| state.is_some_and(|state| state != "Off"))
}

/// Returns the text that a note shows on the page.
fn text_of(pdf: &PdfDocument, dict: &Dict) -> Option<String> {
    /// A password's field.
    const PASSWORD: i64 = 1 << 13;
    let text = match get(pdf, Some(dict), "Subtype")?.as_name()? {
        "FreeText" | "Stamp" => get(pdf, Some(dict), "Contents")?,
        "Widget" if flags(inherited(pdf, dict, "Ff")) & PASSWORD == 0 => {
            let kind = inherited(pdf, dict, "FT")?;
            if !matches!(kind.as_name(), Some("Tx" | "Ch")) {
                return None;
            }
            inherited(pdf, dict, "V")?
        }
        _ => return None,
    };
    // Long values are streams.
    let text = match text.as_string() {
        Some(text) => super::decoded(text),
        None => super::decoded(&text.decode_stream_data().ok()?),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns left, bottom, right and top.
fn place_of(pdf: &PdfDocument, dict: &Dict) -> Option<[f32; 4]> {
    sides(pdf, dict.get("Rect")?)
}

/// Returns left, bottom, right and top of a rectangle, which may be written from any corner.
pub(super) fn sides(pdf: &PdfDocument, rect: &Object) -> Option<[f32; 4]> {
    let [a, b, c, d] = numbers(pdf, rect)?.try_into().ok()?;
    [a, b, c, d]
        .iter()
        .all(|side: &f32| side.is_finite())
        .then(|| [a.min(c), b.min(d), a.max(c), b.max(d)])
}

/// Returns the numbers of a list.
fn numbers(pdf: &PdfDocument, list: &Object) -> Option<Vec<f32>> {
    let list = resolved(pdf, list)?;
    let number = |number: &Object| {
        let number = resolved(pdf, number)?;
        number
            .as_real()
            .or_else(|| number.as_integer().map(|number| number as f64))
    };
    let numbers = list.as_array()?.iter().filter_map(number);
    Some(numbers.map(|number| number as f32).collect())
}

/// Returns the font size that a note asks for, if it does.
fn size_of(pdf: &PdfDocument, dict: &Dict) -> Option<f32> {
    let look = inherited(pdf, dict, "DA")?;
    let look = String::from_utf8_lossy(look.as_string()?).into_owned();
    let mut before = "";
    for word in look.split_whitespace() {
        if word == "Tf" {
            return before.parse().ok().filter(|size| *size > 1.0);
        }
        before = word;
    }
    None
}

/// Lays words into a place, line by line.
fn lay(text: &str, [left, bottom, right, top]: [f32; 4], size: Option<f32>, words: &mut Vec<Word>) {
    /// The width of a letter and the step of lines, in font sizes.
    const LETTER: f32 = 0.5;
    const STEP: f32 = 1.2;
    let height = top - bottom;
    let size = size.unwrap_or_else(|| (0.7 * height).clamp(SMALLEST, USUAL_SIZE));
    let single = height < 2.0 * STEP * size;
    let mut base = if single {
        bottom + 0.5 * height - 0.35 * size
    } else {
        top - size
    };
    for line in text.split(['\r', '\n']).filter(|line| !line.trim().is_empty()) {
        let mut x = left;
        for word in line.split_whitespace() {
            let width = LETTER * size * word.chars().count() as f32;
            if !single && x > left && x + width > right {
                x = left;
                base -= STEP * size;
            }
            words.push(Word {
                left: x,
                right: x + width,
                base,
                size,
                bold: false,
                apart: x > left,
                text: word.to_owned(),
            });
            x += width + LETTER * size;
        }
        base -= STEP * size;
    }
}
