//! Cleaning of one paragraph's text: what was typed, scanned or converted wrongly is mended, and counted.
//!
//! Owns characters and words; leaves structure to `read`. Invariant: the result holds no line end, no control character,
//! no space at its ends and no two spaces in a row, and cleaning it again changes nothing.

use encoding_rs::WINDOWS_1251;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::letters::{is_cyrillic, plausibility};

/// What was mended in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Repairs {
    /// Words in which letters of the other alphabet stood.
    pub(crate) look_alikes: u32,
    /// Paragraphs that had been read in a wrong code page.
    pub(crate) mojibake: u32,
}

impl Repairs {
    /// Returns a sentence for each sort of repair that was made.
    pub(crate) fn sentences(self) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.look_alikes > 0 {
            let words = self.look_alikes;
            sentences.push(format!("Words with letters of another alphabet mended: {words}."));
        }
        if self.mojibake > 0 {
            let paragraphs = self.mojibake;
            sentences.push(format!(
                "Paragraphs turned back from a wrong code page: {paragraphs}."
            ));
        }
        sentences
    }
}

/// Cleans the text of one paragraph.
pub(crate) fn clean(raw: &str, repairs: &mut Repairs) -> String {
    let turned = turn_back(raw);
    if turned.is_some() {
        repairs.mojibake += 1;
    }
    let text = spaced(turned.as_deref().unwrap_or(raw));
    let text = if is_nfc(&text) { text } else { text.nfc().collect() };
    let text = mend_look_alikes(&text, repairs);
    number_superscripts(&text)
}

/// Removes characters that are not seen and makes every run of white space one space.
fn spaced(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            // Soft hyphens, zero-width characters, directions: they hide in words and are never seen.
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' => {}
            _ if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ if c.is_control() => {}
            // Private use: bullets of symbol fonts.
            '\u{f0a7}' | '\u{f0b7}' | '\u{f0d8}' | '\u{f0fc}' => out.push('•'),
            _ => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Turns text back that was read in a wrong code page, or returns nothing when it was not.
fn turn_back(raw: &str) -> Option<String> {
    /// Shorter runs of accented letters are names and foreign words.
    const MIN_LETTERS: usize = 4;
    let (mut letters, mut accented, mut cyrillic) = (0_usize, 0_usize, 0_usize);
    for c in raw.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        accented += usize::from(matches!(c, 'À'..='ÿ' | '¸' | '¨'));
        cyrillic += usize::from(is_cyrillic(c));
    }
    if accented >= MIN_LETTERS && accented * 10 >= letters * 6 && cyrillic == 0 {
        // windows-1251 read as Latin-1 or windows-1252.
        let mut bytes = Vec::with_capacity(raw.len());
        for c in raw.chars() {
            match u8::try_from(u32::from(c)) {
                Ok(byte) => bytes.push(byte),
                Err(_) => {
                    bytes.extend_from_slice(&encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])).0);
                }
            }
        }
        let text = WINDOWS_1251.decode_without_bom_handling(&bytes).0.into_owned();
        return (plausibility(&text) > 0.5).then_some(text);
    }
    if cyrillic >= MIN_LETTERS * 2 && cyrillic * 10 >= letters * 9 {
        // UTF-8 read as windows-1251: every second letter is Р or С.
        let leads = raw.chars().filter(|c| matches!(c, 'Р' | 'С' | 'Т')).count();
        if leads * 5 >= cyrillic * 2 {
            let (bytes, _, unmappable) = WINDOWS_1251.encode(raw);
            if !unmappable {
                let text = String::from_utf8(bytes.into_owned()).ok()?;
                return (plausibility(&text) > 0.5).then_some(text);
            }
        }
    }
    None
}

/// Latin letters and the Cyrillic ones that look the same.
const LOOK_ALIKES: [(char, char); 21] = [
    ('a', 'а'),
    ('c', 'с'),
    ('e', 'е'),
    ('o', 'о'),
    ('p', 'р'),
    ('x', 'х'),
    ('y', 'у'),
    ('i', 'і'),
    ('A', 'А'),
    ('B', 'В'),
    ('C', 'С'),
    ('E', 'Е'),
    ('H', 'Н'),
    ('K', 'К'),
    ('M', 'М'),
    ('O', 'О'),
    ('P', 'Р'),
    ('T', 'Т'),
    ('X', 'Х'),
    ('Y', 'У'),
    ('I', 'І'),
];

fn mend_look_alikes(text: &str, repairs: &mut Repairs) -> String {
    let mixed = text.bytes().any(|byte| byte.is_ascii_alphabetic()) && text.chars().any(is_cyrillic);
    if !mixed {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        out.push_str(&mended_word(&word).map_or_else(
            || word.clone(),
            |mended| {
                repairs.look_alikes += 1;
                mended
            },
        ));
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// Returns the word in one alphabet when it mixes two and all letters of the rarer one are look-alikes.
fn mended_word(word: &str) -> Option<String> {
    let latin = word.chars().filter(char::is_ascii_alphabetic).count();
    let cyrillic = word.chars().filter(|c| is_cyrillic(*c)).count();
    if latin == 0 || cyrillic == 0 {
        return None;
    }
    let to_cyrillic = |c: char| LOOK_ALIKES.iter().find(|pair| pair.0 == c).map(|pair| pair.1);
    let to_latin = |c: char| LOOK_ALIKES.iter().find(|pair| pair.1 == c).map(|pair| pair.0);
    let all = |turn: &dyn Fn(char) -> Option<char>, foreign: &dyn Fn(char) -> bool| -> Option<String> {
        word.chars()
            .map(|c| if foreign(c) { turn(c) } else { Some(c) })
            .collect()
    };
    let as_cyrillic = || all(&to_cyrillic, &|c| c.is_ascii_alphabetic());
    let as_latin = || all(&to_latin, &is_cyrillic);
    if latin <= cyrillic {
        as_cyrillic().or_else(as_latin)
    } else {
        as_latin().or_else(as_cyrillic)
    }
}

/// Makes the raised part of an article's or clause's number a part of the number: «статья 229²» → «статья 229.2».
///
/// Everything else that is raised stays raised: «м²», «10⁶», a footnote's mark behind a word.
fn number_superscripts(text: &str) -> String {
    if !text.chars().any(|c| superscript_digit(c).is_some()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(first) = superscript_digit(c) else {
            out.push(c);
            continue;
        };
        let mut raised = String::from(c);
        let mut plain = String::from(first);
        while let Some((next, digit)) = chars
            .peek()
            .and_then(|next| Some((*next, superscript_digit(*next)?)))
        {
            raised.push(next);
            plain.push(digit);
            chars.next();
        }
        // A list item or clause «5¹)», «3¹.» at the start of its paragraph.
        let closes = matches!(chars.peek(), Some(')' | '.'));
        if names_a_clause(&out, closes) {
            out.push('.');
            out.push_str(&plain);
        } else {
            out.push_str(&raised);
        }
    }
    out
}

fn superscript_digit(c: char) -> Option<char> {
    Some(match c {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from(b'4' + u8::try_from(u32::from(c) - u32::from('⁴')).ok()?),
        _ => return None,
    })
}

/// Stems of the words behind which the number of an article or clause stands.
const CLAUSE_WORDS: [&str; 28] = [
    "стат",
    "част",
    "пункт",
    "подпункт",
    "глав",
    "раздел",
    "подраздел",
    "абзац",
    "параграф",
    "приложени",
    "ст.",
    "ч.",
    "п.",
    "пп.",
    "подп.",
    "гл.",
    "разд.",
    "бап",
    "тарау",
    "тарма",
    "бөлім",
    "article",
    "section",
    "clause",
    "chapter",
    "§",
    "№",
    "paragraph",
];

/// Tells whether `before` ends with the number of an article or clause.
fn names_a_clause(before: &str, closes: bool) -> bool {
    /// «12.10.345», «XLVIII»: no number of a clause is longer, and a line of nothing but digits must not be gone over for
    /// each of them.
    const MAX_NUMBER_BYTES: usize = 32;
    /// The longest lists of articles have some forty numbers.
    const MAX_LIST_BYTES: usize = 400;
    let number = |c: char| c.is_ascii_digit() || c == '.' || matches!(c, 'I' | 'V' | 'X' | 'L' | 'C');
    let near = before.floor_char_boundary(before.len().saturating_sub(MAX_NUMBER_BYTES + 1));
    let head = &before[..near + before[near..].trim_end_matches(number).len()];
    let last = &before[head.len()..];
    if last.len() > MAX_NUMBER_BYTES || last.is_empty() || last.ends_with('.') {
        return false;
    }
    if head.trim_end().is_empty() {
        return closes;
    }
    // «статьями 66¹, 67² - 68³ и 70¹»: go back over the numbers before this one, in sight of them.
    let near = &head[head.floor_char_boundary(head.len().saturating_sub(MAX_LIST_BYTES))..];
    for word in near.split_whitespace().rev() {
        let word = word
            .trim_matches(['(', ')', ',', ';', '«', '»', '"'])
            .to_lowercase();
        if CLAUSE_WORDS.iter().any(|stem| {
            if stem.ends_with('.') {
                word == *stem
            } else {
                word.starts_with(stem)
            }
        }) {
            return true;
        }
        let numeric = word
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '–' | '—' | 'i' | 'v' | 'x' | 'l'));
        if !(numeric || matches!(word.as_str(), "и" | "или" | "либо" | "and" | "or" | "және")) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, cleaned: &str) {
        let mut repairs = Repairs::default();
        let once = clean(raw, &mut repairs);
        assert_eq!(once, cleaned);
        assert_eq!(
            clean(&once, &mut repairs),
            once,
            "cleaning twice is cleaning once"
        );
    }

    #[test]
    fn unseen_characters_go_and_white_space_becomes_one_space() {
        check(
            " до\u{ad}го\u{200b}вор\u{a0}\n\t№\u{2009}5\u{202e} ",
            "договор № 5",
        );
        check("и\u{306}", "й");
    }

    #[test]
    fn raised_digits_belong_to_the_numbers_of_articles_only() {
        check("Статья 229². Порядок", "Статья 229.2. Порядок");
        check(
            "статьями 66¹, 67² и 68³ кодекса",
            "статьями 66.1, 67.2 и 68.3 кодекса",
        );
        check("5¹) обеспечивают доступ", "5.1) обеспечивают доступ");
        check("РАЗДЕЛ III¹", "РАЗДЕЛ III.1");
        check("площадью 25 м² и 10⁶ единиц", "площадью 25 м² и 10⁶ единиц");
        check("по договору¹", "по договору¹");
        check("в 2023¹ году", "в 2023¹ году");
    }

    #[test]
    fn letters_of_the_other_alphabet_are_mended_in_a_word_that_mixes_them() {
        check("cтaтья 5", "статья 5");
        check("бiлiм", "білім");
        check("Wi-Fi и API в IT-отделе", "Wi-Fi и API в IT-отделе");
    }

    #[test]
    fn text_in_a_wrong_code_page_is_turned_back() {
        check("Ìèíèñòåðñòâî îáðàçîâàíèÿ", "Министерство образования");
        check("РџСЂРёРІРµС‚, РјРёСЂ", "Привет, мир");
        check("Déjà vu à l'été", "Déjà vu à l'été");
    }
}
