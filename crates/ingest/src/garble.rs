//! Text layers whose letters are not those on the page: found by letter pairs that no language of ours has.
//!
//! Owns the verdict on one page. Fonts with a table of their own turn «информация» into «bgnhjfZpby»: letters one can count
//! on, words nobody has. Languages that docent does not know are no garble, and neither are tables of codes.

use crate::letters::{Pair, is_ours, pair};

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
        || (pairs >= MIN_PAIRS && strange * 100 > pairs * 30 && common * 100 < pairs * 45)
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
    fn text_tables_codes_and_foreign_languages_are_not_garbled() {
        for text in [
            RUSSIAN,
            "Қызметкер өтінішті екі апта бұрын береді, меңгеруші оны үш күннің ішінде қарайды және жауабын хатпен жібереді",
            "Der Ausweis gilt für alle Bücher, die länger als zwölf Tage ausgeliehen werden; Säumniszuschläge sind fällig",
            "Przedsiębiorstwo zobowiązuje się dostarczyć wszystkie części zamienne niezwłocznie po otrzymaniu zgłoszenia",
            "Müşteri sözleşmeyi imzaladıktan sonra değişiklik yapmak için yazılı başvuruda bulunmalıdır ve ücret öder",
            "Pinus sylvestris, Betula pendula, Quercus robur, Sorbus aucuparia, Vaccinium vitis-idaea, Juniperus communis",
            "ГОСТ Р 52872-2019 ТУ 3433-001-12345678 АБВГ.464512.001 ЖКХ МФЦ ЗАГС НИИ СНиП СанПиН ФЗ-152 ОКПО ОКВЭД",
            "strcmp(ptr, NULL); mmap(addr, len, prot, flags, fd); sprintf(buf, fmt); xmlns=http rwxr-xr-x ctrl glxgears",
        ] {
            assert!(!is_garbled(&text.repeat(4)), "{text}");
        }
    }
}
