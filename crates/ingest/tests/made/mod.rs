//! Files that tests put together, and how they are read, for the tests of more than one kind of file.

use std::io::{Cursor, Write as _};

use docent_corpus::Document;
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
