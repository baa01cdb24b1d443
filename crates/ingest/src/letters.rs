//! Which letters follow one another in the words of our languages: the evidence by which text is told from noise.
//!
//! Owns the table of letter pairs and the score of a text by it; who acts on the score is `decode`, `tidy` and `read`. The
//! table was counted on the word lists of the free spelling dictionaries and on translated messages (Russian 146,000
//! words, Kazakh 54,000, English, German and French together 250,000): a pair is common from 1 in 500 pairs of one of the
//! languages, possible from 1 in 20,000.

use std::sync::LazyLock;

/// How a pair of letters counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pair {
    /// Every page of text has it.
    Common,
    /// Some words have it.
    Possible,
    /// No word of our languages has it.
    Strange,
}

/// A letter, those that often follow it and those that may.
type Row = (char, &'static str, &'static str);

/// Russian and Kazakh.
#[rustfmt::skip]
const CYRILLIC: [Row; 42] = [
    ('а', "вдезйклмнпрстуюғқң", "абгжиофхцчшщэя"),
    ('б', "аеорі", "вдёжзиклмнстухцшщъыьяәөұү"),
    ('в', "аеилошы", "вдёзкмнпрстуцчщьяі"),
    ('г', "еорі", "адилмнстушыү"),
    ('д', "аеиоыі", "бвгдёжзклмнпрстухцчшъьяәөұү"),
    ('е', "вгдйклмнрсту", "абеёжзиопфхцчшщюяң"),
    ('ё', "", "бвгжзклмнпрстхш"),
    ('ж', "аео", "дёжикмнуыәөұүі"),
    ('з', "адоі", "бвгеёжиклмнрушъыьяғ"),
    ('и', "везйклмнрстчя", "абгджиопуфхцшщыюәғқі"),
    ('й', "длст", "бвгекмнршығқі"),
    ('к', "аеиортөі", "вжклнпсуцшәқү"),
    ('л', "агдеиоыьяғі", "бёжзклмнпстучшюқ"),
    ('м', "адеиоыәі", "бвгёклмнпрстушяөұү"),
    ('н', "агдеинотыі", "бвёжзкмсуфцчшщьюяәғөұү"),
    ('о', "бвгдйклмнпрстч", "аеёжзиоуфхцшщэюяғқң"),
    ('п', "аеиорт", "ёклнпсухцчшыьяқі"),
    ('р', "адеилностуыі", "бвгёжзкмпрфхцчшщьюяғқұ"),
    ('с', "аеиклоптуыяі", "бвгдёжмнрсфхцчшъьәқөұү"),
    ('т', "авеиорстуыьүі", "бгдёклмнпцчшюяәқөұ"),
    ('у', "длсты", "абвгежзийкмнпрфхцчшщюяғқі"),
    ('ф', "", "аеилмортуф"),
    ('х', "", "абвеилмнорсту"),
    ('ц', "и", "авекоты"),
    ('ч', "аеи", "ёклнотуь"),
    ('ш', "аеиыі", "вёклноптуьқөұү"),
    ('щ', "и", "аеёуь"),
    ('ъ', "", "еёя"),
    ('ы', "взйлмнрсғқң", "бгдежкптхчшщ"),
    ('ь', "нс", "вдеёзикмтфцчшщюя"),
    ('э', "", "клмнпрстф"),
    ('ю', "щ", "бдкмнрстхч"),
    ('я', "", "бвгдежзклмнпрстхцчшщюяғқ"),
    ('ә', "н", "джзйклмрсту"),
    ('ғ', "аы", "ду"),
    ('қ', "аотыұ", "ипсушқ"),
    ('ң', "ды", "абгексғқі"),
    ('ө', "лр", "бгзйкмнпстшң"),
    ('ұ', "р", "бжзйлмнпстхшяғқ"),
    ('ү', "ш", "бгдзйклмнпрстң"),
    ('һ', "", ""),
    ('і', "зклмнрсшң", "бгдпт"),
];

/// English, German and French, accents taken off.
#[rustfmt::skip]
const LATIN: [Row; 26] = [
    ('a', "bcdfghilmnprstu", "aejkoqvwxyz"),
    ('b', "aeiloru", "bcdfghjkmnstwxyz"),
    ('c', "aehiklortu", "bcdmnpqsvyz"),
    ('d', "aeio", "bcdfghjklmnprstuvwy"),
    ('e', "abcdefghiklmnprstux", "joqvwyz"),
    ('f', "aeiot", "bfghklmnprsuwyz"),
    ('g', "aehirs", "bcdfgklmnoptuwyz"),
    ('h', "aeilnort", "bcdfghkmpsuvwyz"),
    ('i', "abcdefgklmnoqrstv", "hijpuwxyz"),
    ('j', "", "aeiosu"),
    ('k', "aeot", "bfghiklmnprsuwyz"),
    ('l', "aeilotuy", "bcdfghkmnpqrsvwz"),
    ('m', "aeimop", "bcdfghklnrstuwyz"),
    ('n', "acdegiknostz", "bfhjlmpqruvwxy"),
    ('o', "cdfgilmnoprstuw", "abehjkqvxyz"),
    ('p', "aehilory", "bcdfgkmnpstuw"),
    ('q', "u", ""),
    ('r', "abdegikmnostuy", "cfhjlpqrvwz"),
    ('s', "acehimopstu", "bdfgklnqrvwyz"),
    ('t', "aehiorstuyz", "bcdfgklmnpvwx"),
    ('u', "bcefilmnrst", "adghjkopqvwxyz"),
    ('v', "aei", "orsuy"),
    ('w', "aei", "bdhlmnorstuwy"),
    ('x', "", "acehilmoptuvxy"),
    ('y', "r", "abcdeghiklmnopstuw"),
    ('z', "eiu", "abghklnostwyz"),
];

static CYRILLIC_PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| square(&CYRILLIC));
static LATIN_PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| square(&LATIN));

fn square(rows: &[Row]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(rows.len() * rows.len());
    for (_, common, possible) in rows {
        pairs.extend(rows.iter().map(|(next, ..)| {
            if common.contains(*next) {
                Pair::Common
            } else if possible.contains(*next) {
                Pair::Possible
            } else {
                Pair::Strange
            }
        }));
    }
    pairs
}

/// A letter in small form without its accent, by its place in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letter {
    Cyrillic(u8),
    Latin(u8),
    /// A letter of none of our languages.
    Other,
}

/// How far the small Russian letters stand behind the capitals.
const CAPITALS: u32 = 0x20;

/// Tells whether a character is a letter, at once for those of Russian, Kazakh and English: every page is asked for each of its
/// letters several times, and the table of Unicode took a quarter of the time of reading a PDF.
pub(crate) fn is_letter(c: char) -> bool {
    matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё' | 'a'..='z' | 'A'..='Z')
        || !c.is_ascii() && c.is_alphabetic()
}

fn letter(c: char) -> Option<Letter> {
    let c = match c {
        'a'..='z' => return Some(Letter::Latin(c as u8 - b'a')),
        'A'..='Z' => return Some(Letter::Latin(c as u8 - b'A')),
        _ if c.is_ascii() => return None,
        // Most letters of our languages need no table.
        'а'..='я' => c,
        'А'..='Я' => char::from_u32(u32::from(c) + CAPITALS).unwrap_or(c),
        _ => c.to_lowercase().next().unwrap_or(c),
    };
    Some(match c {
        'а'..='е' => Letter::Cyrillic(c as u8 - 0x30),
        'ё' => Letter::Cyrillic(6),
        'ж'..='я' => Letter::Cyrillic((u32::from(c) - 0x42f) as u8),
        'ә' => Letter::Cyrillic(33),
        'ғ' => Letter::Cyrillic(34),
        'қ' => Letter::Cyrillic(35),
        'ң' => Letter::Cyrillic(36),
        'ө' => Letter::Cyrillic(37),
        'ұ' => Letter::Cyrillic(38),
        'ү' => Letter::Cyrillic(39),
        'һ' => Letter::Cyrillic(40),
        'і' => Letter::Cyrillic(41),
        'ß' => Letter::Latin(b's' - b'a'),
        'ø' => Letter::Latin(b'o' - b'a'),
        'æ' | 'œ' => Letter::Latin(b'e' - b'a'),
        'ð' | 'þ' | 'µ' | 'ª' | 'º' => Letter::Other,
        '\u{c0}'..='\u{17f}' => {
            let base = unicode_normalization::UnicodeNormalization::nfd(std::iter::once(c)).next();
            match base {
                Some(base @ 'a'..='z') => Letter::Latin(base as u8 - b'a'),
                _ => Letter::Other,
            }
        }
        _ if is_letter(c) => Letter::Other,
        _ => return None,
    })
}

/// Tells whether `c` is a letter of one of our languages, accents aside.
pub(crate) fn is_ours(c: char) -> bool {
    letter(c).is_some_and(|letter| letter != Letter::Other)
}

/// Returns how two neighbours count, or nothing when they are not two letters.
pub(crate) fn pair(a: char, b: char) -> Option<Pair> {
    Some(match (letter(a)?, letter(b)?) {
        (Letter::Cyrillic(a), Letter::Cyrillic(b)) => {
            CYRILLIC_PAIRS[usize::from(a) * CYRILLIC.len() + usize::from(b)]
        }
        (Letter::Latin(a), Letter::Latin(b)) => LATIN_PAIRS[usize::from(a) * LATIN.len() + usize::from(b)],
        _ => Pair::Strange,
    })
}

/// Tells whether `c` is a Cyrillic letter.
pub(crate) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

/// Scores how much `text` looks like Russian, Kazakh or a language in Latin letters, mean over its characters beyond ASCII
/// and the pairs that they stand in: text of ours scores 0.5 to 1, wrong letters below 0.
pub(crate) fn plausibility(text: &str) -> f32 {
    let (mut score, mut count) = (0.0_f32, 0_u32);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        if !c.is_ascii() {
            count += 1;
            score += if is_letter(c) {
                letter_score(before, c, after)
            } else {
                sign_score(before, c, after)
            };
        }
        before = c;
    }
    if count == 0 { 0.0 } else { score / count as f32 }
}

fn letter_score(before: char, c: char, after: char) -> f32 {
    let (left, right) = (pair(before, c), pair(c, after));
    let mut score = match (left, right) {
        // A word of one letter: the commonest of Russian and French.
        (None, None) => match c {
            'в' | 'и' | 'с' | 'а' | 'о' | 'к' | 'у' | 'я' | 'В' | 'И' | 'С' | 'А' | 'О' | 'К' | 'У' | 'Я' => {
                0.3
            }
            'à' | 'À' => 0.6,
            _ if letter(c) == Some(Letter::Other) => -0.8,
            _ => -0.2,
        },
        (Some(one), None) | (None, Some(one)) => worth(one),
        (Some(one), Some(two)) => f32::midpoint(worth(one), worth(two)),
    };
    if is_letter(before) {
        if is_cyrillic(before) != is_cyrillic(c) {
            score -= 1.5;
        } else if !before.is_ascii() && !is_cyrillic(c) {
            // Two accented letters in a row are rare in every language but those that docent does not know.
            score -= 0.5;
        }
        if c.is_uppercase() && before.is_lowercase() {
            score -= 1.5;
        }
    }
    if after.is_ascii_alphabetic() && is_cyrillic(c) {
        score -= 1.5;
    }
    score
}

fn worth(pair: Pair) -> f32 {
    match pair {
        Pair::Common => 1.0,
        Pair::Possible => 0.3,
        Pair::Strange => -1.0,
    }
}

fn sign_score(before: char, c: char, after: char) -> f32 {
    // «f№r», «Ђвтор»: a sign between two letters was a letter.
    let inside = is_letter(before) && is_letter(after);
    match c {
        '’' => 0.3,
        '«' | '»' | '—' | '–' | '№' | '\u{a0}' | '“' | '”' | '„' | '…' | '‘' | '§' | '°' | '•' | '£'
        | '€' | '\u{ad}' => {
            if inside && c != '\u{a0}' && c != '\u{ad}' && c != '–' && c != '—' {
                -1.5
            } else {
                0.3
            }
        }
        '\u{2500}'..='\u{259f}' => {
            if inside {
                -1.5
            } else {
                -0.4
            }
        }
        '\u{80}'..='\u{9f}' | '\u{fffd}' => -3.0,
        _ if inside => -1.5,
        _ => -0.8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_tables_is_found_at_its_place() {
        for (at, row) in CYRILLIC.iter().enumerate() {
            assert_eq!(letter(row.0), Some(Letter::Cyrillic(at as u8)), "{}", row.0);
        }
        for (at, row) in LATIN.iter().enumerate() {
            assert_eq!(letter(row.0), Some(Letter::Latin(at as u8)), "{}", row.0);
        }
    }

    #[test]
    fn text_of_our_languages_scores_high_and_wrong_letters_low() {
        for text in [
            "Министерство образования",
            "Қызметкерлердің еңбек демалысы",
            "Bücherei geöffnet",
            "abîmés présenté",
        ] {
            assert!(plausibility(text) > 0.4, "{text}: {}", plausibility(text));
        }
        for text in [
            "Ìèíèñòåðñòâî îáðàçîâàíèÿ",
            "лХМХЯРЕПЯРБН НАПЮГНБЮМХЪ",
            "РњРёРЅРёСЃС‚РµСЂСЃС‚РІРѕ",
        ] {
            assert!(plausibility(text) < 0.1, "{text}: {}", plausibility(text));
        }
    }
}
