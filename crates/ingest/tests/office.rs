//! Files of office programs, put together here byte by byte: what a person sees in them is read, what nobody sees is not.

#[path = "office/doc.rs"]
mod doc;
mod made;

use std::io::{Cursor, Read as _, Write};

use docent_corpus::{BlockKind, Document, UnreadableCode};
use docent_ingest::read_document;
use made::{lines, lost, package, read};

fn kinds(document: &Document) -> Vec<(BlockKind, &str)> {
    let of = |block: &docent_corpus::Block| (block.kind, block.range.of(&document.text).expect("it fits"));
    document.blocks.iter().map(of).collect()
}

/// Puts streams into a compound file.
fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("it fits");
    for (path, bytes) in streams {
        let (folder, _) = path.rsplit_once('/').expect("it fits");
        if !folder.is_empty() {
            file.create_storage_all(folder).expect("it fits");
        }
        file.create_stream(path)
            .expect("it fits")
            .write_all(bytes)
            .expect("it fits");
    }
    file.into_inner().into_inner()
}

/// Returns a stream of a compound file.
fn stream(file: &[u8], path: &str) -> Vec<u8> {
    let mut file = cfb::CompoundFile::open(Cursor::new(file)).expect("it is one");
    let mut bytes = Vec::new();
    let mut stream = file.open_stream(path).expect("it is there");
    stream.read_to_end(&mut bytes).expect("it is read");
    bytes
}

fn cp1251(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

mod ppt {
    use super::*;

    fn record(kind: u16, instance: u16, content: &[u8], container: bool) -> Vec<u8> {
        let head = (instance << 4) | if container { 0xf } else { 0 };
        let mut bytes = Vec::new();
        bytes.extend(head.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
        bytes
    }

    fn numbers(list: &[u32]) -> Vec<u8> {
        list.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn text(form: u32, words: &str) -> Vec<u8> {
        let header = record(0x0f9f, 0, &form.to_le_bytes(), false);
        [header, record(0x0fa0, 0, &utf16(words), false)].concat()
    }

    fn shape(words: &[u8]) -> Vec<u8> {
        let shape = record(0xf004, 0, &record(0xf00d, 0, words, true), true);
        record(0x040c, 0, &record(0xf002, 0, &shape, true), true)
    }

    /// Makes a show of two slides, the first with notes, the second hidden when asked.
    fn show(hidden: bool) -> Vec<u8> {
        let slide = |notes: u32, hidden: bool, words: Vec<u8>| {
            let atom = record(0x03ef, 0, &numbers(&[0, 0, 0, 0, notes, 0]), false);
            let mut flags = [0_u8; 16];
            flags[10] = if hidden { 4 } else { 0 };
            let content = [atom, record(0x03f9, 0, &flags, false), shape(&words)].concat();
            record(0x03ee, 0, &content, true)
        };
        let place = |persist: u32, id: u32| record(0x03f3, 0, &numbers(&[persist, 0, 0, id, 0]), false);
        let slides = [place(2, 256), text(0, "Склад"), place(3, 257)].concat();
        let list = record(0x0ff0, 0, &slides, true);
        let notes = record(0x0ff0, 2, &place(4, 512), true);
        let parts = [
            record(0x03e8, 0, &[list, notes].concat(), true),
            slide(
                512,
                false,
                [
                    record(0x0f9e, 0, &numbers(&[0]), false),
                    text(1, "Первое правило\rВторое правило"),
                ]
                .concat(),
            ),
            slide(0, hidden, text(4, "Запасной слайд")),
            record(
                0x03f0,
                0,
                &shape(&[text(2, "Сказать о касках"), text(4, "7")].concat()),
                true,
            ),
        ];
        let (mut bytes, mut places) = (Vec::new(), vec![1 | (4 << 20)]);
        for part in parts {
            places.push(bytes.len() as u32);
            bytes.extend(part);
        }
        let directory = bytes.len() as u32;
        bytes.extend(record(0x1772, 0, &numbers(&places), false));
        let save = bytes.len() as u32;
        bytes.extend(record(0x0ff5, 0, &numbers(&[0, 0, 0, directory, 1, 0, 0]), false));
        let user = numbers(&[0, 0, 0, 0xe391_c05f, save]);
        compound(&[("/PowerPoint Document", bytes), ("/Current User", user)])
    }

    #[test]
    fn slides_have_titles_texts_and_notes_on_their_pages() {
        let document = read("a.ppt", &show(false));
        assert_eq!(
            kinds(&document),
            [
                (BlockKind::Heading { level: 1 }, "Склад"),
                (BlockKind::ListItem { depth: 0 }, "• Первое правило"),
                (BlockKind::ListItem { depth: 0 }, "• Второе правило"),
                (BlockKind::Footnote, "Сказать о касках"),
                (BlockKind::Paragraph, "Запасной слайд"),
            ]
        );
        let pages: Vec<_> = document.blocks.iter().map(|block| block.page).collect();
        assert_eq!(pages, [Some(1), Some(1), Some(1), Some(1), Some(2)]);
        assert_eq!(document.pages, Some(2));
    }

    #[test]
    fn a_file_for_powerpoint_95_as_well_is_read_in_its_newer_form() {
        let newer = show(false);
        let (slides, user) = (
            stream(&newer, "/PowerPoint Document"),
            stream(&newer, "/Current User"),
        );
        let file = compound(&[
            ("/PP97_DUALSTORAGE/PowerPoint Document", slides),
            ("/PP97_DUALSTORAGE/Current User", user),
            ("/PowerPoint Document", vec![7; 4_000]),
        ]);
        assert_eq!(read("a.ppt", &file).text, read("a.ppt", &newer).text);
    }

    #[test]
    fn a_hidden_slide_is_left_out_and_told() {
        let document = read("a.ppt", &show(true));
        assert!(!document.text.contains("Запасной"));
        let told: Vec<&str> = document
            .notices
            .iter()
            .map(|notice| notice.text.as_str())
            .collect();
        assert!(told.contains(&"Hidden slides left out: 1."), "{told:?}");
        let hidden: Vec<_> = document
            .hidden
            .iter()
            .map(|piece| (piece.page, piece.text.as_str()))
            .collect();
        assert_eq!(hidden, [(Some(2), "Запасной слайд")]);
    }
}

mod sheets {
    use super::*;

    #[test]
    fn a_table_in_the_middle_of_a_sheet_keeps_its_columns_and_every_row_of_its_header() {
        let row = |number: u32, cells: &[(&str, &str)]| {
            let cells = cells.iter().map(|(column, text)| {
                format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
            });
            format!("<row r=\"{number}\">{}</row>", cells.collect::<String>())
        };
        let rows = [
            row(1, &[("B", "Прайс архива")]),
            row(3, &[("B", "№"), ("C", "Услуга"), ("D", "Цена, руб.")]),
            row(4, &[("D", "для граждан"), ("E", "для организаций")]),
            row(5, &[("B", "1"), ("C", "Справка"), ("D", "50"), ("E", "90")]),
            row(6, &[("C", "Копия"), ("D", "20"), ("E", "40")]),
        ];
        let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows.concat());
        let file = package(&[
            (
                "xl/workbook.xml",
                "<workbook><sheets><sheet name=\"Цены\" r:id=\"rId1\"/></sheets></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id=\"rId1\" Target=\"worksheets/a.xml\"/></Relationships>",
            ),
            ("xl/worksheets/a.xml", &sheet),
        ]);
        let document = read("a.xlsx", &file);
        let words =
            |block: &docent_corpus::Block| (block.kind, block.range.of(&document.text).expect("it fits"));
        let blocks: Vec<_> = document.blocks.iter().map(words).collect();
        let (header, own) = (
            BlockKind::TableHeader { table: 0 },
            BlockKind::TableRow { table: 0 },
        );
        assert_eq!(
            blocks[1..],
            [
                (BlockKind::Paragraph, "Прайс архива"),
                (header, "№ | Услуга | Цена, руб."),
                (header, "| | для граждан | для организаций"),
                (own, "1 | Справка | 50 | 90"),
                (own, "| Копия | 20 | 40"),
            ]
        );
    }
}

mod marks {
    use super::*;

    #[test]
    fn a_table_of_a_docx_whose_rows_are_all_marked_as_its_header_has_rows() {
        let row = |cells: [&str; 2]| {
            let cells = cells.map(|cell| format!("<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>"));
            format!("<w:tr><w:trPr><w:tblHeader/></w:trPr>{}</w:tr>", cells.concat())
        };
        let rows = row(["Отдел", "Телефон"]) + &row(["Касса", "21-14"]) + &row(["Архив", "21-15"]);
        let body = format!("<w:document xmlns:w=\"w\"><w:body><w:tbl>{rows}</w:tbl></w:body></w:document>");
        let document = read("a.docx", &package(&[("word/document.xml", &body)]));
        let own = BlockKind::TableRow { table: 0 };
        assert_eq!(
            kinds(&document),
            [
                (BlockKind::TableHeader { table: 0 }, "Отдел | Телефон"),
                (own, "Касса | 21-14"),
                (own, "Архив | 21-15"),
            ]
        );
    }
}

mod odf {
    use super::*;

    fn content(kind: &str, styles: &str, body: &str) -> String {
        format!(
            r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s"><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"#
        )
    }

    #[test]
    fn pages_are_those_of_the_last_layout_and_none_without_it() {
        let styles = r#"<style:style style:name="new"><style:paragraph-properties fo:break-before="page"/></style:style>"#;
        let pages = |body: &str| {
            let file = package(&[("content.xml", &content("text", styles, body))]);
            let document = read("a.odt", &file);
            let pages: Vec<_> = document.blocks.iter().map(|block| block.page).collect();
            (pages, document.pages)
        };
        let body = r#"<text:p>One</text:p><text:p>and <text:soft-page-break/>two.</text:p>
            <text:soft-page-break/><text:p>Three</text:p><text:p text:style-name="new">Four</text:p>"#;
        assert_eq!(pages(body), (vec![Some(1), Some(1), Some(3), Some(4)], Some(4)));
        let plain = body.replace("<text:soft-page-break/>", "");
        assert_eq!(pages(&plain), (vec![None; 4], None));
    }

    #[test]
    fn cells_are_read_as_they_are_shown_and_bombs_cost_nothing() {
        let sheet = content(
            "spreadsheet",
            r#"<style:style style:name="off"><style:table-properties table:display="false"/></style:style>"#,
            r#"<table:table table:name="Скидки"><table:table-row><table:table-cell><text:p>Срок</text:p></table:table-cell><table:table-cell><text:p>Доля</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:date-value="2024-05-01"><text:p>1 мая 2024</text:p></table:table-cell><table:table-cell office:value="0.15"><text:p>15 %</text:p></table:table-cell><table:table-cell table:number-columns-repeated="1000000000"/></table:table-row>
<table:table-row table:number-rows-repeated="1000000000"><table:table-cell table:number-columns-repeated="1000000000"><text:p>x<text:s text:c="2000000000"/>y</text:p></table:table-cell></table:table-row></table:table>
<table:table table:name="Тайна" table:style-name="off"><table:table-row><table:table-cell><text:p>секрет</text:p></table:table-cell></table:table-row></table:table>"#,
        );
        let document = read("a.ods", &package(&[("content.xml", &sheet)]));
        assert_eq!(
            lines(&document),
            ["Скидки", "Срок | Доля", "1 мая 2024 | 15 %", "x y"]
        );
        let told = "Hidden sheets left out: Тайна.";
        assert!(
            document.notices.iter().any(|notice| notice.text == told),
            "{:?}",
            document.notices
        );
        assert_eq!(document.hidden[0].text, "секрет");
        let flat = format!(
            "<?xml version=\"1.0\"?>{}",
            sheet.replace("document-content", "document")
        );
        assert_eq!(lines(&read("a.fods", flat.as_bytes())), lines(&document));
    }

    #[test]
    fn a_line_in_bold_is_a_heading_though_no_style_says_so() {
        let text = content(
            "text",
            r#"<style:style style:name="b"><style:text-properties fo:font-weight="bold"/></style:style><style:style style:name="p" style:parent-style-name="b"/>"#,
            r#"<text:p text:style-name="p">Порядок выдачи ключей</text:p><text:p>Ключи выдаёт охрана, <text:span text:style-name="b">только под роспись</text:span>.</text:p>"#,
        );
        assert_eq!(
            kinds(&read("a.odt", &package(&[("content.xml", &text)]))),
            [
                (BlockKind::Heading { level: 1 }, "Порядок выдачи ключей"),
                (BlockKind::Paragraph, "Ключи выдаёт охрана, только под роспись."),
            ]
        );
    }

    #[test]
    fn a_locked_program_does_not_lock_the_text() {
        let text = content("text", "", "<text:p>Открытый текст.</text:p>");
        let manifest = |locked: &str| {
            format!(
                r#"<m:manifest><m:file-entry m:full-path="{locked}"><m:encryption-data/></m:file-entry><m:file-entry m:full-path="x.xml"/></m:manifest>"#
            )
        };
        let file = |locked| {
            package(&[
                ("META-INF/manifest.xml", &manifest(locked)),
                ("content.xml", &text),
            ])
        };
        assert_eq!(lines(&read("a.odt", &file("Basic/a.xml"))), ["Открытый текст."]);
        let refused = read_document("a.odt", &file("content.xml")).unwrap_err();
        assert_eq!(refused.code, UnreadableCode::Encrypted);
    }

    #[test]
    fn a_chart_inside_a_text_is_a_table() {
        let text = content("text", "", "<text:p>Смотри рисунок.</text:p>");
        let chart = content(
            "chart",
            "",
            r"<table:table><table:table-row><table:table-cell><text:p>Год</text:p></table:table-cell><table:table-cell><text:p>Тонны</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>2023</text:p></table:table-cell><table:table-cell><text:p>41</text:p></table:table-cell></table:table-row></table:table>",
        );
        let file = package(&[("content.xml", &text), ("Object 1/content.xml", &chart)]);
        assert_eq!(
            lines(&read("a.odt", &file)),
            ["Смотри рисунок.", "Год | Тонны", "2023 | 41"]
        );
    }
}

mod docx {
    use super::*;

    const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    fn file(body: &str, parts: &[(&str, &str, &str)]) -> Vec<u8> {
        let main = format!(r#"<w:document xmlns:w="w" xmlns:r="r"><w:body>{body}</w:body></w:document>"#);
        let relations: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(number, (kind, target, _))| {
                format!(r#"<Relationship Id="r{number}" Type="{KIND}/{kind}" Target="{target}"/>"#)
            })
            .collect();
        let relations = format!("<Relationships>{}</Relationships>", relations.concat());
        let names: Vec<String> = parts
            .iter()
            .map(|(_, target, _)| format!("word/{target}"))
            .collect();
        let mut members = vec![
            ("word/document.xml", main.as_str()),
            ("word/_rels/document.xml.rels", relations.as_str()),
        ];
        members.extend(
            names
                .iter()
                .map(String::as_str)
                .zip(parts.iter().map(|(_, _, xml)| *xml)),
        );
        package(&members)
    }

    #[test]
    fn charts_diagrams_and_inserted_pages_are_text_and_remarks_are_remarks() {
        let bytes = file(
            r#"<w:p><w:r><w:t>Обзор.</w:t></w:r></w:p><w:altChunk r:id="r3"/>"#,
            &[
                (
                    "chart",
                    "charts/chart1.xml",
                    r#"<c:chart><c:title><a:p><a:r><a:t>Улов</a:t></a:r></a:p></c:title><c:ser><c:tx><c:pt idx="0"><c:v>Щука</c:v></c:pt></c:tx><c:cat><c:pt idx="0"><c:v>Май</c:v></c:pt></c:cat><c:val><c:pt idx="0"><c:v>12</c:v></c:pt></c:val></c:ser></c:chart>"#,
                ),
                (
                    "diagramData",
                    "diagrams/data1.xml",
                    "<d><pt><a:p><a:r><a:t>Шаг первый</a:t></a:r></a:p></pt></d>",
                ),
                (
                    "comments",
                    "comments.xml",
                    r#"<w:comments xmlns:w="w"><w:comment w:id="0"><w:p><w:r><w:t>Проверить цифру</w:t></w:r></w:p></w:comment></w:comments>"#,
                ),
                (
                    "aFChunk",
                    "chunk.html",
                    "<html><body><p>Вставка из страницы.</p></body></html>",
                ),
            ],
        );
        let document = read("a.docx", &bytes);
        assert_eq!(
            lines(&document),
            [
                "Обзор.",
                "Вставка из страницы.",
                "Шаг первый",
                "Улов",
                "| Щука",
                "Май | 12",
                "Проверить цифру"
            ]
        );
        assert_eq!(kinds(&document).last().unwrap().0, BlockKind::Remark);
    }

    #[test]
    fn parts_are_found_whatever_the_names() {
        let bytes = package(&[(
            "Word\\Document.xml",
            r#"<w:document xmlns:w="w"><w:p><w:r><w:t>Текст на месте.</w:t></w:r></w:p></w:document>"#,
        )]);
        assert_eq!(lines(&read("a.txt", &bytes)), ["Текст на месте."]);
    }

    #[test]
    fn word_xml_of_2003_is_read_as_a_document() {
        let xml = r#"<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="w"><w:styles><w:style w:styleId="h" w:type="paragraph"><w:name w:val="heading 1"/></w:style></w:styles><w:body><w:p><w:pPr><w:pStyle w:val="h"/></w:pPr><w:r><w:t>Раздел</w:t></w:r></w:p><w:p><w:r><w:t>Пер</w:t></w:r><w:r><w:t>вый.</w:t></w:r></w:p><w:sectPr><w:hdr><w:p><w:r><w:t>колонтитул</w:t></w:r></w:p></w:hdr></w:sectPr></w:body></w:wordDocument>"#;
        assert_eq!(
            kinds(&read("a.doc", xml.as_bytes())),
            [
                (BlockKind::Heading { level: 1 }, "Раздел"),
                (BlockKind::Paragraph, "Первый."),
            ]
        );
    }
}

#[test]
fn a_workbook_of_2003_keeps_sheets_columns_and_dates() {
    let xml = r#"<?xml version="1.0"?><Workbook xmlns:ss="u"><Worksheet ss:Name="Цены"><Table><Row><Cell><Data ss:Type="String">Товар</Data></Cell><Cell><Data ss:Type="String">С даты</Data></Cell><Cell><Data>Цена</Data></Cell></Row><Row><Cell><Data>Мёд</Data></Cell><Cell ss:Index="3"><Data ss:Type="Number">700</Data></Cell></Row><Row><Cell><Data>Чай</Data></Cell><Cell><Data ss:Type="DateTime">2024-05-01T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>"#;
    assert_eq!(
        lines(&read("a.xls", xml.as_bytes())),
        ["Цены", "Товар | С даты | Цена", "Мёд | | 700", "Чай | 01.05.2024"]
    );
}

#[test]
fn boxes_objects_notes_and_old_fonts_of_rtf_are_read() {
    let rtf = br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fnil Times New Roman Cyr;}{\f1\fnil\fcharset2 Symbol;}}
\f0 \'cf\'f0\'e8\'ea\'e0\'e7\chftn{\footnote \chftn note text}{\shp{\*\shpinst{\sp{\sn name}{\sv junk}}{\shptxt In the box.\par}}{\shprslt again}} done{\deleted gone}.\par
{\object{\*\objdata 00ff}{\result Shown by the object.}}\par {\f1\'b7} item\par";
    let document = read("a.rtf", rtf);
    assert_eq!(
        lines(&document),
        [
            "In the box.",
            "Приказ[1] done.",
            "Shown by the object.",
            "• item",
            "[1] note text"
        ]
    );
    assert!(lost(&document).contains("no end"));
}

#[test]
fn a_hard_space_of_rtf_stands_where_it_was_written() {
    let document = read("a.rtf", br"{\rtf1 Dr.\~Ray, 2\_kg and \u160\~m\par}");
    assert_eq!(lines(&document), ["Dr. Ray, 2\u{2011}kg and m"]);
}

#[test]
fn mailboxes_saved_pages_and_raw_headers_are_mail() {
    let mailbox = "From a@b Mon Jan  1 10:00:00 2024\nFrom: a@b\nSubject: First\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nOne text.\n\nFrom a@b Tue Jan  2 10:00:00 2024\nFrom: a@b\nSubject: Second\nDate: Tue, 2 Jan 2024 10:00:00 +0000\n\nOther text.\n";
    let document = read("a.mbox", mailbox.as_bytes());
    for words in ["First", "One text.", "Second", "Other text."] {
        assert!(document.text.lines().any(|line| line == words), "{words}");
    }

    let saved = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Location: a.htm\r\n\r\n<html><body><p>Страница целиком.</p></body></html>\r\n--b\r\nContent-Type: text/css\r\nContent-Location: a.css\r\n\r\np { color: red }\r\n--b--\r\n";
    assert_eq!(lines(&read("a.doc", saved.as_bytes())), ["Страница целиком."]);

    let mut raw = b"From: a@b\r\nTo: c@d\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=windows-1251\r\nSubject: ".to_vec();
    raw.extend(cp1251(
        "Приглашение на собрание жильцов\r\n\r\nЖдём всех в семь вечера.\r\n",
    ));
    let document = read("a.eml", &raw);
    assert!(
        document.text.contains("Приглашение на собрание жильцов"),
        "{}",
        document.text
    );
    assert!(document.text.contains("Ждём всех в семь вечера."));

    let stub = "From: a@b\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the page.\n--b\nContent-Type: text/html\n\n<p>The whole long letter stands only in the page, with its many words and all.</p>\n--b--\n";
    assert!(
        read("a.eml", stub.as_bytes())
            .text
            .contains("The whole long letter")
    );
}

#[test]
fn a_message_in_8_bit_properties_and_the_one_inside_it_are_read() {
    // Fixed properties: a head, then tag, flags and value; here the code page.
    let fixed = |head: usize| {
        let mut bytes = vec![0_u8; head];
        bytes.extend(0x3ffd_0003_u32.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(1251_u64.to_le_bytes());
        bytes
    };
    let inner = "/__attach_version1.0_#00000000/__substg1.0_3701000D";
    let file = compound(&[
        ("/__properties_version1.0", fixed(32)),
        ("/__substg1.0_0037001E", cp1251("Отпуск")),
        ("/__substg1.0_1000001E", cp1251("Прошу дать отпуск с 1 мая.")),
        (&format!("{inner}/__properties_version1.0"), fixed(24)),
        (&format!("{inner}/__substg1.0_0037001E"), cp1251("Вложенное")),
        (&format!("{inner}/__substg1.0_1000001E"), cp1251("Старое письмо.")),
    ]);
    assert_eq!(
        lines(&read("a.msg", &file)),
        [
            "Отпуск",
            "Прошу дать отпуск с 1 мая.",
            "Вложенное",
            "Старое письмо."
        ]
    );
}
