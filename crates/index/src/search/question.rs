//! What a question says besides its words: which part of it asks, which phrases it quotes, whether a heading says the same, and
//! whether a word that was mended is found.

use docent_corpus::{ByteRange, Match, Passage, Retrieval};
use docent_language::{Token, detect, sentences, tokens};

use crate::entry::mark;
use crate::repair::Mend;

/// From how many words on a question may be a tale with a question in it.
const TALE_FROM: usize = 10;

/// Returns what a text says: its stems without the words that every text has, but with those that make a question of it.
pub(super) fn said(tokens: &[Token]) -> Vec<u32> {
    let mut stems: Vec<u32> = tokens
        .iter()
        .filter(|token| !token.stop)
        .map(|token| mark(&token.stem))
        .collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// Returns the share of common stems among all of two texts; none for a single word, which heads too many sections.
fn likeness(one: &[u32], other: &[u32]) -> f32 {
    let common = one.iter().filter(|stem| other.contains(stem)).count();
    let all = one.len() + other.len() - common;
    if common > 1 {
        common as f32 / all as f32
    } else {
        0.0
    }
}

/// Returns how alike a question and the heading of a passage are. What stands above the heading goes without saying in it: «Отпуска ›
/// Как оформить» is the question how to arrange a leave.
pub(super) fn headed(question: &[u32], passage: &Passage) -> f32 {
    let Some((own, above)) = passage.headings.split_last() else {
        return 0.0;
    };
    let stems = |text: &str| said(&tokens(text, detect(text)));
    let mut all = stems(own);
    if !all.iter().any(|stem| question.contains(stem)) {
        return 0.0;
    }
    for text in above.iter().chain([&passage.title]) {
        all.extend(stems(text).into_iter().filter(|stem| question.contains(stem)));
    }
    all.sort_unstable();
    all.dedup();
    likeness(question, &all)
}

/// Tells whether the best hit holds a word that a mend has made: «починят» need not be «по чинят».
pub(super) fn holds_new(typed: &str, mend: &Mend, found: &Retrieval) -> bool {
    let typed: Vec<String> = tokens(typed, detect(typed))
        .into_iter()
        .map(|token| token.stem)
        .collect();
    let made = tokens(&mend.word, detect(&mend.word));
    found.hits.first().is_some_and(|best| {
        let mut terms = found.terms.iter().zip(&best.matches);
        terms.any(|(term, place)| {
            *place != Match::Missing
                && !typed.contains(&term.stem)
                && made.iter().any(|token| token.stem == term.stem)
        })
    })
}

/// Returns all that a passage says, headings and title included.
pub(super) fn said_in(passage: &Passage) -> String {
    let above = passage.headings.iter().chain([&passage.title]);
    let lines = passage.lead.iter().chain(&passage.lines);
    let texts = above
        .map(AsRef::as_ref)
        .chain(lines.map(|line| line.text.as_str()));
    texts.collect::<Vec<&str>>().join("\n")
}

/// Returns the phrases of two words and more that stand in quotation marks, as rows of marks without the words too common to be
/// indexed.
pub(super) fn quoted(question: &str, asked: &[Token]) -> Vec<Vec<u32>> {
    let mut phrases = Vec::new();
    let mut opened: Option<usize> = None;
    for (at, letter) in question.char_indices() {
        match (letter, opened) {
            ('«' | '“' | '„', _) | ('"', None) => opened = Some(at),
            ('»' | '”' | '"', Some(start)) => {
                let phrase = ByteRange::new(start, at);
                let inside = asked
                    .iter()
                    .filter(|token| !token.stop && phrase.contains(token.range));
                let marks: Vec<u32> = inside.map(|token| mark(&token.stem)).collect();
                if marks.len() > 1 {
                    phrases.push(marks);
                }
                opened = None;
            }
            _ => {}
        }
    }
    phrases
}

/// Returns which part of a long question asks: the last sentence with a question mark or a question's word, else all of it.
pub(super) fn asking(question: &str, tokens: &[Token]) -> ByteRange {
    let all = ByteRange::new(0, question.len());
    let words = tokens
        .iter()
        .filter(|token| !token.stop && !token.question)
        .count();
    if words < TALE_FROM {
        return all;
    }
    let asks = |sentence: &ByteRange| {
        question[sentence.start..sentence.end].contains('?')
            || tokens
                .iter()
                .any(|token| token.question && sentence.contains(token.range))
    };
    let found = sentences(question);
    let marked = found
        .iter()
        .rev()
        .find(|sentence| question[sentence.start..sentence.end].contains('?'));
    marked
        .or_else(|| found.iter().rev().find(|sentence| asks(sentence)))
        .copied()
        .unwrap_or(all)
}
