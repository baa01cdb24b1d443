//! What people asked, as the desk shows it, and what a keeper adds to the folder because of it.

use std::time::{Duration, SystemTime};

use docent_corpus::AssistantId;

/// Questions of one assistant that were asked lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lately {
    /// Whose.
    pub assistant: AssistantId,
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

/// Why a keeper's line was not added; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritten {
    /// What was to be added cannot be; the program's own words.
    Unfit(String),
    /// The question has an answer or a place already; where, in the program's own words.
    Taken(String),
    /// The file has to be mended first; the program's own words.
    Broken(String),
    /// There is no such assistant.
    Unknown,
    /// The system does not let the folder be written; the log says why.
    Failed,
}
