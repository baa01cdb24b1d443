//! The pages of a PDF: their lines, or what was recognised on a picture of them.
//!
//! Owns the choice between the text layer and recognition for each page, and telling what was lost or mended. A page that
//! cannot be read, has no text or a garbled one costs that page.

use docent_corpus::{Format, Unreadable, UnreadableCode};
use pdf_oxide::PdfDocument;
use pdf_oxide::extractors::ImageData;

use super::super::draft::{Draft, Para};
use super::super::{no_text, refuse};
use super::layout::{self, Line};
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
    /// A picture of text.
    Scan,
    Garbled,
}

/// Reads all pages; refuses a document none of whose pages gave text.
pub(super) fn read(
    pdf: &PdfDocument,
    count: usize,
    draft: &mut Draft,
    recognise: Recognise<'_>,
) -> Result<Vec<Page>, Unreadable> {
    let mut pages = Vec::with_capacity(count);
    let mut fates = Vec::with_capacity(count);
    let mut turned = 0_usize;
    for number in 0..count {
        let (page, fate) = match pdf.extract_words(number) {
            Ok(words) => {
                let mut page = Page {
                    lines: layout::lines(&words),
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
                let fate = if text.chars().nth(STAMP_CHARS).is_none() {
                    if has_picture(pdf, number) {
                        Fate::Scan
                    } else if text.is_empty() {
                        Fate::Blank
                    } else {
                        Fate::Sound
                    }
                } else if is_garbled(&text) {
                    Fate::Garbled
                } else {
                    Fate::Sound
                };
                (page, fate)
            }
            Err(_) => (Page::default(), Fate::Failed),
        };
        pages.push(page);
        fates.push(fate);
    }
    if turned > 0 {
        draft
            .repaired
            .push(format!("Pages turned back from a wrong code page: {turned}."));
    }
    if fates.iter().all(|fate| *fate == Fate::Failed) {
        return Err(super::damaged());
    }
    let done = recognise_pages(pdf, &mut pages, &fates, draft, recognise);
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

fn text_of(page: &Page) -> String {
    page.lines.iter().map(Line::text).collect::<Vec<_>>().join("\n")
}

/// Tells whether a page has a picture large enough to hold text.
fn has_picture(pdf: &PdfDocument, number: usize) -> bool {
    /// Points by points: smaller ones are emblems.
    const MIN_AREA: f32 = 200.0 * 200.0;
    pdf.page_image_handles(number).is_ok_and(|pictures| {
        pictures
            .iter()
            .any(|picture| picture.bbox.width * picture.bbox.height >= MIN_AREA)
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
    pages: &mut [Page],
    fates: &[Fate],
    draft: &mut Draft,
    recognise: Recognise<'_>,
) -> Done {
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
        let mut paras = Vec::new();
        if done == Done::All
            && let Some(bytes) = picture_of(pdf, at)
        {
            sent += 1;
            let page = u32::try_from(at + 1).unwrap_or(u32::MAX);
            match recognise(Picture { page, bytes }) {
                Recognised::Text(text) => paras = ocr::paras(&text, page),
                Recognised::Nothing => {}
                Recognised::Absent => done = Done::Absent,
                Recognised::OutOfTime => done = Done::Some,
            }
        }
        if paras.is_empty() {
            if *fate == Fate::Garbled {
                garbled.push(at + 1);
            } else if done != Done::All {
                scans.push(at + 1);
            }
        } else {
            read.push(at + 1);
            pages[at].recognised = paras;
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

/// Returns the largest picture on a page: of a scan it is the page.
fn picture_of(pdf: &PdfDocument, number: usize) -> Option<Vec<u8>> {
    /// Fewer dots a side hold no line of text.
    const MIN_SIDE: u32 = 200;
    /// A page at 600 dots per inch has 35 million; beyond it a picture is a poster or an attack on memory.
    const MAX_DOTS: u64 = 50_000_000;
    let dots = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let pictures = pdf.page_image_handles(number).ok()?;
    let largest = pictures
        .iter()
        .filter(|picture| picture.width.min(picture.height) >= MIN_SIDE)
        .filter(|picture| dots(picture.width, picture.height) <= MAX_DOTS)
        .max_by_key(|picture| dots(picture.width, picture.height))?;
    let picture = largest.decode().ok()?;
    match picture.data() {
        ImageData::Jpeg(bytes) => Some(bytes.clone()),
        ImageData::Raw { .. } => picture.to_png_bytes().ok(),
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
