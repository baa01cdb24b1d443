//! The title a reader would give a document.
//!
//! Owns: telling a meant title from what programs put there, finding one in the text, and bringing capitals down.

use std::collections::HashMap;
use std::ops::Range;

use super::draft::{Para, Role};
use super::outline::structural_rank;

/// How many paragraphs are looked at for a title.
pub(super) const FRONT_PARAS: usize = 12;

/// A title longer than this is a paragraph.
const MAX_TITLE_CHARS: usize = 250;

/// Titles that programs write by themselves.
const JUNK: [&str; 18] = [
    "complex",
    "документ microsoft word",
    "microsoft word",
    "untitled",
    "без имени",
    "безымянный",
    "без названия",
    "document",
    "документ",
    "документ1",
    "document1",
    "новый документ",
    "презентация powerpoint",
    "index",
    "заголовок",
    "title",
    "home",
    "главная",
];

/// Lines above the title that say who issued the act, not what it is.
const ISSUERS: [&str; 4] = [
    "российская федерация",
    "республика казахстан",
    "қазақстан республикасы",
    "утверждаю",
];

/// How lines begin that say by what the document was approved.
const APPROVALS: [&str; 4] = ["приложение к ", "утвержден", "утверждён", "бекітілген"];

/// Kinds of documents: alone they are half a title, the next line («О …») is the other half.
const KINDS: [&str; 40] = [
    "закон",
    "федеральный закон",
    "федеральный конституционный закон",
    "указ",
    "постановление",
    "распоряжение",
    "приказ",
    "решение",
    "протокол",
    "положение",
    "типовое положение",
    "правила",
    "порядок",
    "регламент",
    "административный регламент",
    "технический регламент",
    "инструкция",
    "должностная инструкция",
    "методические рекомендации",
    "рекомендации",
    "методика",
    "памятка",
    "руководство",
    "устав",
    "кодекс",
    "договор",
    "соглашение",
    "программа",
    "политика",
    "стандарт",
    "требования",
    "перечень",
    "график",
    "план",
    "отчет",
    "отчёт",
    "уведомление",
    "объявление",
    "служебная записка",
    "докладная записка",
];

/// Returns the title of a document: the file's own when it is meant, else the first heading of its text.
pub(super) fn title(own: Option<&str>, name: &str, paras: &[Para]) -> Option<String> {
    let own = own.map(str::trim).filter(|own| is_meant(own, name));
    let title = match own {
        Some(own) => own.to_owned(),
        None => from_text(paras)?,
    };
    Some(if is_shouted(&title) {
        spoken(&title, paras)
    } else {
        with_kind_spoken(&title)
    })
}

/// Puts the lines of a title that is broken into several together: «ПОЛОЖЕНИЕ», «о закупках учреждения», «„Городской архив“».
///
/// Returns the paragraphs that went into the one before them.
pub(super) fn join_lines(paras: &mut Vec<Para>) -> Range<usize> {
    /// More lines are a paragraph on the front page.
    const MAX_LINES: usize = 4;
    let front = paras.iter().enumerate().filter(|(_, para)| is_front(para));
    let Some((at, _)) = front.take(FRONT_PARAS).find(|(_, para)| is_marked(para)) else {
        return 0..0;
    };
    let kind = KINDS.contains(&paras[at].text.to_lowercase().as_str());
    let mut title = paras[at].text.clone();
    let mut joined = 0;
    for line in paras[at + 1..].iter().take(MAX_LINES - 1) {
        let fits = title.chars().count() + line.text.chars().count() < MAX_TITLE_CHARS;
        let goes_on = continues(&line.text) || kind && joined == 0 && completes(&title, &line.text);
        if !(line.role == paras[at].role && is_marked(line) && fits && goes_on) {
            break;
        }
        title.push(' ');
        title.push_str(&line.text);
        joined += 1;
    }
    let gone = at + 1..at + 1 + joined;
    paras.drain(gone.clone());
    paras[at].text = title;
    gone
}

/// Tells whether a line set like a title goes on with the one before: it begins in the middle of a sentence, or is a name.
fn continues(line: &str) -> bool {
    let mut letters = line.chars();
    let (first, second) = (letters.next(), letters.next());
    let listed = matches!(second, Some(')' | '.'));
    first.is_some_and(|first| first.is_lowercase() || matches!(first, '«' | '“' | '„')) && !listed
}

/// Tells whether a line is the other half of a title of which the first is only the kind of document.
fn completes(kind: &str, line: &str) -> bool {
    let lower = line.to_lowercase();
    let shouted = |text: &str| !text.contains(char::is_lowercase);
    let first = lower.split_whitespace().next().unwrap_or("");
    // «ПРАВИЛА» «ВНУТРЕННЕГО РАСПОРЯДКА», and not «ПРЕДМЕТ ДОГОВОРА»: a genitive or a preposition needs what stands before it.
    let needy = matches!(first, "о" | "об" | "по" | "для" | "на" | "при" | "в" | "за")
        || ["ого", "его", "ых", "их", "ой", "ей"]
            .iter()
            .any(|end| first.ends_with(end));
    lower.starts_with("о ") || lower.starts_with("об ") || shouted(kind) && shouted(line) && needy
}

/// Writes the kind of document in capitals at the front of a title as a sentence begins.
fn with_kind_spoken(title: &str) -> String {
    let upper = |kind: &&str| {
        let kind = kind.to_uppercase();
        title
            .strip_prefix(&kind)
            .is_some_and(|rest| rest.starts_with(' '))
            .then_some(kind)
    };
    let longest = KINDS.iter().filter_map(upper).max_by_key(String::len);
    longest.map_or_else(
        || title.to_owned(),
        |kind| format!("{}{}", capitalised(&kind), &title[kind.len()..]),
    )
}

fn is_meant(title: &str, name: &str) -> bool {
    let lower = title.to_lowercase();
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
    let chars = title.chars().count();
    let extension = lower.rsplit_once('.').is_some_and(|(_, end)| {
        matches!(
            end,
            "doc" | "docx" | "pdf" | "rtf" | "odt" | "txt" | "html" | "htm" | "xls" | "xlsx" | "indd" | "cdr"
        )
    });
    (3..=MAX_TITLE_CHARS).contains(&chars)
        && title.chars().any(char::is_alphabetic)
        && !JUNK.contains(&lower.as_str())
        && !lower.starts_with("microsoft word")
        && !lower.starts_with("untitled")
        && lower != stem
        && !extension
        && !title.contains(['\\', '\u{fffd}'])
}

/// Tells whether a paragraph can be part of the title.
fn is_front(para: &Para) -> bool {
    !matches!(para.role, Role::Row(..) | Role::Footnote | Role::Caption)
}

fn is_candidate(para: &Para) -> bool {
    let chars = para.text.chars().count();
    (3..=MAX_TITLE_CHARS).contains(&chars) && !is_issuer(&para.text)
}

fn is_marked(para: &Para) -> bool {
    (para.strong || matches!(para.role, Role::Heading(_)))
        && is_candidate(para)
        && structural_rank(&para.text, para.strong).is_none()
}

fn from_text(paras: &[Para]) -> Option<String> {
    let front = paras.iter().filter(|para| is_front(para)).take(FRONT_PARAS);
    let front: Vec<&Para> = front.collect();
    let marked = front.iter().position(|para| is_marked(para));
    let at = marked.or_else(|| {
        // Plain text: a short first line without a full stop.
        let first = front.first()?;
        let open = !first.text.ends_with(['.', ';', ':', ',', '?', '!']);
        (open && is_candidate(first) && first.text.chars().count() <= 120 && first.role == Role::Plain)
            .then_some(0)
    })?;
    let line = front[at].text.as_str();
    if KINDS.contains(&line.to_lowercase().as_str()) {
        let about = front[at + 1..].iter().take(4).find(|para| {
            let lower = para.text.to_lowercase();
            (lower.starts_with("о ") || lower.starts_with("об ")) && is_candidate(para)
        });
        if let Some(about) = about {
            return Some(format!("{line} {}", about.text));
        }
    }
    Some(line.to_owned())
}

/// Tells whether a line says who issued or approved the act.
pub(super) fn is_issuer(text: &str) -> bool {
    let lower = text.to_lowercase();
    ISSUERS.contains(&lower.as_str()) || APPROVALS.iter().any(|start| lower.starts_with(start))
}

fn is_shouted(title: &str) -> bool {
    let letters = title.chars().filter(|c| c.is_alphabetic()).count();
    letters > 3 && title.split_whitespace().count() > 1 && !title.chars().any(char::is_lowercase)
}

/// Brings a title in capitals down to the way the document itself writes its words.
fn spoken(title: &str, paras: &[Para]) -> String {
    /// How far a word of the title may differ at its end: cases of nouns and adjectives.
    const ENDING_CHARS: usize = 3;
    let mut small: HashMap<String, u32> = HashMap::new();
    let mut capital: HashMap<String, u32> = HashMap::new();
    let mut shouted: HashMap<String, u32> = HashMap::new();
    let stem = |word: &str| {
        let chars: Vec<char> = word.to_lowercase().chars().collect();
        let keep = if chars.len() > ENDING_CHARS + 2 {
            chars.len() - ENDING_CHARS
        } else {
            chars.len()
        };
        chars[..keep].iter().collect::<String>()
    };
    for para in paras
        .iter()
        .filter(|para| para.text.chars().any(char::is_lowercase))
    {
        let mut begins = true;
        for word in para.text.split_whitespace() {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let mut chars = bare.chars();
            if let Some(first) = chars.next().filter(|first| first.is_alphabetic()) {
                let tail_small = chars.clone().any(char::is_lowercase);
                if first.is_lowercase() {
                    *small.entry(stem(bare)).or_default() += 1;
                } else if tail_small {
                    // A capital at the start of a sentence says nothing.
                    if !begins {
                        *capital.entry(stem(bare)).or_default() += 1;
                    }
                } else if bare.chars().count() > 1 {
                    *shouted.entry(stem(bare)).or_default() += 1;
                }
            }
            begins = word.ends_with(['.', '!', '?', ':', '—', '–', '-', ')']);
        }
    }
    let mut out = String::new();
    for word in title.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let key = stem(bare);
        let count = |map: &HashMap<String, u32>| map.get(&key).copied().unwrap_or(0);
        let (s, c, a) = (count(&small), count(&capital), count(&shouted));
        let roman = !bare.is_empty() && bare.chars().all(|c| matches!(c, 'I' | 'V' | 'X' | 'L'));
        if roman || (a > 0 && s == 0 && c == 0) {
            out.push_str(word);
        } else if out.is_empty() || c > s {
            out.push_str(&capitalised(word));
        } else {
            out.push_str(&word.to_lowercase());
        }
    }
    out
}

fn capitalised(word: &str) -> String {
    let mut out = String::new();
    let mut first = true;
    for c in word.chars() {
        if c.is_alphabetic() && first {
            out.push(c);
            first = false;
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_in_capitals_is_written_as_the_document_writes_its_words() {
        let paras = [
            Para {
                strong: true,
                ..Para::new(Role::Plain, "ПРАВИЛА ПРИЁМА В АГЕНТСТВО АЛАТАУ ДЛЯ ТОО")
            },
            Para::new(
                Role::Plain,
                "Эти правила приёма принял город Алатау, и агентство следит за ТОО для порядка.",
            ),
        ];
        assert_eq!(
            title(Some("Complex"), "a.html", &paras).as_deref(),
            Some("Правила приёма в агентство Алатау для ТОО")
        );
    }

    #[test]
    fn a_title_that_is_broken_into_lines_is_put_together() {
        let strong = |text: &str| Para {
            strong: true,
            ..Para::new(Role::Plain, text)
        };
        for (lines, whole, left) in [
            (
                &[
                    "ПОЛОЖЕНИЕ",
                    "о закупках учреждения",
                    "«Городской архив»",
                    "Глава 1. Общие положения",
                ][..],
                "Положение о закупках учреждения «Городской архив»",
                2,
            ),
            (
                &["ПРАВИЛА", "ВНУТРЕННЕГО ТРУДОВОГО РАСПОРЯДКА", "ОБЩИЕ ПОЛОЖЕНИЯ"],
                "Правила внутреннего трудового распорядка",
                2,
            ),
            (&["ИНСТРУКЦИЯ", "ОБЩИЕ ПОЛОЖЕНИЯ"], "ИНСТРУКЦИЯ", 2),
            (
                &["Памятка", "Об уходе за книгами", "1. Чистота"],
                "Памятка Об уходе за книгами",
                2,
            ),
            (&["Отпуска", "а) основной отпуск"], "Отпуска", 2),
            (&["Отпуска", "Как оформить"], "Отпуска", 2),
            (&["ДОГОВОР", "ПРЕДМЕТ ДОГОВОРА"], "ДОГОВОР", 2),
            (&["ГРАФИК", "ПОНЕДЕЛЬНИК", "ВТОРНИК"], "ГРАФИК", 3),
        ] {
            let mut paras: Vec<Para> = lines.iter().map(|line| strong(line)).collect();
            join_lines(&mut paras);
            assert_eq!(title(None, "a.docx", &paras).as_deref(), Some(whole));
            assert_eq!(paras.len(), left, "{whole}");
        }
    }

    #[test]
    fn titles_that_programs_write_are_not_meant() {
        for junk in [
            "Complex",
            "Документ Microsoft Word",
            "Untitled 1",
            "prikaz",
            "Приказ 5.docx",
        ] {
            assert_eq!(title(Some(junk), "dir/prikaz.docx", &[]), None, "{junk}");
        }
        assert_eq!(
            title(Some("О закупках"), "a.docx", &[]).as_deref(),
            Some("О закупках")
        );
    }

    #[test]
    fn a_kind_of_act_takes_its_subject_along() {
        let paras = [
            Para {
                strong: true,
                ..Para::new(Role::Plain, "РОССИЙСКАЯ ФЕДЕРАЦИЯ")
            },
            Para {
                strong: true,
                ..Para::new(Role::Plain, "Приказ")
            },
            Para {
                strong: true,
                ..Para::new(Role::Plain, "О дежурстве")
            },
        ];
        assert_eq!(
            title(None, "a.txt", &paras).as_deref(),
            Some("Приказ О дежурстве")
        );
    }
}
