//! Answers that a model writes and docent checks: the passages go out as data, sentences come back, and only those that stand in the
//! passages are passed on.
//!
//! Owns what a model reads, how its reply is read, and what of it a person gets to see. Knows no model: text goes out, text comes in.
//!
//! Invariants: the gate stands before it, so a model is asked only where passages were found that may answer; every sentence passed on
//! rests on words that stand verbatim in a cited passage; pieces once shown are the beginning of the whole answer.

mod check;
mod claims;
mod prompt;
mod rewrite;
mod suspect;

use std::collections::HashSet;
use std::fmt::Write as _;

use docent_corpus::{Answer, Assistant, BlockKind, Language, Outcome, Quote, Source};

use crate::{ANSWER_CHARS, Account, READ, Verdict, cited, frame, source, words};
use check::{Given, check};
use claims::Stream;
use prompt::Shown;

pub use check::Fault;
pub use prompt::PROMPT_VERSION;
pub use rewrite::{REWRITTEN_FORMS, Rewriting, rewriting};

/// A passage that holds less than this share of what the best one holds of the question is not about it.
const ON_TOPIC: f32 = 0.5;

/// What a model is asked.
#[derive(Debug)]
pub struct Brief {
    /// What it is to do: the same for everybody.
    pub system: String,
    /// The passages and the question.
    pub user: String,
    /// The form of its reply, a JSON schema.
    pub schema: serde_json::Value,
    given: Vec<Given>,
    /// The normal forms of the question's words.
    asked: HashSet<String>,
    language: Language,
}

impl Account {
    /// Returns what a model gets to read, the best passages first, at most about `chars` characters of them; nothing when there is no
    /// passage worth it.
    ///
    /// `fence` must not be known to whoever writes the documents: draw it anew for each request.
    pub fn brief(&self, assistant: &Assistant, fence: u64, chars: usize) -> Option<Brief> {
        if self.verdict == Verdict::Fallback {
            return None;
        }
        let language = frame(assistant, &self.question);
        let best = self
            .found
            .hits
            .iter()
            .map(|hit| hit.coverage(&self.found))
            .fold(0.0, f32::max);
        let (mut given, mut left) = (Vec::new(), chars);
        for (at, hit) in self.found.hits.iter().take(READ).enumerate() {
            let passage = &hit.passage;
            let lines = passage.lead.iter().chain(&passage.lines);
            let lines = prompt::given(lines.filter(|line| line.kind != BlockKind::Remark));
            let size: usize = lines.iter().map(|line| line.text.chars().count() + 1).sum();
            if lines.is_empty() || (size > left && !given.is_empty()) {
                continue;
            }
            left = left.saturating_sub(size);
            let headings = [&passage.title].into_iter().chain(&passage.headings);
            let labels = headings.filter_map(|heading| prompt::label(heading)).collect();
            let on_topic = hit.taught.is_some() || hit.coverage(&self.found) >= ON_TOPIC * best;
            given.push(Given::new(at, labels, lines, on_topic));
        }
        if given.is_empty() {
            return None;
        }
        let shown: Vec<Shown<'_>> = given
            .iter()
            .map(|one| Shown {
                labels: &one.labels,
                lines: &one.lines,
            })
            .collect();
        Some(Brief {
            system: prompt::SYSTEM.to_owned(),
            user: prompt::user(&shown, &self.question, language, fence),
            schema: prompt::schema(given.len()),
            asked: self.found.terms.iter().map(|term| term.stem.clone()).collect(),
            given,
            language,
        })
    }
}

/// How a model's reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It answers, checked.
    Answer(Answer),
    /// The model says that the passages do not answer.
    Refused,
    /// Nothing of it can be passed on.
    Rejected,
}

/// An answer while a model writes it.
pub struct Drafting<'a> {
    brief: &'a Brief,
    account: &'a Account,
    stream: Stream,
    /// What may be shown.
    text: String,
    /// The sources so far, with their places among the passages given.
    sources: Vec<(usize, Vec<Quote>)>,
    faults: Vec<Fault>,
    /// Whether nothing further is taken.
    over: bool,
}

impl<'a> Drafting<'a> {
    /// Begins with nothing written.
    pub fn new(brief: &'a Brief, account: &'a Account) -> Self {
        Self {
            brief,
            account,
            stream: Stream::default(),
            text: String::new(),
            sources: Vec::new(),
            faults: Vec::new(),
            over: false,
        }
    }

    /// Takes more of what the model says; returns what may be shown beyond what was returned before, often nothing.
    pub fn feed(&mut self, piece: &str) -> String {
        let claims = self.stream.feed(piece);
        self.take(claims)
    }

    /// Tells whether what comes further would not be read.
    pub fn is_over(&self) -> bool {
        self.over || self.stream.is_full()
    }

    /// Returns why sentences were not passed on, in their order.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    fn take(&mut self, claims: Vec<claims::Claim>) -> String {
        let before = self.text.len();
        for claim in claims {
            if self.over {
                break;
            }
            let checked = match check(&claim, &self.brief.given, &self.brief.asked) {
                Ok(checked) => checked,
                Err(fault) => {
                    self.faults.push(fault);
                    // The first sentence carries the answer: without it the others hang in the air.
                    self.over = self.sources.is_empty();
                    continue;
                }
            };
            if self.text.contains(&checked.text) {
                continue;
            }
            if self.text.chars().count() + checked.text.chars().count() > ANSWER_CHARS {
                self.over = true;
                break;
            }
            if self.text.is_empty()
                && let Some(reading) = &self.account.found.reading
            {
                self.text = words::reading(&reading.text, self.brief.language);
                self.text.push_str("\n\n");
            } else if !self.text.is_empty() {
                self.text.push(' ');
            }
            let known = self.sources.iter().position(|(given, _)| *given == checked.given);
            if known.is_none() {
                self.sources.push((checked.given, Vec::new()));
            }
            let number = known.map_or(self.sources.len(), |at| at + 1);
            let quotes = &mut self.sources[number - 1].1;
            for quote in checked.quotes {
                if !quotes.iter().any(|other| other.range.contains(quote.range)) {
                    quotes.retain(|other| !quote.range.contains(other.range));
                    quotes.push(quote);
                }
            }
            let end = if checked.text.ends_with(['.', '!', '?', '…', ';', ':']) {
                ""
            } else {
                "."
            };
            let _ = write!(self.text, "{}{end} [{number}]", checked.text);
        }
        self.text[before..].to_owned()
    }

    /// Ends the reply; returns what came of it. What [`Drafting::feed`] returned is the beginning of the answer's text.
    pub fn finish(mut self) -> Written {
        let rest = self.stream.finish();
        self.take(rest);
        if self.sources.is_empty() {
            return if self.stream.refuses() {
                Written::Refused
            } else {
                Written::Rejected
            };
        }
        let mut sources: Vec<Source> = Vec::new();
        for (given, mut quotes) in std::mem::take(&mut self.sources) {
            quotes.sort_by_key(|quote| quote.range.start);
            let hit = &self.account.found.hits[self.brief.given[given].hit];
            sources.push(source(hit, sources.len() + 1, quotes));
        }
        let mut text = self.text;
        text.push('\n');
        for one in &sources {
            text.push('\n');
            text.push_str(&cited(one, &sources, self.brief.language));
        }
        Written::Answer(Answer {
            text,
            outcome: Outcome::Answered,
            sources,
        })
    }
}

#[cfg(test)]
#[path = "grounded_tests.rs"]
mod tests;
