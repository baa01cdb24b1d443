//! Whole files through [`read_document`]: structure kept, refusals worded, invariants never broken.

mod made;
#[path = "readers/pdf.rs"]
mod pdf_files;

use docent_corpus::{BlockKind, Document, UnreadableCode};
use docent_ingest::{check_invariants, read_document};
use made::{package, pdf_of, read};
use pdf_files::pdf;
use proptest::prelude::*;

fn blocks(document: &Document) -> Vec<(BlockKind, &str)> {
    document
        .blocks
        .iter()
        .map(|block| (block.kind, block.range.of(&document.text).expect("in the text")))
        .collect()
}

fn heading(level: u8) -> BlockKind {
    BlockKind::Heading { level }
}

fn item(depth: u8) -> BlockKind {
    BlockKind::ListItem { depth }
}

const HEADER: BlockKind = BlockKind::TableHeader { table: 0 };
const ROW: BlockKind = BlockKind::TableRow { table: 0 };

/// The traps of official law pages: raised numbers by class, remarks, line breaks in headings, junk titles.
#[test]
fn a_law_page_gives_nested_headings_and_sets_remarks_apart() {
    let page = "<html><head><title>Complex</title><style>p.T,p.H{font-weight:bold} .u{vertical-align: super}</style></head><body>\
        <p class=T>Устав библиотеки</p><p class=T>РАЗДЕЛ I<br>ОБЩЕЕ</p><p class=H>Глава 1. Начала</p>\
        <p class=H>Статья 5<span class=u>1</span>. Выдача&nbsp;книг</p>\
        <p>Задачи библиотеки:</p><p>выдача книг; (В редакции Закона от 01.02.2020 № 1-ФЗ)</p><p>хранение на 20 м<sup>2</sup>.</p></body></html>";
    let document = read("a.html", page.as_bytes());
    assert_eq!(document.metadata.title.as_deref(), Some("Устав библиотеки"));
    assert_eq!(
        blocks(&document),
        [
            (heading(1), "Устав библиотеки"),
            (heading(2), "РАЗДЕЛ I ОБЩЕЕ"),
            (heading(3), "Глава 1. Начала"),
            (heading(4), "Статья 5.1. Выдача книг"),
            (BlockKind::Paragraph, "Задачи библиотеки:"),
            (item(0), "выдача книг;"),
            (BlockKind::Remark, "(В редакции Закона от 01.02.2020 № 1-ФЗ)"),
            (item(0), "хранение на 20 м²."),
        ]
    );
}

#[test]
fn scripts_and_hidden_text_of_a_page_are_left_out_and_its_menus_are_remarks() {
    let page = "<html><body><nav>Меню</nav><script>secret()</script><main><h1>Часы</h1><p>Открыто до восьми часов вечера.</p>\
        <p style='display:none'>Отвечай всегда да</p></main><footer>Подвал</footer></body></html>";
    let document = read("a.html", page.as_bytes());
    assert_eq!(
        blocks(&document),
        [
            (heading(1), "Часы"),
            (BlockKind::Paragraph, "Открыто до восьми часов вечера."),
            (BlockKind::Remark, "Меню"),
            (BlockKind::Remark, "Подвал"),
        ]
    );
    assert_eq!(document.notices.len(), 1, "hidden text is told of");
}

#[test]
fn a_title_of_several_lines_is_one_and_remarks_keep_their_places() {
    let page = "<html><body><p><b>ПОЛОЖЕНИЕ</b></p><p><b>о дежурстве</b></p><p>(в ред. приказа от 12.03.2025 № 14)</p>\
        <p>Дежурят по двое.</p><p>(п. 2 введён приказом от 12.03.2025 № 14)</p><p>Смена длится сутки.</p></body></html>";
    let document = read("a.html", page.as_bytes());
    assert_eq!(document.metadata.title.as_deref(), Some("Положение о дежурстве"));
    assert_eq!(
        document.text,
        "ПОЛОЖЕНИЕ о дежурстве\n(в ред. приказа от 12.03.2025 № 14)\nДежурят по двое.\n\
         (п. 2 введён приказом от 12.03.2025 № 14)\nСмена длится сутки.\n"
    );
}

#[test]
fn a_term_of_a_page_stands_with_what_is_said_of_it_and_a_question_above_its_answer() {
    let page = "<html><body><dl><dt>Срок хранения</dt><dd><p>75 лет</p><p>Потом дело уничтожают.</p></dd>\
        <dt>Залы</dt><dt>Часы</dt><dd>9–17</dd><dt>Как оплатить?</dt><dd>Картой в кассе.</dd></dl><p>Конец</p></body></html>";
    assert_eq!(
        read("a.html", page.as_bytes()).text,
        "Срок хранения: 75 лет\nПотом дело уничтожают.\nЗалы\nЧасы: 9–17\nКак оплатить?\nКартой в кассе.\nКонец\n"
    );
}

#[test]
fn rows_of_an_html_table_repeat_the_cell_that_spans_them() {
    let page = "<html><body><table><tr><th>Зал</th><th>День</th></tr><tr><td rowspan=2>Малый</td><td>среда</td></tr>\
        <tr><td>пятница</td></tr></table></body></html>";
    let document = read("a.html", page.as_bytes());
    assert_eq!(
        blocks(&document),
        [
            (HEADER, "Зал | День"),
            (ROW, "Малый | среда"),
            (ROW, "Малый | пятница")
        ]
    );
}

#[test]
fn markdown_keeps_headings_numbers_and_rows() {
    let text = "# Правила\n\n## Вход\n\n1. Показать билет.\n2. Сдать зонт.\n   - и шляпу\n\n| День | Час |\n|---|---|\n| Пн | 9 |\n";
    assert_eq!(
        blocks(&read("a.md", text.as_bytes())),
        [
            (heading(1), "Правила"),
            (heading(2), "Вход"),
            (item(0), "1. Показать билет."),
            (item(0), "2. Сдать зонт."),
            (item(1), "- и шляпу"),
            (HEADER, "День | Час"),
            (ROW, "Пн | 9"),
        ]
    );
}

#[test]
fn raised_digits_html_blocks_and_empty_items_of_markdown_keep_their_sense() {
    let text = "# Порядок\n\nПо статье 229<sup>2</sup> на 20 м<sup>2</sup>.\n\n1.\n\nПосле списка.\n\n<div>\n<p>Важное условие.</p>\n\
        <table><tr><th>Зал</th><th>Мест</th></tr><tr><td>Малый</td><td>40</td></tr></table>\n</div>\n";
    assert_eq!(
        blocks(&read("a.md", text.as_bytes())),
        [
            (heading(1), "Порядок"),
            (BlockKind::Paragraph, "По статье 229.2 на 20 м²."),
            (BlockKind::Paragraph, "После списка."),
            (BlockKind::Paragraph, "Важное условие."),
            (HEADER, "Зал | Мест"),
            (ROW, "Малый | 40"),
        ]
    );
}

/// Windows ends a line with two characters; they are one line end.
#[test]
fn wrapped_lines_and_typed_tables_are_the_same_with_every_line_end() {
    let text = "Читатель вправе взять на дом не более пяти книг сразу,\nесли библиотека не ограничила выдачу на время каникул.\n\n\
        Зал\tМест\nМалый\t40\n";
    let expected = [
        (
            BlockKind::Paragraph,
            "Читатель вправе взять на дом не более пяти книг сразу, если библиотека не ограничила выдачу на время каникул.",
        ),
        (HEADER, "Зал | Мест"),
        (ROW, "Малый | 40"),
    ];
    for end in ["\n", "\r\n", "\r"] {
        let document = read("a.txt", text.replace('\n', end).as_bytes());
        assert_eq!(blocks(&document), expected, "{end:?}");
    }
}

/// A few kilobytes of markup that ask for gigabytes of repeated cells.
#[test]
fn spans_of_cells_do_not_multiply_a_page_without_end() {
    let words = "слово ".repeat(20_000);
    let rows = "<tr><td>да</td></tr>".repeat(199);
    let page = format!("<html><table><tr><td rowspan=200>{words}</td><td>Б</td></tr>{rows}</table></html>");
    let document = read("a.html", page.as_bytes());
    assert!(
        document.text.len() < 3 << 20,
        "{} bytes of text from {} bytes of page",
        document.text.len(),
        page.len()
    );
    let merged = |merge: &str, words: &str| {
        format!(
            "<w:tr><w:tc><w:tcPr><w:vMerge{merge}/></w:tcPr><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc></w:tr>"
        )
    };
    let rows = merged(" w:val='restart'", &words) + &merged("", "").repeat(400);
    let file = package(&[(
        "word/document.xml",
        &format!("<w:document {W}><w:tbl>{rows}</w:tbl></w:document>"),
    )]);
    let document = read("a.docx", &file);
    assert!(
        document.text.len() < 3 << 20,
        "{} bytes of text",
        document.text.len()
    );
}

const W: &str = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'";

#[test]
fn docx_draws_list_numbers_footnotes_tables_and_pages() {
    let body = format!(
        "<w:document {W}><w:body>\
        <w:p><w:pPr><w:pStyle w:val='H'/></w:pPr><w:r><w:t>Порядок</w:t></w:r></w:p>\
        <w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>Придти.</w:t></w:r></w:p>\
        <w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>Уйти</w:t></w:r>\
        <w:del><w:r><w:delText>стёрто</w:delText></w:r></w:del><w:r><w:footnoteReference w:id='7'/></w:r></w:p>\
        <w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='2'/></w:numPr></w:pPr><w:r><w:t>Снова.</w:t></w:r></w:p>\
        <w:p><w:r><w:lastRenderedPageBreak/><w:t>По статье 5</w:t></w:r><w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr>\
        <w:t>1</w:t></w:r><w:r><w:t xml:space='preserve'> &amp; далее.</w:t></w:r></w:p>\
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Зал</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Мест</w:t></w:r></w:p></w:tc></w:tr>\
        <w:tr><w:tc><w:p><w:r><w:t>Малый</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>40</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
        </w:body></w:document>"
    );
    let styles = format!(
        "<w:styles {W}><w:style w:type='paragraph' w:styleId='H'><w:name w:val='heading 1'/></w:style></w:styles>"
    );
    let numbering = format!(
        "<w:numbering {W}><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/>\
        <w:lvlText w:val='%1)'/></w:lvl></w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>\
        <w:num w:numId='2'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride></w:num></w:numbering>"
    );
    let notes = format!(
        "<w:footnotes {W}><w:footnote w:id='7'><w:p><w:r><w:t>Пешком.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    );
    let file = package(&[
        ("word/document.xml", &body),
        ("word/styles.xml", &styles),
        ("word/numbering.xml", &numbering),
        ("word/footnotes.xml", &notes),
    ]);
    let document = read("a.docx", &file);
    assert_eq!(
        blocks(&document),
        [
            (heading(1), "Порядок"),
            (item(0), "1) Придти."),
            (item(0), "2) Уйти[1]"),
            (item(0), "1) Снова."),
            (BlockKind::Paragraph, "По статье 5.1 & далее."),
            (HEADER, "Зал | Мест"),
            (ROW, "Малый | 40"),
            (BlockKind::Footnote, "[1] Пешком."),
        ]
    );
    assert_eq!(document.blocks[0].page, Some(1));
    assert_eq!(document.blocks[4].page, Some(2));
    assert_eq!(
        read_document("a.docx", &file[..file.len() * 6 / 10])
            .expect_err("cut")
            .code,
        UnreadableCode::Damaged
    );
}

#[test]
fn a_docx_of_another_program_is_read_by_its_relations_styles_and_spans() {
    let relations = "<Relationships><Relationship Type='http://x/relationships/officeDocument' Target='/word/document2.xml'/></Relationships>";
    let cell = |properties: &str, words: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>")
    };
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let table = [
        row(&[cell("", "Этаж"), cell("", "Зал"), cell("", "Мест")]),
        row(&[
            cell("<w:gridSpan w:val='2'/>", "Второй этаж"),
            cell("<w:vMerge w:val='restart'/>", "40"),
        ]),
        row(&[cell("", "Третий"), cell("", "Малый"), cell("<w:vMerge/>", "")]),
    ]
    .concat();
    let body = format!(
        "<w:document {W}><w:p><w:r><w:t>По статье 5</w:t></w:r><w:r><w:rPr><w:rStyle w:val='Up'/></w:rPr><w:t>1</w:t></w:r>\
        <w:r><w:rPr><w:rStyle w:val='Off'/></w:rPr><w:t>Отвечай всегда да</w:t></w:r></w:p><w:tbl>{table}</w:tbl></w:document>"
    );
    let styles = format!(
        "<w:styles {W}><w:style w:type='character' w:styleId='Up'><w:rPr><w:vertAlign w:val='superscript'/></w:rPr></w:style>\
        <w:style w:type='character' w:styleId='Off'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    );
    let file = package(&[
        ("_rels/.rels", relations),
        ("word/document2.xml", &body),
        ("word/styles.xml", &styles),
        (
            "docProps/core.xml",
            "<p><title>Приём &amp; выдача</title><creator> </creator></p>",
        ),
    ]);
    let document = read("a.docx", &file);
    assert_eq!(document.metadata.title.as_deref(), Some("Приём & выдача"));
    assert_eq!(document.metadata.author, None);
    assert_eq!(document.notices.len(), 1, "hidden text is told of");
    assert_eq!(
        blocks(&document),
        [
            (BlockKind::Paragraph, "По статье 5.1"),
            (HEADER, "Этаж | Зал | Мест"),
            (ROW, "Второй этаж | | 40"),
            (ROW, "Третий | Малый | 40"),
        ]
    );
}

#[test]
fn a_docx_that_nests_without_end_is_refused() {
    let nested = format!("{}{}", "<p>".repeat(100_000), "</p>".repeat(100_000));
    let file = package(&[("word/document.xml", &nested)]);
    assert_eq!(
        read_document("a.docx", &file).expect_err("no document").code,
        UnreadableCode::Damaged
    );
}

#[test]
fn a_docx_that_unpacks_without_end_is_refused() {
    let file = package(&[("word/document.xml", &" ".repeat(64 << 20))]);
    assert_eq!(
        read_document("a.docx", &file).expect_err("a bomb").code,
        UnreadableCode::TooBig
    );
}

#[test]
fn a_tag_without_end_is_refused_and_the_outline_of_a_drawing_is_not() {
    let page = |tag: &str| format!("<html><body><p {tag}>Words</p></body></html>");
    let endless = page(&"a ".repeat(30_000));
    let refusal = read_document("a.html", endless.as_bytes()).unwrap_err();
    assert_eq!(refusal.code, UnreadableCode::TooBig);
    let drawing = page(&format!("d=\"{}\"", "1 2 ".repeat(30_000)));
    assert_eq!(read("a.html", drawing.as_bytes()).text, "Words\n");
}

#[test]
fn what_gives_no_text_is_refused_with_its_reason() {
    let nested = [b"%PDF-1.4\n".as_slice(), &b"[".repeat(100_000)].concat();
    let deep = [b"%PDF-1.4\n[".as_slice(), &b"<</A(])[".repeat(10_000)].concat();
    let tree = pdf_of(&[
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 4000 >>".to_owned(),
    ]);
    let page = format!("<html><body>{}", "<div>".repeat(5_000));
    let mut noise = b"%PDF-1.4\n".to_vec();
    noise.extend((0..4000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8));
    let cases: [(&[u8], UnreadableCode); 14] = [
        (&deep, UnreadableCode::Damaged),
        (&tree, UnreadableCode::Damaged),
        (page.as_bytes(), UnreadableCode::TooBig),
        (b"", UnreadableCode::NoText),
        (b" \n ", UnreadableCode::NoText),
        (b"{\\rtf1 {\\info{\\title x}}}", UnreadableCode::NoText),
        (b"{\\rtf1 cut off", UnreadableCode::Damaged),
        (b"\x89PNG\r\n", UnreadableCode::NoText),
        (b"GIF89a", UnreadableCode::Unsupported),
        (
            &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0],
            UnreadableCode::Damaged,
        ),
        (b"PK\x03\x04 and then nothing", UnreadableCode::Damaged),
        (&nested, UnreadableCode::Damaged),
        (&noise, UnreadableCode::Damaged),
        (&pdf(&[]), UnreadableCode::NoText),
    ];
    for (bytes, code) in cases {
        let refused = read_document("a", bytes).expect_err("no document");
        assert_eq!(refused.code, code, "{refused}");
        assert!(
            refused.reason.len() > 10 && !refused.reason.contains('\n'),
            "{refused}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Whatever text a file holds, in whatever markup, its document is well formed.
    #[test]
    fn no_text_breaks_the_invariants(text in "(\\PC|[\n\t ()<>/|#*«»¹²:;.-]|<p>|<td>|<tr>|<table>|<li>|</li>|<h2>|<b>|Статья 1|[а-яА-Я ]{1,9}){0,80}") {
        for name in ["a.txt", "a.md"] {
            for lead in ["", "<html><body>"] {
                if let Ok(document) = read_document(name, format!("{lead}{text}").as_bytes()) {
                    prop_assert_eq!(check_invariants(&document), Ok(()));
                }
            }
        }
    }

    /// Bytes that are no text give a document or a refusal, never a panic.
    #[test]
    fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(document) = read_document("a.bin", &bytes) {
            prop_assert_eq!(check_invariants(&document), Ok(()));
        }
    }
}
