//! Places that a question names by number: «статья 115», «п. 3.2», «приказ № 152», «форма 2-НДФЛ», «115-бап».
//!
//! Owns what such a reference looks like and how much a passage gains that is the place, or that names it. A reference is a
//! word and a number side by side; which words name divisions of a document is listed, all others only have to stand beside
//! their number in the passage too.

use docent_language::Token;

use crate::entry::{Marks, SENTENCE, mark};

/// What a passage gains under the heading that the question names: more than words can, since the place was asked for.
const UNDER_HEADING: f32 = 0.6;

/// What a passage gains that has a point of that number, and one that only speaks of the place.
const NUMBERED: f32 = 0.2;
const NAMED: f32 = 0.08;

/// Divisions of documents: how they are written in questions, and the beginnings of the normal forms in headings.
const DIVISIONS: [(&[&str], &[&str]); 9] = [
    (
        &["ст", "статья", "статьи", "статье", "статью", "статьей", "статей"],
        &["ст", "стат"],
    ),
    (
        &[
            "п",
            "пункт",
            "пункта",
            "пункте",
            "пункту",
            "пп",
            "подпункт",
            "подпункта",
            "подпункте",
        ],
        &["п", "пункт", "подпункт"],
    ),
    (&["гл", "глава", "главы", "главе", "главу"], &["гл", "глав"]),
    (&["разд", "раздел", "раздела", "разделе"], &["разд", "раздел"]),
    (&["приложение", "приложения", "приложении", "прил"], &["приложен"]),
    (&["параграф", "параграфа", "параграфе"], &["параграф"]),
    (&["article", "articles", "art"], &["articl", "art"]),
    (
        &["section", "chapter", "clause", "paragraph", "annex"],
        &["section", "chapter", "claus", "paragraph", "annex"],
    ),
    (
        &[
            "бап",
            "бабы",
            "бабында",
            "бабына",
            "баптың",
            "тармақ",
            "тарау",
            "бөлім",
        ],
        &["бап", "тармақ", "тарау", "бөлім"],
    ),
];

/// Ways in which the number of a Kazakh article is written together with its name.
const KAZAKH: [&str; 2] = ["-бап", "-баб"];

/// A place that a question names.
pub(crate) struct Reference {
    /// Normal form of the number, by which passages are looked up.
    pub(crate) number: String,
    /// Marks of the number as it may stand in a passage.
    numbers: Vec<u32>,
    /// Marks of the word beside it; none when the number says by itself what it is.
    words: Vec<u32>,
    is_division: bool,
}

fn division(word: &str) -> Option<&'static [&'static str]> {
    let found = DIVISIONS.iter().find(|(written, _)| written.contains(&word));
    found.map(|(_, stems)| *stems)
}

fn is_number(token: &Token) -> bool {
    token.word.starts_with(|first: char| first.is_ascii_digit())
}

impl Reference {
    /// Returns the places that the words of a question name.
    pub(crate) fn all(tokens: &[Token]) -> Vec<Self> {
        let mut found = Vec::new();
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| is_number(token)) {
            if let Some((number, _)) = KAZAKH.iter().find_map(|end| token.word.split_once(end)) {
                found.push(Self::of_article(number));
                continue;
            }
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            let after = tokens.get(at + 1);
            let beside = [before, after].into_iter().flatten();
            let named = beside
                .filter(|beside| !is_number(beside))
                .find_map(|beside| division(&beside.word).map(|stems| (beside, stems)));
            if let Some((beside, stems)) = named {
                if stems[0] == "бап" && beside.word.starts_with("ба") {
                    found.push(Self::of_article(&token.word));
                    continue;
                }
                found.push(Self {
                    number: token.stem.clone(),
                    numbers: vec![mark(&token.stem)],
                    words: stems.iter().map(|stem| mark(stem)).collect(),
                    is_division: true,
                });
            } else if let Some(before) = before.filter(|before| !before.stop && !before.question) {
                found.push(Self {
                    number: token.stem.clone(),
                    numbers: vec![mark(&token.stem)],
                    words: vec![mark(&before.stem)],
                    is_division: false,
                });
            }
        }
        found
    }

    /// «115-бап» is one word in a heading.
    fn of_article(number: &str) -> Self {
        let whole = format!("{number}-бап");
        Self {
            numbers: vec![mark(&whole)],
            number: whole,
            words: Vec::new(),
            is_division: true,
        }
    }

    /// Returns what a passage gains by being the place, or by naming it.
    pub(crate) fn gain(&self, marks: &Marks) -> f32 {
        let (all, text) = (&marks.0, marks.text());
        let mut best = 0.0f32;
        for (at, mark) in all.iter().enumerate() {
            if !self.numbers.contains(mark) {
                continue;
            }
            let starts = |at: usize| at == 0 || all[at - 1] == SENTENCE || at == text;
            let beside = at > 0 && self.words.contains(&all[at - 1]);
            let gain = if self.words.is_empty() || beside {
                let first = if self.words.is_empty() { at } else { at - 1 };
                match (at < text, starts(first)) {
                    (true, true) if self.is_division => UNDER_HEADING,
                    (false, true) if self.is_division => NUMBERED,
                    (true, _) => NUMBERED,
                    (false, _) => NAMED,
                }
            } else if self.is_division && starts(at) {
                // «3.2. Срок …»: a point bears its number alone.
                NUMBERED
            } else {
                0.0
            };
            best = best.max(gain);
        }
        best
    }
}
