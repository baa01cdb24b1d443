//! The pages of a PDF: their lines, or what was recognised on a picture of them.
//!
//! Owns the choice between the text layer and recognition for each page, which picture of it is recognised, and telling what
//! was lost or mended. A page that cannot be read, has no text or a garbled one costs that page.

use docent_corpus::{Format, Unreadable, UnreadableCode};
use pdf_oxide::PdfDocument;
use pdf_oxide::extractors::ImageData;
use pdf_oxide::layout::TextChar;

use super::super::draft::{Draft, Para};
use super::super::{no_text, refuse};
use super::fields;
use super::hidden::Seen;
use super::layout::{self, Line};
use super::render::Renderer;
use super::words;
use crate::garble::is_garbled;
use crate::ocr::{self, MAX_RECOGNISED_PAGES, Picture, REMEDY, Recognise, Recognised};
use crate::tidy::mojibake::Misreading;

/// A page of a scan may have a stamp or a number as text; more than this many characters are its text.
const STAMP_CHARS: usize = 40;

/// What was read from a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The lines of its text layer, top to bottom.
    pub(super) lines: Vec<Line>,
    /// What was recognised on its picture.
    pub(super) recognised: Vec<Para>,
}

/// How a page fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sound,
    Failed,
    /// Nothing to read on it.
    Blank,
    /// A picture of text, or letters drawn as outlines.
    Scan,
    Garbled,
}

/// Reads all pages of the document in `bytes`; refuses one none of whose pages gave text.
pub(super) fn read(
    pdf: &PdfDocument,
    bytes: &[u8],
    count: usize,
    draft: &mut Draft,
    recognise: Recognise<'_>,
) -> Result<Vec<Page>, Unreadable> {
    let mut renderer = Renderer::new(bytes);
    let mut pages = Vec::with_capacity(count);
    let mut fates = Vec::with_capacity(count);
    let mut turned = 0_usize;
    let mut seen = Seen::new(pdf);
    for number in 0..count {
        let (page, fate) = match seen.letters(&mut renderer, number) {
            Some(letters) => {
                let nameless = are_nameless(&letters);
                let mut frames = words::words(&letters, fields::words(pdf, number));
                for letters in seen.notes(number) {
                    frames.extend(words::words(&letters, Vec::new()));
                }
                let mut page = Page {
                    lines: layout::lines(&frames),
                    ..Page::default()
                };
                let mut text = text_of(&page);
                if let Some(misreading) = Misreading::of(&text) {
                    turned += 1;
                    page.lines
                        .iter_mut()
                        .for_each(|line| line.change(|words| misreading.undo(words)));
                    text = text_of(&page);
                }
                let fate = if let Some(letters) = stamp(&text) {
                    if has_picture(pdf, number) || renderer.shows_more_than(number, letters) {
                        Fate::Scan
                    } else if letters == 0 {
                        Fate::Blank
                    } else {
                        Fate::Sound
                    }
                } else if nameless || is_garbled(&text) {
                    Fate::Garbled
                } else {
                    Fate::Sound
                };
                (page, fate)
            }
            None => (Page::default(), Fate::Failed),
        };
        pages.push(page);
        fates.push(fate);
    }
    draft.hidden.append(seen.hidden);
    if turned > 0 {
        draft
            .repaired
            .push(format!("Pages turned back from a wrong code page: {turned}."));
    }
    if fates.iter().all(|fate| *fate == Fate::Failed) {
        return Err(super::damaged());
    }
    let done = recognise_pages(pdf, &mut renderer, &mut pages, &fates, draft, recognise);
    let garbled = fates.contains(&Fate::Garbled);
    for (page, fate) in pages.iter_mut().zip(&fates) {
        if *fate == Fate::Garbled {
            page.lines.clear();
        }
    }
    if pages
        .iter()
        .all(|page| page.lines.is_empty() && page.recognised.is_empty())
    {
        return Err(match done {
            _ if garbled => refuse(
                UnreadableCode::GarbledText,
                format!("the letters of the PDF's text layer are not those on its pages; {REMEDY}"),
            ),
            Done::All => refuse(
                UnreadableCode::NoText,
                "no text was recognised on the PDF's pages",
            ),
            Done::Some | Done::Absent => no_text(Format::Pdf),
        });
    }
    Ok(pages)
}

/// Tells whether letters have the numbers of their font for names: they are control characters, which are no text.
fn are_nameless(letters: &[TextChar]) -> bool {
    /// Fewer are bullets and formulas.
    const MIN_LETTERS: usize = 40;
    let is_number = |letter: &&TextChar| letter.char.is_control() && !letter.char.is_whitespace();
    let numbers = letters.iter().filter(is_number).count();
    numbers >= MIN_LETTERS && numbers * 3 > letters.len()
}

/// Returns the number of letters of a text that is too short to be that of a page.
fn stamp(text: &str) -> Option<usize> {
    let mut letters = text.chars().filter(|c| !c.is_whitespace());
    let count = letters.by_ref().take(STAMP_CHARS).count();
    letters.next().is_none().then_some(count)
}

fn text_of(page: &Page) -> String {
    page.lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
}

/// Tells whether a page has pictures large enough to hold text.
fn has_picture(pdf: &PdfDocument, number: usize) -> bool {
    /// Points by points: smaller ones are emblems.
    const MIN_AREA: f32 = 200.0 * 200.0;
    // Scanners cut pages into strips, each of which is small.
    pdf.page_image_handles(number).is_ok_and(|pictures| {
        let areas = pictures
            .iter()
            .map(|picture| picture.bbox.width * picture.bbox.height);
        areas.sum::<f32>() >= MIN_AREA
    })
}

/// How far recognition came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    All,
    Some,
    Absent,
}

/// Has the pages without sound text recognised, and tells which were and which were not.
fn recognise_pages(
    pdf: &PdfDocument,
    renderer: &mut Renderer<'_>,
    pages: &mut [Page],
    fates: &[Fate],
    draft: &mut Draft,
    recognise: Recognise<'_>,
) -> Done {
    /// A stamp or a title as text is given up for recognition that tells this many times as much.
    const WORTH: usize = 3;
    let mut done = Done::All;
    let (mut read, mut scans, mut garbled, mut failed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut sent = 0;
    for (at, fate) in fates.iter().enumerate() {
        match fate {
            Fate::Sound | Fate::Blank => continue,
            Fate::Failed => {
                failed.push(at + 1);
                continue;
            }
            Fate::Scan | Fate::Garbled => {}
        }
        if done == Done::All && sent >= MAX_RECOGNISED_PAGES {
            done = Done::Some;
        }
        let picture = match done {
            Done::All => picture_of(pdf, renderer, at, *fate),
            Done::Some | Done::Absent => None,
        };
        let undrawn = picture.is_none();
        let mut paras = Vec::new();
        if let Some((bytes, drawn)) = picture {
            sent += 1;
            let page = u32::try_from(at + 1).unwrap_or(u32::MAX);
            match recognise(Picture { page, bytes }) {
                Recognised::Text(text) => {
                    let own = text_of(&pages[at]).chars().count();
                    // What the layer has is on a page as it is drawn, and the layer knows it better.
                    if *fate == Fate::Scan && drawn && text.chars().count() <= own * WORTH {
                        continue;
                    }
                    if drawn {
                        pages[at].lines.clear();
                    }
                    paras = ocr::paras(&text, page);
                }
                Recognised::Nothing => {}
                Recognised::Absent => done = Done::Absent,
                Recognised::OutOfTime => done = Done::Some,
            }
        }
        if !paras.is_empty() {
            read.push(at + 1);
            pages[at].recognised = paras;
        } else if *fate == Fate::Garbled {
            garbled.push(at + 1);
        } else if undrawn || done != Done::All {
            scans.push(at + 1);
        }
    }
    let why = match done {
        Done::All => String::new(),
        Done::Some => "; recognising all would take too long, split the file".to_owned(),
        Done::Absent => format!("; {REMEDY}"),
    };
    let mut tell = |numbers: &[usize], words: &str| {
        if !numbers.is_empty() {
            draft.lost.push(format!("{words}: {}{why}.", ranges(numbers)));
        }
    };
    tell(&scans, "Pages that are pictures and were not recognised");
    tell(&garbled, "Pages whose text layer has wrong letters, left out");
    if !failed.is_empty() {
        draft
            .lost
            .push(format!("Pages that could not be read: {}.", ranges(&failed)));
    }
    if !read.is_empty() {
        draft.repaired.push(format!(
            "Pages recognised by OCR, letters may be wrong: {}.",
            ranges(&read)
        ));
    }
    done
}

/// Returns a picture of a page and whether it had to be drawn: the one that fills the page as it is stored is finest and
/// costs nothing.
fn picture_of(
    pdf: &PdfDocument,
    renderer: &mut Renderer<'_>,
    number: usize,
    fate: Fate,
) -> Option<(Vec<u8>, bool)> {
    if fate == Fate::Scan
        && let Some(picture) = whole_picture(pdf, number)
    {
        return Some((picture, false));
    }
    Some((renderer.picture(number)?, true))
}

/// Returns the one picture of a page that fills it, upright and in a format that recognisers take.
fn whole_picture(pdf: &PdfDocument, number: usize) -> Option<Vec<u8>> {
    /// Fewer dots a side hold no line of text.
    const MIN_SIDE: u32 = 200;
    /// A page at 600 dots per inch has 35 million; beyond it a picture is a poster or an attack on memory.
    const MAX_DOTS: u64 = 50_000_000;
    /// Margins of a scanner's glass; what is outside of the picture is lost.
    const MIN_SHARE: f32 = 0.8;
    let pictures = pdf.page_image_handles(number).ok()?;
    let [picture] = pictures.as_slice() else {
        return None;
    };
    let (left, bottom, right, top) = pdf.get_page_media_box(number).ok()?;
    let fills = picture.bbox.width * picture.bbox.height >= MIN_SHARE * (right - left) * (top - bottom);
    let upright = picture.rotation_degrees == 0.0 && matches!(pdf.get_page_rotation(number), Ok(0));
    let dots = u64::from(picture.width) * u64::from(picture.height);
    if !fills || !upright || picture.width.min(picture.height) < MIN_SIDE || dots > MAX_DOTS {
        return None;
    }
    let decoded = picture.decode().ok()?;
    match decoded.data() {
        ImageData::Jpeg(bytes) => Some(bytes.clone()),
        ImageData::Raw { .. } => decoded.to_png_bytes().ok(),
    }
}

/// «1-3, 7»
fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let words = parts.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_pages_are_told_as_ranges() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3, 7, 9-10");
    }
}
