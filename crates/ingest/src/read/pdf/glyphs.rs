//! The letters that a page's content draws, as the library reads them.
//!
//! Owns what has to be set right before and while it reads: words that a page gives in the place of its letters, which the
//! library would read letter by letter with the font's own codes; fonts whose letters are named only inside them; bullets; quotes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use pdf_oxide::PdfDocument;
use pdf_oxide::extractors::TextExtractor;
use pdf_oxide::fonts::cff_encoding::parse_cff_encoding;
use pdf_oxide::fonts::{Encoding, FontInfo};
use pdf_oxide::layout::TextChar;
use pdf_oxide::object::Object;

use super::fields::resolved;

/// Returns the letters of the page at `number`, from 0, without those on the layers in `off`; nothing when it cannot be read.
pub(super) fn letters(pdf: &PdfDocument, number: usize, off: &HashSet<String>) -> Option<Vec<TextChar>> {
    let page = pdf.get_page(number).ok()?;
    let mut content = pdf.get_page_content_data(number).unwrap_or_default();
    if !PdfDocument::may_contain_text_public(&content) {
        return Some(Vec::new());
    }
    pass_over_replacements(&mut content);
    let resources = page.as_dict()?.get("Resources");
    let mut letters = read(pdf, number, off, resources, &content)?;
    measure_turned(&mut letters, || {
        // A page lying on its side, on which they stand upright.
        let mut turned = b"0 -1 1 0 0 0 cm ".to_vec();
        turned.extend(&content);
        read(pdf, number, off, resources, &turned)
    });
    letters.sort_by(|a, b| b.bbox.y.total_cmp(&a.bbox.y).then(a.bbox.x.total_cmp(&b.bbox.x)));
    Some(letters)
}

/// Reads content of the page at `number` with its resources.
pub(super) fn read(
    pdf: &PdfDocument,
    number: usize,
    off: &HashSet<String>,
    resources: Option<&Object>,
    content: &[u8],
) -> Option<Vec<TextChar>> {
    let mut extractor = TextExtractor::new();
    extractor.set_page_index(u32::try_from(number).ok()?);
    extractor.set_excluded_layers(off.clone());
    if let Some(resources) = resources {
        extractor.set_resources(resources.clone());
        extractor.set_document(pdf);
        // Letters of a font that cannot be loaded are read by their codes.
        let _ = pdf.load_fonts_public(resources, &mut extractor);
        let fonts = resolved(pdf, resources).and_then(|all| resolved(pdf, all.as_dict()?.get("Font")?));
        for (name, font) in extractor.get_font_set() {
            let dict = fonts.as_ref();
            let dict = dict.and_then(|fonts| resolved(pdf, fonts.as_dict()?.get(&name)?));
            if let Some(font) = mended(pdf, &font, dict.as_ref(), content) {
                extractor.add_font(name, font);
            }
        }
    }
    extractor.extract_owned(content).ok()
}

/// Gives turned letters the width that they have along their line: the library measures along the horizontal, along which
/// letters that run upwards have none. `upright` reads the same letters with the page turned.
fn measure_turned(letters: &mut [TextChar], upright: impl FnOnce() -> Option<Vec<TextChar>>) {
    /// Of what is shorter than this along the horizontal, rounding leaves no measure.
    const MIN_SHARE: f32 = 0.1;
    let share = |letter: &TextChar| letter.rotation_degrees.to_radians().cos().abs();
    let mut upright = letters
        .iter()
        .any(|letter| share(letter) < MIN_SHARE)
        .then(upright)
        .flatten()
        .unwrap_or_default();
    // The library sorts them by their places.
    upright.sort_by(|a, b| {
        let along = a.origin_x.total_cmp(&b.origin_x);
        a.char
            .cmp(&b.char)
            .then(along)
            .then(b.origin_y.total_cmp(&a.origin_y))
    });
    let mut order: Vec<&mut TextChar> = letters.iter_mut().collect();
    order.sort_by(|a, b| {
        let along = a.origin_y.total_cmp(&b.origin_y);
        a.char
            .cmp(&b.char)
            .then(along)
            .then(a.origin_x.total_cmp(&b.origin_x))
    });
    let known = upright.len() == order.len();
    for (at, letter) in order.into_iter().enumerate() {
        let share = share(letter);
        (letter.advance_width, letter.rendered_advance) = match upright.get(at) {
            _ if share >= MIN_SHARE => (letter.advance_width / share, letter.rendered_advance / share),
            Some(upright) if known && upright.char == letter.char => {
                (upright.advance_width, upright.rendered_advance)
            }
            _ => (0.0, 0.0),
        };
    }
}

/// Makes the library pass over words that stand for a stretch of letters: it reads their bytes as codes of the font, and puts
/// what comes after them in a wrong place.
fn pass_over_replacements(content: &mut [u8]) {
    const NAME: &[u8] = b"/ActualText";
    let mut at = 0;
    while let Some(next) = content[at..].iter().position(|byte| *byte == b'/') {
        at += next;
        if content[at..].starts_with(NAME) {
            content[at + NAME.len() - 1] = b'_';
        }
        at += 1;
    }
}

/// Sets right what the library makes of a font's codes and widths; returns nothing where it is right as it is.
fn mended(pdf: &PdfDocument, font: &FontInfo, dict: Option<&Object>, content: &[u8]) -> Option<FontInfo> {
    let encoding = dict
        .and_then(|dict| dict.as_dict()?.get("Encoding"))
        .and_then(|encoding| resolved(pdf, encoding));
    let usual = matches!(&font.encoding, Encoding::Standard(name) if name == "WinAnsiEncoding");
    let codes = if usual {
        with_bullets(font, content)
    } else {
        named_inside(pdf, font, encoding.as_ref())
    };
    let widths = with_quotes(font, usual);
    if codes.is_none() && widths.is_none() {
        return None;
    }
    let mut font = font.clone();
    if let Some(codes) = codes {
        font.encoding = Encoding::Custom(codes);
    }
    if let Some(widths) = widths {
        font.first_char = Some(FIRST_CODE.into());
        font.widths = Some(widths);
    }
    // What was found out under the old names.
    font.byte_to_char_table = OnceLock::new();
    font.byte_to_width_table = OnceLock::new();
    font.type0_unicode_memo = Arc::default();
    Some(font)
}

/// Lower codes are no letters in the usual encoding.
const FIRST_CODE: u8 = 0x20;

/// Returns the widths of a font that every viewer has, and whose widths documents therefore leave out, with those of curly
/// quotes, which the library takes for as wide as letters.
fn with_quotes(font: &FontInfo, usual: bool) -> Option<Vec<f32>> {
    let known = font.widths.is_none() && font.embedded_font_data.is_none() && font.subtype == "Type1";
    let bold = font.base_font.contains("Bold");
    // From the metrics that Adobe published for these fonts: quoteright, quotedblright.
    let (single, double) = match font.base_font.as_str() {
        name if name.starts_with("Times") => (333.0, if bold { 500.0 } else { 444.0 }),
        name if name.starts_with("Helvetica") && bold => (278.0, 500.0),
        name if name.starts_with("Helvetica") => (222.0, 333.0),
        _ => return None,
    };
    let letter = |code: u8| match (&font.encoding, code) {
        (Encoding::Custom(codes), _) => codes.get(&code).copied(),
        (_, 0x91 | 0x92) if usual => Some('’'),
        (_, 0x93 | 0x94) if usual => Some('”'),
        _ => None,
    };
    let width = |code: u8| match letter(code) {
        Some('‘' | '’') => single,
        Some('“' | '”') => double,
        _ => font.get_glyph_width(code.into()),
    };
    known.then(|| (FIRST_CODE..=u8::MAX).map(width).collect())
}

/// Returns the codes of the usual encoding with all unused ones as bullets, as the standard has it (ISO 32000-1, annex D.2,
/// note 3), where the content may have one of the sort that programs write.
fn with_bullets(font: &FontInfo, content: &[u8]) -> Option<HashMap<u8, char>> {
    let written = content.contains(&0x7f) || content.windows(4).any(|bytes| bytes == b"\\177");
    if !written || font.to_unicode.is_some() || font.subtype == "Type0" {
        return None;
    }
    let codes = (FIRST_CODE..=u8::MAX).map(|code| {
        let (text, ..) = encoding_rs::WINDOWS_1252.decode(std::slice::from_ref(&code));
        let letter = text.chars().next().filter(|letter| !letter.is_control());
        (code, letter.unwrap_or('•'))
    });
    Some(codes.collect())
}

/// Returns the codes of a compact Type 1 font as the font itself names them, but for those that the document names: the
/// library looks for them only in fonts of the old form. Ligatures of TeX and all of its Cyrillic letters have such codes.
fn named_inside(pdf: &PdfDocument, font: &FontInfo, encoding: Option<&Object>) -> Option<HashMap<u8, char>> {
    let data = font.embedded_font_data.as_ref()?;
    if !matches!(font.subtype.as_str(), "Type1" | "MMType1") {
        return None;
    }
    let differences = match encoding {
        None => None,
        Some(encoding) => {
            let dict = encoding.as_dict()?;
            if dict.contains_key("BaseEncoding") {
                return None;
            }
            dict.get("Differences")
                .and_then(|differences| resolved(pdf, differences))
        }
    };
    let mut codes = parse_cff_encoding(compact(data)?)?;
    codes.retain(|_, letter| !letter.is_control());
    if let Encoding::Custom(known) = &font.encoding {
        for code in differences.iter().flat_map(|differences| told(pdf, differences)) {
            match known.get(&code) {
                Some(letter) => codes.insert(code, *letter),
                None => codes.remove(&code),
            };
        }
        if known == &codes {
            return None;
        }
    }
    Some(codes)
}

/// Returns the codes for which a list of differences has names: numbers from which names are counted.
fn told(pdf: &PdfDocument, differences: &Object) -> Vec<u8> {
    let mut code = 0_i64;
    let mut codes = Vec::new();
    for item in differences.as_array().into_iter().flatten() {
        match resolved(pdf, item) {
            Some(Object::Integer(first)) => code = first,
            Some(Object::Name(_)) => {
                codes.extend(u8::try_from(code));
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    codes
}

/// Returns the compact font in what the library keeps of it, which it puts into a file of tables.
fn compact(data: &[u8]) -> Option<&[u8]> {
    /// Bytes before the list of tables, and of each entry: its name, a check, where it begins and how long it is.
    const HEAD: usize = 12;
    const ENTRY: usize = 16;
    if !data.starts_with(b"OTTO") {
        return data.starts_with(&[1, 0]).then_some(data);
    }
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let count = number(data.get(4..6)?);
    let mut entries = data.get(HEAD..)?.chunks_exact(ENTRY).take(count);
    let entry = entries.find(|entry| entry.starts_with(b"CFF "))?;
    let start = number(&entry[8..12]);
    data.get(start..start.checked_add(number(&entry[12..16]))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_the_place_of_letters_are_passed_over() {
        let mut content = b"/Span <</ActualText (x)>> BDC (/ActualText) Tj /Actual gs EMC /A".to_vec();
        pass_over_replacements(&mut content);
        assert_eq!(
            content,
            b"/Span <</ActualTex_ (x)>> BDC (/ActualTex_) Tj /Actual gs EMC /A"
        );
    }
}
