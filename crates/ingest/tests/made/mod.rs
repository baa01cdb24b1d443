//! Files that tests put together, and how they are read, for the tests of more than one kind of file.

#![allow(dead_code, reason = "no kind of file needs all of it")]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use docent_corpus::{Document, NoticeKind};
use docent_ingest::{check_invariants, read_document};

/// Reads a file and holds what comes of it against what every document keeps.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Document {
    let document = read_document(name, bytes).expect("the file is read");
    check_invariants(&document).expect("a sound document");
    document
}

/// Packs members into an archive.
pub(crate) fn package(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("a new member");
        archive.write_all(text.as_bytes()).expect("memory takes it");
    }
    archive.finish().expect("a whole archive").into_inner()
}

/// Returns the lines of a document's text.
pub(crate) fn lines(document: &Document) -> Vec<&str> {
    document.text.lines().collect()
}

/// Returns the sentences about what was lost.
pub(crate) fn lost(document: &Document) -> String {
    let lost = document
        .notices
        .iter()
        .filter(|notice| notice.kind == NoticeKind::Lost);
    lost.map(|notice| notice.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Writes a PDF of these objects, the first of them its catalogue.
pub(crate) fn pdf_of(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        writeln!(file, "{} 0 obj\n{object}\nendobj", number + 1).expect("memory takes it");
    }
    let table = file.len();
    writeln!(file, "xref\n0 {}\n0000000000 65535 f ", objects.len() + 1).expect("memory takes it");
    for place in places {
        writeln!(file, "{place:010} 00000 n ").expect("memory takes it");
    }
    write!(
        file,
        "trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    )
    .expect("memory takes it");
    file.into_bytes()
}
