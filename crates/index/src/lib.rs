//! Stores passages and finds those most likely to answer a question.
//!
//! Owns the scoring: BM25 over stems and over in-word character 4-grams, each divided by the best score the question
//! could reach, then averaged; the same for the whole section and for the passage. Leaves judging to `docent-answer`.
//!
//! This index lives in memory and is built at start. Invariants: immutable once built; the same passages and question
//! give the same hits in the same order.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use docent_corpus::{
    BlockKind, Hit, Match, Passage, Question, QuestionTerm, Retrieval, RetrieveError, Retriever,
};
use docent_language::{detect, grams, tokens};

/// BM25 term frequency saturation (Robertson and Zaragoza 2009).
const K1: f32 = 1.2;

/// BM25 length normalisation: 0.9 does better than 0.75 on documents of uneven length.
const B: f32 = 0.9;

/// More terms than this are a pasted text, not a question: the rarest are kept.
const MAX_TERMS: usize = 48;

/// Share of the score that comes from the whole section; the rest is the passage's own.
const SECTION_SHARE: f32 = 0.4;

/// Postings of one kind of term.
#[derive(Debug, Default)]
struct Field {
    terms: HashMap<String, Vec<(u32, u32)>>,
    lengths: Vec<u32>,
    total: u64,
}

impl Field {
    fn add(&mut self, passage: u32, counts: HashMap<String, u32>) {
        let length = counts.values().sum();
        self.lengths.push(length);
        self.total += u64::from(length);
        for (term, count) in counts {
            self.terms.entry(term).or_default().push((passage, count));
        }
    }

    /// BM25 inverse document frequency as Lucene has it: never below 0.
    fn idf(&self, found: usize) -> f32 {
        let (all, found) = (self.lengths.len() as f32, found as f32);
        (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
    }

    /// Adds each passage's and section's share of the ideal score to `scores`.
    fn score(
        &self,
        wanted: &HashMap<String, u32>,
        sections: &[u32],
        section_count: usize,
        scores: &mut [f32],
    ) {
        let ideal: f32 = wanted
            .iter()
            .map(|(term, &times)| {
                self.idf(self.terms.get(term).map_or(0, Vec::len)) * (K1 + 1.0) * times as f32
            })
            .sum();
        if ideal <= 0.0 {
            return;
        }
        let mean = (self.total as f32 / self.lengths.len().max(1) as f32).max(1.0);
        let mut section_lengths = vec![0u32; section_count];
        for (passage, &section) in sections.iter().enumerate() {
            section_lengths[section as usize] += self.lengths[passage];
        }
        let section_mean = (self.total as f32 / section_count.max(1) as f32).max(1.0);
        let mut by_section = vec![0f32; section_count];
        let gain = |idf: f32, times: f32, count: f32, length: f32, mean: f32| {
            idf * times * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / mean)) / ideal
        };
        let mut ordered: Vec<(&String, &u32)> = wanted.iter().collect();
        ordered.sort();
        for (term, &times) in ordered {
            let Some(postings) = self.terms.get(term) else {
                continue;
            };
            let idf = self.idf(postings.len());
            let mut counts: Vec<(u32, u32)> = Vec::new();
            for &(passage, count) in postings {
                let length = self.lengths[passage as usize] as f32;
                scores[passage as usize] +=
                    0.5 * (1.0 - SECTION_SHARE) * gain(idf, times as f32, count as f32, length, mean);
                let section = sections[passage as usize];
                match counts.last_mut() {
                    Some((last, sum)) if *last == section => *sum += count,
                    _ => counts.push((section, count)),
                }
            }
            for (section, count) in counts {
                let length = section_lengths[section as usize] as f32;
                by_section[section as usize] += gain(idf, times as f32, count as f32, length, section_mean);
            }
        }
        for (passage, &section) in sections.iter().enumerate() {
            scores[passage] += 0.5 * SECTION_SHARE * by_section[section as usize];
        }
    }
}

/// The passages of one assistant, ready to be searched.
#[derive(Debug, Default)]
pub struct Index {
    passages: Vec<Arc<Passage>>,
    sections: Vec<u32>,
    section_count: usize,
    stems: Field,
    grams: Field,
}

impl Index {
    /// Builds the index; passages come document by document, in reading order.
    pub fn build(passages: impl IntoIterator<Item = Passage>) -> Self {
        let mut index = Self::default();
        for passage in passages {
            let number = index.passages.len() as u32;
            let follows = index
                .passages
                .last()
                .is_some_and(|last| last.document == passage.document && last.section == passage.section);
            index.section_count += usize::from(!follows);
            index.sections.push(index.section_count as u32 - 1);
            let (mut stems, mut windows) = (HashMap::new(), HashMap::new());
            for text in searched(&passage) {
                for token in tokens(text, detect(text)).into_iter().filter(|token| !token.stop) {
                    grams(&token.word, |gram| {
                        *windows.entry(gram.to_owned()).or_insert(0) += 1
                    });
                    *stems.entry(token.stem).or_insert(0) += 1;
                }
            }
            index.stems.add(number, stems);
            index.grams.add(number, windows);
            index.passages.push(Arc::new(passage));
        }
        index
    }

    /// Returns how many passages there are.
    pub fn len(&self) -> usize {
        self.passages.len()
    }

    /// Tells whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }
}

/// Returns the texts by which a passage is found.
fn searched(passage: &Passage) -> impl Iterator<Item = &str> {
    let lines = passage
        .lead
        .iter()
        .chain(&passage.lines)
        .filter(|line| line.kind != BlockKind::Remark);
    std::iter::once(&*passage.title)
        .chain(passage.headings.iter().map(|heading| &**heading))
        .chain(lines.map(|line| line.text.as_str()))
}

fn stems_of<'a>(texts: impl Iterator<Item = &'a str>) -> std::collections::HashSet<String> {
    texts
        .flat_map(|text| tokens(text, detect(text)))
        .map(|token| token.stem)
        .collect()
}

impl Retriever for Index {
    fn retrieve(&self, question: &Question, limit: NonZeroUsize) -> Result<Retrieval, RetrieveError> {
        let language = detect(&question.text);
        let all = tokens(&question.text, language);
        let telling: Vec<_> = all
            .iter()
            .filter(|token| !token.stop && !token.question)
            .collect();
        let mut terms: Vec<QuestionTerm> = Vec::new();
        let (mut stems, mut windows) = (HashMap::new(), HashMap::new());
        for token in telling {
            if terms.iter().any(|term| term.stem == token.stem) || terms.len() == MAX_TERMS {
                continue;
            }
            let found = self.stems.terms.get(&token.stem).map_or(0, Vec::len);
            let word = question.text[token.range.start..token.range.end].to_owned();
            terms.push(QuestionTerm {
                word,
                stem: token.stem.clone(),
                idf: self.stems.idf(found),
                passages: found as u32,
            });
            stems.insert(token.stem.clone(), 1);
            grams(&token.word, |gram| {
                *windows.entry(gram.to_owned()).or_insert(0) += 1
            });
        }
        let mut scores = vec![0f32; self.passages.len()];
        self.stems
            .score(&stems, &self.sections, self.section_count, &mut scores);
        self.grams
            .score(&windows, &self.sections, self.section_count, &mut scores);
        let mut order: Vec<usize> = (0..scores.len()).filter(|&at| scores[at] > 0.0).collect();
        order.sort_by(|&one, &other| scores[other].total_cmp(&scores[one]).then(one.cmp(&other)));
        order.truncate(limit.get());
        let hits = order
            .into_iter()
            .map(|at| {
                let passage = self.passages[at].clone();
                let text = stems_of(
                    passage
                        .lead
                        .iter()
                        .chain(&passage.lines)
                        .map(|line| line.text.as_str()),
                );
                let above = stems_of(
                    std::iter::once(&*passage.title).chain(passage.headings.iter().map(|heading| &**heading)),
                );
                let matches = terms
                    .iter()
                    .map(
                        |term| match (text.contains(&term.stem), above.contains(&term.stem)) {
                            (true, _) => Match::Text,
                            (false, true) => Match::Heading,
                            (false, false) => Match::Missing,
                        },
                    )
                    .collect();
                Hit {
                    passage,
                    score: scores[at],
                    share: scores[at],
                    matches,
                }
            })
            .collect();
        Ok(Retrieval {
            terms,
            hits,
            passages: self.passages.len() as u32,
        })
    }
}
