//! How a question may have been meant whose words the documents do not know.
//!
//! Owns the second reading: the keyboard's other layout, Latin letters for Cyrillic ones, words run together or torn apart,
//! slips of the finger. Leaves to [`crate::Index`] whether the second reading finds more than the first.
//!
//! Invariants: a word that the documents know, or everybody, is never taken for a slip; every search is bounded by the length of the question and
//! the number of words.

use docent_corpus::{ByteRange, Reading, Repair};
use docent_language::{Token, are_neighbours, detect, from_latin, is_common, other_layouts, tokens};

use crate::vocabulary::Vocabulary;

/// Letters a word needs for its neighbours to be sought: shorter ones have too many.
const SPELT_FROM: usize = 4;

/// Letters from which on two slips are allowed.
const TWO_SLIPS_FROM: usize = 7;

/// Letters of the longest piece of words run together.
const LONGEST_PIECE: usize = 24;

/// Letters of the longest run that is taken apart: a long question without a space.
const LONGEST_RUN: usize = 400;

/// What a border between words costs, compared with a wrong letter, and a piece of fewer than three letters besides.
const BORDER: f32 = 0.9;
const SHORT_PIECE: f32 = 0.5;

/// Letters from which on a run may hold pieces that are not known: it is a question, not a word.
const QUESTION_FROM: usize = 14;

/// Different words of a passage, roughly: what makes a share of passages a share of words.
const WORDS: f32 = 50.0;

/// What the commonest words cost among words run together, the other common ones, and a piece so short that it is often chance.
const COMMONEST_PIECE: f32 = 3.5;
const COMMON_PIECE: f32 = 5.0;
const SHORT: f32 = 2.0;

/// What each letter of an unknown piece costs besides what the rarest word does.
const UNKNOWN_LETTER: f32 = 2.0;

/// Words that make up a fifth of any text.
const COMMONEST: [&str; 26] = [
    "в", "и", "на", "с", "по", "не", "у", "к", "о", "за", "от", "из", "до", "ли", "а", "что", "как", "для",
    "the", "of", "in", "to", "and", "for", "is", "мен",
];

/// Prepositions that verbs begin with as well, and how verbs end as hardly anything else.
const BEFORE_VERBS: [&str; 14] = [
    "в", "во", "до", "за", "из", "на", "о", "об", "от", "по", "под", "при", "с", "у",
];
const VERBS: [&str; 10] = [
    "ть", "ться", "лся", "лась", "лись", "ется", "ится", "ются", "ятся", "ишь",
];

/// What a frequent word gains over a rare one, for each power of e: decides between words that are equally far.
const FREQUENT: f32 = 0.12;

/// How a question may have been meant.
pub(crate) enum Read {
    /// Typed in another layout or alphabet as a whole.
    Whole(Reading),
    /// With words that may be slips, in the order of the question; none when nothing is to be mended.
    Words(Vec<Mend>),
}

/// A word that may be a slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mend {
    range: ByteRange,
    /// What may have been meant.
    pub(crate) word: String,
    repair: Repair,
}

impl Mend {
    /// Returns a question as it reads with its words mended.
    pub(crate) fn all(mends: &[Self], question: &str) -> Reading {
        let (mut text, mut end, mut repairs) = (String::new(), 0, Vec::new());
        for mend in mends {
            text.push_str(&question[end..mend.range.start]);
            text.push_str(&mend.word);
            end = mend.range.end;
            if !repairs.contains(&mend.repair) {
                repairs.push(mend.repair);
            }
        }
        text.push_str(&question[end..]);
        Reading { text, repairs }
    }
}

impl Mend {
    /// Writes a slip as the nearest form of the word meant that stands in a text: what the documents hold is a normal form.
    pub(crate) fn written_as_in(&mut self, text: &str, typed: &str) {
        if self.repair != Repair::Spelling {
            return;
        }
        let meant = tokens(&self.word, detect(&self.word));
        let [meant] = meant.as_slice() else { return };
        let typed: Vec<char> = typed[self.range.start..self.range.end]
            .to_lowercase()
            .chars()
            .collect();
        let far = |word: &str| {
            let letters: Vec<char> = word.chars().collect();
            distance(&typed, &letters, f32::MAX).unwrap_or(f32::MAX)
        };
        let found = tokens(text, detect(text));
        let forms = found.into_iter().filter(|token| token.stem == meant.stem);
        if let Some(nearest) = forms.min_by(|one, other| far(&one.word).total_cmp(&far(&other.word))) {
            self.word = nearest.word;
        }
    }
}

/// The words of the documents, as a reader of questions needs them.
pub(crate) struct Reader<'a, F, K> {
    pub(crate) vocabulary: &'a Vocabulary,
    /// In how many passages a word stands.
    pub(crate) passages: F,
    /// How many passages there are.
    pub(crate) all: usize,
    /// Whether the operator uses a normal form that the documents do not.
    pub(crate) told: K,
}

impl<F: Fn(u32) -> u32, K: Fn(&str) -> bool> Reader<'_, F, K> {
    /// Reads a question another way; nothing when its words are known or no other way makes more of them known.
    pub(crate) fn read(&self, question: &str) -> Read {
        let unknown = self.unknown(question);
        if unknown == 0 {
            return Read::Words(Vec::new());
        }
        // A whole question that becomes known was typed so; a word or two may be chance.
        if 2 * unknown > letters(question) {
            let typed = other_layouts(question)
                .into_iter()
                .map(|other| (Repair::Layout, self.merged(question, &other)));
            let latin = self.latin(question, false);
            let other = typed
                .chain(latin.map(|other| (Repair::Transliteration, other)))
                .map(|(repair, other)| (self.unknown(&other), repair, other))
                .min_by_key(|(left, ..)| *left);
            if let Some((left, repair, text)) = other
                && 2 * left < unknown
            {
                // Whoever typed so made no slips: what is still unknown is no word of the documents.
                let all = (repair == Repair::Transliteration)
                    .then(|| self.latin(question, true))
                    .flatten();
                return Read::Whole(Reading {
                    text: all.unwrap_or(text),
                    repairs: vec![repair],
                });
            }
        }
        Read::Words(self.words(question))
    }

    fn is_known(&self, token: &Token) -> bool {
        token.stop
            || token.question
            || self.vocabulary.find(&token.stem).is_some()
            || (self.told)(&token.stem)
    }

    /// Tells whether all words of a text are known; an empty text has none.
    fn knows(&self, text: &str) -> bool {
        let found = tokens(text, detect(text));
        !found.is_empty() && found.iter().all(|token| self.is_known(token))
    }

    /// Counts the letters of unknown words.
    fn unknown(&self, text: &str) -> usize {
        let found = tokens(text, detect(text));
        let unknown = found.iter().filter(|token| !self.is_known(token));
        unknown.map(|token| letters(&token.word)).sum()
    }

    /// Takes each word from the other layout that is known there, or known nowhere.
    fn merged(&self, text: &str, other: &str) -> String {
        let pairs = text.split(' ').zip(other.split(' '));
        let chosen = pairs.map(|(word, other)| {
            let parts = (word.split('-'), other.split('-'));
            if self.knows(other) || parts.0.clone().count() != parts.1.clone().count() {
                return self.typed(word, other);
            }
            // «IP-flhtcf»: each part for itself.
            let parts = parts.0.zip(parts.1).map(|(part, other)| self.typed(part, other));
            parts.collect::<Vec<_>>().join("-")
        });
        chosen.collect::<Vec<_>>().join(" ")
    }

    /// Chooses between a word and what its keys give with the other layout.
    fn typed(&self, word: &str, other: &str) -> String {
        // A comma or full stop behind a word is a letter of the other layout.
        let ended = word.trim_end_matches(['?', '!', '.', ',', ';', ':', ')']);
        let cut = other
            .char_indices()
            .nth(ended.chars().count())
            .map_or(other.len(), |(at, _)| at);
        let is_short_form = || ended.len() > 1 && ended.bytes().all(|letter| letter.is_ascii_uppercase());
        if self.knows(other) {
            other.to_owned()
        } else if self.knows(&other[..cut]) {
            format!("{}{}", &other[..cut], &word[ended.len()..])
        } else if self.knows(word) || is_short_form() {
            word.to_owned()
        } else {
            other.to_owned()
        }
    }

    /// Reads Latin words as Cyrillic ones where that makes known words of them; nothing when no word changes. `whole` is a
    /// question that is known to be written so: there every word is read that is not better known as it stands.
    fn latin(&self, text: &str, whole: bool) -> Option<String> {
        let mut changed = false;
        let mut read = String::new();
        for part in text.split_inclusive([' ', '-', '/']) {
            let bare = part.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '\'');
            let known = self.knows(bare);
            let other = (bare.is_ascii() && bare.bytes().any(|letter| letter.is_ascii_alphabetic()))
                .then_some(bare)
                .filter(|_| whole || !known)
                .and_then(|bare| self.cyrillic(bare, whole && !known));
            if let Some(other) = other
                && (!known || self.rank(&other) >= self.rank(bare))
            {
                changed = true;
                read.push_str(&part.replacen(bare, &other, 1));
            } else {
                read.push_str(part);
            }
        }
        changed.then_some(read)
    }

    /// Returns how a Latin word reads in Cyrillic letters, at last the likeliest way whether it is known or not.
    fn cyrillic(&self, word: &str, whatever: bool) -> Option<String> {
        let begins = |start: &str| self.vocabulary.begins(start);
        // Words too common to be in the vocabulary are known by themselves.
        from_latin(word, begins, |word| self.knows(word))
            .or_else(|| from_latin(word, |_| word.len() <= 8, |word| self.knows(word)))
            .or_else(|| from_latin(word, |_| true, |_| whatever))
    }

    /// Returns in how many passages a word stands; those too common to be counted stand in all.
    fn rank(&self, word: &str) -> u32 {
        let found = tokens(word, detect(word));
        let rank = |token: &Token| {
            if token.stop || token.question {
                u32::MAX
            } else {
                self.vocabulary.find(&token.stem).map_or(0, &self.passages)
            }
        };
        found.iter().map(rank).min().unwrap_or(0)
    }

    /// Mends the unknown words one by one.
    fn words(&self, text: &str) -> Vec<Mend> {
        let found = tokens(text, detect(text));
        let mut mends: Vec<Mend> = Vec::new();
        let mut end = 0;
        let mut at = 0;
        while let Some(token) = found.get(at) {
            at += 1;
            if token.range.start < end || self.is_known(token) || is_number(token) {
                continue;
            }
            let joined = found.get(at).filter(|next| {
                text[token.range.end..next.range.start].trim().is_empty()
                    && !(self.is_known(next) && letters(&next.word) > 3)
                    && self.vocabulary_knows(&format!("{}{}", token.word, next.word))
            });
            let (repair, word, until) = if let Some(next) = joined {
                at += 1;
                (
                    Repair::Spacing,
                    format!("{}{}", token.word, next.word),
                    next.range.end,
                )
            } else if is_common(token) {
                continue;
            } else {
                let spelt = self
                    .spelt(token)
                    .map(|(cost, word)| (cost, Repair::Spelling, word));
                let parted = self
                    .parted(&token.word)
                    .map(|(cost, word)| (cost, Repair::Spacing, word));
                let best = spelt
                    .into_iter()
                    .chain(parted)
                    .min_by(|one, other| one.0.total_cmp(&other.0));
                let Some((_, repair, word)) = best else { continue };
                (repair, word, token.range.end)
            };
            end = until;
            mends.push(Mend {
                range: ByteRange::new(token.range.start, until),
                word,
                repair,
            });
        }
        mends
    }

    fn vocabulary_knows(&self, word: &str) -> bool {
        let found = tokens(word, detect(word));
        matches!(found.as_slice(), [token] if self.vocabulary.find(&token.stem).is_some())
    }

    /// Returns the nearest word of the documents with its distance.
    fn spelt(&self, token: &Token) -> Option<(f32, String)> {
        let stem: Vec<char> = token.stem.chars().collect();
        if stem.len() < SPELT_FROM {
            return None;
        }
        let most: f32 = if stem.len() >= TWO_SLIPS_FROM { 2.0 } else { 1.0 };
        let mut best: Option<(f32, f32, u32)> = None;
        for number in self.vocabulary.near(&token.stem, most as usize) {
            let other: Vec<char> = self.vocabulary.word(number).chars().collect();
            let Some(far) = distance(&stem, &other, most) else {
                continue;
            };
            let rank = far - FREQUENT * ((self.passages)(number).max(1) as f32).ln();
            if best.is_none_or(|(least, ..)| rank < least) {
                best = Some((rank, far, number));
            }
        }
        let (_, far, number) = best?;
        // The word's own ending makes of the normal form what the person would have written.
        let ending = token.word.strip_prefix(&token.stem).unwrap_or_default();
        Some((far, format!("{}{ending}", self.vocabulary.word(number))))
    }

    /// Takes words that were run together apart, with what that costs; nothing when a piece would not be known.
    fn parted(&self, word: &str) -> Option<(f32, String)> {
        let borders: Vec<usize> = word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .collect();
        let length = borders.len() - 1;
        if !(SPELT_FROM..=LONGEST_RUN).contains(&length) {
            return None;
        }
        // The least cost of what goes before each letter, and where its last piece begins.
        let mut best: Vec<Option<(f32, usize)>> = vec![None; length + 1];
        best[0] = Some((0.0, 0));
        let rarest = self.rarity(1);
        for end in 1..=length {
            for start in end.saturating_sub(LONGEST_PIECE)..end {
                let Some((before, _)) = best[start] else { continue };
                let piece = &word[borders[start]..borders[end]];
                if start == 0 && end == length {
                    continue;
                }
                let cost = if let Some(cost) = self.piece(piece) {
                    before + cost
                } else if length >= QUESTION_FROM {
                    before + rarest + UNKNOWN_LETTER * (end - start) as f32
                } else {
                    continue;
                };
                if best[end].is_none_or(|(least, _)| cost < least) {
                    best[end] = Some((cost, start));
                }
            }
        }
        best[length]?;
        let mut pieces = Vec::new();
        let mut end = length;
        while end > 0 {
            let (_, start) = best[end]?;
            pieces.push(&word[borders[start]..borders[end]]);
            end = start;
        }
        pieces.reverse();
        // Small words alone make up any word: «we at her».
        // «по года» in «погода» is chance as well, and so is «при дет» in «придет».
        let least = if length < QUESTION_FROM && pieces.iter().any(|piece| letters(piece) < 4) {
            5
        } else {
            3
        };
        let says = |piece: &&str| letters(piece) >= least && self.vocabulary_knows(piece);
        pieces.iter().any(says).then_some(())?;
        // «до звониться»: before a verb stands no preposition, but many a verb begins like one.
        if let [first, rest] = pieces.as_slice()
            && BEFORE_VERBS.contains(first)
            && VERBS.iter().any(|end| rest.ends_with(end))
        {
            return None;
        }
        let short = pieces.iter().filter(|piece| letters(piece) < 3).count();
        let cost = BORDER * (pieces.len() - 1) as f32 + SHORT_PIECE * short as f32;
        Some((cost, pieces.join(" ")))
    }

    /// Returns what a piece costs among words run together: the rarer, the more (the negative logarithm of its probability, as
    /// in segmentation by a unigram model); nothing when it is no word.
    fn piece(&self, piece: &str) -> Option<f32> {
        let found = tokens(piece, detect(piece));
        let [token] = found.as_slice() else { return None };
        if COMMONEST.contains(&piece) {
            return Some(COMMONEST_PIECE);
        }
        if token.stop || token.question {
            return Some(COMMON_PIECE + if letters(piece) < 3 { SHORT } else { 0.0 });
        }
        let word = self
            .vocabulary
            .find(&token.stem)
            .filter(|_| letters(piece) >= 3)?;
        let short = if letters(piece) < 4 { SHORT } else { 0.0 };
        Some(self.rarity((self.passages)(word).max(1)) + short)
    }

    /// Returns what a word that stands in so many passages costs.
    fn rarity(&self, passages: u32) -> f32 {
        (WORDS * self.all as f32 / passages as f32).ln()
    }
}

/// A number with a letter or two is a number; a question without spaces may hold one.
fn is_number(token: &Token) -> bool {
    token.word.bytes().any(|byte| byte.is_ascii_digit()) && letters(&token.word) < QUESTION_FROM
}

fn letters(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_alphanumeric()).count()
}

/// Returns the distance of two words in slips, when it is at most `most`: a letter too many, too few, another or two in the
/// wrong order (optimal string alignment); what happens easily counts for less.
fn distance(one: &[char], other: &[char], most: f32) -> Option<f32> {
    let swap = |at: usize, to: usize| -> f32 {
        let slip = if are_neighbours(one[at], other[to]) {
            0.8
        } else {
            1.0
        };
        // The first letter is seldom wrong.
        slip + if at == 0 && to == 0 { 0.3 } else { 0.0 }
    };
    let extra = |word: &[char], at: usize| {
        if at > 0 && word[at] == word[at - 1] {
            0.7
        } else {
            1.0
        }
    };
    let mut before: Vec<f32> = Vec::new();
    let mut last: Vec<f32> = vec![0.0; other.len() + 1];
    for to in 0..other.len() {
        last[to + 1] = last[to] + extra(other, to);
    }
    for at in 0..one.len() {
        let mut row = vec![last[0] + extra(one, at)];
        for to in 0..other.len() {
            let same = if one[at] == other[to] { 0.0 } else { swap(at, to) };
            let mut least = (last[to] + same)
                .min(last[to + 1] + extra(one, at))
                .min(row[to] + extra(other, to));
            if at > 0 && to > 0 && one[at] == other[to - 1] && one[at - 1] == other[to] {
                least = least.min(before[to - 1] + 0.8);
            }
            row.push(least);
        }
        if row.iter().all(|&far| far > most) && last.iter().all(|&far| far > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&far| far <= most)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tantivy::directory::OwnedBytes;

    use super::*;

    fn read(question: &str) -> Option<(String, Vec<Repair>)> {
        let text = "ежегодный оплачиваемый отпуск договор аренды выйти проекта зарплата субсидия kubernetes получить \
                    обжаловать решение комиссии жалақы дети";
        let stems: HashSet<String> = tokens(text, detect(text))
            .into_iter()
            .map(|token| token.stem)
            .collect();
        let vocabulary = Vocabulary::of(OwnedBytes::new(Vocabulary::make(&stems))).unwrap();
        let reader = Reader {
            vocabulary: &vocabulary,
            passages: |_| 1,
            all: 10,
            told: |_: &str| false,
        };
        let reading = match reader.read(question) {
            Read::Whole(reading) => reading,
            Read::Words(mends) => Mend::all(&mends, question),
        };
        (!reading.repairs.is_empty()).then_some((reading.text, reading.repairs))
    }

    #[test]
    fn a_question_is_read_as_it_was_meant() {
        use Repair::{Layout, Spacing, Spelling, Transliteration};
        for (question, text, repair) in [
            ("rfr dsqnb bp ghjtrnf?", "как выйти из проекта?", Layout),
            ("kak vyyti iz proekta?", "как выйти из проекта?", Transliteration),
            ("Kak vyiti iz proyekta", "как выйти из проекта", Transliteration),
            (
                "ljujdjh d Kubernetes b ljujdjh fhtyls",
                "договор в Kubernetes и договор аренды",
                Layout,
            ),
            ("Kubernetes-ljujdjh fhtyls", "Kubernetes-договор аренды", Layout),
            (
                "dogovor arendy v proekte i s kubernetes",
                "договор аренды в проекте и с kubernetes",
                Transliteration,
            ),
            (
                "kakie ezhegodnye otpuska",
                "какие ежегодные отпуска",
                Transliteration,
            ),
            ("Естьливпроектеотпуск?", "есть ли в проекте отпуск?", Spacing),
            ("Каквыйтиизпроекта?", "как выйти из проекта?", Spacing),
            ("Как вый ти из проекта?", "Как выйти из проекта?", Spacing),
            ("как получить субсдию", "как получить субсидию", Spelling),
            ("длговор аренды", "договор аренды", Spelling),
            ("дгоовор аренды", "договор аренды", Spelling),
        ] {
            assert_eq!(
                read(question),
                Some((text.to_owned(), vec![repair])),
                "{question}"
            );
        }
    }

    #[test]
    fn a_question_whose_words_are_known_is_left_alone() {
        assert_eq!(read("Как выйти из проекта kubernetes?"), None);
        assert_eq!(read("что 115 это"), None);
    }

    #[test]
    fn a_foreign_word_is_not_bent_into_a_known_one() {
        assert_eq!(read("рецепт борща"), None);
        assert_eq!(read("когда придет"), None);
        assert_eq!(read("weather forecast"), None);
    }

    #[test]
    fn slips_that_happen_easily_are_nearer() {
        let far = |one: &str, other: &str| {
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            distance(&one, &other, 2.0)
        };
        assert_eq!(far("отпуск", "отпуск"), Some(0.0));
        assert!(
            far("отпусе", "отпуск") < far("отпусю", "отпуск"),
            "neighbouring keys"
        );
        assert!(
            far("отпукс", "отпуск") < Some(1.0),
            "two letters in the wrong order"
        );
        assert!(
            far("оттпуск", "отпуск") < far("отыпуск", "отпуск"),
            "a letter struck twice"
        );
        assert_eq!(far("зарплата", "отпуск"), None);
    }
}
