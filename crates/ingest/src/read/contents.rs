//! Tables of contents: lines with the name of a part and its page. They hold the words of every part and say nothing of any, so they
//! are kept as remarks are, neither searched nor quoted.
//!
//! Owns telling them from price lists, which look the same: the parts stand in the document, or the word «Содержание» above.

use std::collections::HashSet;

use super::draft::{Para, Role};

/// Fewer lines are no table of contents.
const MIN_ENTRIES: usize = 3;

/// The number of the last page of a thick book.
const MAX_PAGE: u32 = 3_000;

/// What stands above a table of contents.
const NAMES: [&str; 8] = [
    "содержание",
    "оглавление",
    "мазмұны",
    "contents",
    "table of contents",
    "перечень разделов",
    "содержание документа",
    "краткое содержание",
];

/// Moves the lines of tables of contents from `paras` to `remarks`, which are sorted by how many paragraphs stand before each.
pub(super) fn part(paras: &mut Vec<Para>, remarks: &mut Vec<(usize, Para)>) {
    let listed = listed(paras);
    if !listed.contains(&true) {
        return;
    }
    let mut before = std::mem::take(remarks).into_iter().peekable();
    let mut kept = Vec::with_capacity(paras.len());
    for (at, (para, listed)) in std::mem::take(paras).into_iter().zip(listed).enumerate() {
        while let Some((_, remark)) = before.next_if(|(before, _)| *before <= at) {
            remarks.push((kept.len(), remark));
        }
        if listed {
            remarks.push((kept.len(), para));
        } else {
            kept.push(para);
        }
    }
    remarks.extend(before.map(|(_, remark)| (kept.len(), remark)));
    *paras = kept;
}

/// Tells for each paragraph whether it belongs to a table of contents.
fn listed(paras: &[Para]) -> Vec<bool> {
    let mut listed = vec![false; paras.len()];
    let entries: Vec<Option<(String, u32)>> = paras.iter().map(entry).collect();
    if entries.iter().flatten().count() < MIN_ENTRIES {
        return listed;
    }
    let known: HashSet<String> = paras.iter().map(|para| plain(&para.text)).collect();
    let mut at = 0;
    while at < paras.len() {
        let mut end = run(paras, &entries, at);
        // «Глава 1» begins the text below.
        let last = entries[at..end]
            .iter()
            .flatten()
            .map(|(_, page)| *page)
            .max()
            .unwrap_or(0);
        while end > at && entries[end - 1].as_ref().is_none_or(|(_, page)| *page != last) {
            end -= 1;
        }
        let found: Vec<&(String, u32)> = entries[at..end].iter().flatten().collect();
        let above = at.checked_sub(1).filter(|&above| is_name(&paras[above]));
        let parts = found.iter().filter(|(name, _)| known.contains(name)).count();
        let rises = found.windows(2).filter(|pair| pair[0].1 <= pair[1].1).count();
        let is_one = found.len() >= MIN_ENTRIES
            // A page may be misread, or a second list begin anew.
            && rises * 10 >= (found.len() - 1) * 9
            && (above.is_some() || parts * 2 > found.len());
        if is_one {
            listed[above.unwrap_or(at)..end].fill(true);
        }
        at = end.max(at + 1);
    }
    listed
}

/// Returns where the lines of names and pages from `at` on end; a name may take two lines, unless it is that of a part, which begins.
fn run(paras: &[Para], entries: &[Option<(String, u32)>], at: usize) -> usize {
    /// No part is longer: a number further on is a year.
    const MAX_STEP: u32 = 500;
    let mut names: HashSet<&str> = HashSet::new();
    let (mut end, mut last) = (at, 0);
    loop {
        let next = |at: usize| {
            let entry = entries.get(at)?.as_ref();
            entry.filter(|(_, page)| *page <= last + MAX_STEP)
        };
        let (found, lines) = match (next(end), next(end + 1)) {
            (Some(entry), _) => (entry, 1),
            (None, Some(entry)) if end > at && !names.contains(plain(&paras[end].text).as_str()) => {
                (entry, 2)
            }
            _ => return end,
        };
        names.insert(&found.0);
        last = found.1;
        end += lines;
    }
}

/// Returns the name and the page of a line that may stand in a table of contents.
fn entry(para: &Para) -> Option<(String, u32)> {
    const MAX_CHARS: usize = 250;
    const MIN_LETTERS: usize = 3;
    if matches!(para.role, Role::Footnote | Role::Remark | Role::Caption) || para.text.len() > MAX_CHARS * 2 {
        return None;
    }
    let text = para.text.trim_end();
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let page: u32 = text[name.len()..].parse().ok()?;
    // «Версия 3.8» has no dots for a leader.
    let parted =
        name.ends_with(|c: char| c.is_whitespace() || matches!(c, '…' | '_')) || name.ends_with("..");
    let name = plain(name);
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    (parted && page <= MAX_PAGE && letters >= MIN_LETTERS).then_some((name, page))
}

fn is_name(para: &Para) -> bool {
    let text = para.text.trim().trim_end_matches([':', '.']).to_lowercase();
    NAMES.contains(&text.as_str())
}

/// Returns the letters and digits of a line, by which a name is known again.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines that are left and those that went to the remarks.
    fn parted(lines: &[&str]) -> (Vec<String>, Vec<(usize, String)>) {
        let mut paras: Vec<Para> = lines.iter().map(|line| Para::new(Role::Plain, *line)).collect();
        let mut remarks = vec![(lines.len(), Para::new(Role::Remark, "last"))];
        part(&mut paras, &mut remarks);
        let words = |para: Para| para.text;
        (
            paras.into_iter().map(words).collect(),
            remarks
                .into_iter()
                .map(|(before, para)| (before, para.text))
                .collect(),
        )
    }

    #[test]
    fn lines_with_pages_go_to_the_remarks_where_the_parts_follow_or_the_word_stands_above() {
        let body = [
            "1. Общие положения",
            "Правила обязательны.",
            "2. Залы",
            "Открыто 9–17.",
            "3. Услуги",
        ];
        let lists: [&[&str]; 3] = [
            &[
                "1. Общие положения ....... 3",
                "2. Залы ....... 5",
                "3. Услуги ....... 9",
            ],
            &[
                "Содержание",
                "О правилах 3",
                "О залах, в которых читают",
                "и работают 5",
                "Об услугах 9",
            ],
            &["1. Общие положения | 3", "2. Залы | 5", "3. Услуги | 5"],
        ];
        for list in lists {
            let lines = [&["Правила"], list, &body[..]].concat();
            let (left, remarks) = parted(&lines);
            assert_eq!(left, [&["Правила"], &body[..]].concat());
            let mut wanted: Vec<(usize, String)> = list.iter().map(|line| (1, (*line).to_owned())).collect();
            wanted.push((left.len(), "last".to_owned()));
            assert_eq!(remarks, wanted);
        }
    }

    #[test]
    fn the_text_below_a_table_of_contents_stays() {
        let lines = [
            "Содержание",
            "Залы 3",
            "Услуги 5",
            "Сроки 9",
            "Глава 1",
            "Залы",
            "Открыты с 2024",
            "Конец",
        ];
        assert_eq!(parted(&lines).0, lines[4..]);
    }

    #[test]
    fn a_list_of_prices_stays() {
        for lines in [
            &[
                "Цены",
                "Копия листа ....... 12",
                "Справка ....... 50",
                "Поиск ....... 120",
                "Конец",
            ][..],
            &["Содержание", "Мы храним дела с 1917 года.", "Их 5 тысяч."],
            &["Содержание", "Год 2023", "Том 2024", "Лист 2025"],
            &["Содержание", "Версия 3.7", "Версия 3.8", "Версия 3.9"],
            &[
                "Иванов 21",
                "Петров 14",
                "Сидоров 35",
                "Иванов",
                "Петров",
                "Сидоров",
            ],
        ] {
            assert_eq!(parted(lines).0, lines);
        }
    }
}
