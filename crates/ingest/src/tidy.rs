//! Cleaning of one paragraph's text: what was typed, scanned or converted wrongly is mended, and counted.
//!
//! Owns characters and words; leaves structure to `read`. Invariant: the result holds no line end, no control character,
//! no space at its ends and no two spaces in a row, and cleaning it again changes nothing.

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub(crate) mod hyphen;
pub(crate) mod mojibake;

use crate::letters::{Pair, is_cyrillic, is_letter, pair};

/// What was mended in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Repairs {
    /// Words in which letters of the other alphabet stood.
    pub(crate) look_alikes: u32,
    /// Paragraphs that had been read in a wrong code page.
    pub(crate) mojibake: u32,
    /// Words that were set with a space behind each letter.
    pub(crate) spaced_out: u32,
    /// Whether «i» stays as it is written: Ukrainian and Belarusian have it in every other word, and many of their fonts
    /// give it as a Latin letter. Of the languages read here only Kazakh has it.
    keeps_i: bool,
}

impl Repairs {
    /// Begins the repairs of a document with these paragraphs.
    pub(crate) fn of<'a>(paras: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut other, mut kazakh) = (0_usize, 0_usize);
        for c in paras.into_iter().flat_map(str::chars) {
            other += usize::from(matches!(c, 'ї' | 'є' | 'ґ' | 'ў' | 'Ї' | 'Є' | 'Ґ' | 'Ў'));
            kazakh += usize::from(matches!(c, 'ә' | 'ғ' | 'қ' | 'ң' | 'ө' | 'ұ' | 'ү' | 'һ'));
        }
        Self {
            keeps_i: other > kazakh,
            ..Self::default()
        }
    }

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
        if self.spaced_out > 0 {
            let words = self.spaced_out;
            sentences.push(format!(
                "Words with spaces between their letters closed up: {words}."
            ));
        }
        sentences
    }
}

/// Cleans the text of one paragraph.
pub(crate) fn clean(raw: &str, repairs: &mut Repairs) -> String {
    let turned = mojibake::turned_back(raw);
    if turned.is_some() {
        repairs.mojibake += 1;
    }
    let text = spaced(turned.as_deref().unwrap_or(raw));
    let text = if is_nfc(&text) { text } else { text.nfc().collect() };
    let text = mend_look_alikes(&text, repairs);
    let text = close_up(text, repairs);
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
            | '\u{61c}'
            | '\u{180e}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fff9}'..='\u{fffb}'
            // Tags: whole sentences can be written in them that no reader sees.
            | '\u{e0000}'..='\u{e0fff}' => {}
            'ﬀ' => out.push_str("ff"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            'ﬃ' => out.push_str("ffi"),
            'ﬄ' => out.push_str("ffl"),
            'ﬅ' | 'ﬆ' => out.push_str("st"),
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

/// Closes up words whose letters are parted by single spaces, as capitals of old orders are: «П Р И К А З».
///
/// Where several such words stand in a row nobody can tell where one ends, unless wider gaps told; those are gone by now, so
/// only up to fourteen letters in a row that make a word by their pairs are closed.
fn close_up(text: String, repairs: &mut Repairs) -> String {
    /// Fewer may be initials, or answers to choose from.
    const MIN_LETTERS: usize = 4;
    /// Longer runs are several words.
    const MAX_LETTERS: usize = 14;
    let single = |word: &str| {
        let mut chars = word.chars();
        matches!((chars.next(), chars.next()), (Some(c), None) if c.is_alphabetic() && c.is_uppercase())
    };
    if !text.split(' ').any(single) {
        return text;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let run = words[at..].iter().take_while(|word| single(word)).count();
        if (MIN_LETTERS..=MAX_LETTERS).contains(&run) {
            let word = words[at..at + run].concat();
            if is_one_word(&word) {
                repairs.spaced_out += 1;
                out.push(word);
                at += run;
                continue;
            }
        }
        let step = run.max(1);
        out.extend(words[at..at + step].iter().map(|word| (*word).to_owned()));
        at += step;
    }
    out.join(" ")
}

/// Tells whether letters make a word: no strange pair, most of them common.
fn is_one_word(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let pairs: Vec<Option<Pair>> = letters.windows(2).map(|two| pair(two[0], two[1])).collect();
    let common = pairs.iter().filter(|pair| **pair == Some(Pair::Common)).count();
    !pairs.contains(&Some(Pair::Strange)) && common * 2 >= pairs.len()
}

fn mend_look_alikes(text: &str, repairs: &mut Repairs) -> String {
    let mixed = text.bytes().any(|byte| byte.is_ascii_alphabetic()) && text.chars().any(is_cyrillic);
    if !mixed {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if is_letter(c) {
            word.push(c);
            continue;
        }
        out.push_str(&mended_word(&word, repairs.keeps_i).map_or_else(
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
fn mended_word(word: &str, keeps_i: bool) -> Option<String> {
    let latin = word.chars().filter(char::is_ascii_alphabetic).count();
    let cyrillic = word.chars().filter(|c| is_cyrillic(*c)).count();
    if latin == 0 || cyrillic == 0 {
        return None;
    }
    // «IVкв», «IIэтап»: a Roman number that lost the space behind it.
    let roman = word
        .chars()
        .take_while(|c| matches!(c, 'I' | 'V' | 'X' | 'L' | 'C' | 'M'))
        .count();
    if roman == latin
        && !word.chars().skip(roman).any(char::is_uppercase)
        && word.starts_with(['I', 'V', 'L'])
    {
        return None;
    }
    if is_declined(word) {
        return None;
    }
    let pairs = || {
        let stays = |pair: &&(char, char)| !(keeps_i && matches!(pair.0, 'i' | 'I'));
        LOOK_ALIKES.iter().filter(stays)
    };
    let to_cyrillic = |c: char| pairs().find(|pair| pair.0 == c).map(|pair| pair.1);
    let to_latin = |c: char| pairs().find(|pair| pair.1 == c).map(|pair| pair.0);
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

/// Tells whether a word is a Latin name in capitals with a Russian ending, as programs have when they are declined: `TEXа`, `VPNом`.
fn is_declined(word: &str) -> bool {
    let name = word.chars().take_while(char::is_ascii_uppercase).count();
    let ending = || word.chars().skip(name);
    name > 1 && ending().all(|c| is_cyrillic(c) && c.is_lowercase())
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
        check("ﬁnal oﬀer", "final offer");
        check("срок\u{e0041}\u{e0042} пять дней\u{61c}", "срок пять дней");
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
        check("Ответcтвeнный зa pаботу", "Ответственный за работу");
        check("IVкв, USBкабель", "IVкв, USBкабель");
        check("Wi-Fi и API в IT-отделе", "Wi-Fi и API в IT-отделе");
        check("TEXа и TEXовские", "TEXа и TEXовские");
    }

    #[test]
    fn i_stays_as_it_is_in_documents_of_ukrainian_and_belarusian() {
        let cleaned = |paras: &[&str], raw: &str| clean(raw, &mut Repairs::of(paras.iter().copied()));
        let ukrainian = ["Збiрка вiршiв", "її"];
        assert_eq!(cleaned(&ukrainian, "Збiрка вiршiв"), "Збiрка вiршiв");
        assert_eq!(cleaned(&ukrainian, "cтатья"), "статья");
        let kazakh = ["бiлiм беру", "қызметкер, киiв", "є"];
        assert_eq!(cleaned(&kazakh, "бiлiм"), "білім");
    }

    #[test]
    fn a_word_set_with_spaces_is_closed_up_and_initials_are_not() {
        check("П Р И К А З № 5", "ПРИКАЗ № 5");
        check("Ответы: А Б В Г", "Ответы: А Б В Г");
        check("И. И. Иванов", "И. И. Иванов");
    }

    #[test]
    fn text_in_a_wrong_code_page_is_turned_back() {
        check("Ìèíèñòåðñòâî îáðàçîâàíèÿ", "Министерство образования");
        check("РџСЂРёРІРµС‚, РјРёСЂ", "Привет, мир");
        check("Déjà vu à l'été", "Déjà vu à l'été");
    }
}
