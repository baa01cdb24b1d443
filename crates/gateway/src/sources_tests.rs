//! The page of a document, letter by letter.

use docent_corpus::{ByteRange, Quote, Version};

use super::*;

fn passage(headings: &[&str], start: usize, lines: &[(BlockKind, Option<u32>, &str)]) -> Passage {
    let mut at = start;
    let lines: Vec<Line> = lines
        .iter()
        .map(|&(kind, page, text)| {
            let range = ByteRange::new(at, at + text.len());
            at = range.end + 1;
            Line {
                kind,
                range,
                page,
                text: text.to_owned(),
            }
        })
        .collect();
    Passage {
        document: "папка/файл.md".into(),
        title: "Правила".into(),
        version: Version([7; 16]),
        date: None,
        section: 0,
        headings: headings.iter().map(|&heading| heading.into()).collect(),
        lead: Vec::new(),
        lines,
        range: ByteRange::new(start, at),
    }
}

fn drawn(passages: &[Passage], places: &[Range<usize>]) -> String {
    let mut body = Body::new(&RUSSIAN, places);
    body.passages(passages);
    body.html
}

#[test]
fn a_source_has_an_address_that_any_name_survives() {
    let source = Source {
        number: 1,
        document: "a b/100%?#\\\u{444}.md".into(),
        title: "T".into(),
        version: Version([0xab; 16]),
        date: None,
        section: None,
        page: None,
        quotes: [(3, 9), (20, 31)]
            .map(|(start, end)| Quote {
                range: ByteRange::new(start, end),
                text: String::new(),
            })
            .to_vec(),
    };
    let address = url(AssistantId(-2), &source);
    assert_eq!(
        address,
        format!(
            "sources/-2/a%20b/100%25%3F%23%5C%D1%84.md?version={}&at=3-9,20-31#quote",
            "ab".repeat(16)
        )
    );
    let query = address.split_once('?').unwrap().1.strip_suffix("#quote").unwrap();
    assert_eq!(Wanted::read(query).places, [3..9, 20..31]);
}

#[test]
fn what_an_address_asks_for_without_sense_is_passed_over() {
    let wanted = Wanted::read("at=9-3,x-5,7,-1-2,5-8,99999999999999999999-4&part=0&lang=de&version&&=");
    assert_eq!(
        wanted,
        Wanted {
            places: std::iter::once(5..8).collect(),
            ..Wanted::default()
        }
    );
    let many = (0..100)
        .map(|n| format!("{n}-{}", n + 1))
        .collect::<Vec<_>>()
        .join(",");
    assert_eq!(Wanted::read(&format!("at={many}")).places.len(), MAX_PLACES);
}

#[test]
fn words_are_marked_where_they_are_quoted_and_nothing_of_a_document_is_markup() {
    let text = "<b>Да</b> & \"нет\"";
    let start = text.find("Да").unwrap();
    let one = passage(&["<i>Г</i>"], 0, &[(BlockKind::Paragraph, None, text)]);
    assert_eq!(
        drawn(&[one], std::slice::from_ref(&(start..start + "Да".len()))),
        "<h2>&lt;i&gt;Г&lt;/i&gt;</h2>\n<p>&lt;b&gt;<mark id=\"quote\">Да</mark>&lt;/b&gt; &amp; &quot;нет&quot;</p>\n"
    );
}

#[test]
fn a_quote_over_cells_and_lines_is_marked_in_each_and_cut_at_letters() {
    let rows = passage(
        &[],
        10,
        &[
            (BlockKind::TableHeader { table: 0 }, Some(1), "а | б"),
            (BlockKind::TableRow { table: 0 }, Some(1), "1 | 2"),
            (BlockKind::ListItem { depth: 9 }, Some(2), "ё"),
        ],
    );
    let all = drawn(
        std::slice::from_ref(&rows),
        std::slice::from_ref(&(0..usize::MAX)),
    );
    assert_eq!(
        all,
        "<p class=\"page\">Страница 1</p>\n<div class=\"wide\" tabindex=\"0\"><table>\n\
         <tr><th scope=\"col\"><mark id=\"quote\">а</mark></th><th scope=\"col\"><mark>б</mark></th></tr>\n\
         <tr><td><mark>1</mark></td><td><mark>2</mark></td></tr>\n</table></div>\n\
         <p class=\"page\">Страница 2</p>\n<p class=\"item deep3\"><mark>ё</mark></p>\n"
    );
    // In the middle of a letter, and in the wrong order: nothing breaks.
    for places in [vec![11..12, 11..12], vec![25..26, 10..11], vec![11..18, 12..14]] {
        let some = drawn(std::slice::from_ref(&rows), &places);
        let plain = some
            .replace("<mark id=\"quote\">", "")
            .replace("<mark>", "")
            .replace("</mark>", "");
        assert_eq!(plain, drawn(std::slice::from_ref(&rows), &[]));
    }
}

#[test]
fn a_heading_is_told_once_and_a_bare_one_can_be_marked() {
    let passages = [
        passage(&["Глава 1", "Статья 1"], 0, &[(BlockKind::Paragraph, None, "п")]),
        passage(&["Глава 1", "Статья 1"], 3, &[(BlockKind::Paragraph, None, "с")]),
        passage(
            &["Глава 1", "Статья 2"],
            6,
            &[(BlockKind::Heading { level: 2 }, None, "Статья 2")],
        ),
    ];
    assert_eq!(
        drawn(&passages, std::slice::from_ref(&(6..100))),
        "<h2>Глава 1</h2>\n<h3>Статья 1</h3>\n<p>п</p>\n<p>с</p>\n<h3><mark id=\"quote\">Статья 2</mark></h3>\n"
    );
}

#[test]
fn a_long_document_has_links_to_the_parts_beside() {
    let frame = Frame {
        language: Language::English,
        words: &ENGLISH,
        up: String::new(),
    };
    let links = frame.ways(1, 3);
    assert!(
        links.contains("?part=1&amp;lang=en") && links.contains("?part=3"),
        "{links}"
    );
    assert!(!frame.ways(2, 3).contains("?part=4"));
    assert_eq!(frame.ways(0, 1), "");
    let place = |query| Wanted::read(query).place();
    assert_eq!(place(""), Place::Part(0));
    assert_eq!(place("at=70-80,9-12"), Place::Byte(9));
    assert_eq!(place("at=70-80&part=2"), Place::Part(1));
}
