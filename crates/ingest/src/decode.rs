//! Bytes of unknown code page → text.
//!
//! Owns: byte order marks, UTF-16 without one, and the choice among the 8-bit code pages of Russian and Kazakh by how
//! plausible the letters are that each would give. Leaves cleaning to `tidy`.

use encoding_rs::{
    Encoding, IBM866, ISO_8859_2, ISO_8859_4, ISO_8859_5, ISO_8859_15, KOI8_R, UTF_8, UTF_16BE, UTF_16LE,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257, X_MAC_CYRILLIC,
};

use crate::letters::plausibility;

/// The code pages of languages in Latin letters.
const LATIN: [&Encoding; 5] = [WINDOWS_1250, WINDOWS_1254, WINDOWS_1257, ISO_8859_2, ISO_8859_4];

/// How many bytes are scored: enough words to tell any two code pages apart.
const SAMPLE_BYTES: usize = 64 << 10;

/// A declared code page is believed unless another one is this much more plausible per letter.
const DECLARED_BONUS: f32 = 0.25;

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
    if let Some(text) = utf32(bytes) {
        return Some(Decoded {
            replaced: text.matches('\u{fffd}').count(),
            text,
            name: "UTF-32",
        });
    }
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
        CodePage::Known(ISO_8859_5),
        CodePage::Ibm855,
        CodePage::Known(WINDOWS_1252),
        CodePage::Known(ISO_8859_15),
    ];
    let declared = declared.and_then(|label| match label {
        "kz-1048" | "kz1048" | "rk1048" | "strk1048-2002" => Some(CodePage::Kz1048),
        "ibm855" | "cp855" | "855" => Some(CodePage::Ibm855),
        _ => Encoding::for_label(label.as_bytes())
            .filter(|encoding| *encoding != UTF_8)
            .map(CodePage::Known),
    });
    let sample = telling_part(bytes);
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
    // The letter pairs tell Cyrillic from Latin; which Latin language it is, and so which accents, the detector knows better,
    // where there are accents and not signs only.
    let accented = sample.iter().any(|byte| *byte >= 0xc0);
    let western = page == CodePage::Known(WINDOWS_1252) && declared != Some(page);
    let page = if western && accented && LATIN.contains(&guess) {
        CodePage::Known(guess)
    } else {
        page
    };
    let text = page.decode(bytes);
    Some(Decoded {
        replaced: text.matches('\u{fffd}').count(),
        text,
        name: page.name(),
    })
}

/// Decodes UTF-32 by its byte order mark, or by the zero that each of its characters has; `encoding_rs` lacks it.
fn utf32(bytes: &[u8]) -> Option<String> {
    /// Short texts without a mark give no statistics.
    const MIN_BYTES: usize = 16;
    let fours = bytes
        .chunks_exact(4)
        .map(|four| [four[0], four[1], four[2], four[3]]);
    let all = |read: fn([u8; 4]) -> u32| {
        let valid = |four| char::from_u32(read(four)).is_some_and(|c| c >= '\t');
        bytes.len() >= MIN_BYTES && bytes.len().is_multiple_of(4) && fours.clone().all(valid)
    };
    let read = match bytes {
        [0xff, 0xfe, 0, 0, ..] => u32::from_le_bytes,
        [0, 0, 0xfe, 0xff, ..] => u32::from_be_bytes,
        [_, _, _, 0, ..] if all(u32::from_le_bytes) => u32::from_le_bytes,
        [0, ..] if all(u32::from_be_bytes) => u32::from_be_bytes,
        _ => return None,
    };
    let letters = fours.map(|four| char::from_u32(read(four)).unwrap_or('\u{fffd}'));
    Some(letters.filter(|letter| *letter != '\u{feff}').collect())
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

/// Returns the part of `bytes` that tells most: from a little before the first byte beyond ASCII.
fn telling_part(bytes: &[u8]) -> &[u8] {
    /// What stands before the first foreign letter says little more.
    const LEAD_BYTES: usize = 256;
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let start = first.saturating_sub(LEAD_BYTES);
    &bytes[start..bytes.len().min(start + SAMPLE_BYTES)]
}

/// Tells UTF-16 by its high bytes: 0 for Latin, 4 for Cyrillic, and little else.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    /// Short texts give no statistics.
    const MIN_BYTES: usize = 8;
    if bytes.len() < MIN_BYTES {
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
    // A stray zero is damage; a program has one in every few bytes.
    controls * 100 > sample.len()
}

/// Tells whether a text is UTF-8 with a few broken bytes, as after a cut or a bad paste.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // By chance hardly any two letters of an 8-bit text make one of UTF-8.
    good > bad * 3
}

/// An 8-bit code page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodePage {
    Known(&'static Encoding),
    /// The Kazakh variant of windows-1251, which `encoding_rs` lacks.
    Kz1048,
    /// The older Cyrillic code page of DOS, which `encoding_rs` lacks.
    Ibm855,
}

/// The upper half of IBM855.
const IBM855: &str = "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐└┴┬├─┼кК╚╔╩╦╠═╬¤\
лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}";

impl CodePage {
    fn name(self) -> &'static str {
        match self {
            Self::Known(encoding) => encoding.name(),
            Self::Kz1048 => "KZ-1048",
            Self::Ibm855 => "IBM855",
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
            Self::Ibm855 => {
                let upper: Vec<char> = IBM855.chars().collect();
                let letter = |byte: &u8| match byte.checked_sub(0x80) {
                    Some(at) => upper[usize::from(at)],
                    None => char::from(*byte),
                };
                bytes.iter().map(letter).collect()
            }
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

#[cfg(test)]
mod tests;
