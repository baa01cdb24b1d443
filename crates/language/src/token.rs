//! Words of a text as the index and the question know them.

use std::cell::RefCell;
use std::collections::HashMap;

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

/// Tells whether a letter or digit, quickly for those of our alphabets.
fn is_letter(letter: char) -> bool {
    match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | 'Ѐ'..='ҁ' | 'Ҋ'..='ӿ' => true,
        ' '..='~' => false,
        other => other.is_alphanumeric(),
    }
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
/// after a digit before a letter («152-ФЗ», «2-НДФЛ») belong to the word. A date in words («27 июля 2006») and a number
/// parted by spaces («5 000») are told once more as a whole (`27.07.2006`, `5000`), by a token over all their words that
/// follows them.
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    KNOWN.with_borrow_mut(|known| {
        read(
            text,
            language,
            &mut known[usize::from(language == Language::Kazakh)],
        )
    })
}

/// Words remembered on each thread, and the bytes of the longest: enough for nearly all that a text repeats, in about 4 MB.
const REMEMBERED: usize = 16_384;
const REMEMBERED_BYTES: usize = 48;

/// What a word becomes, whatever stands around it.
#[derive(Clone)]
struct Form {
    word: String,
    stem: String,
    stop: bool,
    question: bool,
}

thread_local! {
    /// Words as they were written, in texts that are not Kazakh and in those that are: most words of a text repeat, and normal
    /// forms cost more than all else.
    static KNOWN: RefCell<[HashMap<String, Form>; 2]> = RefCell::default();
}

impl Form {
    fn of(written: &str, stems: &Stems) -> Self {
        let word = normal(written).replace('‑', "-");
        let (stop, question) = (stop::is_stop(&word), stop::is_question(&word));
        let stem = date_in_digits(&word).unwrap_or_else(|| stems.of(&word));
        Self {
            word,
            stem,
            stop,
            question,
        }
    }

    fn known(written: &str, stems: &Stems, known: &mut HashMap<String, Self>) -> Self {
        if let Some(form) = known.get(written) {
            return form.clone();
        }
        let form = Self::of(written, stems);
        if written.len() <= REMEMBERED_BYTES {
            if known.len() == REMEMBERED {
                known.clear();
            }
            known.insert(written.to_owned(), form.clone());
        }
        form
    }
}

fn read(text: &str, language: Language, known: &mut HashMap<String, Form>) -> Vec<Token> {
    let stems = Stems::new(language);
    let mut found = Vec::new();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while at < letters.len() {
        if !is_letter(letters[at].1) {
            at += 1;
            continue;
        }
        let first = at;
        while at < letters.len() {
            let letter = letters[at].1;
            let next = letters.get(at + 1).map(|&(_, next)| next);
            let after_digit = letters[at - usize::from(at > first)].1.is_ascii_digit()
                || (at > first && letters[at - 1].1.is_ascii_digit());
            let inside = is_letter(letter)
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
        let form = Form::known(&text[range.start..range.end], &stems, known);
        if form.word.is_empty() {
            continue;
        }
        found.push(Token {
            range,
            word: form.word,
            stem: form.stem,
            stop: form.stop,
            question: form.question,
        });
    }
    with_wholes(text, found)
}

/// Months by the first letters of their names as they stand in dates, in Russian, Kazakh and English.
const MONTHS: [[&str; 3]; 12] = [
    ["январ", "қаңтар", "january"],
    ["феврал", "ақпан", "february"],
    ["март", "наурыз", "march"],
    ["апрел", "сәуір", "april"],
    ["мая", "мамыр", "may"],
    ["июн", "маусым", "june"],
    ["июл", "шілде", "july"],
    ["август", "тамыз", "august"],
    ["сентябр", "қыркүйек", "september"],
    ["октябр", "қазан", "october"],
    ["ноябр", "қараша", "november"],
    ["декабр", "желтоқсан", "december"],
];

fn digits(word: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes a date that stands in digits with two digits for day and month.
fn date_in_digits(word: &str) -> Option<String> {
    let mut parts = word.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let date = parts.next().is_none() && digits(day, 1, 2) && digits(month, 1, 2) && digits(year, 4, 4);
    date.then(|| format!("{day:0>2}.{month:0>2}.{year}"))
}

/// Adds a token for each date in words and each number parted by spaces.
fn with_wholes(text: &str, found: Vec<Token>) -> Vec<Token> {
    let spaced = |one: &Token, next: &Token| {
        let between = &text[one.range.end..next.range.start];
        !between.is_empty()
            && between
                .chars()
                .all(|letter| matches!(letter, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'))
    };
    let whole = |at: usize| -> Option<(usize, String)> {
        let first = &found[at];
        let follows = |nth: usize| {
            found
                .get(at + nth)
                .filter(|token| spaced(&found[at + nth - 1], token))
        };
        if digits(&first.word, 1, 2)
            && let Some((month, year)) = follows(1).zip(follows(2))
            && digits(&year.word, 4, 4)
            && let Some(number) = MONTHS
                .iter()
                .position(|names| names.iter().any(|name| month.word.starts_with(name)))
        {
            return Some((3, format!("{:0>2}.{:02}.{}", first.word, number + 1, year.word)));
        }
        if digits(&first.word, 1, 3) {
            let groups = (1..).map_while(|nth| follows(nth).filter(|token| digits(&token.word, 3, 3)));
            let groups: Vec<&str> = groups.map(|token| token.word.as_str()).collect();
            if !groups.is_empty() {
                return Some((groups.len() + 1, format!("{}{}", first.word, groups.concat())));
            }
        }
        None
    };
    let mut wholes = Vec::new();
    let mut at = 0;
    while at < found.len() {
        let Some((length, word)) = whole(at) else {
            at += 1;
            continue;
        };
        let range = ByteRange::new(found[at].range.start, found[at + length - 1].range.end);
        at += length;
        wholes.push((at, range, word));
    }
    if wholes.is_empty() {
        return found;
    }
    let mut all = Vec::with_capacity(found.len() + wholes.len());
    let mut wholes = wholes.into_iter().peekable();
    for (number, token) in found.into_iter().enumerate() {
        all.push(token);
        while let Some((_, range, word)) = wholes.next_if(|(after, ..)| *after == number + 1) {
            all.push(Token {
                range,
                stem: word.clone(),
                word,
                stop: false,
                question: false,
            });
        }
    }
    all
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

    #[test]
    fn letters_are_those_of_unicode() {
        for letter in '\0'..='\u{ffff}' {
            assert_eq!(is_letter(letter), letter.is_alphanumeric(), "{letter:?}");
        }
    }

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
    fn dates_and_parted_numbers_are_told_whole_as_well() {
        assert_eq!(
            words("от 27 июля 2006 г."),
            ["от", "27", "июля", "2006", "27.07.2006", "г"]
        );
        assert_eq!(words("2006 жылғы 5 қазан"), ["2006", "жылғы", "5", "қазан"]);
        assert_eq!(words("5 October 2006")[3], "05.10.2006");
        assert_eq!(
            words("до 1 500\u{a0}000 тенге, 20 000"),
            ["до", "1", "500", "000", "1500000", "тенге", "20", "000", "20000"]
        );
        assert_eq!(words("п. 5, 000"), ["п", "5", "000"]);
        assert_eq!(words("35 мая"), ["35", "мая"]);
        let stems = |text| tokens(text, Language::Russian).pop().unwrap().stem;
        assert_eq!(stems("7.7.2006"), stems("7 июля 2006"));
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
            let told = normal(&text[token.range.start..token.range.end]);
            assert_eq!(told.replace(' ', ""), token.word);
        }
    }
}
