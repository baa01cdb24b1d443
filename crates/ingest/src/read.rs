//! One file to one document: the content decides the format.

use docent_corpus::{Document, Format, Unreadable, UnreadableCode, Version};

use crate::build::Builder;
use crate::{decode, docx, html, markdown, plain};

/// Larger files are refused: no document of an office comes near, and reading holds it in memory.
pub const MAX_FILE_BYTES: u64 = 50 << 20;

/// Returns the version of a file with these bytes.
pub fn version_of(bytes: &[u8]) -> Version {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    Version(short)
}

/// Reads one file. The content decides the format; the name only tells Markdown from plain text.
///
/// # Errors
///
/// When the file gives no document: the code says why, the sentence what to do. A panic inside a format's library is
/// one of these too.
pub fn read_document(name: &str, bytes: &[u8]) -> Result<Document, Unreadable> {
    std::panic::catch_unwind(|| read(name, bytes)).unwrap_or_else(|_| {
        refuse(
            UnreadableCode::Damaged,
            "reading stopped at something unexpected in the file; save it anew and try again",
        )
    })
}

fn refuse<T>(code: UnreadableCode, reason: &str) -> Result<T, Unreadable> {
    Err(Unreadable {
        code,
        reason: reason.to_owned(),
    })
}

fn read(name: &str, bytes: &[u8]) -> Result<Document, Unreadable> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return refuse(UnreadableCode::TooBig, "the file is over 50 MiB; part it");
    }
    let mut builder = Builder::default();
    let format = if bytes.starts_with(b"PK\x03\x04") {
        docx::read(bytes, &mut builder)?;
        Format::Docx
    } else if bytes.starts_with(b"%PDF") {
        return refuse(
            UnreadableCode::Unsupported,
            "PDF is not read yet; save it as DOCX, HTML or text",
        );
    } else if bytes.starts_with(b"{\\rtf") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return refuse(
            UnreadableCode::Unsupported,
            "this format is not read yet; save it as DOCX, HTML or text",
        );
    } else {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_lowercase();
        let text = decode::decode(bytes, charset(&start));
        let controls = text
            .chars()
            .filter(|letter| letter.is_control() && !letter.is_whitespace())
            .count();
        if controls * 50 > text.chars().count() {
            return refuse(
                UnreadableCode::Unsupported,
                "the file is no text in any code page; save it as DOCX, HTML or text",
            );
        }
        let head = text
            .trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t'])
            .get(..200)
            .map_or_else(|| text.to_lowercase(), str::to_lowercase);
        let extension = name.rsplit('.').next().map(str::to_lowercase).unwrap_or_default();
        if head.starts_with("<!doctype html")
            || head.contains("<html")
            || (head.starts_with('<') && matches!(extension.as_str(), "html" | "htm"))
        {
            html::read(&text, &mut builder);
            Format::Html
        } else if matches!(extension.as_str(), "md" | "markdown") {
            markdown::read(&text, &mut builder);
            Format::Markdown
        } else {
            plain::read(&text, &mut builder);
            Format::Text
        }
    };
    let document = builder.finish(name, version_of(bytes), format);
    if document.blocks.is_empty() {
        return refuse(UnreadableCode::NoText, "the file holds no text");
    }
    Ok(document)
}

fn charset(start: &str) -> Option<&str> {
    let (_, after) = start.split_once("charset=")?;
    let after = after.trim_start_matches(['"', '\'']);
    Some(
        &after[..after
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter)))
            .unwrap_or(after.len())],
    )
}

#[cfg(test)]
mod tests {
    use docent_corpus::BlockKind;

    use super::*;

    fn lines(name: &str, text: &str) -> Vec<(BlockKind, String)> {
        let document = read_document(name, text.as_bytes()).unwrap();
        document
            .blocks
            .iter()
            .map(|block| (block.kind, block.range.of(&document.text).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn a_raised_number_belongs_to_the_article() {
        let page = "<html><head><style>.W9 { vertical-align: super; }</style></head><body><p>Статья 229<span class=\"W9\">2</span>. Порядок&nbsp;работы<br>комиссии</p><p>10 м<sup>2</sup></p></body></html>";
        let found = lines("a.html", page);
        assert_eq!(
            found[0],
            (
                BlockKind::Heading { level: 7 },
                "Статья 229.2. Порядок работы комиссии".to_owned()
            )
        );
        assert_eq!(found[1].1, "10 м2");
    }

    #[test]
    fn tables_keep_their_rows_and_header() {
        let wanted = [
            (BlockKind::TableHeader { table: 0 }, "Услуга | Цена".to_owned()),
            (BlockKind::TableRow { table: 0 }, "Вода | 5".to_owned()),
        ];
        assert_eq!(
            lines("a.md", "| Услуга | Цена |\n|---|---|\n| Вода | 5 |\n"),
            wanted
        );
        assert_eq!(
            lines(
                "a.html",
                "<html><body><table><tr><th>Услуга</th><th>Цена</th></tr><tr><td>Вода</td><td><p>5</p></td></tr></table></body></html>"
            ),
            wanted
        );
    }

    #[test]
    fn lists_keep_their_numbers() {
        let item = |depth, text: &str| (BlockKind::ListItem { depth }, text.to_owned());
        assert_eq!(
            lines("a.md", "1. один\n2. два\n   - внутри\n"),
            [item(0, "1. один"), item(0, "2. два"), item(1, "- внутри")]
        );
        assert_eq!(
            lines(
                "a.html",
                "<html><body><ol><li>один</li><li><p>два</p></li></ol></body></html>"
            ),
            [item(0, "1. один"), item(0, "2. два")]
        );
    }

    #[test]
    fn what_is_no_document_is_refused_with_a_code() {
        for (bytes, code) in [
            (b"%PDF-1.7".as_slice(), UnreadableCode::Unsupported),
            (b"PK\x03\x04rest".as_slice(), UnreadableCode::Damaged),
            (b"  \n".as_slice(), UnreadableCode::NoText),
            (
                b"\x01\x02\x03\x00\x05\x06\x07".as_slice(),
                UnreadableCode::Unsupported,
            ),
        ] {
            assert_eq!(read_document("x", bytes).unwrap_err().code, code);
        }
    }
}
