//! EML and saved web pages (MHTML), parsed by `mail-parser`.
//!
//! Owns which part is the text, its code page, and the attachments, which are documents themselves, one level deep.

use docent_corpus::{Format, Unreadable};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Address, Encoding, Message, MessageParser, MimeHeaders, PartType};

use super::draft::{Attached, Draft, Para, Role};
use super::package::cut;
use super::{html, text};
use crate::decode;

/// Messages inside one another: a forwarded letter in a forwarded letter.
const MAX_DEPTH: usize = 3;

/// Attachments of one letter: more are an archive.
const MAX_ATTACHMENTS: usize = 200;

/// Parts of one letter that are its text: more than some dozen are an attack.
const MAX_PARTS: usize = 1_000;

/// Messages of one mailbox: more are an archive of years.
const MAX_MESSAGES: usize = 10_000;

/// Reads a message, or the messages of a mailbox.
pub(super) fn read(bytes: &[u8]) -> Result<Draft, Unreadable> {
    let letters = letters(bytes);
    if letters.len() < 2 {
        return one(letters.first().copied().unwrap_or(bytes));
    }
    let mut draft = Draft::new(Format::Eml);
    for (count, letter) in letters.into_iter().enumerate() {
        if draft.paras.is_over() {
            break;
        }
        if count == MAX_MESSAGES {
            draft
                .lost
                .push(format!("Messages after the first {MAX_MESSAGES} left out."));
            break;
        }
        match one(letter) {
            Ok(read) => draft.append(read),
            Err(refusal) => draft
                .lost
                .push(format!("Message {}: {}.", count + 1, refusal.reason)),
        }
    }
    Ok(draft)
}

/// Parts a mailbox at its lines «From …»; one message is itself.
fn letters(bytes: &[u8]) -> Vec<&[u8]> {
    const MARK: &[u8] = b"From ";
    if !bytes.starts_with(MARK) {
        return vec![bytes];
    }
    let mut starts = vec![0];
    let breaks = bytes.windows(MARK.len() + 2).enumerate();
    // A mark stands behind an empty line.
    starts.extend(breaks.filter_map(|(at, window)| {
        let empty =
            window.starts_with(b"\n\n") || (window.starts_with(b"\r\n") && at > 0 && bytes[at - 1] == b'\n');
        (empty && &window[2..] == MARK).then_some(at + 2)
    }));
    let ends = starts[1..].iter().copied().chain([bytes.len()]);
    let letter = |(start, end): (usize, usize)| {
        let letter = &bytes[start..end];
        let line = letter
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(letter.len(), |at| at + 1);
        &letter[line..]
    };
    starts.iter().copied().zip(ends).map(letter).collect()
}

/// Returns a message whose head is UTF-8: some programs write the head in their own code page.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = (1..bytes.len()).find(|at| {
        let rest = &bytes[*at..];
        bytes[at - 1] == b'\n' && (rest.starts_with(b"\n") || rest.starts_with(b"\r\n"))
    });
    let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
    if std::str::from_utf8(head).is_ok() {
        return None;
    }
    let decoded = decode::decode(head, None)?;
    Some([decoded.text.as_bytes(), body].concat())
}

fn one(bytes: &[u8]) -> Result<Draft, Unreadable> {
    let mended = mended(bytes);
    let bytes = mended.as_deref().unwrap_or(bytes);
    let message = MessageParser::default().parse(bytes).ok_or_else(cut)?;
    let mut draft = Draft::new(Format::Eml);
    draft.title = message.subject().map(ToOwned::to_owned);
    draft.author = message.from().map(named);
    draft.date = message.date().map(mail_parser::DateTime::to_rfc3339);
    write(&message, &mut draft, 1);
    Ok(draft)
}

fn named(address: &Address<'_>) -> String {
    let one = |one: &mail_parser::Addr<'_>| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or("").to_owned(),
    };
    address.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn write(message: &Message<'_>, draft: &mut Draft, depth: usize) {
    if let Some(subject) = message.subject() {
        draft.paras.push(Para::new(Role::Heading(depth as u8), subject));
    }
    for (label, address) in [
        ("От", message.from()),
        ("Кому", message.to()),
        ("Копия", message.cc()),
    ] {
        let names = address.map(named).filter(|names| !names.is_empty());
        draft
            .paras
            .extend(names.map(|names| Para::new(Role::Verbatim, format!("{label}: {names}"))));
    }
    if let Some(date) = message.date() {
        let line = format!(
            "Дата: {:02}.{:02}.{} {:02}:{:02}",
            date.day, date.month, date.year, date.hour, date.minute
        );
        draft.paras.push(Para::new(Role::Verbatim, line));
    }
    if is_closed(message) {
        draft.lost.push(
            "The letter is encrypted or sealed; what it says is read in the mail program only.".to_owned(),
        );
        return;
    }
    body(message, draft);
    for (count, &id) in message.attachments.iter().enumerate() {
        let Some(part) = message.parts.get(id as usize) else {
            continue;
        };
        if count == MAX_ATTACHMENTS {
            draft
                .lost
                .push(format!("Attachments after the first {MAX_ATTACHMENTS} left out."));
            break;
        }
        match &part.body {
            PartType::Message(inner) if depth < MAX_DEPTH => write(inner, draft, depth + 1),
            PartType::Message(_) => draft.lost.push("A message inside messages left out.".to_owned()),
            PartType::Multipart(_) => {}
            _ if is_drawn(part) => {}
            PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_) => {
                let name = part.attachment_name().unwrap_or("attachment");
                draft.attach(Attached {
                    name,
                    bytes: &raw(message, id).unwrap_or_else(|| part.contents().to_vec()),
                });
            }
        }
    }
}

/// Tells whether the whole of a message is one encrypted or sealed part.
fn is_closed(message: &Message<'_>) -> bool {
    let kind = message.parts.first().and_then(|part| part.content_type());
    kind.is_some_and(|kind| {
        let subtype = kind.subtype().unwrap_or("").to_ascii_lowercase();
        matches!(subtype.as_str(), "encrypted" | "pkcs7-mime" | "x-pkcs7-mime")
    })
}

/// Tells whether a part only draws the page: its pictures, styles and programs.
fn is_drawn(part: &mail_parser::MessagePart<'_>) -> bool {
    let Some(kind) = part.content_type() else {
        return false;
    };
    let subtype = kind.subtype().unwrap_or("").to_ascii_lowercase();
    let inline = part.content_id().is_some() || part.content_location().is_some();
    matches!(subtype.as_str(), "css" | "javascript" | "x-javascript")
        || (kind.ctype().eq_ignore_ascii_case("image") && inline)
}

/// Writes the text of a message: the plain one, or the page when there is no other.
fn body(message: &Message<'_>, draft: &mut Draft) {
    /// How many times longer the page is when the plain text only points to it.
    const STUB: usize = 4;
    let is_page = |id: &u32| {
        matches!(
            message.parts.get(*id as usize).map(|part| &part.body),
            Some(PartType::Html(_))
        )
    };
    let plain: Vec<u32> = message
        .text_body
        .iter()
        .copied()
        .filter(|id| !is_page(id))
        .take(MAX_PARTS)
        .collect();
    if plain.len() == MAX_PARTS {
        draft.lost.push(format!(
            "Parts of the letter after the first {MAX_PARTS} left out."
        ));
    }
    let mut written = Draft::new(Format::Text);
    for id in plain {
        if let Some(words) = words(message, id).filter(|words| !words.trim().is_empty()) {
            written.append(text::read(&words));
        }
    }
    let mut pages = Draft::new(Format::Html);
    for &id in message.html_body.iter().filter(|id| is_page(id)).take(MAX_PARTS) {
        if let Some(words) = words(message, id) {
            match html::read(&words) {
                Ok(page) => pages.append(page),
                Err(refusal) if written.paras.bytes() == 0 => draft
                    .lost
                    .push(format!("The text of the letter: {}.", refusal.reason)),
                Err(_) => {}
            }
        }
    }
    // «Your program does not show HTML» is no text of the letter.
    if written.paras.bytes() * STUB < pages.paras.bytes() {
        draft.append(pages);
    } else {
        draft.append(written);
    }
}

/// Returns the text of a part. Letters often name a code page that they are not in, so the bytes are looked at.
fn words(message: &Message<'_>, id: u32) -> Option<String> {
    let part = message.parts.get(id as usize)?;
    let declared = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"))
        .map(str::to_ascii_lowercase);
    // No code page of the web: the parser's own knows it.
    let known = declared.as_deref() != Some("utf-7");
    let decoded = raw(message, id)
        .filter(|_| known)
        .and_then(|bytes| decode::decode(&bytes, declared.as_deref()));
    match (decoded, &part.body) {
        (Some(decoded), _) => Some(decoded.text),
        (None, PartType::Text(text) | PartType::Html(text)) => Some(text.to_string()),
        (None, _) => None,
    }
}

/// Returns the bytes of a part as they were sent, its transfer encoding undone.
fn raw(message: &Message<'_>, id: u32) -> Option<Vec<u8>> {
    let part = message.parts.get(id as usize)?;
    let bytes = message
        .raw_message()
        .get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        Encoding::None => Some(bytes.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(bytes),
        Encoding::Base64 => base64_decode(bytes),
    }
}
