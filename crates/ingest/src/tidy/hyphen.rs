//! A hyphen at the end of a line: did it break a word, or does the word have it?
//!
//! Owns the decision. The document's own words decide first; without them, the prefixes and particles that are always
//! written with a hyphen, and adverbs that begin compound adjectives («социально-экономический»).

use std::collections::HashSet;

use crate::letters::is_letter;

/// The words of a document that bear on hyphens, in small letters.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Those with a hyphen inside a line.
    with: HashSet<String>,
    /// Those without.
    without: HashSet<String>,
}

impl Words {
    /// Takes in the words of a line.
    pub(crate) fn note(&mut self, line: &str) {
        /// Shorter words are not broken.
        const MIN_BYTES: usize = 5;
        for word in line.split(|c: char| !(is_letter(c) || c == '-')) {
            if word.len() >= MIN_BYTES && !word.starts_with('-') && !word.ends_with('-') {
                let lower = word.to_lowercase();
                if lower.contains('-') {
                    self.with.insert(lower);
                } else {
                    self.without.insert(lower);
                }
            }
        }
    }

    /// Tells what becomes of the hyphen between `stem`, which ends a line without it, and `next`, which begins the next one:
    /// true drops it.
    pub(crate) fn drops(&self, stem: &str, next: &str) -> bool {
        let tail = stem
            .rsplit(|c: char| !(is_letter(c) || c == '-'))
            .next()
            .unwrap_or("")
            .to_lowercase();
        let head = next
            .split(|c: char| !is_letter(c))
            .next()
            .unwrap_or("")
            .to_lowercase();
        if !breaks(stem, next) {
            return false;
        }
        let joined = self.without.contains(&format!("{tail}{head}"));
        let kept = self.with.contains(&format!("{tail}-{head}"));
        if joined != kept {
            return joined;
        }
        !is_compound(&tail, &head)
    }
}

/// Tells whether a word may have been broken at the line end: letter, hyphen, then a small letter.
pub(crate) fn breaks(stem: &str, next: &str) -> bool {
    stem.chars().next_back().is_some_and(char::is_alphabetic)
        && next.chars().next().is_some_and(char::is_lowercase)
}

/// Parts that are always followed by a hyphen.
const BEFORE: [&str; 25] = [
    "кое",
    "северо",
    "юго",
    "бизнес",
    "интернет",
    "онлайн",
    "веб",
    "вице",
    "экс",
    "генерал",
    "инженер",
    "купля",
    "план",
    "счёт",
    "self",
    "well",
    "non",
    "long",
    "short",
    "high",
    "low",
    "full",
    "half",
    "real",
    "third",
];

/// Words of two parts that are too short to be told otherwise.
const PAIRS: [(&str, &str); 12] = [
    ("из", "за"),
    ("из", "под"),
    ("во", "первых"),
    ("во", "вторых"),
    ("по", "прежнему"),
    ("по", "новому"),
    ("по", "другому"),
    ("по", "разному"),
    ("по", "своему"),
    ("по", "вашему"),
    ("по", "видимому"),
    ("по", "иному"),
];

/// Particles that a hyphen always stands before.
const AFTER: [&str; 3] = ["либо", "нибудь", "таки"];

/// Words that take «-то».
const PRONOUNS: [&str; 16] = [
    "кто",
    "что",
    "какой",
    "какая",
    "какое",
    "какие",
    "как",
    "где",
    "когда",
    "куда",
    "откуда",
    "почему",
    "зачем",
    "чей",
    "чего",
    "кого",
];

/// Ends of adverbs that begin compound adjectives; short words with these ends are parts of words written as one.
const ADVERBS: [&str; 9] = [
    "льно",
    "енно",
    "онно",
    "анно",
    "ивно",
    "учно",
    "ечно",
    "ищно",
    "ически",
];

/// Ends of adjectives.
const ADJECTIVES: [&str; 24] = [
    "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому", "ему", "ым", "им", "ых", "их",
    "ую", "юю", "ыми", "ими", "ом", "ем", "ей",
];

fn is_compound(tail: &str, head: &str) -> bool {
    /// «самостоятельно-стью», «ежемесячно-го» are ends of one word.
    const MIN_HEAD_CHARS: usize = 6;
    /// «равно-», «одно-» begin words written as one.
    const MIN_TAIL_CHARS: usize = 6;
    let last = tail.rsplit('-').next().unwrap_or(tail);
    let by_itself = tail == last;
    let adverb = last.chars().count() >= MIN_TAIL_CHARS
        && (ADVERBS.iter().any(|end| last.ends_with(end)) || matches!(last, "финансово" | "торгово"));
    let pair =
        BEFORE.contains(&last) || PAIRS.contains(&(last, head)) || (last == "по" && head.ends_with("ски"));
    (by_itself && pair)
        || AFTER.contains(&head)
        || (head == "то" && PRONOUNS.contains(&last))
        || (adverb
            && head.chars().count() >= MIN_HEAD_CHARS
            && ADJECTIVES.iter().any(|end| head.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(known: &str, stem: &str, next: &str, drops: bool) {
        let mut words = Words::default();
        words.note(known);
        assert_eq!(words.drops(stem, next), drops, "{stem}-|{next}");
    }

    #[test]
    fn a_broken_word_is_joined() {
        check("", "в установлен", "ном порядке", true);
        check("", "самостоятельно", "стью", true);
        check("", "законо", "дательство", true);
        check("", "пра", "вила", true);
        check("", "documen", "tation", true);
        check("", "по", "рядок", true);
    }

    #[test]
    fn a_compound_keeps_its_hyphen() {
        check("", "социально", "экономический", false);
        check("", "научно", "технического совета", false);
        check("", "кто", "нибудь", false);
        check("", "во", "первых", false);
        check("", "по", "прежнему", false);
        check("", "well", "known", false);
    }

    #[test]
    fn the_documents_own_words_decide_first() {
        check("платёж приёмо-сдаточный акт", "приёмо", "сдаточный", false);
        check("электроснабжение", "электро", "снабжение", true);
        check("вагон-ресторан", "вагон", "ресторан", false);
    }

    #[test]
    fn numbers_and_names_keep_their_hyphens() {
        check("", "Алма", "Ата", false);
        check("", "ГА-2025", "00001", false);
    }
}
