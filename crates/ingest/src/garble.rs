//! Text layers whose letters are not those on the page: found by letter pairs that no language of ours has.
//!
//! Owns the verdict on one page. Fonts with a table of their own turn «информация» into «bgnhjfZpby»: letters one can count
//! on, words nobody has. Languages that docent does not know are no garble, and neither are tables of codes.

use std::collections::HashSet;

use crate::letters::{Pair, is_letter, is_ours, pair};

/// Fewer pairs than this tell nothing.
const MIN_PAIRS: usize = 100;

/// Tells whether the text of a page is garbled.
pub(crate) fn is_garbled(text: &str) -> bool {
    /// Signs of a font without a table: fewer are bullets and formulas.
    const MIN_HOLES: usize = 40;
    let (mut holes, mut seen) = (0_usize, 0_usize);
    let (mut strange, mut common, mut pairs) = (0_usize, 0_usize, 0_usize);
    for word in text.split_whitespace() {
        seen += word.chars().count();
        holes += word.chars().filter(|c| is_hole(*c)).count();
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let letters: Vec<char> = word.chars().collect();
        if !is_word(&letters) {
            continue;
        }
        for two in letters.windows(2) {
            let Some(kind) = pair(two[0], two[1]) else {
                continue;
            };
            pairs += 1;
            let turns = two[0].is_lowercase() && two[1].is_uppercase();
            strange += usize::from(kind == Pair::Strange || turns);
            common += usize::from(kind == Pair::Common && !turns);
        }
    }
    // Text of ours has under 3 strange pairs in a hundred and over 70 common ones; Polish, Turkish and Latin names of plants
    // some 10 strange ones; a substitution of letters over 35, and fewer common ones than that.
    (holes >= MIN_HOLES && holes * 3 > seen)
        || is_enciphered(text)
        || (pairs >= MIN_PAIRS && strange * 100 > pairs * 30 && common * 100 < pairs * 45)
}

/// Tells whether letters were moved among the digits and signs of ASCII, as fonts number them that programs cut down to what
/// they show: «A9:97B8AOI BC?4K<649@OI», or nothing but signs, or the letters that a font has names for and no others.
fn is_enciphered(text: &str) -> bool {
    /// Fewer words tell nothing.
    const MIN_WORDS: usize = 25;
    /// A word is not longer; what is, are keys and addresses.
    const MAX_LETTERS: usize = 30;
    const MIN_SIGNS: usize = 40;
    /// Single letters of which a page consists: a title set apart has fewer, and words beside them.
    const MIN_PIECES: usize = 60;
    /// Kinds of signs: a ruled line has one, a formula a few.
    const MIN_KINDS: usize = 6;
    // They stand between no two letters of a word; those of names and addresses are left aside.
    let is_odd = |c: char| {
        matches!(
            c,
            ':' | ';' | '<' | '>' | '=' | '?' | '@' | '&' | '$' | '%' | '#' | '!' | '"' | '*'
        )
    };
    let (mut words, mut mixed, mut signed) = (0_usize, 0_usize, 0_usize);
    let (mut signs, mut others) = (0_usize, 0_usize);
    let (mut pieces, mut single) = (0_usize, 0_usize);
    // Behind the digits and signs of ASCII stand its capitals; in programs and markup small letters prevail.
    let (mut named, mut small) = (0_usize, 0_usize);
    let mut kinds = HashSet::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for c in letters.iter().filter(|c| !matches!(c, '.' | '_' | '-' | '|')) {
            if c.is_ascii_punctuation() {
                signs += 1;
                kinds.insert(*c);
            } else {
                others += 1;
            }
        }
        pieces += 1;
        single += usize::from(letters.len() == 1 && !letters[0].is_ascii_digit());
        if !(4..=MAX_LETTERS).contains(&letters.len()) || word.contains("://") {
            continue;
        }
        words += 1;
        let within = letters[1..letters.len() - 1].iter().any(|c| is_odd(*c));
        let turns = letters
            .windows(2)
            .filter(|two| is_letter(two[0]) != is_letter(two[1]))
            .count();
        if turns < 2 {
            continue;
        }
        mixed += 1;
        signed += usize::from(within);
        named += letters.iter().filter(|c| is_letter(**c)).count();
        small += letters.iter().filter(|c| c.is_lowercase()).count();
    }
    words >= MIN_WORDS && mixed * 10 > words * 4 && signed * 4 > words && small * 3 < named
        || signs >= MIN_SIGNS && signs > 2 * others && kinds.len() >= MIN_KINDS
        || pieces >= MIN_PIECES && single * 10 > pieces * 9
}

/// Tells whether a character stands for one that a font did not name.
fn is_hole(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{efff}' | '\u{f900}'..='\u{faff}')
        || (c.is_control() && !c.is_whitespace())
}

/// Tells whether letters can be a word: long enough, no code with digits, no abbreviation in capitals, no letter of a language that the
/// table of pairs does not know.
fn is_word(letters: &[char]) -> bool {
    const MIN_LETTERS: usize = 4;
    /// What stands between the capital and the small letters in the order of ASCII, and behind them.
    const SIGNS: [char; 10] = ['[', '\\', ']', '^', '_', '`', '{', '|', '}', '~'];
    letters.len() >= MIN_LETTERS
        && letters.iter().all(|c| is_ours(*c) || SIGNS.contains(c))
        && letters.iter().filter(|c| c.is_lowercase()).count() * 3 > letters.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSSIAN: &str = "Дежурный открывает читальный зал в девять часов утра, проверяет окна и записывает показания \
        счётчиков в журнал. Посетители оставляют сумки в гардеробе и получают номерок. После закрытия зала дежурный \
        выключает освещение и сдаёт ключи сторожу под подпись. О поломках сообщают заведующей по внутреннему телефону.";

    /// Writes each small letter as another one, in the order of a font that was cut down to the letters it shows.
    fn substituted(text: &str, start: u32) -> String {
        text.chars()
            .map(|c| {
                let code = u32::from(c.to_lowercase().next().unwrap_or(c));
                match code {
                    0x430..=0x44f => char::from_u32(start + (code - 0x430) * 7 % 53).expect("a letter"),
                    _ => c,
                }
            })
            .collect()
    }

    #[test]
    fn letters_replaced_by_others_are_garbled() {
        assert!(is_garbled(&substituted(RUSSIAN, 0x44)));
        assert!(is_garbled(
            &"\u{fffd}\u{fffd}\u{fffd}\u{fffd} и \u{fffd}\u{fffd}\u{fffd}\u{fffd} ".repeat(9)
        ));
        assert!(is_garbled(
            &"\u{e042}\u{e043}\u{e050} \u{e051}\u{e052}\u{e053} ".repeat(20)
        ));
    }

    #[test]
    fn letters_moved_among_digits_and_signs_are_garbled() {
        let moved: String = RUSSIAN
            .chars()
            .map(|c| match u32::from(c) {
                code @ 0x430..=0x44f => char::from_u32(code - 0x430 + 0x34).expect("a sign"),
                _ => c,
            })
            .collect();
        assert!(is_garbled(&moved), "{moved}");
        assert!(is_garbled(&"ң ұ ң қ ң қ ә ғ ғ ".repeat(9)));
        assert!(is_garbled(&"! # $ \" % ( & ' * ) < = ".repeat(20)));
    }

    #[test]
    fn text_tables_codes_and_foreign_languages_are_not_garbled() {
        for text in [
            RUSSIAN,
            "Қызметкер өтінішті екі апта бұрын береді, меңгеруші оны үш күннің ішінде қарайды және жауабын хатпен жібереді",
            "Der Ausweis gilt für alle Bücher, die länger als zwölf Tage ausgeliehen werden; Säumniszuschläge sind fällig",
            "Przedsiębiorstwo zobowiązuje się dostarczyć wszystkie części zamienne niezwłocznie po otrzymaniu zgłoszenia",
            "Müşteri sözleşmeyi imzaladıktan sonra değişiklik yapmak için yazılı başvuruda bulunmalıdır ve ücret öder",
            "Pinus sylvestris, Betula pendula, Quercus robur, Sorbus aucuparia, Vaccinium vitis-idaea, Juniperus communis",
            "ГОСТ Р 52872-2019 ТУ 3433-001-12345678 АБВГ.464512.001 ЖКХ МФЦ ЗАГС НИИ СНиП СанПиН ФЗ-152 ОКПО ОКВЭД",
            "kind=text; size:12pt; Total=45,000; A1:B7 =SUM(C2:C9) 4*7=28 <w:p> </w:p> &nbsp; 100% #17 user@example.org ok?",
            "3f9a-77b1-c0de 8E21F4 0x7ffe A4B7:11 00:1A:2B:3C:4D:5E 192.168.0.1:8080 5d41402abc4b2a76 b9719d911017c592",
            "П О Л О Ж Е Н И Е о б отпусках работников архива",
            "5 4 5 3 4 5 5 4 3 5 4 4 5 5 3 4 5 4 5 5 4 3 5 5 4",
            "Ф. И. О. ______________ Дата: «___» __________ 20__ г. Подпись ..................... М. П.",
            "strcmp(ptr, NULL); mmap(addr, len, prot, flags, fd); sprintf(buf, fmt); xmlns=http rwxr-xr-x ctrl glxgears",
        ] {
            assert!(!is_garbled(&text.repeat(4)), "{text}");
        }
    }
}
