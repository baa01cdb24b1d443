//! MSG: a message as Outlook saves it, property by property ([MS-OXMSG]) over `cfb`.
//!
//! Owns the code page of 8-bit properties and unpacking of compressed RTF ([MS-OXRTFCP]).

use std::io::{Cursor, Read};

use cfb::CompoundFile;
use docent_corpus::Format;

use super::draft::{Attached, Draft, Para, Role};
use super::ole::code_page;
use super::{html, rtf, text};
use crate::decode;

/// The longest property read: a text of a thousand pages.
const MAX_BYTES: u64 = 50 << 20;

/// Attachments of one letter: more are an archive.
const MAX_ATTACHMENTS: usize = 200;

/// Messages inside one another: a forwarded letter in a forwarded letter.
const MAX_DEPTH: u8 = 3;

struct Properties<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    code_page: Option<String>,
}

impl Properties<'_> {
    fn bytes(&mut self, path: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file
            .open_stream(path)
            .ok()?
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .ok()?;
        Some(bytes)
    }

    /// Returns a text property in either of its forms.
    fn text(&mut self, folder: &str, id: &str) -> Option<String> {
        let wide = self.bytes(&format!("{folder}/__substg1.0_{id}001F"));
        let text = if let Some(bytes) = wide {
            let units = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|one| one.unwrap_or('\u{fffd}'))
                .collect()
        } else {
            let bytes = self.bytes(&format!("{folder}/__substg1.0_{id}001E"))?;
            decode::decode(&bytes, self.code_page.as_deref())?.text
        };
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.trim().is_empty())
    }

    /// Returns a number out of the list of fixed properties.
    fn number(&mut self, folder: &str, tag: u32) -> Option<u64> {
        // The list begins behind a head, which is shorter in a message inside another.
        let head = if folder.is_empty() { 32 } else { 24 };
        let list = self.bytes(&format!("{folder}/__properties_version1.0"))?;
        list.get(head..)?.chunks_exact(16).find_map(|entry| {
            let (key, value) = (entry[..4].try_into().ok()?, entry[8..16].try_into().ok()?);
            (u32::from_le_bytes(key) == tag).then(|| u64::from_le_bytes(value))
        })
    }
}

/// Reads a message.
pub(super) fn read(file: CompoundFile<Cursor<&[u8]>>) -> Draft {
    let mut properties = Properties {
        file,
        code_page: None,
    };
    let mut draft = Draft::new(Format::Msg);
    write(&mut properties, "", &mut draft, 1);
    draft
}

/// Writes the message of a folder: the file's own, or one inside it.
fn write(properties: &mut Properties<'_>, folder: &str, draft: &mut Draft, depth: u8) {
    const INTERNET_CODE_PAGE: u32 = 0x3fde_0003;
    const MESSAGE_CODE_PAGE: u32 = 0x3ffd_0003;
    const SENT: u32 = 0x0039_0040;
    const RECEIVED: u32 = 0x0e06_0040;
    let page = properties
        .number(folder, MESSAGE_CODE_PAGE)
        .or_else(|| properties.number(folder, INTERNET_CODE_PAGE));
    if let Some(page) = page {
        properties.code_page = Some(code_page((page & 0xffff) as u16));
    }
    let subject = properties.text(folder, "0037");
    if let Some(subject) = &subject {
        draft
            .paras
            .push(Para::new(Role::Heading(depth), subject.as_str()));
    }
    let sender = properties
        .text(folder, "0C1A")
        .or_else(|| properties.text(folder, "0042"));
    let address = properties
        .text(folder, "5D01")
        .or_else(|| properties.text(folder, "0C1F"));
    if depth == 1 {
        draft.title = subject;
        draft.author.clone_from(&sender);
    }
    let from = match (sender, address) {
        (Some(name), Some(address)) if address.contains('@') && name != address => {
            Some(format!("{name} <{address}>"))
        }
        (name, address) => name.or(address),
    };
    let (to, copy) = (properties.text(folder, "0E04"), properties.text(folder, "0E03"));
    for (label, names) in [("От", from), ("Кому", to), ("Копия", copy)] {
        let line = names.map(|names| Para::new(Role::Verbatim, format!("{label}: {names}")));
        draft.paras.extend(line);
    }
    let sent = properties
        .number(folder, SENT)
        .or_else(|| properties.number(folder, RECEIVED));
    if let Some((day, clock)) = sent.and_then(moment) {
        draft
            .paras
            .push(Para::new(Role::Verbatim, format!("Дата: {day} {clock}")));
        if depth == 1 {
            let parts: Vec<&str> = day.split('.').rev().collect();
            draft.date = Some(parts.join("-"));
        }
    }
    body(properties, folder, draft);
    attachments(properties, folder, draft, depth);
}

fn body(properties: &mut Properties<'_>, folder: &str, draft: &mut Draft) {
    if let Some(words) = properties.text(folder, "1000") {
        return draft.append(text::read(&words));
    }
    let page = properties
        .bytes(&format!("{folder}/__substg1.0_10130102"))
        .and_then(|bytes| {
            let declared = decode::declared_charset(&bytes).or_else(|| properties.code_page.clone());
            Some(decode::decode(&bytes, declared.as_deref())?.text)
        })
        .or_else(|| properties.text(folder, "1013"));
    if let Some(page) = page.and_then(|page| html::read(&page).ok()) {
        return draft.append(page);
    }
    let packed = properties.bytes(&format!("{folder}/__substg1.0_10090102"));
    if let Some(read) = packed
        .and_then(|packed| unpack(&packed))
        .and_then(|rtf| rtf::read(&rtf).ok())
    {
        draft.append(read);
    }
}

fn attachments(properties: &mut Properties<'_>, home: &str, draft: &mut Draft, depth: u8) {
    let Ok(entries) = properties
        .file
        .read_storage(if home.is_empty() { "/" } else { home })
    else {
        return;
    };
    let folders: Vec<String> = entries
        .filter(|entry| entry.is_storage() && entry.name().starts_with("__attach_version1.0_"))
        .map(|entry| format!("{home}/{}", entry.name()))
        .take(MAX_ATTACHMENTS)
        .collect();
    for folder in folders {
        let name = properties
            .text(&folder, "3707")
            .or_else(|| properties.text(&folder, "3704"))
            .unwrap_or_else(|| "attachment".to_owned());
        if let Some(bytes) = properties.bytes(&format!("{folder}/__substg1.0_37010102")) {
            draft.attach(Attached {
                name: &name,
                bytes: &bytes,
            });
            continue;
        }
        let inner = format!("{folder}/__substg1.0_3701000D");
        let message = properties.file.exists(format!("{inner}/__properties_version1.0"));
        if message && depth < MAX_DEPTH {
            write(properties, &inner, draft, depth + 1);
        } else {
            draft
                .lost
                .push(format!("Attachment {name}: an object inside the message."));
        }
    }
}

/// Parts a Windows time (hundreds of nanoseconds since 1601) into day and clock, UTC.
pub(super) fn moment(ticks: u64) -> Option<(String, String)> {
    const TICKS: u64 = 10_000_000;
    /// Days from 1601 to 1970.
    const BEFORE: i64 = 134_774;
    let seconds = ticks / TICKS;
    let days = i64::try_from(seconds / 86_400).ok()? - BEFORE;
    // Civil date of a day count, by Hinnant's algorithm («chrono-compatible low-level date algorithms»).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let clock = seconds % 86_400;
    Some((
        format!("{day:02}.{month:02}.{year}"),
        format!("{:02}:{:02}", clock / 3_600, clock / 60 % 60),
    ))
}

/// Unpacks compressed RTF.
fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
    const WINDOW: usize = 4_096;
    let size = u32::from_le_bytes(packed.get(4..8)?.try_into().ok()?) as usize;
    if packed.get(8..12)? == b"MELA" {
        return Some(packed.get(16..)?.to_vec());
    }
    if packed.get(8..12)? != b"LZFu" || size as u64 > MAX_BYTES {
        return None;
    }
    let mut window = [0_u8; WINDOW];
    window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let mut at = DICTIONARY.len();
    let mut out = Vec::new();
    let mut rest = packed.get(16..)?.iter().copied();
    'all: while out.len() < size {
        let Some(control) = rest.next() else { break };
        for bit in 0..8 {
            if control >> bit & 1 == 0 {
                let Some(byte) = rest.next() else { break 'all };
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % WINDOW;
                continue;
            }
            let (Some(high), Some(low)) = (rest.next(), rest.next()) else {
                break 'all;
            };
            let reference = usize::from(high) << 8 | usize::from(low);
            let (from, length) = (reference >> 4, (reference & 0xf) + 2);
            if from == at {
                break 'all;
            }
            for step in 0..length {
                let byte = window[(from + step) % WINDOW];
                out.push(byte);
                window[at] = byte;
                at = (at + 1) % WINDOW;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_time_is_a_date() {
        // 1 January 1970 and 29 February 2024, 13:45.
        assert_eq!(moment(116_444_736_000_000_000).unwrap().0, "01.01.1970");
        let later = 116_444_736_000_000_000 + 1_709_214_300 * 10_000_000;
        assert_eq!(
            moment(later).unwrap(),
            ("29.02.2024".to_owned(), "13:45".to_owned())
        );
    }

    #[test]
    fn compressed_rtf_is_unpacked() {
        // The example of [MS-OXRTFCP], section 3.1.1.
        let packed = [
            0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7,
            0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20,
            0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f,
            0xa0,
        ];
        assert_eq!(
            unpack(&packed).unwrap(),
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
    }
}
