//! The headers and footers of a DOCX that are drawn once and so are no running lines: the letterhead of a first page that
//! differs, those of a document of one page.

use quick_xml::events::BytesStart;

use super::{attribute, is_on};

/// Headers and footers of the first section.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// Whether each is that of the first page, and its relation.
    list: Vec<(bool, String)>,
    /// Whether the first section has ended.
    ended: bool,
    first_differs: bool,
}

impl Edges {
    /// Takes the begin of an element.
    pub(super) fn take(&mut self, name: &str, start: &BytesStart<'_>) {
        match name {
            _ if self.ended => {}
            "headerReference" | "footerReference" => {
                let kind = attribute(start, "type").unwrap_or_default();
                let id = attribute(start, "id").filter(|_| kind != "even");
                self.list.extend(id.map(|id| (kind == "first", id)));
            }
            "titlePg" => self.first_differs = is_on(start),
            _ => {}
        }
    }

    /// Takes the end of a section's properties.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns the relations of those drawn once; `app` are the properties in which the program tells the number of pages. In
    /// a document that is otherwise `empty` they are all its text.
    pub(super) fn once(&self, app: &str, empty: bool) -> Vec<String> {
        let one_page = app.contains("<Pages>1</Pages>");
        let wanted = |first: bool| {
            if self.first_differs {
                first
            } else {
                one_page && !first
            }
        };
        let edges = self.list.iter().filter(|(first, _)| empty || wanted(*first));
        edges.map(|(_, id)| id.clone()).collect()
    }
}
