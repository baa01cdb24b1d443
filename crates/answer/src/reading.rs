//! A passage read against the question: which of its sentences hold which of the words that were asked for.
//!
//! Owns parting a passage into what can be quoted by itself and matching words, exactly by stem and loosely by spelling.
//!
//! Invariant: the quote of a unit is exactly the text at its range.

use docent_corpus::{BlockKind, ByteRange, Hit, Line, Quote, Retrieval};
use docent_language::{Token, detect, grams, sentences, tokens};

use crate::asked::{Asked, Has};

/// A loose match counts for less than one by stem: other words share beginnings, too.
const LOOSE: f32 = 0.7;

/// Words that share less than this of their four-letter windows are different words.
const LIKE: f32 = 0.5;

/// Shorter words are loosely like too many others.
const LOOSE_CHARS: usize = 5;

/// Two terms are together when at most this many words lie between their places.
const NEAR: usize = 4;

/// A sentence, item or row that can be quoted by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub(crate) quote: Quote,
    pub(crate) kind: BlockKind,
    /// The line of the passage that it stands in.
    pub(crate) line: usize,
    /// For each term of the question how well it is matched: 0, [`LOOSE`] or less, or 1.
    pub(crate) held: Vec<f32>,
    /// Where each term stands first, counted in words.
    places: Vec<Option<usize>>,
    /// What kinds of things it tells.
    pub(crate) has: Has,
}

impl Unit {
    pub(crate) fn chars(&self) -> usize {
        self.quote.text.chars().count()
    }

    /// Returns the idf of the terms that it holds.
    pub(crate) fn weight(&self, found: &Retrieval) -> f32 {
        weigh(found, &self.held)
    }

    /// Returns at which of its words a term stands first.
    pub(crate) fn place(&self, term: usize) -> Option<usize> {
        self.places.get(term).copied().flatten()
    }

    /// Tells whether two neighbouring terms of the question stand near each other.
    pub(crate) fn joins(&self, first: usize) -> bool {
        matches!((self.place(first), self.place(first + 1)), (Some(one), Some(other)) if one.abs_diff(other) <= NEAR)
    }

    pub(crate) fn is_item(&self) -> bool {
        matches!(self.kind, BlockKind::ListItem { .. } | BlockKind::TableRow { .. })
    }

    /// Tells whether a list or table begins with it: «Документы:».
    pub(crate) fn leads(&self) -> bool {
        self.quote.text.ends_with(':') || matches!(self.kind, BlockKind::TableHeader { .. })
    }
}

/// Returns the idf of terms, each times how well it is matched.
pub(crate) fn weigh(found: &Retrieval, held: &[f32]) -> f32 {
    found
        .terms
        .iter()
        .zip(held)
        .map(|(term, held)| term.idf * held)
        .sum()
}

/// A hit with what it holds of the question.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Reading {
    pub(crate) units: Vec<Unit>,
    /// Words repeated from before the passage: the lead-in of a list, the header of a table.
    pub(crate) lead: Vec<Unit>,
    /// How well the headings and the title match each term.
    pub(crate) above: Vec<f32>,
}

impl Reading {
    /// Reads a hit.
    pub(crate) fn of(terms: &[Word], hit: &Hit) -> Self {
        let passage = &hit.passage;
        let mut above = vec![0.0; terms.len()];
        let headings = passage.headings.iter().chain([&passage.title]);
        for heading in headings {
            raise(
                &mut above,
                &matched(terms, &tokens(heading, detect(heading))).held,
            );
        }
        let taught: Vec<f32> = terms.iter().map(|term| term.taught(hit)).collect();
        raise(&mut above, &taught);
        let units = |lines: &[Line]| -> Vec<Unit> {
            lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.kind != BlockKind::Remark)
                .flat_map(|(at, line)| parts(terms, at, line))
                .collect()
        };
        let mut own = units(&passage.lines);
        let texts = hit.taught.as_ref().map_or(&[][..], |taught| &taught.texts);
        for unit in &mut own {
            // The sentence that the operator has named tells what the taught question asks.
            if texts.iter().flatten().any(|text| holds(&unit.quote.text, text)) {
                raise(&mut unit.held, &taught);
            }
        }
        Self {
            units: own,
            lead: units(&passage.lead),
            above,
        }
    }

    /// Returns how well the whole passage, headings included, matches each term.
    pub(crate) fn whole(&self) -> Vec<f32> {
        let mut held = self.above.clone();
        for unit in self.units.iter().chain(&self.lead) {
            raise(&mut held, &unit.held);
        }
        held
    }
}

/// Raises each of `held` to that of `other`.
pub(crate) fn raise(held: &mut [f32], other: &[f32]) {
    for (held, other) in held.iter_mut().zip(other) {
        *held = held.max(*other);
    }
}

/// A term of the question, made ready for comparing.
pub(crate) struct Word {
    stem: String,
    /// In lower case, as the tokens of a text have it.
    lower: String,
    grams: Vec<String>,
    /// Other wordings, by normal forms.
    also: Vec<Vec<String>>,
}

impl Word {
    /// Returns 1 when the operator has taught that the hit answers a question with this word.
    fn taught(&self, hit: &Hit) -> f32 {
        let taught = hit.taught.as_ref();
        f32::from(u8::from(
            taught.is_some_and(|taught| taught.words.contains(&self.stem)),
        ))
    }

    /// Returns how well a word of a text stands for this one by another wording; of one of several words it is a part.
    fn other_wording(&self, stem: &str) -> f32 {
        let worth = |wording: &Vec<String>| {
            let held = wording.iter().any(|word| word == stem);
            match (held, wording.len()) {
                (false, _) => 0.0,
                (true, 1) => 1.0,
                (true, _) => LOOSE,
            }
        };
        self.also.iter().map(worth).fold(0.0, f32::max)
    }
}

/// Tells whether a sentence holds words that the operator has named; case, ё and white space do not matter.
fn holds(sentence: &str, words: &str) -> bool {
    let plain = |text: &str| {
        let lower = text.to_lowercase().replace('ё', "е");
        lower.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(sentence).contains(&plain(words))
}

/// Makes the terms of a question ready for comparing.
pub(crate) fn words(found: &Retrieval) -> Vec<Word> {
    let word = |term: &docent_corpus::QuestionTerm| {
        let word = tokens(&term.word, detect(&term.word))
            .into_iter()
            .next_back()
            .map_or_else(|| term.stem.clone(), |token| token.word);
        Word {
            stem: term.stem.clone(),
            grams: windows(&word),
            lower: word,
            also: term.also.clone(),
        }
    };
    found.terms.iter().map(word).collect()
}

fn windows(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    grams(word, |gram| found.push(gram.to_owned()));
    found
}

/// Normal forms that share this much of the longer one, and so many letters, are built on one root: «вредный», «вред»; Russian
/// endings of verbs and nouns differ too much for windows of four letters.
const ROOT: f32 = 0.7;
const ROOT_CHARS: usize = 4;

/// How alike two different words are, by the letters that their normal forms begin with.
fn kinship(term: &str, other: &str) -> f32 {
    if term
        .bytes()
        .chain(other.bytes())
        .any(|byte| byte.is_ascii_digit())
    {
        return 0.0;
    }
    let pairs = term.chars().zip(other.chars());
    let common = pairs.take_while(|(one, other)| one == other).count();
    if common < ROOT_CHARS {
        return 0.0;
    }
    let share = common as f32 / term.chars().count().max(other.chars().count()) as f32;
    if share >= ROOT { share * LOOSE } else { 0.0 }
}

/// How alike two different words are: the share of four-letter windows in common, 0 for short ones.
fn likeness(term: &Word, word: &str) -> f32 {
    let first = |text: &str| text.chars().take(2).collect::<Vec<_>>();
    let long = |text: &str| text.chars().nth(LOOSE_CHARS - 1).is_some();
    if !long(&term.lower)
        || !long(word)
        || first(&term.lower) != first(word)
        || term.lower.bytes().any(|byte| byte.is_ascii_digit())
    {
        return 0.0;
    }
    let others = windows(word);
    let common = term.grams.iter().filter(|gram| others.contains(gram)).count();
    let share = common as f32 / term.grams.len().min(others.len()).max(1) as f32;
    if share >= LIKE { share * LOOSE } else { 0.0 }
}

/// Where the terms of a question stand in a text.
struct Found {
    held: Vec<f32>,
    places: Vec<Option<usize>>,
}

/// Returns how well the words of a text match each term, and where each stands first.
fn matched(terms: &[Word], words: &[Token]) -> Found {
    let mut found = Found {
        held: vec![0.0; terms.len()],
        places: vec![None; terms.len()],
    };
    for (place, token) in words.iter().enumerate() {
        if token.stop {
            continue;
        }
        for (at, term) in terms.iter().enumerate() {
            let other = term.other_wording(&token.stem);
            let like = if token.stem == term.stem {
                1.0
            } else if other > found.held[at] {
                other
            } else if found.held[at] > 0.0 {
                continue;
            } else {
                likeness(term, &token.word).max(kinship(&term.stem, &token.stem))
            };
            if like > found.held[at] {
                found.held[at] = like;
                found.places[at] = Some(place);
            }
        }
    }
    found
}

fn parts(terms: &[Word], at: usize, line: &Line) -> Vec<Unit> {
    let whole = !matches!(line.kind, BlockKind::Paragraph | BlockKind::Footnote);
    let ranges = if whole {
        vec![ByteRange::new(0, line.text.len())]
    } else {
        sentences(&line.text)
    };
    let unit = |range: ByteRange| {
        let words = range.of(&line.text)?;
        let lead = words.len() - words.trim_start().len();
        let words = words.trim();
        if words.is_empty() {
            return None;
        }
        let found = tokens(words, detect(words));
        let Found { held, places } = matched(terms, &found);
        let start = line.range.start + range.start + lead;
        Some(Unit {
            quote: Quote {
                range: ByteRange::new(start, start + words.len()),
                text: words.to_owned(),
            },
            kind: line.kind,
            line: at,
            held,
            places,
            has: Asked::told(words, &found),
        })
    };
    ranges.into_iter().filter_map(unit).collect()
}
