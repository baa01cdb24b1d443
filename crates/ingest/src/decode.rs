//! From bytes in any code page of ours to text.

use encoding_rs::{Encoding, IBM866, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

/// Letter pairs frequent in Russian and Kazakh text: the right code page shows many, a wrong one hardly any.
const PAIRS: [&str; 24] = [
    "ст", "но", "то", "на", "ен", "ов", "ни", "ра", "во", "ко", "по", "ре", "пр", "ер", "ан", "ро", "ал",
    "го", "не", "ет", "ар", "ын", "ды", "да",
];

/// Decodes text: byte order mark, UTF-8 when valid, UTF-16 by its zero bytes, else the likeliest Cyrillic code page.
///
/// `declared` is what the file says of itself; it counts when its result reads as well as any other's.
pub(crate) fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some((encoding, skip)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[skip..])
            .0
            .into_owned();
    }
    if let Some(encoding) = utf16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let declared = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let mut candidates = vec![WINDOWS_1251, KOI8_R, IBM866];
    if let Some(declared) = declared.filter(|declared| *declared != UTF_8) {
        candidates.insert(0, declared);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    candidates.push(detector.guess(None, chardetng::Utf8Detection::Deny));
    let mut best = (i64::MIN, String::new());
    for encoding in candidates {
        let text = encoding.decode_without_bom_handling(bytes).0.into_owned();
        let score = plausibility(&text);
        if score > best.0 {
            best = (score, text);
        }
    }
    best.1
}

/// Tells UTF-16 without a mark: in Cyrillic and Latin text every second byte is 0 or 4.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.len() < 4 || bytes.len() % 2 != 0 {
        return None;
    }
    let high = |first: usize| {
        bytes
            .iter()
            .skip(first)
            .step_by(2)
            .filter(|&&byte| byte == 0 || byte == 4)
            .count()
    };
    let (even, odd, half) = (high(0), high(1), bytes.len() / 2);
    if odd * 10 > half * 8 && even * 10 < half * 4 {
        return Some(UTF_16LE);
    }
    (even * 10 > half * 8 && odd * 10 < half * 4).then_some(UTF_16BE)
}

fn plausibility(text: &str) -> i64 {
    let lower = text.to_lowercase();
    let pairs: usize = PAIRS.iter().map(|pair| lower.matches(pair).count()).sum();
    let mut odd = 0i64;
    let mut before = ' ';
    for letter in text.chars() {
        let boxed = ('\u{2500}'..='\u{259f}').contains(&letter)
            || letter == '\u{fffd}'
            || (letter.is_control() && !letter.is_whitespace());
        // Lower case followed by upper inside a word is what Cyrillic in a wrong Cyrillic code page looks like.
        odd += i64::from(boxed) * 5 + i64::from(before.is_lowercase() && letter.is_uppercase());
        before = letter;
    }
    pairs as i64 - odd * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_is_read_in_every_code_page() {
        let text = "Агентство принимает заявления по рабочим дням с девяти до шести. Перерыв на обед не предусмотрен.";
        for encoding in [WINDOWS_1251, KOI8_R, IBM866] {
            let bytes = encoding.encode(text).0;
            assert_eq!(decode(&bytes, None), text, "{}", encoding.name());
            assert_eq!(
                decode(&bytes, Some("utf-8")),
                text,
                "{} declared as UTF-8",
                encoding.name()
            );
        }
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&little, None), text);
        assert_eq!(decode(&big, None), text);
        assert_eq!(decode(text.as_bytes(), None), text);
        assert_eq!(
            decode(&[b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(), None),
            text
        );
    }
}
