//! Markdown by way of its events.

use docent_corpus::BlockKind;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::build::Builder;

/// Reads Markdown.
pub(crate) fn read(text: &str, into: &mut Builder) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut kind = BlockKind::Paragraph;
    let mut line = String::new();
    let mut lists: Vec<Option<u64>> = Vec::new();
    let mut cells: Vec<String> = Vec::new();
    let mut table = 0;
    let mut hidden = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => hidden = true,
            Event::End(TagEnd::MetadataBlock(_)) => hidden = false,
            Event::Start(Tag::Heading { level, .. }) => {
                into.push(kind, &std::mem::take(&mut line));
                kind = BlockKind::Heading { level: level as u8 };
            }
            Event::Start(Tag::List(first)) => {
                into.push(kind, &std::mem::take(&mut line));
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => {
                into.push(kind, &std::mem::take(&mut line));
                lists.pop();
                kind = BlockKind::Paragraph;
            }
            Event::Start(Tag::Item) => {
                into.push(kind, &std::mem::take(&mut line));
                kind = BlockKind::ListItem {
                    depth: lists.len().saturating_sub(1) as u8,
                };
                match lists.last_mut() {
                    Some(Some(number)) => {
                        line = format!("{number}. ");
                        *number += 1;
                    }
                    _ => line.push_str("- "),
                }
            }
            Event::Start(Tag::FootnoteDefinition(_)) => kind = BlockKind::Footnote,
            Event::End(
                TagEnd::Item
                | TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::FootnoteDefinition,
            ) => {
                into.push(kind, &std::mem::take(&mut line));
                if !matches!(kind, BlockKind::ListItem { .. }) || lists.is_empty() {
                    kind = BlockKind::Paragraph;
                }
            }
            Event::End(TagEnd::TableCell) => cells.push(std::mem::take(&mut line)),
            Event::End(TagEnd::TableHead) => into.push(
                BlockKind::TableHeader { table },
                &std::mem::take(&mut cells).join(" | "),
            ),
            Event::End(TagEnd::TableRow) => into.push(
                BlockKind::TableRow { table },
                &std::mem::take(&mut cells).join(" | "),
            ),
            Event::End(TagEnd::Table) => table += 1,
            Event::Text(words) | Event::Code(words) if !hidden => line.push_str(&words),
            Event::SoftBreak | Event::HardBreak => line.push(' '),
            _ => {}
        }
    }
    into.push(kind, &line);
}
