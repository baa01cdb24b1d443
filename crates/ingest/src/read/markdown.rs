//! Markdown, with tables and footnotes, by `pulldown-cmark`.

use docent_corpus::Format;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::draft::{Draft, Para, Paras, Role, join_cells, push_raised};

/// Reads Markdown.
pub(super) fn read(text: &str) -> Draft {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, options) {
        reader.take(event);
    }
    reader.flush();
    let mut draft = Draft::new(Format::Markdown);
    draft.paras = reader.paras;
    for line in reader.metadata.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']).to_owned();
        match key.trim().to_lowercase().as_str() {
            "title" => draft.title = Some(value),
            "author" => draft.author = Some(value),
            "date" => draft.date = Some(value),
            _ => {}
        }
    }
    draft
}

#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each tells of one kind of open element"
)]
struct Reader {
    paras: Paras,
    buffer: String,
    /// Where in the buffer raised text began.
    raised: Option<usize>,
    /// The block of HTML now open.
    html: String,
    heading: Option<u8>,
    /// The next number of each open list; nothing for bullets.
    lists: Vec<Option<u64>>,
    marker: Option<String>,
    footnote: Option<String>,
    code: bool,
    metadata: String,
    in_metadata: bool,
    cells: Vec<String>,
    in_header: bool,
    in_table: bool,
    tables: u32,
    /// Bytes of the buffer that are bold, and how deep bold is open.
    bold: usize,
    bold_depth: u32,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_metadata => self.metadata.push_str(&text),
            Event::Text(text) if self.code => {
                for line in text.lines() {
                    self.buffer.push_str(line);
                    self.flush_as(Role::Verbatim);
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.buffer.push_str(&text);
                if self.bold_depth > 0 {
                    self.bold += text.len();
                }
            }
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::Html(html) => self.html.push_str(&html),
            Event::FootnoteReference(name) => {
                self.buffer.push('[');
                self.buffer.push_str(&name);
                self.buffer.push(']');
            }
            // Two trailing spaces part lines of an address or a verse: lines of their own read better apart.
            Event::HardBreak if self.heading.is_none() && !self.in_table => self.flush(),
            Event::SoftBreak | Event::HardBreak => self.buffer.push(' '),
            Event::TaskListMarker(done) => self.buffer.push_str(if done { "[x] " } else { "[ ] " }),
            Event::Rule => self.flush(),
        }
    }

    /// A tag between words: superscripts and line breaks count, other tags are dropped.
    fn inline_html(&mut self, tag: &str) {
        let name = tag
            .trim_start_matches(['<', '/'])
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or("")
            .to_ascii_lowercase();
        match name.as_str() {
            "br" => self.buffer.push(' '),
            "sup" if tag.starts_with("</") => {
                if let Some(start) = self.raised.take().filter(|start| *start <= self.buffer.len()) {
                    let raised = self.buffer.split_off(start);
                    push_raised(&mut self.buffer, &raised);
                }
            }
            "sup" => self.raised = Some(self.buffer.len()),
            _ => {}
        }
    }

    /// A block of HTML between paragraphs: read as a page of its own, tables and all.
    fn html_block(&mut self) {
        let html = std::mem::take(&mut self.html);
        if html.trim().is_empty() {
            return;
        }
        let Ok(page) = super::html::read(&html) else {
            return;
        };
        let mut tables = self.tables;
        for mut para in page.paras {
            if let Role::Row(table, header) = para.role {
                tables = tables.max(self.tables + table + 1);
                para.role = Role::Row(self.tables + table, header);
            }
            self.paras.push(para);
        }
        self.tables = tables;
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level_of(*level));
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(*first);
            }
            Tag::Item => {
                self.flush();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number += 1;
                        marker
                    }
                    _ => "- ".to_owned(),
                });
            }
            Tag::FootnoteDefinition(name) => {
                self.flush();
                self.footnote = Some(format!("[{name}] "));
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.flush();
                self.code = true;
            }
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle) => {
                self.in_metadata = true;
            }
            Tag::Table(_) => {
                self.flush();
                self.in_table = true;
            }
            Tag::TableHead => self.in_header = true,
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::HtmlBlock => self.flush(),
            Tag::Strong => self.bold_depth += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = None;
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Paragraph | TagEnd::BlockQuote(_) => self.flush(),
            TagEnd::Item => {
                self.flush();
                // The marker of an empty item is nobody else's.
                self.marker = None;
            }
            TagEnd::HtmlBlock => self.html_block(),
            TagEnd::FootnoteDefinition => {
                self.flush();
                self.footnote = None;
            }
            TagEnd::CodeBlock => self.code = false,
            TagEnd::MetadataBlock(_) => self.in_metadata = false,
            TagEnd::TableCell => self.cells.push(std::mem::take(&mut self.buffer)),
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = join_cells(&std::mem::take(&mut self.cells));
                self.paras
                    .push(Para::new(Role::Row(self.tables, self.in_header), row));
                self.in_header = false;
                self.bold = 0;
            }
            TagEnd::Table => {
                self.in_table = false;
                self.tables += 1;
            }
            TagEnd::Strong => self.bold_depth = self.bold_depth.saturating_sub(1),
            _ => {}
        }
    }

    fn flush(&mut self) {
        let role = if let Some(level) = self.heading {
            Role::Heading(level)
        } else if self.footnote.is_some() {
            Role::Footnote
        } else if let Some(depth) = self.lists.len().checked_sub(1) {
            Role::Item(depth.min(8) as u8)
        } else {
            Role::Plain
        };
        self.flush_as(role);
    }

    fn flush_as(&mut self, role: Role) {
        let words = std::mem::take(&mut self.buffer);
        self.raised = None;
        let bold = std::mem::take(&mut self.bold);
        if words.trim().is_empty() {
            return;
        }
        let mut text = String::new();
        if role == Role::Footnote {
            text.push_str(self.footnote.as_deref().unwrap_or(""));
            self.footnote = Some(String::new());
        }
        if let Some(marker) = self.marker.take() {
            text.push_str(&marker);
        }
        text.push_str(&words);
        let strong = bold >= words.trim().len();
        self.paras.push(Para {
            strong,
            ..Para::new(role, text)
        });
    }
}

fn level_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
