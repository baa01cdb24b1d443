//! `docent extract`: what was read from one file, as text or as JSON.
//!
//! Owns the shape of that JSON, which scripts may rely on.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use docent_corpus::{Block, BlockKind, Document, HiddenText};
use docent_ingest::MAX_FILE_BYTES;

use crate::failure::Failure;

/// Reads one file, with the limits of a reader from the moment its bytes are there.
pub(crate) fn read(file: &Path) -> Result<Document, Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        // One byte over the limit is enough to be refused for it.
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| Failure::File {
            path: file.to_owned(),
            source,
        })?;
    // A library's panic is told as a refusal of the file, in one line.
    std::panic::set_hook(Box::new(|_| {}));
    crate::confine::confine(crate::confine::Output::Anywhere);
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    docent_ingest::read_document_with(&name, &bytes, &mut |picture| crate::reader::ask_parent(&picture))
        .map_err(|refusal| Failure::Document {
            path: file.to_owned(),
            refusal,
        })
}

/// Prints on standard output; a caller that has seen enough and closes the pipe is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Returns what nobody sees in a document, a line for each piece, with its page where that is known.
pub(crate) fn hidden(document: &Document) -> String {
    let line = |piece: &HiddenText| match piece.page {
        Some(page) => format!("page {page}: {}\n", piece.text),
        None => format!("{}\n", piece.text),
    };
    document.hidden.iter().map(line).collect()
}

/// Returns a document as JSON: metadata, hidden text, and every block with its kind, byte range in the text, page and words.
pub(crate) fn json(document: &Document) -> serde_json::Value {
    let block = |block: &Block| {
        let mut value = serde_json::json!({
            "kind": kind(block.kind),
            "start": block.range.start,
            "end": block.range.end,
            "text": block.range.of(&document.text),
        });
        if let Some(page) = block.page {
            value["page"] = page.into();
        }
        match block.kind {
            BlockKind::Heading { level } => value["level"] = level.into(),
            BlockKind::ListItem { depth } => value["depth"] = depth.into(),
            BlockKind::TableHeader { table } | BlockKind::TableRow { table } => value["table"] = table.into(),
            BlockKind::Paragraph | BlockKind::Caption | BlockKind::Footnote | BlockKind::Remark => {}
        }
        value
    };
    serde_json::json!({
        "name": document.name,
        "version": document.version.to_string(),
        "format": document.format.name(),
        "title": document.metadata.title,
        "author": document.metadata.author,
        "date": document.metadata.date,
        "pages": document.pages,
        "hidden": document.hidden.iter().map(|hidden| serde_json::json!({
            "page": hidden.page,
            "text": hidden.text,
        })).collect::<Vec<_>>(),
        "notices": document.notices.iter().map(|notice| notice.text.as_str()).collect::<Vec<_>>(),
        "blocks": document.blocks.iter().map(block).collect::<Vec<_>>(),
    })
}

fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading { .. } => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::ListItem { .. } => "list_item",
        BlockKind::TableHeader { .. } => "table_header",
        BlockKind::TableRow { .. } => "table_row",
        BlockKind::Caption => "caption",
        BlockKind::Footnote => "footnote",
        BlockKind::Remark => "remark",
    }
}
