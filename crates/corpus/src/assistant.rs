//! Who answers: an assistant as the operator describes it.

use std::fmt;
use std::str::FromStr;

/// A language that docent analyses and speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// Russian, the default.
    #[default]
    Russian,
    /// Kazakh in Cyrillic script.
    Kazakh,
    /// English.
    English,
}

impl Language {
    /// Every language, in the order of their ISO 639-1 codes' use in docent.
    pub const ALL: [Self; 3] = [Self::Russian, Self::Kazakh, Self::English];

    /// Returns the ISO 639-1 code: `ru`, `kk` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Russian => "ru",
            Self::Kazakh => "kk",
            Self::English => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language code that docent does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{0}`: expected `ru`, `kk` or `en`")]
pub struct UnknownLanguage(String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or_else(|| UnknownLanguage(code.to_owned()))
    }
}

/// The number by which clients name an assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssistantId(pub i64);

impl fmt::Display for AssistantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How sure an answer has to be before it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strictness {
    /// Rather no answer than a wrong one.
    Careful,
    /// What most assistants want.
    #[default]
    Balanced,
    /// Rather a wrong answer than none.
    Open,
    /// An answer is given from this probability on that it is right, in thousandths.
    At(u16),
}

/// One assistant of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assistant {
    /// The number by which clients select it.
    pub id: AssistantId,
    /// The name that people read.
    pub name: String,
    /// One sentence about what it answers.
    pub description: String,
    /// What to say when the documents give no answer; docent's own words when absent.
    pub fallback: Option<String>,
    /// What to say to a greeting; docent's own words when absent.
    pub greeting: Option<String>,
    /// The language of labels and fallback; that of the question when absent.
    pub language: Option<Language>,
    /// How sure an answer has to be.
    pub strictness: Strictness,
    /// Questions that a newcomer may begin with; shown only while the documents answer them.
    pub suggestions: Vec<String>,
}

impl Assistant {
    /// Makes an assistant with a number and a name and everything else left to docent.
    pub fn new(id: AssistantId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            description: String::new(),
            fallback: None,
            greeting: None,
            language: None,
            strictness: Strictness::default(),
            suggestions: Vec::new(),
        }
    }
}
