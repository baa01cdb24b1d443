//! Bytes of unknown code page → text.
//!
//! Owns: byte order marks, UTF-16 without one, and the choice among the 8-bit code pages of Russian and Kazakh by how
//! plausible the letters are that each would give. Leaves cleaning to `tidy`.

use encoding_rs::{
    Encoding, IBM866, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC,
};

/// How many bytes are scored: enough words to tell any two code pages apart.
const SAMPLE_BYTES: usize = 64 << 10;

/// A declared code page is believed unless another one is this much more plausible per letter.
const DECLARED_BONUS: f32 = 0.6;

/// Text and where it came from.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The text, without a byte order mark.
    pub(crate) text: String,
    /// The name of the code page.
    pub(crate) name: &'static str,
    /// How many characters could not be decoded.
    pub(crate) replaced: usize,
}

/// Returns the code page that an HTML or XML head declares, if there is one.
pub(crate) fn declared_charset(bytes: &[u8]) -> Option<String> {
    /// Browsers look this far for a declaration.
    const HEAD_BYTES: usize = 4096;
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]).to_ascii_lowercase();
    if !head.contains('<') {
        return None;
    }
    let at = head.find("charset=").map(|at| at + 8).or_else(|| {
        let xml = head.find("<?xml")?;
        head[xml..].find("encoding=").map(|at| xml + at + 9)
    })?;
    let value = head[at..].trim_start_matches(['"', '\'', ' ']);
    let end = value
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))
        .unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_owned())
}

/// Decodes `bytes`, or returns nothing when they are no text.
pub(crate) fn decode(bytes: &[u8], declared: Option<&str>) -> Option<Decoded> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return whole(bytes, encoding);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return whole(bytes, encoding);
    }
    if is_binary(bytes) {
        return None;
    }
    if std::str::from_utf8(bytes).is_ok() || mostly_utf8(bytes) {
        return whole(bytes, UTF_8);
    }
    let mut candidates = vec![
        CodePage::Known(WINDOWS_1251),
        CodePage::Known(KOI8_R),
        CodePage::Known(IBM866),
        CodePage::Known(X_MAC_CYRILLIC),
        CodePage::Kz1048,
        CodePage::Known(WINDOWS_1252),
    ];
    let declared = declared.and_then(|label| match label {
        "kz-1048" | "kz1048" | "rk1048" | "strk1048-2002" => Some(CodePage::Kz1048),
        _ => Encoding::for_label(label.as_bytes())
            .filter(|encoding| *encoding != UTF_8)
            .map(CodePage::Known),
    });
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    for extra in declared.into_iter().chain([CodePage::Known(guess)]) {
        if !candidates.contains(&extra) {
            candidates.push(extra);
        }
    }
    let scored = candidates.into_iter().map(|page| {
        let bonus = if Some(page) == declared {
            DECLARED_BONUS
        } else {
            0.0
        };
        (plausibility(&page.decode(sample)) + bonus, page)
    });
    // The first of equals wins: windows-1251 is by far the most common.
    let (_, page) = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let text = page.decode(bytes);
    Some(Decoded {
        replaced: text.matches('\u{fffd}').count(),
        text,
        name: page.name(),
    })
}

fn whole(bytes: &[u8], encoding: &'static Encoding) -> Option<Decoded> {
    let (text, _, _) = encoding.decode(bytes);
    let replaced = text.matches('\u{fffd}').count();
    let controls = text
        .chars()
        .filter(|c| c.is_control() && !c.is_whitespace())
        .count();
    // A fiftieth of unprintable characters is more than any damaged text has and less than any program.
    (text.is_empty() || (controls + replaced) * 50 <= text.chars().count()).then(|| Decoded {
        replaced,
        text: text.into_owned(),
        name: encoding.name(),
    })
}

/// Tells UTF-16 by its high bytes: 0 for Latin, 4 for Cyrillic, and little else.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    /// Short texts give no statistics.
    const MIN_BYTES: usize = 8;
    if bytes.len() < MIN_BYTES || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let pairs = sample.len() / 2;
    let high = |byte: u8| matches!(byte, 0x00 | 0x04 | 0x20);
    let second = sample.chunks_exact(2).filter(|pair| high(pair[1])).count();
    let first = sample.chunks_exact(2).filter(|pair| high(pair[0])).count();
    let marks = sample.iter().filter(|byte| matches!(byte, 0x00 | 0x04)).count();
    if marks * 3 < pairs {
        None
    } else if second * 10 >= pairs * 9 && first * 2 < pairs {
        Some(UTF_16LE)
    } else if first * 10 >= pairs * 9 && second * 2 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a | 0x1b);
    let controls = sample
        .iter()
        .filter(|byte| **byte < 0x20 && !text(**byte))
        .count();
    sample.contains(&0) || controls * 100 > sample.len()
}

/// Tells whether a text is UTF-8 with a few broken bytes, as after a cut or a bad paste.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad * 20
}

/// An 8-bit code page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodePage {
    Known(&'static Encoding),
    /// The Kazakh variant of windows-1251, which `encoding_rs` lacks.
    Kz1048,
}

impl CodePage {
    fn name(self) -> &'static str {
        match self {
            Self::Known(encoding) => encoding.name(),
            Self::Kz1048 => "KZ-1048",
        }
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Known(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Kz1048 => WINDOWS_1251
                .decode_without_bom_handling(bytes)
                .0
                .chars()
                .map(kazakh_letter)
                .collect(),
        }
    }
}

/// Returns the letter of KZ-1048 that stands where windows-1251 has `c`.
fn kazakh_letter(c: char) -> char {
    match c {
        'Ќ' => 'Қ',
        'Ћ' => 'Һ',
        'ќ' => 'қ',
        'ћ' => 'һ',
        'Ў' => 'Ұ',
        'ў' => 'ұ',
        'Ј' => 'Ә',
        'Ґ' => 'Ө',
        'Є' => 'Ғ',
        'Ї' => 'Ү',
        'ґ' => 'ө',
        'є' => 'ғ',
        'ј' => 'ә',
        'Ѕ' => 'Ң',
        'ѕ' => 'ң',
        'ї' => 'ү',
        _ => c,
    }
}

/// Scores how much `text` looks like Russian, Kazakh or a language in Latin letters: mean over its characters beyond
/// ASCII, the higher the better; text of frequent Russian letters scores about 1.
pub(crate) fn plausibility(text: &str) -> f32 {
    let (mut score, mut count) = (0.0_f32, 0_u32);
    let mut previous = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            count += 1;
            score += letter_score(c);
            if c.is_alphabetic() && previous.is_alphabetic() {
                if is_cyrillic(c) != is_cyrillic(previous) {
                    score -= 2.0;
                } else if c.is_uppercase() && previous.is_lowercase() {
                    score -= 1.5;
                }
            }
        } else if c.is_ascii_alphabetic() && is_cyrillic(previous) {
            score -= 2.0;
        }
        previous = c;
    }
    if count == 0 { 0.0 } else { score / count as f32 }
}

/// Tells whether `c` is a Cyrillic letter.
pub(crate) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

fn letter_score(c: char) -> f32 {
    match c {
        'о' | 'е' | 'а' | 'и' | 'н' | 'т' | 'с' | 'р' | 'в' | 'л' => 1.5,
        'к' | 'м' | 'д' | 'п' | 'у' | 'я' | 'ы' | 'ь' | 'г' | 'з' | 'б' | 'ч' | 'й' => 1.0,
        'х' | 'ж' | 'ш' | 'ю' | 'ц' | 'щ' | 'э' | 'ф' => 0.5,
        'ә' | 'қ' | 'ғ' | 'ң' | 'ө' | 'ұ' | 'ү' | 'і' | 'һ' => 0.9,
        'А'..='Я' | 'Ё' | 'ё' | 'ъ' => 0.4,
        'Ә'
        | 'Қ'
        | 'Ғ'
        | 'Ң'
        | 'Ө'
        | 'Ұ'
        | 'Ү'
        | 'І'
        | 'à'..='ö'
        | 'ø'..='ÿ'
        | '«'
        | '»'
        | '—'
        | '–'
        | '№'
        | '\u{a0}'
        | '“'
        | '”'
        | '„'
        | '…'
        | '’'
        | '§'
        | '°'
        | '•' => 0.3,
        'À'..='Ö' | 'Ø'..='Þ' => -0.3,
        '\u{400}'..='\u{52f}' => -0.7,
        '\u{2500}'..='\u{259f}' => -1.0,
        '\u{80}'..='\u{9f}' | '\u{fffd}' => -3.0,
        _ => -0.8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSSIAN: &str =
        "Дежурство начинается в семь часов вечера. Ключи хранятся у вахтёра, список - на двери.";
    const KAZAKH: &str =
        "Қызметкерлердің еңбек демалысы жиырма төрт күнді құрайды, өтініш екі апта бұрын беріледі.";

    fn kz1048(text: &str) -> Vec<u8> {
        let letters: Vec<(String, u8)> = (0..=255)
            .map(|byte| (CodePage::Kz1048.decode(&[byte]), byte))
            .collect();
        text.chars()
            .map(|c| {
                letters
                    .iter()
                    .find(|(letter, _)| *letter == c.to_string())
                    .expect("in the code page")
                    .1
            })
            .collect()
    }

    fn check(bytes: &[u8], name: &str, text: &str) {
        let decoded = decode(bytes, None).expect("text");
        assert_eq!((decoded.name, decoded.text.as_str()), (name, text));
    }

    #[test]
    fn russian_is_read_from_every_code_page() {
        for encoding in [WINDOWS_1251, KOI8_R, IBM866, X_MAC_CYRILLIC, UTF_8] {
            check(&encoding.encode(RUSSIAN).0, encoding.name(), RUSSIAN);
        }
    }

    #[test]
    fn one_short_word_is_enough_to_tell_the_common_code_pages_apart() {
        for encoding in [WINDOWS_1251, KOI8_R, IBM866] {
            check(&encoding.encode("Привет").0, encoding.name(), "Привет");
        }
    }

    #[test]
    fn utf_16_needs_no_byte_order_mark() {
        let little: Vec<u8> = RUSSIAN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = RUSSIAN.encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(&little, "UTF-16LE", RUSSIAN);
        check(&big, "UTF-16BE", RUSSIAN);
        check(&[&[0xff, 0xfe], little.as_slice()].concat(), "UTF-16LE", RUSSIAN);
    }

    #[test]
    fn kazakh_letters_tell_kz_1048_from_windows_1251() {
        check(&kz1048(KAZAKH), "KZ-1048", KAZAKH);
    }

    #[test]
    fn a_false_declaration_is_not_believed() {
        let bytes = KOI8_R.encode("Пункт приёма работает во дворе каждый день").0;
        assert_eq!(decode(&bytes, Some("windows-1251")).expect("text").name, "KOI8-R");
    }

    #[test]
    fn western_text_stays_western() {
        let text = "Le café est fermé à midi, désolé.";
        check(&WINDOWS_1252.encode(text).0, "windows-1252", text);
    }

    #[test]
    fn bytes_of_a_program_are_not_text() {
        assert!(decode(&[0, 1, 2, 3, 255, 254, 7, 0, 9, 200], None).is_none());
    }
}
