//! The engine behind the sockets and behind `ask`: the library as it stands, one snapshot at a time.
//!
//! Invariant: an answer and its sources come from one snapshot. A new snapshot answers every question that comes after it
//! was put; a question under way ends on the one it began with.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use docent_answer::Account;
use docent_corpus::{
    Answer, Assistant, AssistantId, Excerpt, Interest, Outcome, Place, Question, RetrieveError,
    Retriever as _,
};
use docent_gateway::{Asker, Engine, EngineError, Writing};
use docent_index::{Generation, Told};
use tokio::sync::watch;

use crate::answers::Ready;
use crate::lexicon::{Found, Lexicons};
use crate::library::Opened;
use crate::writer::{Asked, Find, Outcomes, Writer};

/// Every assistant of a library, ready to answer.
pub(crate) struct Desk {
    now: RwLock<Arc<Snapshot>>,
    /// The models, where there are any.
    writer: Option<Arc<Writer>>,
    /// States of the library so far: the number of the next.
    states: AtomicU64,
}

/// The library at one moment.
struct Snapshot {
    /// Its number among those of this process: other words of the operator make another state of the same generation.
    number: u64,
    assistants: Arc<[Assistant]>,
    generation: Generation,
    lexicons: Lexicons,
    /// The operator's words, bound to the passages of this generation.
    told: HashMap<AssistantId, Told>,
    /// The operator's own answers.
    ready: Ready,
    /// Of the questions that the operator suggests, those that this generation answers.
    suggestions: HashMap<AssistantId, Vec<String>>,
}

impl Snapshot {
    fn of(opened: Opened, number: u64) -> Self {
        let told = opened.told();
        let ready = Ready::of(&opened.answers, &opened.generation);
        let assistants = opened.library.assistants.into_iter().map(|one| one.assistant);
        let mut made = Self {
            number,
            assistants: assistants.collect(),
            generation: opened.generation,
            lexicons: opened.lexicons,
            told,
            ready,
            suggestions: HashMap::new(),
        };
        made.suggestions = made.answered_suggestions();
        made
    }

    /// Asks what the operator suggests: a question that would disappoint a newcomer is not shown.
    fn answered_suggestions(&self) -> HashMap<AssistantId, Vec<String>> {
        let of = |one: &Assistant| {
            let found = self.retriever(one.id)?;
            let answered = |(nth, text): (usize, &String)| {
                let question = Question { text: text.clone() };
                let kept = self.curated(one, text).is_some()
                    || docent_answer::answer(one, &question, &found)
                        .is_ok_and(|answer| answer.outcome == Outcome::Answered);
                if !kept {
                    let (assistant, nth) = (one.id.0, nth + 1);
                    tracing::info!(
                        assistant,
                        nth,
                        "a suggested question is not answered by the documents, and not shown"
                    );
                }
                kept.then(|| text.clone())
            };
            Some((
                one.id,
                one.suggestions.iter().enumerate().filter_map(answered).collect(),
            ))
        };
        self.assistants.iter().filter_map(of).collect()
    }

    /// Returns the operator's own answer to a question, and the line where it stands; nothing when there is none.
    fn curated(&self, who: &Assistant, question: &str) -> Option<(usize, Answer)> {
        self.ready.answer(who, question, SystemTime::now())
    }

    /// Returns what finds the passages of an assistant; nothing when there is no such assistant.
    fn retriever(&self, assistant: AssistantId) -> Option<Found<'_>> {
        Found::of(&self.generation, &self.told, assistant)
    }
}

impl Desk {
    /// Takes an opened library.
    pub(crate) fn new(opened: Opened) -> Self {
        Self {
            now: RwLock::new(Arc::new(Snapshot::of(opened, 0))),
            writer: None,
            states: AtomicU64::new(1),
        }
    }

    /// Takes models to help.
    #[must_use]
    pub(crate) fn with(mut self, writer: Option<Writer>) -> Self {
        self.writer = writer.map(Arc::new);
        self
    }

    /// Tells whether a state of the library is another than the one that answers.
    pub(crate) fn differs(&self, opened: &Opened) -> bool {
        let now = self.now();
        let assistants = opened.library.assistants.iter().map(|one| &one.assistant);
        now.generation.number() != opened.generation.number()
            || !now.assistants.iter().eq(assistants)
            || now.lexicons != opened.lexicons
            || *now.ready.answers() != opened.answers
    }

    /// Replaces the library by a newer state of it; returns whether anything differs.
    pub(crate) fn put(&self, opened: Opened) -> bool {
        let new = Snapshot::of(opened, self.states.fetch_add(1, Ordering::Relaxed));
        let now = self.now();
        if now.generation.number() == new.generation.number()
            && now.assistants == new.assistants
            && now.lexicons == new.lexicons
            && now.ready.answers() == new.ready.answers()
        {
            return false;
        }
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        true
    }

    /// Looks at the index that answers.
    pub(crate) fn index<T>(&self, sees: impl FnOnce(&Generation) -> T) -> T {
        sees(&self.now().generation)
    }

    fn now(&self) -> Arc<Snapshot> {
        // The lock guards one pointer, which is whole even when a thread panicked.
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the operator's own answer, and the line of `answers.toml` where it stands; nothing when there is none.
    pub(crate) fn curated(&self, assistant: AssistantId, question: &str) -> Option<(usize, Answer)> {
        let now = self.now();
        let who = now.assistants.iter().find(|one| one.id == assistant)?;
        now.curated(who, question)
    }

    /// Finds and judges; nothing when there is no such assistant.
    pub(crate) fn account(
        &self,
        assistant: AssistantId,
        question: &str,
    ) -> Option<(Assistant, Result<Account, RetrieveError>)> {
        let now = self.now();
        let who = now.assistants.iter().find(|one| one.id == assistant)?;
        let found = now.retriever(assistant)?;
        let question = Question {
            text: question.to_owned(),
        };
        Some((who.clone(), docent_answer::account(who, &question, &found)))
    }

    /// Answers; nothing when there is no such assistant.
    pub(crate) fn ask(
        &self,
        assistant: AssistantId,
        question: &str,
    ) -> Option<Result<Answer, RetrieveError>> {
        self.ask_while(assistant, question, &Interest::default())
    }

    /// The same for somebody who may leave.
    fn ask_while(
        &self,
        assistant: AssistantId,
        question: &str,
        interest: &Interest,
    ) -> Option<Result<Answer, RetrieveError>> {
        let now = self.now();
        let who = now.assistants.iter().find(|one| one.id == assistant)?;
        let found = now.retriever(assistant)?;
        if let Some((_, answer)) = now.curated(who, question) {
            return Some(Ok(answer));
        }
        let question = Question {
            text: question.to_owned(),
        };
        Some(docent_answer::answer(
            who,
            &question,
            &found.while_wanted(interest),
        ))
    }
}

impl Desk {
    /// Begins an answer that models have a part in; nothing where they have none, or where nothing is to be looked up.
    pub(crate) fn begin(
        &self,
        assistant: AssistantId,
        question: &str,
        asker: Option<Asker>,
    ) -> Option<(
        watch::Receiver<String>,
        impl Future<Output = Outcomes> + Send + 'static,
    )> {
        let writer = self.writer.as_ref().filter(|writer| writer.serves(assistant))?;
        let now = self.now();
        let who = now.assistants.iter().find(|one| one.id == assistant)?.clone();
        if docent_answer::courtesy(&who, question).is_some() || now.curated(&who, question).is_some() {
            return None;
        }
        let asked = Asked {
            snapshot: now.number,
            assistant,
            question: question.to_owned(),
        };
        let find: Find = Arc::new(move |question, limit, interest| {
            let found = now
                .retriever(assistant)
                .ok_or_else(|| RetrieveError("no such assistant".into()))?;
            let question = Question {
                text: question.to_owned(),
            };
            found.while_wanted(interest).retrieve(&question, limit)
        });
        Some(writer.begin(asked, who, asker, find))
    }
}

impl Engine for Desk {
    fn assistants(&self) -> Arc<[Assistant]> {
        self.now().assistants.clone()
    }

    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError> {
        self.answer_while(assistant, question, &Interest::default())
    }

    fn at_once(&self, assistant: AssistantId, question: &str) -> Option<Result<Answer, EngineError>> {
        let now = self.now();
        let who = now.assistants.iter().find(|one| one.id == assistant)?;
        let curated = now.curated(who, question).map(|(_, answer)| answer);
        curated.or_else(|| docent_answer::courtesy(who, question)).map(Ok)
    }

    fn write(&self, assistant: AssistantId, question: &str, asker: Asker) -> Option<Writing> {
        let (shown, made) = self.begin(assistant, question, Some(asker))?;
        let answer = async move {
            made.await
                .map(|made| (made.answer, made.trace.part()))
                .map_err(|error| EngineError::Unavailable(Box::new(error)))
        };
        Some(Writing {
            shown,
            answer: Box::pin(answer),
        })
    }

    fn answer_while(
        &self,
        assistant: AssistantId,
        question: &str,
        interest: &Interest,
    ) -> Result<Answer, EngineError> {
        self.ask_while(assistant, question, interest)
            .ok_or(EngineError::UnknownAssistant)?
            .map_err(|error| EngineError::Unavailable(Box::new(error)))
    }

    fn document(
        &self,
        assistant: AssistantId,
        name: &str,
        place: Place,
    ) -> Result<Option<Excerpt>, EngineError> {
        let now = self.now();
        let known = now.assistants.iter().any(|one| one.id == assistant);
        let Some(index) = now.generation.index(assistant).filter(|_| known) else {
            return Ok(None);
        };
        index
            .document(name, place)
            .map_err(|error| EngineError::Unavailable(Box::new(error)))
    }

    fn suggestions(&self, assistant: AssistantId) -> Vec<String> {
        self.now()
            .suggestions
            .get(&assistant)
            .cloned()
            .unwrap_or_default()
    }

    fn generation(&self) -> u64 {
        self.now().generation.number()
    }
}
