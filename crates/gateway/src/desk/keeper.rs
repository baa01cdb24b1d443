//! What the desk's pages are made of: the nouns, and the [`Keeper`] that has them.
//!
//! Nothing here is worded for people but what documents, readers and operators themselves say.

use std::io::Read;
use std::ops::Range;
use std::pin::Pin;
use std::time::SystemTime;

use super::asked::{
    Figures, Group, Lately, NewAnswer, NewLesson, OwnAnswer, OwnAnswers, Standing, Unwritten,
};
use docent_corpus::{Answer, AssistantId, QuestionTerm, Reading, Version};

/// What an assistant's keeper sees and does: the program's library, or a canned one in tests.
pub trait Keeper: Send + Sync + 'static {
    /// Returns every assistant with its documents as they answer at present. Blocks.
    ///
    /// # Errors
    ///
    /// When the folder cannot be looked at.
    fn shelves(&self) -> Result<Shelves, Trouble>;

    /// Tells how far the reading of changed documents is. Cheap.
    fn progress(&self) -> Progress;

    /// Answers a question with the live settings, and tells how that came about. Must not block when called; what it returns
    /// may be dropped.
    fn ask(&self, assistant: AssistantId, question: String) -> Asking;

    /// Returns the unanswered questions of a time, alike together; none where no journal is kept. Blocks.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    fn unanswered(&self, lately: Lately) -> Result<Option<Vec<Group>>, Trouble>;

    /// Returns what the journal tells of a time in figures; none where no journal is kept. Blocks.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read.
    fn figures(&self, lately: Lately) -> Result<Option<Figures>, Trouble>;

    /// Adds an answer in the keeper's own words, and waits until it is given. Blocks.
    ///
    /// # Errors
    ///
    /// When it is not added; the file is as it was.
    fn curate(&self, new: NewAnswer) -> Result<Effect, Unwritten>;

    /// Returns the keeper's own answers of an assistant as they stand in its folder. Blocks.
    ///
    /// # Errors
    ///
    /// When the folder cannot be looked at.
    fn own(&self, assistant: AssistantId) -> Result<OwnAnswers, Trouble>;

    /// Puts another answer in the place of one, and waits until it is given. Blocks.
    ///
    /// # Errors
    ///
    /// When it is not; the file is as it was.
    fn revise(&self, was: OwnAnswer, new: NewAnswer) -> Result<Effect, Unwritten>;

    /// Takes an answer away, and waits until it is no longer given. Blocks.
    ///
    /// # Errors
    ///
    /// When it is not; the file is as it was.
    fn withdraw(&self, assistant: AssistantId, was: OwnAnswer) -> Result<Effect, Unwritten>;

    /// Tells what questions get at present, without asking a model. Blocks.
    ///
    /// # Errors
    ///
    /// When they cannot be asked.
    fn standing(&self, assistant: AssistantId, questions: &[String]) -> Result<Vec<Standing>, Trouble>;

    /// Adds a question with the place that answers it, and waits until it does. Blocks.
    ///
    /// # Errors
    ///
    /// When it is not added; the file is as it was. One that is taught already is moved to the new place.
    fn teach(&self, new: NewLesson) -> Result<Effect, Unwritten>;

    /// Takes a document in, whole or not at all, and waits until it answers. Blocks.
    ///
    /// # Errors
    ///
    /// When it is not taken in; the folder is as it was.
    fn put(&self, new: NewDocument, bytes: &mut dyn Read) -> Result<Done, Refused>;

    /// Deletes a document and waits until nothing of it answers. Blocks.
    ///
    /// # Errors
    ///
    /// When it is still there.
    fn delete(&self, assistant: AssistantId, name: &str) -> Result<Done, Refused>;
}

/// An answer under way.
pub type Asking = Pin<Box<dyn Future<Output = Result<Trial, Trouble>> + Send>>;

/// Something that the keeper asked for could not be had; the log gets the whole chain.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The operator removed the assistant.
    #[error("unknown assistant")]
    UnknownAssistant,
    /// The folder or the index failed.
    #[error("the library cannot be used")]
    Library(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Every assistant with its documents.
#[derive(Debug, Clone, Default)]
pub struct Shelves {
    /// By number.
    pub assistants: Vec<Shelf>,
    /// What was passed over and why, in the program's own words.
    pub warnings: Vec<String>,
}

/// One assistant and its documents.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// The number.
    pub id: AssistantId,
    /// The name that people read.
    pub name: String,
    /// By name.
    pub documents: Vec<Record>,
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// All of it answers.
    Read,
    /// A part of it could not be read; the rest answers.
    Partly,
    /// None of it could be read.
    Failed,
    /// Not read yet.
    New,
    /// It has changed since it was read; the version before answers.
    Changed,
    /// It is no longer there, but still answers.
    Gone,
}

impl State {
    /// Tells whether somebody has to do something about it.
    pub fn is_problem(self) -> bool {
        matches!(self, Self::Partly | Self::Failed)
    }
}

/// One document.
#[derive(Debug, Clone)]
pub struct Record {
    /// Path inside the assistant's folder, parted by `/`.
    pub name: String,
    /// What became of it.
    pub state: State,
    /// The kind of file by its content.
    pub format: Option<String>,
    /// The code of its language.
    pub language: Option<String>,
    /// How many pages it has, where it has any.
    pub pages: Option<u32>,
    /// How many passages answer.
    pub passages: u32,
    /// Size of the file.
    pub bytes: Option<u64>,
    /// When the file last changed.
    pub changed: Option<SystemTime>,
    /// Why none of it could be read.
    pub failure: Option<Unread>,
    /// What could not be read of it, in the reader's own words.
    pub lost: Vec<String>,
    /// What was mended while it was read, in the reader's own words.
    pub repaired: Vec<String>,
    /// What nobody sees in it and was left out, in the reader's own words.
    pub hidden: Vec<String>,
}

impl Record {
    /// Tells whether somebody should look at it.
    pub fn is_remarkable(&self) -> bool {
        self.state.is_problem() || !self.hidden.is_empty()
    }
}

/// Why a file gave no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// `encrypted`, `damaged` and so on.
    pub code: String,
    /// The reader's own sentence.
    pub reason: String,
}

/// How far the reading of changed documents is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The number of the index that answers.
    pub generation: u64,
    /// Files read and files to be read, while some are.
    pub reading: Option<(usize, usize)>,
    /// Whether the last change of the folder could not be taken in.
    pub failed: bool,
    /// Whether the check by the golden questions keeps the last change back.
    pub held: bool,
}

/// A document to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// Whose it is.
    pub assistant: AssistantId,
    /// The name of the uploaded file, as the browser tells it.
    pub file: String,
    /// The document that it replaces, which keeps its name; none for one more.
    pub replaces: Option<String>,
    /// Bytes that it may have.
    pub most_bytes: u64,
}

/// A change of the folder that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The document's name.
    pub name: String,
    /// Whether it is effective.
    pub effect: Effect,
    /// What could not be read of it, in the reader's own words.
    pub lost: Vec<String>,
    /// What nobody sees in it and was left out, in the reader's own words.
    pub hidden: Vec<String>,
    /// The kind that its content is of, where its ending names another that is read nevertheless.
    pub really: Option<String>,
}

/// Whether a change answers already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Answers are by the new state.
    Live,
    /// The check by the golden questions keeps the state before.
    Held,
    /// Reading goes on, or could not be begun; the state before answers.
    Later,
}

/// Why a change of the folder was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Not a name that a document may have.
    Name,
    /// No document is called so; the ending.
    Ending(String),
    /// The content is of another kind than the ending says: the kind, and the ending.
    Disagrees(String, String),
    /// There is a document of that name.
    Exists(String),
    /// There is no such assistant or document.
    Unknown,
    /// The document is another assistant's, and only shown here by a link.
    Shared,
    /// The file that is to replace a document is of another kind; the ending that it must have.
    OtherKind(String),
    /// It has more bytes than this.
    TooBig(u64),
    /// Nothing was sent.
    Empty,
    /// The reader gets no text out of it.
    Unread(Unread),
    /// The folder cannot be written to.
    ReadOnly,
    /// The disk is full.
    Full,
    /// The upload broke off.
    BrokenOff,
    /// The system failed in another way; the log says how.
    Failed,
}

/// A question tried with the live settings.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What a person would have got.
    pub answer: Answer,
    /// The line of `answers.toml` that it comes from, where it is the operator's own.
    pub curated: Option<usize>,
    /// How it came about; none for a greeting or thanks, for which nothing is looked up.
    pub why: Option<Why>,
    /// What models had to do with it, in order.
    pub models: Vec<Step>,
}

/// What the gate decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Quote the best passage.
    Answer,
    /// Name the places that may help.
    Offer,
    /// Say that there is nothing.
    Fallback,
}

/// How an answer came about.
#[derive(Debug, Clone)]
pub struct Why {
    /// What the gate decided.
    pub verdict: Verdict,
    /// The probability that the best passage answers, and the least one for an answer.
    pub answers: (f32, f32),
    /// The probability that the documents hold the answer, and the least one for places that may help.
    pub holds: (f32, f32),
    /// How the question was read, when not as it was typed.
    pub reading: Option<Reading>,
    /// What was sought.
    pub terms: Vec<QuestionTerm>,
    /// What was found, best first.
    pub candidates: Vec<Candidate>,
    /// What speaks for and against an answer.
    pub evidence: Vec<Evidence>,
    /// What an answer would quote.
    pub quoted: Option<String>,
    /// What would have changed the verdict.
    pub change: Change,
}

/// A passage that may answer.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Path of its document.
    pub document: String,
    /// Title of its document.
    pub title: String,
    /// Hash of the file.
    pub version: Version,
    /// Headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its page.
    pub page: Option<u32>,
    /// Where its lines stand in the document's text.
    pub range: Range<usize>,
    /// Its score, comparable within one question.
    pub score: f32,
    /// Its score as a share of the best possible one.
    pub share: f32,
    /// Its lines, cut where words of the question begin and end.
    pub lines: Vec<Vec<Stretch>>,
    /// Words of the question that stand in the headings only.
    pub above: Vec<String>,
    /// Words of the question that it lacks.
    pub missing: Vec<String>,
    /// How alike a question is that the operator has taught for it.
    pub taught: Option<f32>,
    /// Words of it, verbatim, by which it can be told from the rest of its document.
    pub telling: String,
}

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The words.
    pub text: String,
    /// Whether they are words of the question.
    pub sought: bool,
}

/// One piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Its name, as `docent why` has it.
    pub name: &'static str,
    /// How much of it there is, 0 to 1.
    pub value: f32,
    /// What it adds to the logarithm of the odds.
    pub adds: f32,
}

/// What would have changed a verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing was found.
    Nothing,
    /// Answered: a strictness above this one would have withheld it.
    Strictness(f32),
    /// The message asks nothing of the documents.
    Idle,
    /// Not answered.
    Withheld {
        /// The strictness that would have let it through, and the one that is set.
        strictness: (f32, f32),
        /// Words of the question that the best passage lacks.
        missing: Vec<String>,
        /// Pieces of evidence by which most is lost, and how much.
        lost: Vec<(&'static str, f32)>,
    },
}

/// What a model had to do with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The passages stand in the order of a model.
    Compared,
    /// They do not, because of this.
    NotCompared(String),
    /// Other words that were sought.
    OtherWords(Vec<String>),
    /// Other words could not be asked for, because of this.
    NoOtherWords(String),
    /// No model was asked to write.
    NotAsked,
    /// The answer is the model's, so many sentences left out.
    Written(usize),
    /// The model finds no answer in the passages.
    Declined,
    /// Nothing of what the model wrote stands in the passages.
    Rejected,
    /// The model gave nothing, because of this.
    Failed(String),
}
