//! The operator's own words: synonyms, and questions that are taught with the place that answers them.
//!
//! Owns reading `synonyms.txt` (the format of Solr) and what both do to a question. They lie beside the index and not in it: a
//! change of them reads no document again. Invariant: without them nothing is scored otherwise than by the documents alone.

use std::collections::{HashMap, HashSet};

use docent_corpus::{Passage, Taught};
use docent_language::{Token, detect, tokens};

use crate::entry::mark;

/// From which likeness on a question counts as one that was taught.
const TAUGHT_FROM: f32 = 0.5;

/// Rules of one assistant, and words of a rule: more are no synonyms.
const MOST_RULES: usize = 10_000;
const MOST_WORDS: usize = 8;

/// The operator's words for one assistant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lexicon {
    rules: Vec<Rule>,
    lessons: Vec<Lesson>,
}

/// One line of `synonyms.txt`.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    from: Vec<Vec<String>>,
    to: Vec<Vec<String>>,
    /// Whether what was typed is no longer sought itself: `a => b`.
    replaces: bool,
}

/// A question with the place that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The question as people put it.
    pub question: String,
    /// Documents or sections («Статья 115») that answer.
    pub places: Vec<String>,
    /// Words of the answer; of each list one must stand in the passage.
    pub texts: Vec<Vec<String>>,
}

/// A line of `synonyms.txt` that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it and what to do.
    pub what: &'static str,
}

/// Parts a text at commas that no backslash stands before.
fn parts(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (letter, found.last_mut()) {
            (',', _) => found.push(String::new()),
            ('\\', Some(part)) => part.extend(letters.next()),
            (letter, Some(part)) => part.push(letter),
            (_, None) => {}
        }
    }
    found
}

/// Returns the normal forms of a wording.
fn stems(text: &str) -> Vec<String> {
    tokens(text, detect(text))
        .into_iter()
        .map(|token| token.stem)
        .collect()
}

impl Rule {
    fn of(line: &str) -> Result<Self, &'static str> {
        let sides: Vec<&str> = line.split("=>").collect();
        let wordings = |side: &str| -> Result<Vec<Vec<String>>, &'static str> {
            let all: Vec<Vec<String>> = parts(side)
                .iter()
                .map(|part| stems(part))
                .filter(|words| !words.is_empty())
                .collect();
            if all.is_empty() {
                Err("a side of `=>` holds no word")
            } else if all.iter().any(|words| words.len() > MOST_WORDS) {
                Err("a synonym has more than 8 words; a whole question belongs into questions.jsonl")
            } else {
                Ok(all)
            }
        };
        match sides.as_slice() {
            [all] => {
                let all = wordings(all).map_err(|_| "holds no word")?;
                if all.len() < 2 {
                    return Err("a single word has no synonym; write `one, other` or `one => other`");
                }
                Ok(Self {
                    from: all.clone(),
                    to: all,
                    replaces: false,
                })
            }
            [from, to] => Ok(Self {
                from: wordings(from)?,
                to: wordings(to)?,
                replaces: true,
            }),
            _ => Err("more than one `=>`"),
        }
    }
}

impl Lexicon {
    /// Reads synonyms in the format of Solr: `one, other` for words of one meaning, `one, other => third` for words in whose place
    /// others are sought, `#` before remarks, a backslash before a comma that belongs to a word. Lines that are no rule are
    /// told and passed over.
    pub fn of(synonyms: &str, lessons: Vec<Lesson>) -> (Self, Vec<Fault>) {
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        let synonyms = synonyms.strip_prefix('\u{feff}').unwrap_or(synonyms);
        for (number, line) in (1..).zip(synonyms.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let rule = if rules.len() < MOST_RULES {
                Rule::of(line)
            } else {
                Err("more than 10,000 rules; this one and those after it are left out")
            };
            match rule {
                Ok(rule) => rules.push(rule),
                Err(what) => {
                    faults.push(Fault { line: number, what });
                    if rules.len() == MOST_RULES {
                        break;
                    }
                }
            }
        }
        (Self { rules, lessons }, faults)
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.lessons.is_empty()
    }
}

/// What is sought besides a word of the question, or in its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Also {
    /// Wordings, each of one or more normal forms.
    pub(crate) wordings: Vec<Vec<String>>,
    /// The word itself is not sought.
    pub(crate) replaces: bool,
}

impl Also {
    /// Returns each normal form with what it counts for.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, f32)> {
        self.wordings.iter().flat_map(|wording| {
            let worth = 1.0 / wording.len() as f32;
            wording.iter().map(move |word| (word.as_str(), worth))
        })
    }
}

/// A taught question, bound to the passages of an index.
#[derive(Debug, Clone)]
struct Known {
    /// Normal forms of its words that say something, with what each tells.
    words: HashMap<String, f32>,
    passages: Vec<u32>,
    texts: Vec<Vec<String>>,
}

/// A lexicon bound to the index of its assistant.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    rules: Vec<Rule>,
    /// The rules that a normal form begins.
    begins: HashMap<String, Vec<(usize, usize)>>,
    known: Vec<Known>,
    /// The words of all of them: no slips of the finger.
    words: HashSet<String>,
}

impl Bound {
    /// Binds a lexicon; `passages` returns the numbers of the passages that a lesson names, `weight` what a word tells.
    pub(crate) fn of<E>(
        lexicon: &Lexicon,
        mut passages: impl FnMut(&Lesson) -> Result<Vec<u32>, E>,
        weight: impl Fn(&str) -> f32,
    ) -> Result<Self, E> {
        let mut bound = Self {
            rules: lexicon.rules.clone(),
            ..Self::default()
        };
        for (rule, read) in lexicon.rules.iter().enumerate() {
            for (wording, words) in read.from.iter().enumerate() {
                bound
                    .begins
                    .entry(words[0].clone())
                    .or_default()
                    .push((rule, wording));
                bound.words.extend(words.iter().cloned());
            }
        }
        for lesson in &lexicon.lessons {
            let words: HashMap<String, f32> = said(&tokens(&lesson.question, detect(&lesson.question)))
                .map(|token| (token.stem.clone(), weight(&token.stem)))
                .collect();
            let places = passages(lesson)?;
            if words.is_empty() || places.is_empty() {
                continue;
            }
            bound.words.extend(words.keys().cloned());
            bound.known.push(Known {
                words,
                passages: places,
                texts: lesson.texts.clone(),
            });
        }
        Ok(bound)
    }

    /// Tells whether the operator uses a word.
    pub(crate) fn holds(&self, stem: &str) -> bool {
        self.words.contains(stem)
    }

    /// Returns what is sought besides each word of a question.
    pub(crate) fn also(&self, asked: &[Token]) -> Vec<Also> {
        let mut found = vec![Also::default(); asked.len()];
        if self.rules.is_empty() {
            return found;
        }
        for at in 0..asked.len() {
            for &(rule, wording) in self.begins.get(&asked[at].stem).into_iter().flatten() {
                let rule = &self.rules[rule];
                let from = &rule.from[wording];
                let stands = asked
                    .get(at..at + from.len())
                    .is_some_and(|words| words.iter().map(|token| &token.stem).eq(from));
                if !stands {
                    continue;
                }
                for also in &mut found[at..at + from.len()] {
                    let new = rule.to.iter().filter(|&to| to != from);
                    also.wordings.extend(new.cloned());
                    also.replaces |= rule.replaces && !rule.to.contains(from);
                }
            }
        }
        found
    }

    /// Returns what the taught question that is most like this one says of each passage it names.
    pub(crate) fn taught(&self, asked: &[Token], weight: impl Fn(&str) -> f32) -> HashMap<u32, Taught> {
        let mut found: HashMap<u32, Taught> = HashMap::new();
        if self.known.is_empty() {
            return found;
        }
        let mut words: HashMap<&str, f32> = HashMap::new();
        for token in said(asked) {
            words.entry(&token.stem).or_insert_with(|| weight(&token.stem));
        }
        let all: f32 = words.values().sum();
        for known in &self.known {
            let common: f32 = words
                .iter()
                .filter(|(word, _)| known.words.contains_key(**word))
                .map(|(_, weight)| weight)
                .sum();
            let likeness = common / (all + known.words.values().sum::<f32>() - common);
            if !(TAUGHT_FROM..).contains(&likeness) {
                continue;
            }
            for &passage in &known.passages {
                let better = found.get(&passage).is_none_or(|other| other.likeness < likeness);
                if better {
                    let taught = Taught {
                        likeness,
                        words: known.words.keys().cloned().collect(),
                        texts: known.texts.clone(),
                    };
                    found.insert(passage, taught);
                }
            }
        }
        found
    }
}

/// The words of a question that say what it is about; all that are not too common when none does.
fn said(asked: &[Token]) -> impl Iterator<Item = &Token> {
    let any = asked.iter().any(|token| !token.stop && !token.question);
    asked
        .iter()
        .filter(move |token| !(token.stop || any && token.question))
}

/// Tells whether a passage holds the words that a lesson names: one of each list.
pub(crate) fn holds(passage: &Passage, texts: &[Vec<String>]) -> bool {
    let lines = passage.lead.iter().chain(&passage.lines);
    let text = plain(&lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join(" "));
    texts
        .iter()
        .all(|any| any.iter().any(|one| text.contains(&plain(one))))
}

/// Tells whether a lesson names the place of a passage: its document, or a heading of it by its words or its beginning
/// («Статья 115» for «Статья 115. Продолжительность отпуска»).
pub(crate) fn is_at(passage: &Passage, place: &str) -> bool {
    if &*passage.document == place {
        return true;
    }
    let place = plain(place);
    passage.headings.iter().any(|heading| {
        let rest = plain(heading).strip_prefix(&place).map(str::to_owned);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// Case, ё and white space do not matter.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace('ё', "е");
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tells which terms of a question are covered by a wording of which all normal forms have these marks.
pub(crate) fn is_whole(wording: &[String], held: impl Fn(u32) -> bool) -> bool {
    wording.iter().all(|word| held(mark(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn also(synonyms: &str, question: &str) -> Vec<(String, Vec<String>, bool)> {
        let (lexicon, faults) = Lexicon::of(synonyms, Vec::new());
        assert_eq!(faults, []);
        let bound = Bound::of(&lexicon, |_| Ok::<_, ()>(Vec::new()), |_| 1.0).unwrap();
        let asked = tokens(question, detect(question));
        let also = bound.also(&asked);
        let told = asked
            .into_iter()
            .zip(also)
            .filter(|(_, also)| *also != Also::default());
        told.map(|(token, also)| {
            let wordings = also.wordings.iter().map(|words| words.join(" "));
            (token.word, wordings.collect(), also.replaces)
        })
        .collect()
    }

    #[test]
    fn words_of_one_meaning_are_sought_beside_each_other_and_others_in_their_place() {
        let found = also(
            "# lay words\nбольничный, больничный лист, листок нетрудоспособности",
            "Кто платит больничный?",
        );
        assert_eq!(
            found,
            [(
                "больничный".to_owned(),
                vec!["больничн лист".to_owned(), "листок нетрудоспособн".to_owned()],
                false
            )]
        );
        let found = also(
            "декретный отпуск, декрет => отпуск по беременности",
            "Когда дают декретный отпуск?",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, ["отпуск по беремен"]);
        assert!(found[0].2);
        assert_eq!(
            also("а\\, б, в => г", "что такое в"),
            [("в".to_owned(), vec!["г".to_owned()], true)]
        );
    }

    #[test]
    fn a_line_that_is_no_rule_is_told_with_its_number() {
        let (lexicon, faults) = Lexicon::of("\u{feff}одно\n\nа, б\nа => б => в\n=> в\n# x", Vec::new());
        assert_eq!(lexicon.rules.len(), 1);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 4, 5]);
        assert!(
            faults[0].to_string().contains("write `one, other`"),
            "{}",
            faults[0]
        );
    }
}
