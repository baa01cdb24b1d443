//! PPTX, and DOC and PPT whose compound file is too damaged for our own readers, parsed by `office_oxide`.
//!
//! Owns turning its document tree into paragraphs: headings, lists with their numbers, tables, notes, slides as pages.

use std::cell::RefCell;
use std::io::Cursor;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use office_oxide::format::DocumentFormat;
use office_oxide::ir::{Element, InlineContent, List, Paragraph, Section, Table, VerticalAlign};

use super::draft::{Draft, Para, Role, headers_of, join_cells, push_raised};
use super::hidden::Hidden;
use super::ink::TINY_HALF_POINTS;
use super::package::{Package, cut};
use super::refuse;

/// Elements inside one another: a list in a table in a text box needs some ten.
const MAX_DEPTH: usize = 64;

/// Columns that one cell spans: Word and `PowerPoint` have no more than this many.
const MAX_SPAN: usize = 63;

/// Reads a file of one of the three formats.
pub(super) fn read(bytes: &[u8], format: Format) -> Result<Draft, Unreadable> {
    let kind = match format {
        Format::Doc => DocumentFormat::Doc,
        Format::Ppt => DocumentFormat::Ppt,
        _ => {
            Package::open(bytes)?.check()?;
            DocumentFormat::Pptx
        }
    };
    let read = office_oxide::Document::from_reader(Cursor::new(bytes.to_vec()), kind).map_err(|error| {
        let text = error.to_string().to_lowercase();
        if text.contains("password") || text.contains("encrypt") {
            refuse(
                UnreadableCode::Encrypted,
                "the file needs a password; save it without one",
            )
        } else {
            cut()
        }
    })?;
    let tree = read.to_ir();
    let unseen = RefCell::default();
    let mut walker = Walker {
        draft: Draft::new(format),
        page: None,
        tables: 0,
        notes: Vec::new(),
        unseen: &unseen,
    };
    let slides = matches!(format, Format::Ppt | Format::Pptx);
    let mut hidden = 0;
    for (at, section) in tree.sections.iter().enumerate() {
        let (before, noted) = (walker.draft.paras.len(), walker.notes.len());
        walker.page = slides.then_some(at as u32 + 1);
        walker.section(section);
        let mut found = unseen.take();
        found.set_page(walker.page);
        walker.draft.hidden.append(found);
        if section.hidden {
            hidden += 1;
            walker.draft.hide_from(before);
            walker.notes.truncate(noted);
        }
    }
    let Walker { mut draft, notes, .. } = walker;
    draft.paras.extend(notes);
    if slides {
        draft.pages = Some(tree.sections.len() as u32);
    }
    draft.title.clone_from(&tree.metadata.title);
    draft.author.clone_from(&tree.metadata.author);
    draft.date = tree
        .metadata
        .modified
        .clone()
        .or_else(|| tree.metadata.created.clone());
    if hidden > 0 {
        draft.hidden.tell(format!("Hidden slides left out: {hidden}."));
    }
    if tree.metadata.text_truncated {
        draft
            .lost
            .push("A part of the text could not be reached in the file.".to_owned());
    }
    Ok(draft)
}

struct Walker<'a> {
    draft: Draft,
    page: Option<u32>,
    tables: u32,
    /// Footnotes, which stand at the end.
    notes: Vec<Para>,
    /// What nobody can read.
    unseen: &'a RefCell<Hidden>,
}

impl Walker<'_> {
    fn section(&mut self, section: &Section) {
        let title = section
            .title
            .as_deref()
            .map(str::trim)
            .filter(|title| !title.is_empty());
        if self.page.is_some()
            && let Some(title) = title
        {
            // The title is one of the shapes as well.
            let told = section.elements.iter().any(|element| match element {
                Element::Heading(heading) => words(&heading.content, &RefCell::default()).0.trim() == title,
                Element::Paragraph(paragraph) => {
                    words(&paragraph.content, &RefCell::default()).0.trim() == title
                }
                _ => false,
            });
            if !told {
                self.push(Role::Heading(1), title.to_owned(), false);
            }
        }
        for element in &section.elements {
            let is_title = self.page.is_some()
                && matches!(element, Element::Paragraph(paragraph) if Some(words(&paragraph.content, &RefCell::default()).0.trim()) == title);
            if let (true, Some(title)) = (is_title, title) {
                self.push(Role::Heading(1), title.to_owned(), false);
            } else {
                self.element(element, 0);
            }
        }
        let unseen = self.unseen;
        for element in section.speaker_notes.iter().flatten() {
            for text in flat(element, unseen) {
                self.push(Role::Footnote, text, false);
            }
        }
    }

    fn push(&mut self, role: Role, text: String, strong: bool) {
        self.draft.paras.push(Para {
            page: self.page,
            strong,
            ..Para::new(role, text)
        });
    }

    fn element(&mut self, element: &Element, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let unseen = self.unseen;
        match element {
            Element::Heading(heading) => {
                let (text, _) = words(&heading.content, unseen);
                self.push(Role::Heading(heading.level.max(1)), text, false);
            }
            Element::Paragraph(paragraph) => self.paragraph(paragraph),
            Element::Table(table) => self.table(table),
            Element::List(list) => self.list(list, 0),
            Element::TextBox(text_box) => {
                for element in &text_box.content {
                    self.element(element, depth + 1);
                }
            }
            Element::Footnote(note) | Element::Endnote(note) => {
                let text = note
                    .content
                    .iter()
                    .flat_map(|element| flat(element, unseen))
                    .collect::<Vec<_>>()
                    .join(" ");
                let mark = note.marker.clone().unwrap_or_else(|| note.id.to_string());
                if !text.trim().is_empty() {
                    self.notes.push(Para {
                        page: self.page,
                        ..Para::new(Role::Footnote, format!("{mark} {}", text.trim()))
                    });
                }
            }
            Element::CodeBlock(code) => {
                for line in code.content.lines() {
                    self.push(Role::Verbatim, line.to_owned(), false);
                }
            }
            _ => {}
        }
    }

    fn paragraph(&mut self, paragraph: &Paragraph) {
        let unseen = self.unseen;
        let (text, strong) = words(&paragraph.content, unseen);
        for line in text.split(['\n', '\u{b}', '\r']) {
            self.push(Role::Plain, line.to_owned(), strong);
        }
    }

    fn list(&mut self, list: &List, depth: u8) {
        let unseen = self.unseen;
        if usize::from(depth) > MAX_DEPTH {
            return;
        }
        let mut number = list.start_number.unwrap_or(1);
        for item in &list.items {
            let mut first = true;
            for element in &item.content {
                for text in flat(element, unseen) {
                    let text = match (first, list.ordered) {
                        (true, true) => format!("{number}. {}", text.trim()),
                        (true, false) => format!("• {}", text.trim()),
                        (false, _) => text,
                    };
                    first = false;
                    self.push(Role::Item(depth.max(list.level)), text, false);
                }
            }
            number += u32::from(!first);
            if let Some(nested) = &item.nested {
                self.list(nested, depth + 1);
            }
        }
    }

    fn table(&mut self, table: &Table) {
        let unseen = self.unseen;
        if let Some(caption) = &table.caption {
            self.push(Role::Caption, caption.clone(), false);
        }
        let rows: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|row| {
                let mut cells = Vec::new();
                for cell in &row.cells {
                    cells.push(
                        cell.content
                            .iter()
                            .flat_map(|element| flat(element, unseen))
                            .collect::<Vec<_>>()
                            .join(" "),
                    );
                    let more = (cell.col_span.max(1) as usize - 1).min(MAX_SPAN);
                    cells.extend(std::iter::repeat_n(String::new(), more));
                }
                cells
            })
            .collect();
        // A table of one cell frames a text.
        if rows.iter().all(|row| row.len() <= 1) {
            for row in rows {
                self.push(Role::Plain, join_cells(&row), false);
            }
            return;
        }
        let marked = table
            .rows
            .iter()
            .take_while(|row| row.is_header || row.repeat_as_header);
        let headers = headers_of(marked.count(), &rows);
        for (at, row) in rows.iter().enumerate() {
            self.push(Role::Row(self.tables, at < headers), join_cells(row), false);
        }
        self.tables += 1;
    }
}

/// Returns the words of a run of text and whether all of it is bold; what nobody can read goes to `unseen`.
fn words(content: &[InlineContent], unseen: &RefCell<Hidden>) -> (String, bool) {
    let (mut text, mut bold, mut thin) = (String::new(), false, false);
    unseen.borrow_mut().part();
    for part in content {
        match part {
            InlineContent::Text(span)
                if span
                    .font_size_half_pt
                    .is_some_and(|size| size <= TINY_HALF_POINTS) =>
            {
                unseen.borrow_mut().add(None, &span.text);
            }
            InlineContent::Text(span) => {
                unseen.borrow_mut().part();
                if matches!(span.vertical_align, Some(VerticalAlign::Superscript)) {
                    push_raised(&mut text, &span.text);
                } else {
                    text.push_str(&span.text);
                }
                if !span.text.trim().is_empty() {
                    bold |= span.bold;
                    thin |= !span.bold;
                }
            }
            InlineContent::LineBreak => text.push('\n'),
            InlineContent::FootnoteRef(note) | InlineContent::EndnoteRef(note) => {
                push_raised(
                    &mut text,
                    &note.marker.clone().unwrap_or_else(|| note.note_id.to_string()),
                );
            }
            // Marks of remarks, which are not read.
            _ => {}
        }
    }
    (text, bold && !thin)
}

/// Returns the paragraphs of an element as plain text, without recursion: a file can nest without end.
fn flat(element: &Element, unseen: &RefCell<Hidden>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        match element {
            Element::Heading(heading) => texts.push(words(&heading.content, unseen).0),
            Element::Paragraph(paragraph) => texts.push(words(&paragraph.content, unseen).0),
            Element::CodeBlock(code) => texts.push(code.content.clone()),
            Element::TextBox(text_box) => open.extend(text_box.content.iter().rev()),
            Element::Footnote(note) | Element::Endnote(note) => open.extend(note.content.iter().rev()),
            Element::Table(table) => {
                let cells = table.rows.iter().flat_map(|row| &row.cells);
                let inner: Vec<&Element> = cells.flat_map(|cell| &cell.content).collect();
                open.extend(inner.into_iter().rev());
            }
            Element::List(list) => {
                let mut lists = vec![list];
                while let Some(list) = lists.pop() {
                    let inner: Vec<&Element> = list.items.iter().flat_map(|item| &item.content).collect();
                    open.extend(inner.into_iter().rev());
                    lists.extend(list.items.iter().filter_map(|item| item.nested.as_ref()));
                }
            }
            _ => {}
        }
    }
    texts.retain(|text| !text.trim().is_empty());
    texts
        .iter()
        .map(|text| text.replace(['\n', '\u{b}'], " "))
        .collect()
}
