//! The library in memory: every assistant with its index.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use docent_corpus::{Answer, Assistant, AssistantId, Block, Document, Question};
use docent_gateway::{Engine, EngineError};
use docent_index::Index;
use docent_ingest::{LibraryError, passages, read_document, scan};
use indicatif::{ProgressBar, ProgressStyle};

/// Every assistant of a library, ready to answer.
pub(crate) struct Desk {
    assistants: Arc<[Assistant]>,
    indexes: HashMap<AssistantId, Index>,
}

impl Desk {
    /// Reads the library; what could not be read is told on standard error and costs only itself.
    pub(crate) fn open(library: &Path) -> Result<Self, LibraryError> {
        let found = scan(library)?;
        for warning in &found.warnings {
            eprintln!("warning: {warning}");
        }
        let files = found.assistants.iter().map(|one| one.files.len() as u64).sum();
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(files)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("reading {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        let (mut assistants, mut indexes) = (Vec::new(), HashMap::new());
        let (mut read, mut all) = (0, 0);
        for one in found.assistants {
            let mut parts = Vec::new();
            for file in &one.files {
                bar.set_message(file.name.clone());
                let document = std::fs::read(&file.path)
                    .map_err(|error| error.to_string())
                    .and_then(|bytes| read_document(&file.name, &bytes).map_err(|error| error.to_string()));
                match document {
                    Ok(document) => {
                        read += 1;
                        parts.extend(passages(&document));
                    }
                    Err(reason) => {
                        bar.suspend(|| eprintln!("warning: {} ({}): {reason}", file.name, one.assistant.name))
                    }
                }
                bar.inc(1);
            }
            let index = Index::build(parts);
            all += index.len();
            indexes.insert(one.assistant.id, index);
            assistants.push(one.assistant);
        }
        bar.finish_and_clear();
        eprintln!(
            "read {read} of {files} documents, {all} passages, {} assistants",
            assistants.len()
        );
        Ok(Self {
            assistants: assistants.into(),
            indexes,
        })
    }
}

impl Engine for Desk {
    fn assistants(&self) -> Arc<[Assistant]> {
        self.assistants.clone()
    }

    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError> {
        let found = self
            .assistants
            .iter()
            .find(|one| one.id == assistant)
            .zip(self.indexes.get(&assistant));
        let (who, index) = found.ok_or(EngineError::UnknownAssistant)?;
        docent_answer::answer(
            who,
            &Question {
                text: question.to_owned(),
            },
            index,
        )
        .map_err(|error| EngineError::Unavailable(Box::new(error)))
    }
}

/// Returns a document as JSON: text, title, blocks with kind, range and page.
pub(crate) fn document_json(document: &Document) -> serde_json::Value {
    let block = |block: &Block| serde_json::json!({ "kind": format!("{:?}", block.kind), "start": block.range.start, "end": block.range.end, "page": block.page, "text": block.range.of(&document.text) });
    serde_json::json!({
        "name": document.name,
        "version": document.version.to_string(),
        "format": document.format.name(),
        "title": document.metadata.title,
        "blocks": document.blocks.iter().map(block).collect::<Vec<_>>(),
    })
}
