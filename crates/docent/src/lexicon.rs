//! The operator's words in an assistant's folder: `synonyms.txt`, and the questions of `questions.jsonl` that teach.
//!
//! Owns reading both files. What is wrong in them is told and passed over: the rest serves.

use std::collections::HashMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use docent_corpus::{AssistantId, Interest, Question, Retrieval, RetrieveError, Retriever};
use docent_index::{Generation, Index, Lesson, Lexicon, Told};
use docent_ingest::{AssistantFolder, Library};

use crate::failure::chain;
use crate::golden;

/// The file with synonyms in an assistant's folder.
pub(crate) const SYNONYMS: &str = "synonyms.txt";

/// The operator's words for each assistant that has any.
pub(crate) type Lexicons = HashMap<AssistantId, Lexicon>;

/// Reads the operator's words of a library; returns them with a sentence for whatever could not be used.
pub(crate) fn read(library: &Library) -> (Lexicons, Vec<String>) {
    let (mut lexicons, mut warnings) = (Lexicons::new(), Vec::new());
    for one in &library.assistants {
        let mut told = Vec::new();
        let lexicon = of(one, &mut told);
        warnings.extend(
            told.into_iter()
                .map(|what| format!("{}: {what}", one.assistant.name)),
        );
        if !lexicon.is_empty() {
            lexicons.insert(one.assistant.id, lexicon);
        }
    }
    (lexicons, warnings)
}

/// An assistant's index with the operator's words.
pub(crate) struct Found<'a> {
    index: &'a Index,
    told: Option<&'a Told>,
    interest: Option<&'a Interest>,
}

impl<'a> Found<'a> {
    /// Puts both together; nothing when there is no such assistant.
    pub(crate) fn of(
        generation: &'a Generation,
        told: &'a HashMap<AssistantId, Told>,
        assistant: AssistantId,
    ) -> Option<Self> {
        Some(Self {
            index: generation.index(assistant)?,
            told: told.get(&assistant),
            interest: None,
        })
    }

    /// Searches only while somebody waits.
    pub(crate) fn while_wanted(self, interest: &'a Interest) -> Self {
        Self {
            interest: Some(interest),
            ..self
        }
    }
}

impl Retriever for Found<'_> {
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError> {
        let (nothing, whoever) = (Told::default(), Interest::default());
        let told = self.told.unwrap_or(&nothing);
        let interest = self.interest.unwrap_or(&whoever);
        self.index.retrieve_with(told, interest, question, limit)
    }
}

fn of(one: &AssistantFolder, warnings: &mut Vec<String>) -> Lexicon {
    let synonyms = text(&one.folder.join(SYNONYMS), warnings);
    let (lexicon, faults) = Lexicon::of(&synonyms, lessons(one, warnings));
    warnings.extend(
        faults
            .iter()
            .map(|fault| format!("{SYNONYMS}: {fault}; passed over")),
    );
    lexicon
}

fn text(path: &Path, warnings: &mut Vec<String>) -> String {
    match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            warnings.push(format!(
                "{name}: cannot be read: {error}; it must be text in UTF-8"
            ));
            String::new()
        }
    }
}

/// Returns the questions that teach; none when the file has faults, which `docent check` tells one by one.
fn lessons(one: &AssistantFolder, warnings: &mut Vec<String>) -> Vec<Lesson> {
    let path = one.folder.join(golden::FILE);
    if !path.is_file() {
        return Vec::new();
    }
    let questions = match golden::read(&path) {
        Ok(questions) => questions,
        Err(failure) => {
            warnings.push(format!("{}; no question teaches", chain(&failure)));
            return Vec::new();
        }
    };
    questions
        .into_iter()
        .filter(|golden| {
            golden.teaches
                && golden
                    .assistant
                    .is_none_or(|id| AssistantId(id) == one.assistant.id)
        })
        .map(|golden| Lesson {
            question: golden.question,
            places: golden.must_cite,
            texts: golden.must_contain,
        })
        .collect()
}
