//! The engine behind the sockets and behind `ask`: one snapshot of the library.
//!
//! Invariant: an answer and its sources come from one generation.

use std::sync::Arc;

use docent_corpus::{Answer, Assistant, AssistantId, Question, RetrieveError};
use docent_gateway::{Engine, EngineError};
use docent_index::Generation;

use crate::library::Opened;

/// Every assistant of a library, ready to answer.
pub(crate) struct Desk {
    assistants: Arc<[Assistant]>,
    generation: Generation,
}

impl Desk {
    /// Takes an opened library.
    pub(crate) fn new(opened: Opened) -> Self {
        let assistants = opened.library.assistants.into_iter().map(|one| one.assistant);
        Self {
            assistants: assistants.collect(),
            generation: opened.generation,
        }
    }

    /// Answers; nothing when there is no such assistant.
    pub(crate) fn ask(
        &self,
        assistant: AssistantId,
        question: &str,
    ) -> Option<Result<Answer, RetrieveError>> {
        let who = self.assistants.iter().find(|one| one.id == assistant)?;
        let index = self.generation.index(assistant)?;
        let question = Question {
            text: question.to_owned(),
        };
        Some(docent_answer::answer(who, &question, index))
    }
}

impl Engine for Desk {
    fn assistants(&self) -> Arc<[Assistant]> {
        self.assistants.clone()
    }

    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError> {
        self.ask(assistant, question)
            .ok_or(EngineError::UnknownAssistant)?
            .map_err(|error| EngineError::Unavailable(Box::new(error)))
    }
}
