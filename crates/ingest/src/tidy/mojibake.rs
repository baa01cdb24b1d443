//! Text that was read in a wrong code page: found by its letters and turned back.
//!
//! Owns the pairs of code pages that programs confuse. Turning back is tried up to three times, because a text may have
//! gone through two wrong hands.

use encoding_rs::{Encoding, IBM866, KOI8_R, UTF_8, WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC};

use crate::letters::{is_cyrillic, is_letter, plausibility};

/// How often one text may have been misread.
const MAX_TURNS: usize = 3;

/// Shorter runs of accented letters are names and foreign words.
const MIN_LETTERS: usize = 4;

/// More letters than a paragraph has.
const PAGE_LETTERS: usize = 300;

/// Text that scores this or more is as it should be.
const SOUND: f32 = 0.35;

/// As [`SOUND`], for a few words, whose score hangs on each letter.
const SOUND_WORD: f32 = 0.15;

/// From so many letters and signs on the score of Cyrillic text says that it is none.
const SURE_LETTERS: usize = 20;

/// What Cyrillic text must score to be taken for what another Cyrillic text said.
const SURE: f32 = 0.55;

/// So much better must text get that is turned: a page of names or formulas scores low and is right.
const GAIN: f32 = 0.3;

/// What comes out must look like a language of ours, and few letters are less evidence.
const TURNED: f32 = 0.4;

/// The code page in which a text was read, and the one in which it was written.
#[derive(Debug, Clone, Copy)]
struct Turn {
    read: &'static Encoding,
    written: &'static Encoding,
    /// Whether letters of Adobe's standard encoding go first.
    standard: bool,
}

const fn turn(read: &'static Encoding, written: &'static Encoding) -> Turn {
    Turn {
        read,
        written,
        standard: false,
    }
}

/// Adobe's standard encoding, where it differs from Latin-1 above 0xC0: PDF fonts whose own table is lost are read by it, and
/// by Latin-1 where it has nothing.
#[rustfmt::skip]
const STANDARD: [(char, u8); 27] = [
    ('´', 0xc2), ('ˆ', 0xc3), ('˜', 0xc4), ('¯', 0xc5), ('˘', 0xc6), ('˙', 0xc7), ('¨', 0xc8), ('˚', 0xca), ('¸', 0xcb),
    ('˝', 0xcd), ('˛', 0xce), ('ˇ', 0xcf), ('—', 0xd0), ('Æ', 0xe1), ('ª', 0xe3), ('Ł', 0xe8), ('Ø', 0xe9), ('Œ', 0xea),
    ('º', 0xeb), ('æ', 0xf1), ('ı', 0xf5), ('ł', 0xf8), ('ø', 0xf9), ('œ', 0xfa), ('ß', 0xfb), ('`', 0xc1), ('ﬁ', 0xae),
];

/// Letters of that encoding that Latin-1 does not have: without one of them it was not that encoding.
const TELLING: [char; 9] = ['Œ', 'Ł', 'º', 'ł', 'œ', 'ı', 'ˇ', '˛', '˝'];

/// The confusions seen, the commonest first.
static TURNS: [Turn; 11] = [
    turn(WINDOWS_1252, WINDOWS_1251),
    turn(WINDOWS_1251, UTF_8),
    turn(WINDOWS_1252, UTF_8),
    turn(WINDOWS_1252, KOI8_R),
    turn(WINDOWS_1251, KOI8_R),
    turn(KOI8_R, WINDOWS_1251),
    turn(WINDOWS_1251, IBM866),
    turn(IBM866, WINDOWS_1251),
    turn(WINDOWS_1252, IBM866),
    turn(WINDOWS_1252, X_MAC_CYRILLIC),
    Turn {
        read: WINDOWS_1252,
        written: WINDOWS_1251,
        standard: true,
    },
];

impl Turn {
    /// Returns what `text` says when it is read anew, or nothing when it cannot have been read so.
    fn apply(self, text: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            if self.standard
                && let Some((_, byte)) = STANDARD.iter().find(|(letter, _)| *letter == c)
            {
                bytes.push(*byte);
                continue;
            }
            match u32::from(c) {
                // Bytes that a code page leaves free are passed on as control characters.
                code @ 0..0xa0 => bytes.push(code as u8),
                code @ 0xa0..0x100 if self.read == WINDOWS_1252 => bytes.push(code as u8),
                _ => {
                    let mut buffer = [0; 4];
                    let (encoded, _, lacking) = self.read.encode(c.encode_utf8(&mut buffer));
                    if lacking {
                        return None;
                    }
                    bytes.extend_from_slice(&encoded);
                }
            }
        }
        if self.written == UTF_8 {
            // The second byte of «Р» is a no-break space, which is often made a plain one.
            for at in 1..bytes.len() {
                if bytes[at - 1] == 0xd0 && bytes[at] == b' ' {
                    bytes[at] = 0xa0;
                }
            }
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        Some(self.written.decode_without_bom_handling(&bytes).0.into_owned())
    }
}

/// Returns `text` as it was written, or nothing when it was read rightly.
pub(crate) fn turned_back(text: &str) -> Option<String> {
    if let Some(whole) = turned_whole(text) {
        return Some(whole);
    }
    // One font or one quotation of a paragraph may be wrong: its words are those of Latin-1 letters beside Cyrillic ones.
    let foreign =
        |word: &str| word.chars().filter(|c| matches!(c, 'À'..='ÿ')).count() * 2 > word.chars().count();
    if !text.chars().any(is_cyrillic) || !text.split_whitespace().any(foreign) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let mut turned = false;
    let mut close = |run: &mut String, out: &mut String| {
        match turned_whole(run) {
            Some(words) => {
                turned = true;
                out.push_str(&words);
            }
            None => out.push_str(run),
        }
        run.clear();
    };
    for word in text.split_inclusive(char::is_whitespace) {
        if foreign(word.trim()) {
            run.push_str(word);
        } else {
            close(&mut run, &mut out);
            out.push_str(word);
        }
    }
    close(&mut run, &mut out);
    turned.then_some(out)
}

/// How a text was misread: each turn undoes the last one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Misreading(Vec<Turn>);

impl Misreading {
    /// Finds how `text` was misread, or nothing when it was read rightly.
    pub(crate) fn of(text: &str) -> Option<Self> {
        turned(text).map(|(turns, _)| turns)
    }

    /// Returns `text`, a part of the one this was found in, as it was written; nothing when that would make it worse.
    pub(crate) fn undo(&self, text: &str) -> Option<String> {
        if text.is_ascii() {
            return None;
        }
        let turned = self
            .0
            .iter()
            .try_fold(text.to_owned(), |text, turn| turn.apply(&text))?;
        (plausibility(&turned) > plausibility(text)).then_some(turned)
    }
}

fn turned_whole(text: &str) -> Option<String> {
    turned(text).map(|(_, text)| text)
}

fn turned(text: &str) -> Option<(Misreading, String)> {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii() && is_letter(*c)).count();
    if letters(text) < MIN_LETTERS {
        return None;
    }
    let before = plausibility(text);
    // Cyrillic letters are mostly what they should be, and few of them make words in any code page: «Вход», «Асмд».
    let cyrillic = text.chars().any(is_cyrillic);
    // Signs count: they may have been letters.
    let few = text.chars().filter(|c| !c.is_ascii()).count() < SURE_LETTERS;
    if before >= if few { SOUND_WORD } else { SOUND } {
        return None;
    }
    let mut best: Option<(f32, Misreading, String)> = None;
    let mut now = vec![(Misreading::default(), text.to_owned())];
    for _ in 0..MAX_TURNS {
        let mut next: Vec<(Misreading, String)> = Vec::new();
        for (turns, text) in &now {
            for turn in TURNS
                .iter()
                .filter(|turn| !turn.standard || text.contains(TELLING))
            {
                // A turn that leaves holes leads nowhere.
                let Some(turned) = turn
                    .apply(text)
                    .filter(|turned| !turned.contains('\u{fffd}') || plausibility(turned) > TURNED)
                else {
                    continue;
                };
                let mut turns = turns.clone();
                turns.0.push(*turn);
                next.push((turns, turned));
            }
        }
        for (turns, turned) in &next {
            // Four letters by chance make words more easily than forty.
            let due = match letters(turned) {
                _ if cyrillic && turned.chars().count() == text.chars().count() => {
                    if few {
                        continue;
                    }
                    SURE
                }
                count if count < 2 * MIN_LETTERS => TURNED + 0.2,
                // A page of a related language, Ukrainian say, has some pairs that ours do not.
                count if count > PAGE_LETTERS => TURNED / 2.0,
                _ => TURNED,
            };
            let score = plausibility(turned);
            if score > due.max(before + GAIN)
                && letters(turned) > 1
                && best.as_ref().is_none_or(|(known, ..)| score > *known)
            {
                best = Some((score, turns.clone(), turned.clone()));
            }
        }
        if best.is_some() {
            break;
        }
        now = next;
        // What goes into the next turn must be few: each is turned ten ways.
        now.truncate(TURNS.len());
    }
    best.map(|(_, turns, text)| (turns, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misread(text: &str, written: &'static Encoding, read: &'static Encoding) -> String {
        let bytes = written.encode(text).0;
        read.decode_without_bom_handling(&bytes).0.into_owned()
    }

    #[test]
    fn every_common_confusion_is_turned_back() {
        let text = "Приказ о назначении дежурных";
        for turn in TURNS.iter().filter(|turn| !turn.standard) {
            let wrong = misread(text, turn.written, turn.read);
            assert_eq!(turned_back(&wrong).as_deref(), Some(text), "{wrong}");
        }
    }

    #[test]
    fn a_font_read_by_adobes_standard_encoding_is_turned_back() {
        assert_eq!(
            turned_back("ˇîðÿäîŒ âßäà÷Ł ŒíŁª â ÆŁÆºŁîòåŒå").as_deref(),
            Some("Порядок выдачи книг в библиотеке")
        );
    }

    #[test]
    fn text_misread_twice_is_turned_back_twice() {
        let text = "Порядок выдачи пропусков в архив";
        let once = misread(text, UTF_8, WINDOWS_1251);
        assert_eq!(
            turned_back(&misread(&once, UTF_8, WINDOWS_1251)).as_deref(),
            Some(text)
        );
        let once = misread(text, WINDOWS_1251, WINDOWS_1252);
        assert_eq!(
            turned_back(&misread(&once, UTF_8, WINDOWS_1252)).as_deref(),
            Some(text)
        );
    }

    #[test]
    fn one_wrong_quotation_does_not_touch_the_words_around_it() {
        assert_eq!(
            turned_back("Ведомство: Ìèíèñòåðñòâî îáðàçîâàíèÿ, отдел 5").as_deref(),
            Some("Ведомство: Министерство образования, отдел 5")
        );
    }

    #[test]
    fn foreign_words_and_rare_alphabets_stay() {
        for text in [
            "Déjà vu à l'été",
            "Łódź, Kraków, Gdańsk, Wrocław",
            "Ελληνικά και άλλα",
            "Größe über Äcker",
            "Қазақстан Республикасының Үкіметі",
            "naïve façade",
            "Příliš žluťoučký kůň úpěl ďábelské ódy",
            "Їжак з'їв ґудзик",
            "Вход",
            "МФЦ, ЖКХ, ЗАГС, НИИ, СНиП, ВУЗ, ГЭС, ТЭЦ, ЦУМ, ГУМ, ЖЭК, ОКВЭД",
        ] {
            assert_eq!(turned_back(text), None, "{text}");
        }
    }
}
