//! CSV and TSV: rows of a table, parted by whatever the file uses.

use docent_corpus::Format;

use super::draft::{Draft, Para, Role, header_rows, join_cells};

/// What programs part cells by; the semicolon first, because Russian and Kazakh Excel writes it.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// Rows by which the delimiter is told.
const SAMPLE_ROWS: usize = 50;

fn rows(text: &str, delimiter: u8, quoted: bool) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoted)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// Reads a table, or returns nothing when no delimiter makes one.
pub(super) fn read(text: &str) -> Option<Draft> {
    // Excel's own hint for itself.
    let (told, text) = match text.get(..5).filter(|head| head.starts_with("sep=")) {
        Some(head) => (
            head.as_bytes().get(4).copied(),
            text[5..].trim_start_matches(['\r', '\n']),
        ),
        None => (None, text),
    };
    let delimiter = told.or_else(|| delimiter(text))?;
    let mut draft = Draft::new(Format::Csv);
    let mut first: Option<Vec<String>> = None;
    let mut begun = false;
    for row in rows(text, delimiter, is_quoted(text, delimiter)).records() {
        let Ok(row) = row else {
            draft.lost.push("A row is no text and was left out.".to_owned());
            continue;
        };
        let cells: Vec<String> = row
            .iter()
            .map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        if draft.paras.is_over() {
            break;
        }
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        match first.take() {
            None if begun => draft
                .paras
                .push(Para::new(Role::Row(0, false), join_cells(&cells))),
            // Lines over the table: its title.
            None if filled < 2 => draft.paras.push(Para::new(Role::Plain, cells.concat())),
            None => first = Some(cells),
            Some(header) => {
                let named = header_rows(&[header.clone(), cells.clone()]) > 0;
                draft
                    .paras
                    .push(Para::new(Role::Row(0, named), join_cells(&header)));
                draft
                    .paras
                    .push(Para::new(Role::Row(0, false), join_cells(&cells)));
                begun = true;
            }
        }
    }
    if let Some(only) = first {
        draft
            .paras
            .push(Para::new(Role::Row(0, false), join_cells(&only)));
    }
    Some(draft)
}

/// Tells whether quotes hold cells together: one that is never closed would swallow the rest of the file.
fn is_quoted(text: &str, delimiter: u8) -> bool {
    /// Cells with more lines are a quote that was meant as one.
    const MAX_LINES: usize = 200;
    let mut rows = rows(text, delimiter, true).into_records();
    rows.all(|row| {
        row.is_ok_and(|row| {
            row.iter()
                .all(|cell| cell.lines().take(MAX_LINES + 1).count() <= MAX_LINES)
        })
    })
}

/// Returns what parts most rows into the same number of cells, at least two.
fn delimiter(text: &str) -> Option<u8> {
    let count = |delimiter: u8| {
        let mut widths: Vec<usize> = rows(text, delimiter, true)
            .records()
            .take(SAMPLE_ROWS)
            .flatten()
            .map(|row| row.len())
            .collect();
        widths.sort_unstable();
        let usual = widths.get(widths.len() / 2).copied().unwrap_or(0);
        let alike = widths.iter().filter(|width| **width == usual).count();
        (usual > 1 && alike * 2 >= widths.len()).then_some((alike, usual))
    };
    let found = DELIMITERS.into_iter().filter_map(|one| Some((count(one)?, one)));
    // Of equals the first counts.
    found.rev().max_by_key(|(fit, _)| *fit).map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, lines: &[&str]) {
        let paras: Vec<String> = read(text)
            .unwrap()
            .paras
            .into_iter()
            .map(|para| para.text)
            .collect();
        assert_eq!(paras, lines);
    }

    #[test]
    fn the_delimiter_is_told_by_the_rows() {
        check(
            "Имя;Тел\nИва, А.;1\nПётр;2,5\n",
            &["Имя | Тел", "Ива, А. | 1", "Пётр | 2,5"],
        );
        check("a,b\n\"1,5\",\"x\ny\"\n", &["a | b", "1,5 | x y"]);
        check("sep=|\r\na|b\r\n1|2\r\n", &["a | b", "1 | 2"]);
        check("a\tb\n1\t2\n", &["a | b", "1 | 2"]);
        assert!(read("просто текст\nв две строки\n").is_none());
    }
}
