//! Tables: a question about one row is answered with that row under its header, whatever program made the file.
//!
//! The files in `testdata/made` hold the same table of ninety rows, made by `LibreOffice` and openpyxl (`make.py`).

use std::num::NonZeroUsize;
use std::path::Path;

use docent_corpus::{Assistant, AssistantId, BlockKind, Question, Retriever as _};
use docent_index::Index;
use docent_ingest::{passages, read_document};

const HEADER: &str = "Плата, тенге";

/// Rows from the front, the middle and the end of the table: what is asked, and the cells that tell it.
const ASKED: [(&str, [&str; 3]); 3] = [
    (
        "Сколько стоит анализ воды на свинец?",
        ["Л-103", "Анализ воды на свинец", "1274"],
    ),
    (
        "Какая плата за анализ рыбы на кадмий?",
        ["Л-149", "Анализ рыбы на кадмий", "2976"],
    ),
    (
        "Сколько тенге стоит анализ бумаги на хлор?",
        ["Л-189", "Анализ бумаги на хлор", "4456"],
    ),
];

fn made(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/made");
    std::fs::read(folder.join(name)).unwrap()
}

#[track_caller]
fn rows_are_found_with_their_header(name: &str) {
    let document = read_document(name, &made(name)).unwrap();
    let passages = passages(&document);
    let tables = passages.iter().filter(|passage| {
        let mut lines = passage.lines.iter();
        lines.any(|line| matches!(line.kind, BlockKind::TableRow { .. }))
    });
    assert!(
        tables.count() > 2,
        "the table of {name} is shorter than it should be"
    );
    let index = Index::build(passages).unwrap();
    for (question, cells) in ASKED {
        let question = Question {
            text: question.to_owned(),
        };
        let answer =
            docent_answer::answer(&Assistant::new(AssistantId(1), "Лаборатория"), &question, &index).unwrap();
        let row = answer
            .text
            .lines()
            .find(|line| cells.iter().all(|cell| line.contains(cell)));
        let header = answer.text.lines().position(|line| line.contains(HEADER));
        assert!(
            row.is_some() && header.is_some(),
            "{name}: {}\n{}\n{:?}",
            question.text,
            answer.text,
            index
                .retrieve(&question, NonZeroUsize::new(2).unwrap())
                .unwrap()
                .hits
        );
        let row = answer.text.lines().position(|line| Some(line) == row);
        assert!(
            header < row,
            "{name}: the header stands above its row\n{}",
            answer.text
        );
    }
}

#[test]
fn a_row_of_a_pdf_table_is_found_with_its_header() {
    rows_are_found_with_their_header("prices.pdf");
}

#[test]
fn a_row_of_a_docx_table_is_found_with_its_header() {
    rows_are_found_with_their_header("prices.docx");
}

#[test]
fn a_row_of_a_sheet_is_found_with_its_header() {
    for name in ["prices.xlsx", "prices.ods", "prices.xls", "prices.csv"] {
        rows_are_found_with_their_header(name);
    }
}

#[test]
fn a_row_of_an_html_table_is_found_with_its_header() {
    rows_are_found_with_their_header("prices.html");
}

#[test]
fn a_row_of_an_odt_table_is_found_with_its_header() {
    rows_are_found_with_their_header("prices.odt");
}

#[test]
fn a_row_is_found_with_all_rows_of_a_header_that_is_divided() {
    let head = "<tr><td>№</td><td>Услуга</td><td colspan=2>Плата, тенге</td></tr>\
        <tr><td></td><td></td><td>для граждан</td><td>для организаций</td></tr>";
    let row = |number: u32| {
        let (own, other) = (1_000 + number, 5_000 + 3 * number);
        format!("<tr><td>{number}</td><td>Анализ образца К-{number}</td><td>{own}</td><td>{other}</td></tr>")
    };
    let rows: String = (1..=120).map(row).collect();
    let page = format!("<html><body><h1>Цены</h1><table>{head}{rows}</table></body></html>");
    let document = read_document("a.html", page.as_bytes()).unwrap();
    let index = Index::build(passages(&document)).unwrap();
    let question = Question {
        text: "Сколько стоит анализ образца К-97 для организаций?".to_owned(),
    };
    let assistant = Assistant::new(AssistantId(1), "Лаборатория");
    let answer = docent_answer::answer(&assistant, &question, &index).unwrap();
    let at = |line: &str| {
        answer
            .text
            .lines()
            .position(|own| own.trim_start_matches("… ") == line)
    };
    let places = [
        at("№ | Услуга | Плата, тенге"),
        at("| | для граждан | для организаций"),
        at("97 | Анализ образца К-97 | 1097 | 5291"),
    ];
    assert!(places.is_sorted() && places[0].is_some(), "{}", answer.text);
}
