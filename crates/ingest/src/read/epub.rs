//! EPUB 2 and 3: the chapters in the order of the spine, each read as a page.

use std::collections::HashMap;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::docx::{attribute, resolved};
use super::draft::Draft;
use super::package::{Package, cut};
use super::{html, refuse};

/// Chapters of one book: the longest codes have some thousand.
const MAX_CHAPTERS: usize = 10_000;

/// Reads a book.
pub(super) fn read(mut package: Package<'_>) -> Result<Draft, Unreadable> {
    let container = package.xml("META-INF/container.xml")?.unwrap_or_default();
    let main = root(&container, &package).ok_or_else(cut)?;
    let book = Book::parse(&package.xml(&main)?.ok_or_else(cut)?);
    let home = main.rsplit_once('/').map_or("", |(home, _)| home);
    let locked = package.xml("META-INF/encryption.xml")?.unwrap_or_default();
    let mut draft = Draft::new(Format::Epub);
    let mut missing = 0;
    if book.spine.len() > MAX_CHAPTERS {
        draft
            .lost
            .push(format!("Chapters after the first {MAX_CHAPTERS} left out."));
    }
    for chapter in book.spine.iter().take(MAX_CHAPTERS) {
        let path = joined(home, chapter);
        // Fonts are often masked, which locks nothing.
        if locked.contains(&format!("URI=\"{path}\"")) {
            return Err(refuse(
                UnreadableCode::Encrypted,
                "the book is locked by its seller; get it without copy protection",
            ));
        }
        match package.xml(&path)?.map(|text| html::read(&as_text(&text))) {
            Some(Ok(page)) => draft.append(page),
            // A cover without words costs nothing else.
            Some(Err(refusal)) if refusal.code == UnreadableCode::NoText => {}
            Some(Err(refusal)) => draft.lost.push(format!("Chapter {path}: {}.", refusal.reason)),
            None => missing += 1,
        }
        if draft.paras.is_over() {
            break;
        }
    }
    if missing > 0 {
        draft
            .lost
            .push(format!("Chapters that are not in the file: {missing}."));
    }
    (draft.title, draft.author, draft.date) = (book.title, book.author, book.date);
    Ok(draft)
}

/// Returns a chapter whose notes and titles are not taken for the margins of a web page.
fn as_text(chapter: &str) -> String {
    let mut chapter = chapter.to_owned();
    for name in ["aside", "header", "footer"] {
        for mark in ["<", "</"] {
            chapter = chapter.replace(&format!("{mark}{name}"), &format!("{mark}div"));
        }
    }
    chapter
}

/// Returns the first package document that the container names and that is there.
fn root(container: &str, package: &Package<'_>) -> Option<String> {
    let mut reader = Reader::from_str(container);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "rootfile" => {
                let path = attribute(&start, "full-path").filter(|path| package.has(path));
                if path.is_some() {
                    return path;
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// What the package document says.
#[derive(Default)]
struct Book {
    title: Option<String>,
    author: Option<String>,
    date: Option<String>,
    /// Files of the chapters, in reading order.
    spine: Vec<String>,
}

impl Book {
    fn parse(xml: &str) -> Self {
        let mut book = Self::default();
        let mut files: HashMap<String, String> = HashMap::new();
        let mut reader = Reader::from_str(xml);
        let mut value = String::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) | Event::Empty(start) => {
                    value.clear();
                    match start.local_name().as_ref() {
                        "item" => {
                            let kind = attribute(&start, "media-type").unwrap_or_default();
                            if let (Some(id), Some(href)) =
                                (attribute(&start, "id"), attribute(&start, "href"))
                                && (kind.contains("html") || kind.contains("oeb1-document"))
                            {
                                files.insert(id, href);
                            }
                        }
                        "itemref" => {
                            let file = attribute(&start, "idref").and_then(|id| files.get(&id));
                            book.spine.extend(file.cloned());
                        }
                        _ => {}
                    }
                }
                Event::Text(text) => value.push_str(&text),
                Event::CData(data) => value.push_str(&data),
                Event::GeneralRef(entity) => value.push_str(&resolved(&entity)),
                Event::End(end) => {
                    let value = Some(std::mem::take(&mut value)).filter(|value| !value.trim().is_empty());
                    match end.local_name().as_ref() {
                        "title" if book.title.is_none() => book.title = value,
                        "creator" if book.author.is_none() => book.author = value,
                        "date" if book.date.is_none() => book.date = value,
                        _ => {}
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        book
    }
}

/// Joins a reference to the folder it stands in: percent signs decoded, `..` followed.
pub(super) fn joined(home: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or("");
    let raw = reference.as_bytes();
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let hex = reference.get(at + 1..at + 3).filter(|_| raw[at] == b'%');
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(decoded);
            at += 3;
        } else {
            bytes.push(raw[at]);
            at += 1;
        }
    }
    let reference = String::from_utf8_lossy(&bytes).into_owned();
    let mut parts: Vec<&str> = home.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
