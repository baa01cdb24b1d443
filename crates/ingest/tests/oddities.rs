//! Files as they should not be but are: put together by hand, locked, of another time, with what their cells and pages hide.

mod made;

use std::io::{Cursor, Write as _};

use docent_corpus::{BlockKind, Notice, NoticeKind, UnreadableCode};
use docent_ingest::read_document;
use made::{lines, lost, package, read};

#[test]
fn a_feed_put_together_by_hand_is_read_and_a_cut_one_as_far_as_it_goes() {
    let feed = "<?xml version=\"1.0\"?>\n<!DOCTYPE rss>\n<rss><item><title>&laquo;Маяк&raquo; в&nbsp;гавани</title>\
                <text>Лодки & сети<br>на берегу</item></rss>";
    let document = read("a.xml", feed.as_bytes());
    assert_eq!(lines(&document), ["«Маяк» в гавани", "Лодки & сетина берегу"]);
    let document = read(
        "a.xml",
        "<?xml version=\"1.0\"?><rss><title>Маяк</title><text>Лодки на бе".as_bytes(),
    );
    assert_eq!(lines(&document), ["Маяк", "Лодки на бе"]);
    assert!(lost(&document).contains("cut short"));
    let nothing = read_document("a.xml", b"<?xml version=\"1.0\"?><rss><title");
    assert_eq!(nothing.unwrap_err().code, UnreadableCode::Damaged);
}

#[test]
fn an_encrypted_letter_is_told_and_its_cipher_is_no_text() {
    let letter = "From: a@example.org\r\nTo: b@example.org\r\nSubject: Договор\r\nMIME-Version: 1.0\r\n\
                  Content-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhIwDxE023q1UqxYB\r\n--x--\r\n";
    let document = read("a.eml", letter.as_bytes());
    assert!(document.text.contains("Договор") && !document.text.contains("hIwD"));
    assert!(lost(&document).contains("encrypted"));
}

#[test]
fn files_of_programs_before_compound_files_are_named_as_such() {
    for head in [b"\xdb\xa5\x2d\x00", b"\x9b\xa5\x21\x00", b"\x09\x04\x06\x00"] {
        let refusal = read_document("a.doc", &[head.as_slice(), &[0; 200]].concat()).unwrap_err();
        assert_eq!(refusal.code, UnreadableCode::Unsupported);
        assert!(refusal.reason.contains("old program"), "{}", refusal.reason);
    }
}

#[test]
fn a_locked_workbook_of_old_excel_is_told_from_a_damaged_one() {
    let record = |kind: u16, content: &[u8]| {
        let head = [kind.to_le_bytes(), (content.len() as u16).to_le_bytes()].concat();
        [head.as_slice(), content].concat()
    };
    let begin = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let records = [begin, record(0x002f, &[0, 0, 1, 2, 3, 4]), vec![0x5a; 300]].concat();
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("it fits");
    file.create_stream("/Workbook")
        .expect("it fits")
        .write_all(&records)
        .expect("it fits");
    let refusal = read_document("a.xls", &file.into_inner().into_inner()).unwrap_err();
    assert_eq!(refusal.code, UnreadableCode::Encrypted);
}

#[test]
fn an_xlsb_shows_percents_and_leaves_out_what_nobody_sees() {
    let record = |kind: u16, content: &[u8]| {
        let kind = if kind < 0x80 {
            vec![kind as u8]
        } else {
            vec![(kind & 0x7f) as u8 | 0x80, (kind >> 7) as u8]
        };
        [kind.as_slice(), &[content.len() as u8], content].concat()
    };
    let text = |text: &str| {
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [(text.len() as u32).to_le_bytes().to_vec(), units].concat()
    };
    let numbers = |list: &[u32]| -> Vec<u8> { list.iter().flat_map(|number| number.to_le_bytes()).collect() };
    let row = |number: u32, hidden: bool| {
        let flags = [0, 0, 0, if hidden { 0x10 } else { 0 }, 0];
        record(0, &[numbers(&[number, 0]), flags.to_vec()].concat())
    };
    let words = |column: u32, words: &str| record(6, &[numbers(&[column, 0]), text(words)].concat());
    let value = |column: u32, format: u32, value: f64| {
        record(
            5,
            &[numbers(&[column, format]), value.to_le_bytes().to_vec()].concat(),
        )
    };
    let workbook = [
        record(0x9c, &[numbers(&[0, 1]), text("rId1"), text("List")].concat()),
        record(0x90, &[]),
        record(0x9d, &[]),
    ];
    let looks = |format: u16| {
        record(
            47,
            &[vec![0, 0], format.to_le_bytes().to_vec(), vec![0; 12]].concat(),
        )
    };
    let styles = [
        record(615, &numbers(&[1])),
        record(44, &[vec![200, 0], text("0.0%")].concat()),
        record(616, &[]),
        record(617, &numbers(&[3])),
        looks(0),
        looks(9),
        looks(200),
        record(618, &[]),
    ];
    let sheet = [
        record(0x94, &numbers(&[0, 3, 0, 2])),
        record(60, &[numbers(&[2, 2, 0, 0]), vec![1, 0]].concat()),
        record(0x91, &[]),
        row(0, false),
        words(0, "Rate"),
        words(1, "Share"),
        words(2, "nobody"),
        row(1, false),
        value(0, 1, 0.2),
        value(1, 2, 0.125),
        value(2, 0, 77.0),
        row(2, true),
        value(0, 0, 88.0),
        row(3, false),
        value(0, 1, 0.3),
        value(1, 0, 0.5),
        record(0x92, &[]),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let relations = "<Relationships><Relationship Id=\"rId1\" Type=\"t/worksheet\" Target=\"worksheets/sheet1.bin\"/></Relationships>";
    for (name, bytes) in [
        ("xl/workbook.bin", workbook.concat()),
        ("xl/_rels/workbook.bin.rels", relations.as_bytes().to_vec()),
        ("xl/styles.bin", styles.concat()),
        ("xl/worksheets/sheet1.bin", sheet.concat()),
    ] {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .expect("a new member");
        archive.write_all(&bytes).expect("memory takes it");
    }
    let document = read("a.xlsb", &archive.finish().expect("a whole archive").into_inner());
    assert_eq!(
        lines(&document),
        ["List", "Rate | Share", "20% | 12.5%", "30% | 0.5"]
    );
    let hidden = |notice: &Notice| notice.kind == NoticeKind::Hidden && notice.text.ends_with("left out: 3.");
    assert!(document.notices.iter().any(hidden), "{:?}", document.notices);
}

#[test]
fn asides_of_the_main_part_are_text_and_lists_of_links_are_not() {
    let page = "<html><body><nav><a href=x>Home</a></nav><main><header><p>What the keeper of the boats has to know.</p></header>\
                <p>Boats are lent from May to September, and the keeper writes down who has which one.</p>\
                <aside><p>Note: a child needs a life jacket.</p></aside><aside><a href=a>Other pages</a> <a href=b>News</a></aside>\
                <footer><p>Approved by the board.</p></footer></main><footer>All rights reserved</footer></body></html>";
    let document = read("a.html", page.as_bytes());
    let text = |block: &&docent_corpus::Block| block.kind != BlockKind::Remark;
    let text = document.blocks.iter().filter(text);
    assert_eq!(
        text.map(|block| block.range.of(&document.text).expect("it fits"))
            .collect::<Vec<_>>(),
        [
            "What the keeper of the boats has to know.",
            "Boats are lent from May to September, and the keeper writes down who has which one.",
            "Note: a child needs a life jacket.",
            "Approved by the board.",
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_keeps_its_rows() {
    let rows: Vec<String> = (0..400)
        .map(|number| format!("{number};товар {number}\n"))
        .collect();
    let text = format!("№;Имя\n1;\"Ромашка, ООО\n{}", rows.concat());
    let document = read("a.csv", text.as_bytes());
    assert!(document.text.lines().any(|line| line == "399 | товар 399"));
}

#[test]
fn a_cover_without_words_does_not_cost_the_book() {
    let book = package(&[
        (
            "META-INF/container.xml",
            r#"<container><rootfile full-path="b.opf"/></container>"#,
        ),
        (
            "b.opf",
            r#"<package><manifest><item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/><item id="t" href="%D0%B3%D0%BB.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/><itemref idref="t"/></spine></package>"#,
        ),
        ("cover.xhtml", r#"<html><body><img src="a.png"/></body></html>"#),
        (
            "гл.xhtml",
            "<html><body><header><h1>Река</h1></header><p>Глава о реке.</p><aside>1 Записано летом.</aside></body></html>",
        ),
    ]);
    assert_eq!(
        lines(&read("a.epub", &book)),
        ["Река", "Глава о реке.", "1 Записано летом."]
    );
}

#[test]
fn a_form_whose_words_all_stand_at_the_margins_is_read_and_endless_properties_cost_nothing() {
    let file = package(&[
        (
            "word/document.xml",
            "<w:document xmlns:w=\"w\"><w:body><w:p/><w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId1\"/></w:sectPr></w:body></w:document>",
        ),
        (
            "word/_rels/document.xml.rels",
            "<Relationships><Relationship Id=\"rId1\" Type=\"t/header\" Target=\"header1.xml\"/></Relationships>",
        ),
        (
            "word/header1.xml",
            "<w:hdr xmlns:w=\"w\"><w:p><w:r><w:t>Пропуск в порт</w:t></w:r></w:p></w:hdr>",
        ),
        (
            "docProps/app.xml",
            &format!("<Properties>{}</Properties>", " ".repeat(40 << 20)),
        ),
    ]);
    assert_eq!(lines(&read("a.docx", &file)), ["Пропуск в порт"]);
}

#[test]
fn a_book_is_found_where_the_container_names_a_file_that_is_there() {
    let file = package(&[
        (
            "META-INF/container.xml",
            "<container><rootfiles><rootfile full-path=\"gone\"/><rootfile full-path=\"a/book.opf\"/></rootfiles></container>",
        ),
        (
            "a/book.opf",
            "<package><manifest><item id=\"c\" href=\"c.xhtml\" media-type=\"application/xhtml+xml\"/></manifest><spine><itemref idref=\"c\"/></spine></package>",
        ),
        ("a/c.xhtml", "<html><body><p>Глава о лодках</p></body></html>"),
    ]);
    assert_eq!(lines(&read("a.epub", &file)), ["Глава о лодках"]);
}
