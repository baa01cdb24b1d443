//! Pictures of text on their way to whoever can recognise it.
//!
//! Owns what is handed over and how the recognised lines become paragraphs. Recognising is left to the caller of
//! [`read_document_with`](crate::read_document_with): readers are confined and start no program.

use crate::read::draft::{Para, Role};
use crate::tidy::hyphen::{Words, breaks};

/// The most pages of one document that are recognised: the length of a thick contract; each takes a second or more.
pub const MAX_RECOGNISED_PAGES: usize = 200;

/// A picture of a page.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The page, from 1.
    pub page: u32,
    /// PNG, JPEG, TIFF or PGM.
    pub bytes: Vec<u8>,
}

/// What came of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// Its text, paragraphs parted by empty lines.
    Text(String),
    /// It could not be recognised.
    Nothing,
    /// There is no program that recognises text; further pictures need not be sent.
    Absent,
    /// The time for this document is over; further pictures need not be sent.
    OutOfTime,
}

/// Recognises the text of pictures.
pub type Recognise<'a> = &'a mut (dyn FnMut(Picture) -> Recognised + Send);

/// The sentence that tells how to get scans read.
pub(crate) const REMEDY: &str =
    "install tesseract-ocr, tesseract-ocr-rus and tesseract-ocr-kaz and docent recognises it";

/// Makes paragraphs of recognised text.
pub(crate) fn paras(text: &str, page: u32) -> Vec<Para> {
    let words = {
        let mut words = Words::default();
        text.lines().for_each(|line| words.note(line));
        words
    };
    let mut paras: Vec<Para> = Vec::new();
    let mut open = String::new();
    let mut close = |open: &mut String| {
        if !open.trim().is_empty() {
            paras.push(Para {
                page: Some(page),
                ..Para::new(Role::Plain, std::mem::take(open))
            });
        }
        open.clear();
    };
    for line in text.lines().map(str::trim) {
        if line.is_empty() || begins_item(line) {
            close(&mut open);
        }
        match open.strip_suffix('-').filter(|stem| breaks(stem, line)) {
            Some(stem) if words.drops(stem, line) => open.truncate(stem.len()),
            None if !open.is_empty() && !line.is_empty() => open.push(' '),
            Some(_) | None => {}
        }
        open.push_str(line);
    }
    close(&mut open);
    paras
}

/// Tells whether a line begins an item or a clause: «1.», «2.3.», «а)», «—».
fn begins_item(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or("");
    let numbered =
        first.starts_with(|c: char| c.is_ascii_digit()) && first.ends_with(['.', ')']) && first.len() <= 8;
    let lettered = first.ends_with(')') && first.chars().count() == 2;
    numbered || lettered || matches!(first, "-" | "–" | "—" | "•")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognised_lines_become_paragraphs_and_items() {
        let text = "Порядок работы\n\nДежурный открывает зал и прове-\nряет окна перед сменой.\n1. Включает свет.\n2. Сдаёт ключи.\n\n";
        let paras: Vec<String> = paras(text, 3).into_iter().map(|para| para.text).collect();
        assert_eq!(
            paras,
            [
                "Порядок работы",
                "Дежурный открывает зал и проверяет окна перед сменой.",
                "1. Включает свет.",
                "2. Сдаёт ключи."
            ]
        );
    }
}
