//! What people asked, as the desk shows it, and what a keeper adds to the folder because of it.

use std::time::{Duration, SystemTime};

use docent_corpus::AssistantId;

/// Questions of one assistant that were asked lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lately {
    /// Whose; all assistants' without.
    pub assistant: Option<AssistantId>,
    /// Of so many days.
    pub days: u32,
}

/// Questions alike that the documents did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// How many of them were offered places that may help.
    pub offered: u64,
    /// When the last one was asked.
    pub last: SystemTime,
    /// Wordings with how often each was asked, the most frequent first.
    pub examples: Vec<(String, u64)>,
}

/// One day of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its first moment, UTC.
    pub begins: SystemTime,
    /// Questions to the documents.
    pub asked: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// What half of the answers and 95 of 100 did not exceed.
    pub took: Option<(Duration, Duration)>,
}

/// What the journal tells in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Every day of the time, the earliest first.
    pub days: Vec<Day>,
    /// Answers that helped, and that did not.
    pub feedback: (u64, u64),
    /// Unanswered questions, the largest group first.
    pub groups: Vec<Group>,
}

/// An answer in the keeper's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer {
    /// Whose it is.
    pub assistant: AssistantId,
    /// The questions it answers.
    pub questions: Vec<String>,
    /// The text.
    pub text: String,
    /// Its last day, ISO 8601.
    pub until: Option<String>,
    /// The document that is shown as its source.
    pub source: Option<String>,
}

/// A question with the place that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLesson {
    /// Whose it is.
    pub assistant: AssistantId,
    /// The question.
    pub question: String,
    /// The document.
    pub document: String,
    /// The heading in it.
    pub section: Option<String>,
    /// Words of the passage that must stand in the answer.
    pub contains: Option<String>,
}

/// An answer in the keeper's own words, as it stands in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAnswer {
    /// The line of `answers.toml` on which it begins.
    pub line: usize,
    /// Tells it from what may stand there meanwhile.
    pub mark: String,
    /// The questions it answers.
    pub questions: Vec<String>,
    /// The text.
    pub text: String,
    /// Its last day, ISO 8601.
    pub until: Option<String>,
    /// Whether that day has passed.
    pub over: bool,
    /// The document that is shown as its source.
    pub source: Option<String>,
}

/// The keeper's own answers of one assistant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAnswers {
    /// In the order of the file.
    pub answers: Vec<OwnAnswer>,
    /// What in the file could not be used and why, in the program's own words.
    pub faults: Vec<String>,
}

/// What a question gets at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Nothing,
    /// Places that may help.
    Places,
    /// An answer from the documents.
    Answered,
    /// The keeper's own answer on this line of `answers.toml`.
    Own(usize),
}

impl Standing {
    /// Tells whether nobody has to do anything about it.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Answered | Self::Own(_))
    }
}

/// What is wrong with something that a keeper wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// There is no question, or one without a word.
    NoQuestion,
    /// There are more questions than this.
    ManyQuestions(usize),
    /// A question has more characters than this.
    LongQuestion(usize),
    /// There is no text.
    NoText,
    /// The text has more characters than this.
    LongText(usize),
    /// The last day is no date.
    NoDate,
    /// The last day has passed.
    Past,
    /// No document is named.
    NoDocument,
}

/// Why what a keeper wrote was not saved; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritten {
    /// It cannot be as it is.
    Unfit(Flaw),
    /// This line of `answers.toml` answers the question already.
    Answered(usize),
    /// The file has to be mended first: which, and what is wrong in the program's own words.
    Broken(&'static str, String),
    /// Somebody has changed the file since it was shown.
    Changed,
    /// There is no such assistant.
    Unknown,
    /// The system does not let the folder be written; the log says why.
    Failed,
}
