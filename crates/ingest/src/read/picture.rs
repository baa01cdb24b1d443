//! A picture as a document: a photographed or scanned page whose text is recognised.
//!
//! Owns telling pictures that can be recognised; everything else about them is the recogniser's.

use docent_corpus::{Format, Unreadable, UnreadableCode};

use super::draft::Draft;
use super::refuse;
use crate::ocr::{self, Picture, REMEDY, Recognise, Recognised};

/// Tells whether `bytes` are a PNG, JPEG or TIFF.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];
    MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// Reads a picture.
pub(super) fn read(bytes: &[u8], recognise: Recognise<'_>) -> Result<Draft, Unreadable> {
    let picture = Picture {
        page: 1,
        bytes: bytes.to_vec(),
    };
    let text = match recognise(picture) {
        Recognised::Text(text) => text,
        Recognised::Absent => {
            return Err(refuse(
                UnreadableCode::NoText,
                format!("the file is a picture; {REMEDY}"),
            ));
        }
        Recognised::Nothing => String::new(),
        Recognised::OutOfTime => {
            return Err(refuse(
                UnreadableCode::Timeout,
                "recognising the picture took too long; save it smaller",
            ));
        }
    };
    let mut draft = Draft::new(Format::Picture);
    draft.paras.extend(ocr::paras(&text, 1));
    if draft.paras.last().is_none() {
        return Err(refuse(
            UnreadableCode::NoText,
            "no text was recognised in the picture",
        ));
    }
    draft.pages = Some(1);
    draft
        .repaired
        .push("The text was recognised by OCR and may have wrong letters.".to_owned());
    Ok(draft)
}
