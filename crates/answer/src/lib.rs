//! From a question and its hits to an answer with sources, to places that may help, or to the honest fallback.
//!
//! Owns the gate (does the best passage answer?) and the extractive answer (which of its words to quote). Leaves finding
//! to a [`Retriever`].
//!
//! Invariant: every word of an answer but the frame and the source lines stands verbatim in a cited passage, at the range
//! its quote names.

mod gate;
mod quote;
mod words;

use std::num::NonZeroUsize;

use docent_corpus::{
    Answer, Assistant, Hit, Language, Outcome, Question, Retrieval, RetrieveError, Retriever, Source,
};
use docent_language::detect;

pub use gate::{Evidence, Part, Thresholds, Verdict, thresholds, verdict};
use quote::{quotes, telling, units};
use words::Courtesy;

/// Quoted characters of one answer: a screen of a phone.
const QUOTED_CHARS: usize = 1_000;

/// Quoted characters of one source: the place itself with what is needed to understand it.
const SOURCE_CHARS: usize = 650;

/// A second source is quoted when it scores at least this share of the first and holds this share of the question.
const SECOND: f32 = 0.8;
const SECOND_COVERAGE: f32 = 0.3;

/// Places named when there is no exact answer: more are not read.
const OFFERS: usize = 3;

/// Quoted characters of an offered place: enough to see whether it is worth opening.
const OFFER_CHARS: usize = 200;

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
    let language = assistant.language.unwrap_or_else(|| detect(&question.text));
    if let Some(courtesy) = Courtesy::of(&question.text, language) {
        return Ok(Answer {
            text: courtesy.reply(assistant, language),
            outcome: Outcome::Courtesy,
            sources: Vec::new(),
        });
    }
    let account = account(assistant, question, retriever)?;
    let reading = account.found.reading.as_ref();
    // Letters of another layout say nothing about the language.
    let language = assistant
        .language
        .unwrap_or_else(|| detect(reading.map_or(&question.text, |reading| &reading.text)));
    let mut made = match account.verdict {
        Verdict::Answer => quoted(&account.found, language),
        Verdict::Offer => offered(&account.found, language),
        Verdict::Fallback => None,
    };
    if let (Some(answer), Some(reading)) = (&mut made, reading) {
        let read = words::reading(&reading.text, language);
        answer.text = format!("{read}\n\n{}", answer.text);
    }
    Ok(made.unwrap_or_else(|| fallback(assistant, language)))
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
    let found = retriever.retrieve(question, HITS)?;
    let sentences = found
        .hits
        .first()
        .map_or_else(Vec::new, |best| units(&found, best));
    let asked = found
        .reading
        .as_ref()
        .map_or(&question.text, |reading| &reading.text);
    let evidence = Evidence::of(asked, &found, &sentences);
    let verdict = if found.hits.is_empty() || words::is_small_talk(&question.text) {
        Verdict::Fallback
    } else {
        verdict(&evidence, assistant.strictness)
    };
    Ok(Account {
        found,
        evidence,
        verdict,
    })
}

/// Quotes the best passage, and a second one that is nearly as good.
fn quoted(found: &Retrieval, language: Language) -> Option<Answer> {
    let mut sources: Vec<Source> = Vec::new();
    let first = found.hits.first()?.score;
    let mut left = QUOTED_CHARS;
    for hit in found
        .hits
        .iter()
        .filter(|hit| hit.score >= SECOND * first)
        .take(2)
    {
        if names(&sources, hit) || (!sources.is_empty() && hit.coverage(found) < SECOND_COVERAGE) {
            continue;
        }
        let quotes = quotes(units(found, hit), hit, left.min(SOURCE_CHARS));
        if quotes.is_empty() {
            continue;
        }
        let chars: usize = quotes.iter().map(|quote| quote.text.chars().count()).sum();
        left = left.saturating_sub(chars);
        sources.push(source(hit, sources.len() + 1, quotes));
    }
    if sources.is_empty() {
        return None;
    }
    let mut text = sources
        .iter()
        .map(Source::quoted)
        .collect::<Vec<_>>()
        .join("\n\n");
    text.push('\n');
    for source in &sources {
        text.push('\n');
        text.push_str(&cited(source, language));
    }
    Some(Answer {
        text,
        outcome: Outcome::Answered,
        sources,
    })
}

/// Names the places that may help, each with its most telling sentence.
fn offered(found: &Retrieval, language: Language) -> Option<Answer> {
    let mut sources: Vec<Source> = Vec::new();
    for hit in &found.hits {
        if sources.len() == OFFERS {
            break;
        }
        if !names(&sources, hit)
            && let Some(quote) = telling(units(found, hit), OFFER_CHARS)
        {
            sources.push(source(hit, sources.len() + 1, vec![quote]));
        }
    }
    if sources.is_empty() {
        return None;
    }
    let mut text = words::offer(language).to_owned();
    for source in &sources {
        text.push_str("\n\n");
        text.push_str(&cited(source, language));
        text.push('\n');
        text.push_str(&source.quoted());
    }
    Some(Answer {
        text,
        outcome: Outcome::Offered,
        sources,
    })
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
        section: section(hit),
        page: passage.page(),
        quotes,
    }
}

/// Returns the line that names a source.
fn cited(source: &Source, language: Language) -> String {
    let section = source
        .section
        .as_ref()
        .map_or_else(String::new, |section| format!(", {section}"));
    let page = source
        .page
        .map_or_else(String::new, |page| words::page(page, language));
    format!("[{}] {}{section}{page}", source.number, source.title)
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
