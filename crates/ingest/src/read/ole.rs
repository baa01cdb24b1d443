//! What compound files of old Office programs share: streams read within limits, numbers in them, and the summary that
//! holds title, author and date ([MS-OLEPS]).

use std::io::{Cursor, Read};

use cfb::CompoundFile;

use super::draft::Draft;
use crate::decode;

/// The longest stream read: no stream is longer than the longest file.
const MAX_STREAM_BYTES: u64 = super::MAX_FILE_BYTES;

/// An opened compound file.
pub(super) type Compound<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// Returns the bytes of a stream as far as they can be reached, or nothing when there is no such stream.
pub(super) fn stream(file: &mut Compound<'_>, path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let stream = file.open_stream(path).ok()?;
    // A chain of sectors that breaks off leaves what came before.
    let read = stream.take(MAX_STREAM_BYTES).read_to_end(&mut bytes);
    (read.is_ok() || !bytes.is_empty()).then_some(bytes)
}

/// Returns the byte at an offset.
pub(super) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Returns the number of two bytes at an offset.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

/// Returns the number of four bytes at an offset.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// Decodes UTF-16 in little-endian order; halves of characters become the replacement character.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or('\u{fffd}'))
        .collect()
}

/// Returns how many pages the program that wrote the file counted.
pub(super) fn summary_pages(file: &mut Compound<'_>) -> Option<u32> {
    const PAGES: u32 = 14;
    const NUMBER: u32 = 3;
    let bytes = stream(file, "/\u{5}SummaryInformation")?;
    let value = property(properties(&bytes)?, PAGES)?;
    u32_at(value, 4).filter(|_| u32_at(value, 0) == Some(NUMBER))
}

/// Returns the properties of a summary.
fn properties(summary: &[u8]) -> Option<&[u8]> {
    summary.get(u32_at(summary, 44)? as usize..)
}

/// Returns the value of a property, with what comes after it.
fn property(set: &[u8], wanted: u32) -> Option<&[u8]> {
    // A summary has some twenty properties.
    let count = u32_at(set, 4).unwrap_or(0).min(200) as usize;
    let entry = (0..count)
        .map(|number| 8 + number * 8)
        .find(|at| u32_at(set, *at) == Some(wanted))?;
    set.get(u32_at(set, entry + 4)? as usize..)
}

/// Reads title, author and date out of the summary, where there is one.
pub(super) fn summary(file: &mut Compound<'_>, draft: &mut Draft) {
    const CODE_PAGE: u32 = 1;
    const TITLE: u32 = 2;
    const AUTHOR: u32 = 4;
    const CREATED: u32 = 12;
    const SAVED: u32 = 13;
    let Some(bytes) = stream(file, "/\u{5}SummaryInformation") else {
        return;
    };
    let Some(set) = properties(&bytes) else {
        return;
    };
    let find = |wanted: u32| property(set, wanted);
    let page = find(CODE_PAGE).and_then(|value| u16_at(value, 4));
    let label = page.map(code_page);
    let text = |wanted: u32| {
        const WIDE: u32 = 31;
        let value = find(wanted)?;
        let (kind, length) = (u32_at(value, 0)?, u32_at(value, 4)? as usize);
        let text = if kind == WIDE || label.as_deref() == Some("utf-16le") {
            let length = if kind == WIDE {
                length.checked_mul(2)?
            } else {
                length
            };
            utf16(value.get(8..8_usize.checked_add(length)?)?)
        } else {
            let bytes = value.get(8..8_usize.checked_add(length)?)?;
            let bytes = &bytes[..bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())];
            decode::decode(bytes, label.as_deref())?.text
        };
        Some(text.trim_matches(['\0', ' ']).to_owned()).filter(|text| !text.is_empty())
    };
    let time = |wanted: u32| {
        let value = find(wanted)?;
        let ticks = u64::from(u32_at(value, 8)?) << 32 | u64::from(u32_at(value, 4)?);
        // Programs that know no date write zero.
        let (day, _) = super::msg::moment(ticks).filter(|_| ticks > 0)?;
        let parts: Vec<&str> = day.split('.').collect();
        let [day, month, year] = parts[..] else {
            return None;
        };
        Some(format!("{year}-{month}-{day}"))
    };
    draft.title = text(TITLE);
    draft.author = text(AUTHOR);
    draft.date = time(SAVED).or_else(|| time(CREATED));
}

/// Returns the label of a Windows code page.
pub(super) fn code_page(page: u16) -> String {
    match page {
        866 => "ibm866".to_owned(),
        1200 => "utf-16le".to_owned(),
        10_007 => "x-mac-cyrillic".to_owned(),
        20_866 => "koi8-r".to_owned(),
        21_866 => "koi8-u".to_owned(),
        28_595 => "iso-8859-5".to_owned(),
        65_001 => "utf-8".to_owned(),
        other => format!("windows-{other}"),
    }
}
