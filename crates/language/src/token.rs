//! Words of a text as the index and the question know them.

use docent_corpus::{ByteRange, Language};
use unicode_normalization::UnicodeNormalization;

use crate::stem::Stems;
use crate::stop;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub range: ByteRange,
    /// The word in lower case, NFC, ё as е, without stress marks and soft hyphens.
    pub word: String,
    /// Its normal form.
    pub stem: String,
    /// Whether it is too common to index.
    pub stop: bool,
    /// Whether it only shapes a question («сколько», «можно»).
    pub question: bool,
}

fn joins(letter: char) -> bool {
    matches!(
        letter,
        '\u{300}' | '\u{301}' | '\u{308}' | '\u{306}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'
    )
}

fn normal(word: &str) -> String {
    word.chars()
        .filter(|&letter| {
            !matches!(
                letter,
                '\u{300}' | '\u{301}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'
            )
        })
        .flat_map(char::to_lowercase)
        .nfc()
        .map(|letter| if letter == 'ё' { 'е' } else { letter })
        .collect()
}

/// Returns the words of `text`, in order.
///
/// A word is a run of letters and digits. Numbers stay whole: a dot between digits («229.2», «27.07.2006») and a hyphen
/// after a digit before a letter («152-ФЗ», «2-НДФЛ») belong to the word.
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    let stems = Stems::new(language);
    let mut found = Vec::new();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while at < letters.len() {
        if !letters[at].1.is_alphanumeric() {
            at += 1;
            continue;
        }
        let first = at;
        while at < letters.len() {
            let letter = letters[at].1;
            let next = letters.get(at + 1).map(|&(_, next)| next);
            let after_digit = letters[at - usize::from(at > first)].1.is_ascii_digit()
                || (at > first && letters[at - 1].1.is_ascii_digit());
            let inside = letter.is_alphanumeric()
                || joins(letter)
                || (letter == '.' && after_digit && next.is_some_and(|next| next.is_ascii_digit()))
                || (matches!(letter, '-' | '‑') && after_digit && next.is_some_and(char::is_alphabetic));
            if !inside {
                break;
            }
            at += 1;
        }
        let range = ByteRange::new(
            letters[first].0,
            letters.get(at).map_or(text.len(), |&(byte, _)| byte),
        );
        let word = normal(&text[range.start..range.end]).replace('‑', "-");
        if word.is_empty() {
            continue;
        }
        let (stop, question) = (stop::is_stop(&word), stop::is_question(&word));
        let stem = stems.of(&word);
        found.push(Token {
            range,
            word,
            stem,
            stop,
            question,
        });
    }
    found
}

/// Calls `each` with every run of four letters of `_word_`; a word under three letters gives itself.
pub fn grams(word: &str, mut each: impl FnMut(&str)) {
    let framed = format!("_{word}_");
    let starts: Vec<usize> = framed
        .char_indices()
        .map(|(byte, _)| byte)
        .chain([framed.len()])
        .collect();
    if starts.len() < 6 {
        each(&framed);
        return;
    }
    for window in starts.windows(5) {
        each(&framed[window[0]..window[4]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text, Language::Russian)
            .into_iter()
            .map(|token| token.word)
            .collect()
    }

    #[test]
    fn numbers_and_names_of_acts_stay_whole() {
        assert_eq!(
            words("ст. 229.2, 152-ФЗ от 27.07.2006."),
            ["ст", "229.2", "152-фз", "от", "27.07.2006"]
        );
    }

    #[test]
    fn stress_marks_case_and_yo_are_folded() {
        assert_eq!(
            words("За\u{301}мок ЁЛКА по\u{ad}дъезд"),
            ["замок", "елка", "подъезд"]
        );
    }

    #[test]
    fn a_word_is_seen_through_windows_of_four_letters() {
        let mut seen = Vec::new();
        grams("дома", |gram| seen.push(gram.to_owned()));
        grams("ип", |gram| seen.push(gram.to_owned()));
        assert_eq!(seen, ["_дом", "дома", "ома_", "_ип_"]);
    }

    #[test]
    fn ranges_point_at_the_word() {
        let text = "Плата — 5 000 тенге";
        for token in tokens(text, Language::Russian) {
            assert_eq!(normal(&text[token.range.start..token.range.end]), token.word);
        }
    }
}
