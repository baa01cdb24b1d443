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

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Draft, Unreadable> {
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

/// Writes the text of a message: the plain one, or the page when there is no other.
fn body(message: &Message<'_>, draft: &mut Draft) {
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
        .collect();
    let mut written = false;
    for id in plain {
        if let Some(words) = words(message, id).filter(|words| !words.trim().is_empty()) {
            draft.append(text::read(&words));
            written = true;
        }
    }
    if written {
        return;
    }
    for &id in message.html_body.iter().filter(|id| is_page(id)) {
        if let Some(words) = words(message, id) {
            match html::read(&words) {
                Ok(page) => draft.append(page),
                Err(refusal) => draft
                    .lost
                    .push(format!("The text of the letter: {}.", refusal.reason)),
            }
        }
    }
}

/// Returns the text of a part. Letters often name a code page that they are not in, so the bytes are looked at.
fn words(message: &Message<'_>, id: u32) -> Option<String> {
    let part = message.parts.get(id as usize)?;
    let declared = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"))
        .map(str::to_ascii_lowercase);
    let decoded = raw(message, id).and_then(|bytes| decode::decode(&bytes, declared.as_deref()));
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
