//! From a question and its hits to an answer with sources, or the honest fallback.
//!
//! Owns the gate (do these passages answer?) and the extractive answer (which of their words to quote). Leaves finding
//! to a [`Retriever`].
//!
//! Invariant: every word of an answer but the source lines stands verbatim in a cited passage, at the range its quote
//! names.

use std::num::NonZeroUsize;

use docent_corpus::{
    Answer, Assistant, BlockKind, ByteRange, Hit, Language, Line, Match, Outcome, Question, Quote, Retrieval,
    RetrieveError, Retriever, Source,
};
use docent_language::{detect, sentences, tokens};

/// Quoted characters of one answer: a screen of a phone.
const QUOTED_CHARS: usize = 1_200;

/// Quoted characters of one source: the place itself with what is needed to understand it.
const SOURCE_CHARS: usize = 800;

/// Idf-weighted share of the question's terms that the best passage must hold: lower lets near topics in, higher turns
/// away questions with filler words (set on questions about two laws; see CHANGELOG.md for what it gives).
const MIN_COVERAGE: f32 = 0.3;

/// Share of the ideal score that the best passage must reach.
const MIN_SHARE: f32 = 0.09;

/// A second source is quoted when it scores at least this share of the first.
const SECOND: f32 = 0.8;

const HITS: NonZeroUsize = NonZeroUsize::new(10).expect("10 is not 0");

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
    let found = retriever.retrieve(question, HITS)?;
    if !answers(&found) {
        return Ok(fallback(assistant, &question.text));
    }
    let mut text = String::new();
    let mut sources: Vec<Source> = Vec::new();
    let first = found.hits[0].score;
    let mut left = QUOTED_CHARS;
    for hit in found
        .hits
        .iter()
        .filter(|hit| hit.score >= SECOND * first)
        .take(2)
    {
        let told = sources
            .iter()
            .any(|source| source.document == hit.passage.document && source.section == section(hit));
        if told || (!sources.is_empty() && coverage(&found, hit) < MIN_COVERAGE) {
            continue;
        }
        let quotes = quotes(&found, hit, left.min(SOURCE_CHARS));
        if quotes.is_empty() {
            continue;
        }
        left -= quotes
            .iter()
            .map(|quote| quote.text.chars().count())
            .sum::<usize>()
            .min(left);
        let (passage, number) = (&hit.passage, sources.len() + 1);
        sources.push(Source {
            number,
            document: passage.document.clone(),
            title: passage.title.clone(),
            version: passage.version,
            section: section(hit),
            page: passage.page(),
            quotes,
        });
    }
    if sources.is_empty() {
        return Ok(fallback(assistant, &question.text));
    }
    for (at, source) in sources.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { "\n\n" });
        text.push_str(&source.quoted());
    }
    text.push('\n');
    let language = assistant.language.unwrap_or_else(|| detect(&question.text));
    for source in &sources {
        text.push_str(&cited(source, language));
    }
    Ok(Answer {
        text,
        outcome: Outcome::Answered,
        sources,
    })
}

/// Returns the line that names a source, begun by a line end.
fn cited(source: &Source, language: Language) -> String {
    let section = source
        .section
        .as_ref()
        .map_or_else(String::new, |section| format!(", {section}"));
    let page = source.page.map_or_else(String::new, |page| match language {
        Language::Russian => format!(", с. {page}"),
        Language::Kazakh => format!(", {page}-бет"),
        Language::English => format!(", p. {page}"),
    });
    format!("\n[{}] {}{section}{page}", source.number, source.title)
}

/// Tells whether the best passage holds enough of what was asked.
fn answers(found: &Retrieval) -> bool {
    found.hits.first().is_some_and(|best| {
        let held = best
            .matches
            .iter()
            .filter(|&&place| place != Match::Missing)
            .count();
        // One word of many is a coincidence, however rare it is.
        let enough = held >= found.terms.len().min(2);
        enough && best.share >= MIN_SHARE && coverage(found, best) >= MIN_COVERAGE
    })
}

/// Idf-weighted share of the question's terms that stand in the passage or above it.
fn coverage(found: &Retrieval, hit: &Hit) -> f32 {
    let all: f32 = found.terms.iter().map(|term| term.idf).sum();
    let held: f32 = found
        .terms
        .iter()
        .zip(&hit.matches)
        .filter(|(_, place)| **place != Match::Missing)
        .map(|(term, _)| term.idf)
        .sum();
    if all > 0.0 { held / all } else { 0.0 }
}

/// Returns the honest «not found», in the assistant's words where it has some.
pub fn fallback(assistant: &Assistant, question: &str) -> Answer {
    let language = assistant.language.unwrap_or_else(|| detect(question));
    let text = assistant.fallback.clone().unwrap_or_else(|| {
        match language {
            Language::Russian => "К сожалению, по вашему вопросу не найдено подходящей информации. Попробуйте спросить другими словами.",
            Language::Kazakh => "К сожалению, по вашему вопросу не найдено подходящей информации. Өкінішке қарай, сұрағыңыз бойынша ақпарат табылмады.",
            Language::English => "К сожалению, по вашему вопросу не найдено подходящей информации. Unfortunately, the documents do not answer this question.",
        }
        .to_owned()
    });
    Answer {
        text,
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

/// A sentence, item or row that can be quoted by itself.
struct Unit {
    quote: Quote,
    kind: BlockKind,
    weight: f32,
}

/// Chooses the sentences around the most telling one, at most `limit` characters of them.
fn quotes(found: &Retrieval, hit: &Hit, limit: usize) -> Vec<Quote> {
    let mut units: Vec<Unit> = hit
        .passage
        .lines
        .iter()
        .filter(|line| line.kind != BlockKind::Remark)
        .flat_map(|line| parts(found, line))
        .collect();
    let Some(best) = (0..units.len()).max_by(|&one, &other| {
        units[one]
            .weight
            .total_cmp(&units[other].weight)
            .then(other.cmp(&one))
    }) else {
        return Vec::new();
    };
    let size = |unit: &Unit| unit.quote.text.chars().count();
    let mut lead: Vec<Quote> = Vec::new();
    if matches!(
        units[best].kind,
        BlockKind::ListItem { .. } | BlockKind::TableRow { .. }
    ) {
        lead = hit
            .passage
            .lead
            .iter()
            .map(|line| Quote {
                range: line.range,
                text: line.text.clone(),
            })
            .collect();
    }
    let mut used = size(&units[best]) + lead.iter().map(|quote| quote.text.chars().count()).sum::<usize>();
    let (mut from, mut to) = (best, best + 1);
    // What follows explains more often than what goes before, so the window grows forward first.
    while to < units.len() && used + size(&units[to]) <= limit {
        used += size(&units[to]);
        to += 1;
    }
    while from > 0 && used + size(&units[from - 1]) <= limit {
        from -= 1;
        used += size(&units[from]);
    }
    lead.extend(units.drain(from..to).map(|unit| unit.quote));
    lead
}

fn parts(found: &Retrieval, line: &Line) -> Vec<Unit> {
    let whole = !matches!(line.kind, BlockKind::Paragraph | BlockKind::Footnote);
    let ranges = if whole {
        vec![ByteRange::new(0, line.text.len())]
    } else {
        sentences(&line.text)
    };
    ranges
        .into_iter()
        .filter_map(|range| {
            let words = range.of(&line.text)?.trim_end();
            let stems: Vec<String> = tokens(words, detect(words))
                .into_iter()
                .map(|token| token.stem)
                .collect();
            let weight = found
                .terms
                .iter()
                .filter(|term| stems.contains(&term.stem))
                .map(|term| term.idf)
                .sum();
            let start = line.range.start + range.start;
            let quote = Quote {
                range: ByteRange::new(start, start + words.len()),
                text: words.to_owned(),
            };
            Some(Unit {
                quote,
                kind: line.kind,
                weight,
            })
        })
        .filter(|unit| !unit.quote.text.is_empty())
        .collect()
}
