//! What a generation holds and from which files it came.
//!
//! Owns the manifest file and the question whether a file has changed since. Invariant: a manifest is written when all
//! else of its generation is on disk, so a generation with a manifest is whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use docent_corpus::{AssistantId, Version};
use docent_language::ANALYSIS_VERSION;
use serde::{Deserialize, Serialize};

use crate::semantic::WordsStamp;

/// Changes whenever the files of a generation mean something else.
const LAYOUT: u32 = 4;

/// A file written within this time before it was read may be written again without its time of change moving: file
/// systems keep that time in steps of up to 2 s (FAT).
const UNSURE: Duration = Duration::from_secs(2);

/// Size and time of the last change of a file: while both stand, its bytes are taken to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Size in bytes.
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: u128,
}

impl Stamp {
    /// Takes the stamp of a file; nothing when the system keeps no time or the change is too recent to tell the next one
    /// by it.
    pub fn of(metadata: &std::fs::Metadata, now: SystemTime) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let settled = now.duration_since(modified).is_ok_and(|age| age >= UNSURE);
        settled.then_some(Self {
            bytes: metadata.len(),
            modified_ns: modified.duration_since(UNIX_EPOCH).ok()?.as_nanos(),
        })
    }
}

/// Why a file gave no passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code for programs: `encrypted`, `damaged` …
    pub code: String,
    /// Why and what to do, one sentence.
    pub reason: String,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// Path inside the assistant's folder, parted by `/`.
    pub name: String,
    /// Hash of the bytes that were read, in hexadecimal digits; empty when they could not be read at all.
    pub version: String,
    /// By what the next run tells that nothing changed.
    pub stamp: Option<Stamp>,
    /// How many passages it gave.
    pub passages: u32,
    /// Why it gave none.
    pub refused: Option<Refusal>,
    /// What kind of file it is by its content; empty when that is not known.
    pub format: String,
    /// How many pages it has, where it has any.
    pub pages: Option<u32>,
    /// The language of its text, where it has text.
    pub language: Option<String>,
    /// What could not be read of it, a sentence each.
    pub lost: Vec<String>,
    /// What was mended while it was read, a sentence each.
    pub repaired: Vec<String>,
    /// What nobody sees in it and was left out, a sentence each.
    #[serde(default)]
    pub hidden: Vec<String>,
}

impl DocumentRecord {
    /// Makes the record of a file of which nothing is known yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: String::new(),
            stamp: None,
            passages: 0,
            refused: None,
            format: String::new(),
            pages: None,
            language: None,
            lost: Vec::new(),
            repaired: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Tells whether the record was made from these bytes.
    pub fn is_of(&self, version: Version) -> bool {
        self.version == version.to_string()
    }
}

/// The contents of one generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    layout: u32,
    analysis: u32,
    reader: u32,
    /// Which word vectors its passages were made near by.
    #[serde(default)]
    words: Option<WordsStamp>,
    /// Which model its passages were encoded by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The documents of each assistant, by name.
    assistants: BTreeMap<i64, Vec<DocumentRecord>>,
}

impl Manifest {
    pub(crate) const FILE: &str = "manifest.json";

    pub(crate) fn new(reader: u32, words: Option<WordsStamp>, model: Option<String>) -> Self {
        Self {
            layout: LAYOUT,
            analysis: ANALYSIS_VERSION,
            reader,
            words,
            model,
            assistants: BTreeMap::new(),
        }
    }

    /// Tells whether this build of docent would have made the same of the same files.
    pub(crate) fn is_current(&self, reader: u32) -> bool {
        (self.layout, self.analysis, self.reader) == (LAYOUT, ANALYSIS_VERSION, reader)
    }

    /// Returns which word vectors it was made with.
    pub(crate) fn words(&self) -> Option<WordsStamp> {
        self.words
    }

    /// Returns the fingerprint of the model that its passages were encoded by.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    pub(crate) fn read(folder: &Path) -> std::io::Result<Self> {
        let bytes = std::fs::read(folder.join(Self::FILE))?;
        serde_json::from_slice(&bytes).map_err(std::io::Error::from)
    }

    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        let bytes = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        crate::disk::write_whole(&folder.join(Self::FILE), &bytes)
    }

    pub(crate) fn set(&mut self, assistant: AssistantId, mut documents: Vec<DocumentRecord>) {
        documents.sort_by(|one, other| one.name.cmp(&other.name));
        self.assistants.insert(assistant.0, documents);
    }

    /// Returns the assistants, by id.
    pub fn assistants(&self) -> impl Iterator<Item = AssistantId> {
        self.assistants.keys().copied().map(AssistantId)
    }

    /// Returns what became of an assistant's files, by name.
    pub fn documents(&self, assistant: AssistantId) -> &[DocumentRecord] {
        self.assistants.get(&assistant.0).map_or(&[], Vec::as_slice)
    }

    /// Returns what became of one file.
    pub fn document(&self, assistant: AssistantId, name: &str) -> Option<&DocumentRecord> {
        let documents = self.documents(assistant);
        let at = documents
            .binary_search_by(|one| one.name.as_str().cmp(name))
            .ok()?;
        documents.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changed_just_now_has_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "text").unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        let modified = metadata.modified().unwrap();
        assert_eq!(Stamp::of(&metadata, modified), None);
        assert_eq!(Stamp::of(&metadata, modified + UNSURE / 2), None);
        assert_eq!(
            Stamp::of(&metadata, modified + UNSURE).map(|stamp| stamp.bytes),
            Some(4)
        );
        assert_eq!(
            Stamp::of(&metadata, modified - UNSURE),
            None,
            "a clock that was set back"
        );
    }
}
