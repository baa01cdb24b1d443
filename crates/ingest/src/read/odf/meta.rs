//! Title, author and date of an ODF document.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::docx::resolved;
use super::super::draft::Draft;

/// Reads them into a draft, from the part that holds them or from a flat document.
pub(super) fn properties(xml: &str, draft: &mut Draft) {
    let mut reader = Reader::from_str(xml);
    let (mut value, mut within) = (String::new(), 0_usize);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                value.clear();
                within += usize::from(start.local_name().as_ref() == "meta");
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(entity) => value.push_str(&resolved(&entity)),
            Event::End(end) => {
                let value = Some(std::mem::take(&mut value)).filter(|value| !value.trim().is_empty());
                match end.local_name().as_ref() {
                    "meta" => return,
                    "title" if within > 0 => draft.title = value,
                    "creator" | "initial-creator" if within > 0 && draft.author.is_none() => {
                        draft.author = value;
                    }
                    "date" if within > 0 => draft.date = value,
                    _ => {}
                }
            }
            Event::Eof => return,
            _ => {}
        }
    }
}
