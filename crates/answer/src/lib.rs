//! From a question and its hits to an answer with sources, to places that may help, or to the honest fallback.
//!
//! Owns the gate (does the best passage answer?), the extractive answer (which of its words to quote) and which questions are those
//! that the operator has answered. Leaves finding to a [`Retriever`].
//!
//! Invariant: every word of an answer but the frame, the source lines and what the operator has written stands verbatim in a cited
//! passage, at the range its quote names.

mod asked;
mod courtesy;
mod curated;
mod evidence;
mod gate;
mod grounded;
mod quote;
mod reading;
mod words;

use std::num::NonZeroUsize;

use docent_corpus::{
    Answer, Assistant, Hit, Language, Outcome, Question, Retrieval, RetrieveError, Retriever, Source,
};
use docent_language::{detect, tokens};

use asked::Asked;
use courtesy::Courtesy;
pub use curated::{Curated, CuratedAnswers, Curation};
pub use evidence::Evidence;
pub use gate::{Part, Thresholds, Verdict, thresholds, verdict};
pub use grounded::{Brief, Drafting, Fault, PROMPT_VERSION, REWRITTEN_FORMS, Rewriting, Written, rewriting};
use quote::{quotes, telling};
use reading::Reading;

/// Quoted characters of an ordinary answer: a screen of a phone.
const QUOTED_CHARS: usize = 700;

/// Quoted characters of the first of two sources, so that the second has room.
const SHARED_CHARS: usize = 450;

/// No answer is longer, its source lines included.
const ANSWER_CHARS: usize = 1_200;

/// A second source is quoted when it scores at least this share of the first and holds this share of the question.
const SECOND: f32 = 0.8;
const SECOND_COVERAGE: f32 = 0.3;

/// Places named when there is no exact answer: more are not read.
const OFFERS: usize = 3;

/// Quoted characters of an offered place: enough to see whether it is worth opening.
const OFFER_CHARS: usize = 200;

/// Hits that are read sentence by sentence: what comes later is neither quoted nor evidence.
const READ: usize = 5;

/// A question this much like one that the operator has taught is that question: no evidence is weighed.
const SAME: f32 = 0.8;

const HITS: NonZeroUsize = NonZeroUsize::new(10).expect("10 is not 0");

/// How an answer came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// What was found.
    pub found: Retrieval,
    /// What the best passage has to say for itself.
    pub evidence: Evidence,
    /// What followed from it.
    pub verdict: Verdict,
    /// Whether the message asks nothing of any document, or the best passage shares nothing with it but numbers; no strictness
    /// changes that.
    pub idle: bool,
    asked: Asked,
    /// Those of the first hits.
    readings: Vec<Reading>,
    /// The question as it was read.
    question: String,
}

/// Answers one question from what `retriever` finds.
///
/// # Errors
///
/// When the index cannot be read.
pub fn answer(
    assistant: &Assistant,
    question: &Question,
    retriever: &dyn Retriever,
) -> Result<Answer, RetrieveError> {
    if let Some(answer) = courtesy(assistant, &question.text) {
        return Ok(answer);
    }
    Ok(account(assistant, question, retriever)?.answer(assistant))
}

/// Answers a greeting or thanks, for which nothing is looked up; nothing when something is asked.
pub fn courtesy(assistant: &Assistant, message: &str) -> Option<Answer> {
    let mut language = frame(assistant, message);
    let courtesy = Courtesy::of(message, language)?;
    if assistant.language.is_none() && courtesy::is_kazakh(message) {
        language = Language::Kazakh;
    }
    Some(Answer {
        text: courtesy.reply(assistant, language),
        outcome: Outcome::Courtesy,
        sources: Vec::new(),
    })
}

/// The language of labels, offers and fallback.
fn frame(assistant: &Assistant, question: &str) -> Language {
    assistant.language.unwrap_or_else(|| words::language_of(question))
}

/// Finds and judges without composing an answer.
///
/// # Errors
///
/// When the index cannot be read.
pub fn account(
    assistant: &Assistant,
    question: &Question,
    retriever: &dyn Retriever,
) -> Result<Account, RetrieveError> {
    let mut found = retriever.retrieve(question, HITS)?;
    // What is quoted and judged holds the question's words; places offered come by nearness in meaning as well, where that is
    // known. Without it the two orders are the same.
    found.hits.sort_by(|one, other| other.share.total_cmp(&one.share));
    Ok(judge(assistant, question, found))
}

/// Judges what was found, the hit that is thought to answer first.
pub fn judge(assistant: &Assistant, question: &Question, mut found: Retrieval) -> Account {
    found.hits.truncate(HITS.get());
    // What was mended is judged as it was read.
    let read = found.reading.as_ref();
    let text = read.map_or_else(|| question.text.clone(), |reading| reading.text.clone());
    let asked = Asked::of(&text);
    let words = reading::words(&found);
    let readings: Vec<Reading> = found
        .hits
        .iter()
        .take(READ)
        .map(|hit| Reading::of(&words, hit))
        .collect();
    let evidence = Evidence::of(&question.text, &text, &found, &readings);
    let idle = courtesy::is_idle(&question.text) || evidence::only_numbers(&found, &readings);
    let taught = found.hits.first().and_then(|hit| hit.taught.as_ref());
    let verdict = if found.hits.is_empty() || idle {
        Verdict::Fallback
    } else if taught.is_some_and(|taught| taught.likeness >= SAME) {
        Verdict::Answer
    } else {
        verdict(&evidence, assistant.strictness)
    };
    Account {
        found,
        evidence,
        verdict,
        idle,
        asked,
        readings,
        question: text,
    }
}

impl Account {
    /// Takes the question as it was asked for that by which the passages were found: it is what an answer is to answer.
    ///
    /// What was found by other words is offered at most: whether it answers is for somebody who reads it.
    #[must_use]
    pub fn found_for(mut self, question: &Question) -> Self {
        self.question.clone_from(&question.text);
        self.found.reading = None;
        if self.verdict == Verdict::Answer {
            self.verdict = Verdict::Offer;
        }
        self
    }

    /// Composes what the verdict calls for.
    pub fn answer(&self, assistant: &Assistant) -> Answer {
        let language = frame(assistant, &self.question);
        let made = match self.verdict {
            Verdict::Answer => self.quoted(language),
            Verdict::Offer => self.offered(language),
            Verdict::Fallback => None,
        };
        let Some(mut answer) = made else {
            return fallback(assistant, language);
        };
        if self.verdict == Verdict::Answer
            && let Some(reading) = &self.found.reading
        {
            let read = words::reading(&reading.text, language);
            answer.text = format!("{read}\n\n{}", answer.text);
        }
        answer
    }

    /// Returns the honest «not found», for whoever has read the passages and found no answer.
    pub fn none(&self, assistant: &Assistant) -> Answer {
        fallback(assistant, frame(assistant, &self.question))
    }

    /// Composes the answer that would be given if the gate let it through; nothing when there is nothing to quote.
    pub fn candidate(&self, assistant: &Assistant) -> Option<Answer> {
        self.quoted(frame(assistant, &self.question))
    }

    /// Composes the offer that would be made if the verdict were one; nothing when there is no place to name.
    pub fn offer(&self, assistant: &Assistant) -> Option<Answer> {
        self.offered(frame(assistant, &self.question))
    }

    /// Quotes the best passage, and a second one where the question has parts or that one is nearly as good.
    fn quoted(&self, language: Language) -> Option<Answer> {
        let chosen = self.chosen();
        let mut sources: Vec<Source> = Vec::new();
        let mut left = QUOTED_CHARS;
        for (nth, &at) in chosen.iter().enumerate() {
            let limit = if nth == 0 && chosen.len() > 1 {
                SHARED_CHARS
            } else {
                left
            };
            let quotes = quotes(&self.found, &self.asked, &self.readings[at], limit);
            let chars: usize = quotes.iter().map(|quote| quote.text.chars().count()).sum();
            if quotes.is_empty() || (nth > 0 && chars > left) {
                continue;
            }
            left = left.saturating_sub(chars);
            sources.push(source(&self.found.hits[at], sources.len() + 1, quotes));
        }
        loop {
            let text = composed(&sources, language)?;
            if sources.len() == 1 || text.chars().count() <= ANSWER_CHARS {
                return Some(Answer {
                    text,
                    outcome: Outcome::Answered,
                    sources,
                });
            }
            sources.pop();
        }
    }

    /// Returns which hits to quote, by their numbers, the best first.
    fn chosen(&self) -> Vec<usize> {
        let Some(first) = self.found.hits.first() else {
            return Vec::new();
        };
        let mut chosen = vec![0];
        let new = |chosen: &[usize], at: usize| {
            let place = evidence::section(&self.found.hits[at]);
            chosen.iter().all(|&other| {
                place != evidence::section(&self.found.hits[other])
                    && !quote::same(&self.readings[at], &self.readings[other])
            })
        };
        // Each part of the question goes to the passage that holds most of it.
        for part in &self.asked.parts {
            let Some(words) = self.question.get(part.clone()) else {
                continue;
            };
            let stems: Vec<String> = tokens(words, detect(&self.question))
                .into_iter()
                .map(|token| token.stem)
                .collect();
            let of_part = |at: usize| -> f32 {
                let terms = self.found.terms.iter().zip(self.readings[at].whole());
                terms
                    .filter(|(term, _)| stems.contains(&term.stem))
                    .map(|(term, held)| term.idf * held)
                    .sum()
            };
            let best = (0..self.readings.len())
                .max_by(|&one, &other| of_part(one).total_cmp(&of_part(other)).then(other.cmp(&one)));
            if let Some(at) =
                best.filter(|&at| chosen.len() < 2 && of_part(at) > of_part(0) && new(&chosen, at))
            {
                chosen.push(at);
            }
        }
        let second = (1..self.readings.len()).find(|&at| {
            let hit = &self.found.hits[at];
            chosen.len() < 2
                && hit.share >= SECOND * first.share
                && hit.coverage(&self.found) >= SECOND_COVERAGE
                && new(&chosen, at)
        });
        chosen.extend(second);
        chosen
    }

    /// Names the places that may help, each with its most telling sentence.
    fn offered(&self, language: Language) -> Option<Answer> {
        let mut sources: Vec<Source> = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        let mut order: Vec<usize> = (0..self.found.hits.len()).collect();
        let score = |at: usize| self.found.hits[at].score;
        order.sort_by(|&one, &other| score(other).total_cmp(&score(one)));
        for at in order {
            let hit = &self.found.hits[at];
            if sources.len() == OFFERS {
                break;
            }
            let read;
            let reading = if let Some(reading) = self.readings.get(at) {
                if taken
                    .iter()
                    .any(|&other| quote::same(reading, &self.readings[other]))
                {
                    continue;
                }
                reading
            } else {
                read = Reading::of(&reading::words(&self.found), hit);
                &read
            };
            if !names(&sources, hit)
                && let Some(quote) = telling(&self.found, &self.asked, reading, OFFER_CHARS)
            {
                sources.push(source(hit, sources.len() + 1, vec![quote]));
                if at < self.readings.len() {
                    taken.push(at);
                }
            }
        }
        if sources.is_empty() {
            return None;
        }
        let read = self.found.reading.as_ref().map(|reading| reading.text.as_str());
        let mut text = words::offer(read, language);
        for source in &sources {
            text.push_str("\n\n");
            text.push_str(&cited(source, &sources, language));
            text.push('\n');
            text.push_str(&source.quoted());
        }
        Some(Answer {
            text,
            outcome: Outcome::Offered,
            sources,
        })
    }
}

/// Returns the quotes and below them the lines that name their places; nothing without a source.
fn composed(sources: &[Source], language: Language) -> Option<String> {
    if sources.is_empty() {
        return None;
    }
    let mut text = sources
        .iter()
        .map(Source::quoted)
        .collect::<Vec<_>>()
        .join("\n\n");
    text.push('\n');
    for source in sources {
        text.push('\n');
        text.push_str(&cited(source, sources, language));
    }
    Some(text)
}

/// Tells whether the place of a hit is among the sources.
fn names(sources: &[Source], hit: &Hit) -> bool {
    let section = section(hit);
    sources
        .iter()
        .any(|source| source.document == hit.passage.document && source.section == section)
}

fn source(hit: &Hit, number: usize, quotes: Vec<docent_corpus::Quote>) -> Source {
    let passage = &hit.passage;
    Source {
        number,
        document: passage.document.clone(),
        title: passage.title.clone(),
        version: passage.version,
        date: passage.date.clone(),
        section: section(hit),
        page: passage.page(),
        quotes,
    }
}

/// Returns the line that names a source; where two documents have one title, with the file and the date of each.
fn cited(source: &Source, all: &[Source], language: Language) -> String {
    let section = source
        .section
        .as_ref()
        .map_or_else(String::new, |section| format!(", {section}"));
    let page = source
        .page
        .map_or_else(String::new, |page| words::page(page, language));
    let twin = |other: &Source| other.title == source.title && other.document != source.document;
    let file = if all.iter().any(twin) {
        let date = source
            .date
            .as_ref()
            .map_or_else(String::new, |date| format!(", {}", words::date(date, language)));
        format!(" ({}{date})", source.document)
    } else {
        String::new()
    };
    format!("[{}] {}{file}{section}{page}", source.number, source.title)
}

/// Returns the honest «not found», in the assistant's words where it has some.
fn fallback(assistant: &Assistant, language: Language) -> Answer {
    let text = assistant.fallback.clone();
    Answer {
        text: text.unwrap_or_else(|| words::fallback(language).to_owned()),
        outcome: Outcome::Fallback,
        sources: Vec::new(),
    }
}

/// Returns the innermost heading as a reader would cite it: «Статья 115», not the whole line.
fn section(hit: &Hit) -> Option<String> {
    let heading = hit.passage.headings.last()?;
    let mut words = heading.split(' ');
    if let (Some(part), Some(number)) = (words.next(), words.next()) {
        let cited = [
            "статья",
            "глава",
            "раздел",
            "приложение",
            "§",
            "article",
            "chapter",
        ]
        .contains(&part.to_lowercase().as_str());
        if cited && number.starts_with(|first: char| first.is_ascii_digit() || "IVXLC".contains(first)) {
            return Some(format!("{part} {}", number.trim_end_matches('.')));
        }
    }
    Some(heading.trim_end_matches('.').to_owned())
}
