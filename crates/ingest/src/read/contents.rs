//! Tables of contents: lines with the name of a part and its page. They hold the words of every part and say nothing of any, so they
//! are kept as remarks are, neither searched nor quoted.
//!
//! Owns telling them from price lists, which look the same: the pages are those on which the parts stand, or dots lead to them, or
//! the word «Содержание» stands above. Where that is not enough, the lines stay text.

use std::collections::{HashMap, HashSet};

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
    // A document that is nothing else is read as it is.
    if !listed.contains(&true) || !listed.contains(&false) {
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
    let entries: Vec<Option<Entry>> = paras.iter().map(entry).collect();
    if entries.iter().flatten().count() < MIN_ENTRIES {
        return listed;
    }
    // Where each line stands, on which page where there are pages.
    let known: HashMap<String, Option<u32>> =
        paras.iter().map(|para| (plain(&para.text), para.page)).collect();
    let mut at = 0;
    while at < paras.len() {
        let end = run(paras, &entries, at);
        let found: Vec<&Entry> = entries[at..end].iter().flatten().collect();
        let above = at.checked_sub(1).filter(|&above| is_name(&paras[above]));
        if found.len() >= MIN_ENTRIES && is_contents(&found, above.is_some(), &known) {
            listed[above.unwrap_or(at)..end].fill(true);
        }
        at = end.max(at + 1);
    }
    listed
}

/// Tells a table of contents from a list of prices or rooms, whose names may stand in the document as well.
fn is_contents(found: &[&Entry], named: bool, known: &HashMap<String, Option<u32>>) -> bool {
    let most = |count: usize| count * 2 > found.len();
    let parts = || {
        found
            .iter()
            .filter_map(|entry| Some((entry, known.get(&entry.name)?)))
    };
    let led = most(found.iter().filter(|entry| entry.led).count());
    // Pages are counted from where the book begins, for all parts alike.
    let mut shifts: HashMap<i64, usize> = HashMap::new();
    for (entry, page) in parts() {
        if let Some(page) = page {
            *shifts
                .entry(i64::from(entry.page) - i64::from(*page))
                .or_default() += 1;
        }
    }
    let placed = shifts.into_values().max().is_some_and(most);
    placed || named && (led || parts().count() > 0) || led && most(parts().count())
}

/// A line that may stand in a table of contents.
struct Entry {
    /// The letters and digits of its name.
    name: String,
    page: u32,
    /// Whether dots lead from the name to the page.
    led: bool,
}

/// Returns where the lines of names and pages from `at` on end, before their pages fall; a name may take two lines, unless it is
/// that of a part, which begins.
fn run(paras: &[Para], entries: &[Option<Entry>], at: usize) -> usize {
    /// No part is longer: a number further on is a year.
    const MAX_STEP: u32 = 500;
    let mut names: HashSet<&str> = HashSet::new();
    let (mut end, mut last) = (at, 0);
    loop {
        let next = |at: usize| {
            let entry = entries.get(at)?.as_ref();
            entry.filter(|entry| (last..=last + MAX_STEP).contains(&entry.page))
        };
        let (found, lines) = match (next(end), next(end + 1)) {
            (Some(entry), _) => (entry, 1),
            (None, Some(entry))
                if end > at
                    && entries[end].is_none()
                    && !names.contains(plain(&paras[end].text).as_str()) =>
            {
                (entry, 2)
            }
            _ => return end,
        };
        names.insert(&found.name);
        last = found.page;
        end += lines;
    }
}

/// Returns what a line says as one of a table of contents. Rows of a sheet are none; where there are pages, contents look like rows.
fn entry(para: &Para) -> Option<Entry> {
    const MAX_CHARS: usize = 250;
    const MIN_LETTERS: usize = 3;
    let row = matches!(para.role, Role::Row(..)) && para.page.is_none();
    let other = matches!(para.role, Role::Footnote | Role::Remark | Role::Caption);
    if row || other || para.text.len() > MAX_CHARS * 2 {
        return None;
    }
    let text = para.text.trim_end();
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let page: u32 = text[name.len()..].parse().ok()?;
    // «Версия 3.8» has no dots for a leader.
    let parted =
        name.ends_with(|c: char| c.is_whitespace() || matches!(c, '…' | '_')) || name.ends_with("..");
    let led = ["..", ". .", "…", "__"]
        .iter()
        .any(|leader| name.contains(leader));
    let name = plain(name);
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    (parted && page <= MAX_PAGE && letters >= MIN_LETTERS).then_some(Entry { name, page, led })
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
        let lists: [&[&str]; 2] = [
            &[
                "1. Общие положения ....... 3",
                "2. Залы ....... 5",
                "3. Услуги ....... 9",
            ],
            &[
                "Содержание",
                "1. Общие положения 3",
                "О залах, в которых читают",
                "и работают 5",
                "Об услугах 9",
            ],
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
    fn rows_whose_numbers_are_the_pages_of_the_parts_are_contents() {
        let lines = |shift: u32| {
            let mut paras: Vec<Para> = Vec::new();
            for (name, page) in [("Залы", 3), ("Услуги", 5), ("Сроки", 9)] {
                let row = Para::new(Role::Row(0, false), format!("{name} | {page}"));
                paras.push(Para { page: Some(1), ..row });
            }
            for (name, page) in [("Залы", 5), ("Услуги", 7 + shift), ("Сроки", 11 - shift)] {
                paras.push(Para {
                    page: Some(page),
                    ..Para::new(Role::Plain, name)
                });
            }
            paras
        };
        let left = |mut paras: Vec<Para>| {
            part(&mut paras, &mut Vec::new());
            paras.len()
        };
        assert_eq!(left(lines(0)), 3);
        assert_eq!(left(lines(1)), 6, "numbers of rooms are no pages");
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
                "Справка 50",
                "Копия 120",
                "Поиск 300",
                "Справка",
                "За час.",
                "Копия",
                "За день.",
                "Поиск",
            ],
            &["Содержание", "Белки, г 3", "Жиры, г 5", "Углеводы, г 12"],
            &["Содержание", "Залы 3", "Услуги 5", "Сроки 9"],
        ] {
            assert_eq!(parted(lines).0, lines);
        }
    }
}
