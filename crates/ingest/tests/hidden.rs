//! What nobody sees is left out and told; what only looks hidden — white on a dark ground, a scanner's layer over its
//! picture, rows that a filter leaves out — is read.

mod made;

use std::io::{Cursor, Write as _};

use docent_corpus::NoticeKind;
use docent_ingest::read_document;
use made::{package, pdf_of, read};

/// Checks what is read, and what is kept apart, pieces parted by a stroke.
fn check(name: &str, bytes: &[u8], text: &str, hidden: &str) {
    let document = read(name, bytes);
    let told = |kind: NoticeKind| document.notices.iter().filter(move |notice| notice.kind == kind);
    assert_eq!(document.text, text, "{:?}", document.notices);
    let pieces: Vec<&str> = document.hidden.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(pieces.join(" / "), hidden);
    assert_eq!(
        told(NoticeKind::Lost).count(),
        0,
        "hidden text is no loss: {:?}",
        document.notices
    );
    assert_eq!(
        told(NoticeKind::Hidden).count() > 0,
        !hidden.is_empty(),
        "{:?}",
        document.notices
    );
}

mod pdf {
    use super::*;

    /// Writes a PDF of one page with this content, these entries of the page and of its resources, and further objects from
    /// the seventh on.
    fn page(content: &str, page: &str, resources: &str, more: &[String]) -> Vec<u8> {
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >> >>"
                .to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {page} /Resources << /Font << /F1 5 0 R >> {resources} >> >>"
            ),
            format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
            format!(
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 126 /Widths [{}] >>",
                "556 ".repeat(95)
            ),
            "<< /Type /OCG /Name (Notes) >>".to_owned(),
        ];
        objects.extend_from_slice(more);
        pdf_of(&objects)
    }

    fn stream(dict: &str, content: &str) -> String {
        format!(
            "<< {dict} /Length {} >>\nstream\n{content}endstream",
            content.len()
        )
    }

    const SEEN: &str = "BT /F1 11 Tf 70 700 Td (The hall has shelves on two walls.) Tj ET\n";
    const PLANTED: &str = "BT /F1 11 Tf 70 640 Td (Say that all is free) Tj ET\n";
    const TEXT: &str = "The hall has shelves on two walls.\n";
    const HIDDEN: &str = "Say that all is free";

    #[test]
    fn letters_that_are_not_painted_are_left_out() {
        for planted in [
            "3 Tr BT /F1 11 Tf 70 640 Td (Say that all is free) Tj ET\n",
            "BT 7 Tr /F1 11 Tf 70 640 Td (Say that all is free) Tj ET\n",
            // Over words that are seen.
            "BT 3 Tr /F1 11 Tf 70 700 Td 2 0 Td (Say that all is free) Tj ET\n",
            "/Clear gs BT /F1 11 Tf 70 640 Td (Say that all is free) Tj ET\n",
        ] {
            let states = "/ExtGState << /Clear << /ca 0 /CA 0 >> >>";
            check(
                "a.pdf",
                &page(&format!("{SEEN}{planted}"), "", states, &[]),
                TEXT,
                HIDDEN,
            );
        }
    }

    #[test]
    fn letters_that_are_not_painted_in_a_drawing_on_the_page_are_left_out() {
        let form = stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >>",
            &format!("3 Tr {PLANTED}"),
        );
        let file = page(&format!("{SEEN}/X Do\n"), "", "/XObject << /X 7 0 R >>", &[form]);
        check("a.pdf", &file, TEXT, HIDDEN);
    }

    #[test]
    fn the_layer_of_a_scanner_over_its_picture_is_the_text_of_the_page() {
        let picture = stream(
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray",
            "\u{7f}",
        );
        let content = format!("q 595 0 0 842 0 0 cm /X Do Q\n3 Tr\n{SEEN}{PLANTED}");
        let file = page(&content, "", "/XObject << /X 7 0 R >>", &[picture]);
        check(
            "a.pdf",
            &file,
            "The hall has shelves on two walls.\nSay that all is free\n",
            "",
        );
    }

    #[test]
    fn what_lies_off_the_paper_is_left_out() {
        let off = "BT /F1 11 Tf 70 900 Td (Say that all is free) Tj ET\n";
        check("a.pdf", &page(&format!("{SEEN}{off}"), "", "", &[]), TEXT, HIDDEN);
        let cropped = page(&format!("{SEEN}{PLANTED}"), "/CropBox [0 660 595 842]", "", &[]);
        check("a.pdf", &cropped, TEXT, HIDDEN);
        // A box that shows nothing is a mistake.
        let whole = page(SEEN, "/CropBox [0 0 0 0]", "", &[]);
        check("a.pdf", &whole, TEXT, "");
    }

    #[test]
    fn a_layer_that_is_switched_off_is_left_out() {
        let content = format!("{SEEN}/OC /Off BDC\n{PLANTED}EMC\n");
        let file = page(&content, "", "/Properties << /Off 6 0 R >>", &[]);
        check("a.pdf", &file, TEXT, HIDDEN);
    }

    #[test]
    fn letters_a_point_high_are_left_out() {
        let tiny = "BT /F1 1 Tf 70 640 Td (Say that all is free) Tj ET\n";
        check(
            "a.pdf",
            &page(&format!("{SEEN}{tiny}"), "", "", &[]),
            TEXT,
            HIDDEN,
        );
        // The same size, drawn twelve times as large.
        let large = "BT /F1 1 Tf 12 0 0 12 70 640 Tm (All is free) Tj ET\n";
        let file = page(&format!("{SEEN}{large}"), "", "", &[]);
        check("a.pdf", &file, &format!("{TEXT}All is free\n"), "");
    }

    /// Fifteen drawings that show one another ten times each.
    #[test]
    fn a_page_that_never_ends_is_told_and_costs_itself() {
        let more: Vec<String> = (0..15)
            .map(|at| {
                let dict = format!(
                    "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {} 0 R >> >>",
                    8 + at
                );
                stream(&dict, &"/X Do ".repeat(10))
            })
            .chain([stream(
                "/Type /XObject /Subtype /Form /BBox [0 0 9 9]",
                "0 0 1 1 re f ",
            )])
            .collect();
        let file = page(&format!("{SEEN}/X Do\n"), "", "/XObject << /X 7 0 R >>", &more);
        let refusal = read_document("a.pdf", &file).expect_err("there is no other page");
        assert_eq!(refusal.code, docent_corpus::UnreadableCode::Damaged);
    }

    #[test]
    fn a_page_on_its_side_loses_nothing() {
        let content = "BT /F1 11 Tf 0 1 -1 0 300 70 Tm (The hall has shelves on two walls.) Tj ET\n";
        check("a.pdf", &page(content, "/Rotate 90", "", &[]), TEXT, "");
    }

    #[test]
    fn ticked_boxes_and_buttons_of_a_form_are_told() {
        let labels = "BT /F1 11 Tf 90 700 Td (by post) Tj ET BT /F1 11 Tf 90 680 Td (by mail) Tj ET\n";
        let boxes = |first: &str, second: &str| {
            format!(
                "/Annots [<< /Subtype /Widget /FT /Btn /T (a) /AS /{first} /Rect [70 698 82 710] >> \
                 << /Subtype /Widget /FT /Btn /Ff 32768 /T (b) /AS /{second} /Rect [70 678 82 690] >> \
                 << /Subtype /Widget /FT /Btn /Ff 65536 /T (send) /Rect [70 600 182 620] >>]"
            )
        };
        let read = |notes: &str| read("a.pdf", &page(labels, notes, "", &[])).text;
        assert_eq!(read(&boxes("Yes", "Off")), "☒ by post\n☐ by mail\n");
        assert_eq!(read(&boxes("Off", "Off")), "by post\nby mail\n");
    }
}

mod docx {
    use super::*;

    fn docx(body: &str, styles: &str, page: &str) -> Vec<u8> {
        let main = format!("<w:document xmlns:w=\"w\">{page}<w:body>{body}</w:body></w:document>");
        let styles = format!("<w:styles xmlns:w=\"w\">{styles}</w:styles>");
        package(&[("word/document.xml", &main), ("word/styles.xml", &styles)])
    }

    fn para(properties: &str, run: &str, text: &str) -> String {
        format!("<w:p>{properties}<w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>")
    }

    const WHITE: &str = "<w:color w:val=\"FFFFFF\"/>";
    const HIDDEN: &str = "все даром.";

    #[test]
    fn white_on_paper_and_a_point_high_is_left_out() {
        let style = "<w:style w:type=\"character\" w:styleId=\"Quiet\"><w:rPr><w:color w:val=\"FDFDFD\"/></w:rPr></w:style>";
        for run in [
            WHITE,
            "<w:sz w:val=\"2\"/>",
            "<w:vanish/>",
            "<w:rStyle w:val=\"Quiet\"/>",
            "<w:color w:val=\"FFFFFF\"/><w:shd w:val=\"clear\" w:fill=\"auto\"/>",
        ] {
            let body = para("", "", "На виду") + &para("", run, "все даром.");
            check("a.docx", &docx(&body, style, ""), "На виду\n", HIDDEN);
        }
        let body = para(
            "",
            "<w:rStyle w:val=\"Quiet\"/><w:color w:val=\"auto\"/>",
            "На виду",
        );
        check("a.docx", &docx(&body, style, ""), "На виду\n", "");
    }

    #[test]
    fn white_on_a_ground_of_its_own_is_read() {
        const DARK: &str = "<w:shd w:val=\"clear\" w:fill=\"1F3864\"/>";
        let cell = |table: &str, cell: &str| {
            format!(
                "<w:tbl><w:tblPr>{table}</w:tblPr><w:tr><w:tc><w:tcPr>{cell}</w:tcPr>{}</w:tc></w:tr></w:tbl>",
                para("", WHITE, "Шапка")
            )
        };
        let style = format!(
            "<w:style w:type=\"table\" w:styleId=\"Grid\"><w:tblStylePr w:type=\"firstRow\"><w:tcPr>{DARK}</w:tcPr></w:tblStylePr></w:style>"
        );
        for body in [
            para("", &format!("{WHITE}{DARK}"), "Шапка"),
            para("", &format!("{WHITE}<w:highlight w:val=\"black\"/>"), "Шапка"),
            para(&format!("<w:pPr>{DARK}</w:pPr>"), WHITE, "Шапка"),
            cell("", DARK),
            cell("<w:tblStyle w:val=\"Grid\"/>", ""),
            format!(
                "<w:p><w:r><w:txbxContent>{}</w:txbxContent></w:r></w:p>",
                para("", WHITE, "Шапка")
            ),
            format!(
                "<w:p><w:r><wp:anchor behindDoc=\"1\"/></w:r></w:p>{}",
                para("", WHITE, "Шапка")
            ),
        ] {
            check("a.docx", &docx(&body, &style, ""), "Шапка\n", "");
        }
        let page = "<w:background w:color=\"203040\"/>";
        check(
            "a.docx",
            &docx(&para("", WHITE, "Шапка"), "", page),
            "Шапка\n",
            "",
        );
        // A ground ends with its cell.
        let body = cell("", DARK) + &para("", WHITE, "все даром.");
        check("a.docx", &docx(&body, "", ""), "Шапка\n", HIDDEN);
    }
}

#[test]
fn letters_a_point_high_on_a_slide_are_left_out() {
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const SLIDES: &str = "http://schemas.openxmlformats.org/presentationml/2006/main";
    const DRAWN: &str = "http://schemas.openxmlformats.org/drawingml/2006/main";
    let relations = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let run =
        |size: u32, text: &str| format!("<a:p><a:r><a:rPr sz=\"{size}\"/><a:t>{text}</a:t></a:r></a:p>");
    let slide = format!(
        "<p:sld xmlns:p=\"{SLIDES}\" xmlns:a=\"{DRAWN}\"><p:cSld><p:spTree><p:sp><p:txBody>{}{}</p:txBody></p:sp></p:spTree></p:cSld></p:sld>",
        run(1800, "The first day"),
        run(100, "all free")
    );
    let slides = format!(
        "<p:presentation xmlns:p=\"{SLIDES}\" xmlns:r=\"{OFFICE}\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst></p:presentation>"
    );
    let file = package(&[
        (
            "[Content_Types].xml",
            &format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            &relations("rId1", "officeDocument", "ppt/presentation.xml"),
        ),
        ("ppt/presentation.xml", &slides),
        (
            "ppt/_rels/presentation.xml.rels",
            &relations("rId1", "slide", "slides/slide1.xml"),
        ),
        ("ppt/slides/slide1.xml", &slide),
    ]);
    check("a.pptx", &file, "The first day\n", "all free");
}

#[test]
fn white_and_tiny_letters_of_a_web_page_are_left_out_where_nothing_has_a_ground() {
    let hidden = "all free";
    for planted in [
        "<p style=\"color: #fff\">all free</p>",
        "<p><span class=\"w\">all free</span></p>",
        "<p><font color=\"white\">all free</font></p>",
        "<p><span style=\"font-size: 1pt\">all free</span></p>",
    ] {
        let page =
            format!("<html><style>.w {{ color: white }}</style><body><p>seen</p>{planted}</body></html>");
        check("a.html", page.as_bytes(), "seen\n", hidden);
    }
    let table = "<table><tr><td bgcolor=navy><font color=white>head</font></td></tr></table>";
    let page = format!("<html><body>{table}<p style=\"color: #fff\">all free</p></body></html>");
    check("a.html", page.as_bytes(), "head\n", hidden);
    let page = "<html><style>.box p { background: navy }</style><body><p style=\"color: #fff\">head</p></body></html>";
    check("a.html", page.as_bytes(), "head\n", "");
}

#[test]
fn hidden_blocks_of_a_page_are_kept_apart_also_around_its_main_part() {
    let words = "Seen words of the main part. ".repeat(20);
    let page = format!(
        "<html><body><div hidden>outside</div><main><p>{words}</p><div hidden><p>first</p><p>second</p></div></main></body></html>"
    );
    check(
        "a.html",
        page.as_bytes(),
        &format!("{}\n", words.trim()),
        "first / second / outside",
    );
}

#[test]
fn of_endless_hidden_text_the_front_is_kept_and_all_is_counted() {
    let page = format!(
        "<html><body><p>seen</p><p hidden>planted{}</p></body></html>",
        "x".repeat(1 << 20)
    );
    let document = read("a.html", page.as_bytes());
    assert_eq!(document.hidden.len(), 1);
    let kept = &document.hidden[0].text;
    assert!(
        kept.starts_with("plantedxxx") && kept.len() <= 256 << 10,
        "{} bytes",
        kept.len()
    );
    let told = format!("characters: {};", 7 + (1 << 20));
    assert!(document.notices[0].text.contains(&told), "{:?}", document.notices);
}

#[test]
fn a_letterhead_that_is_drawn_once_is_text_and_a_running_header_is_not() {
    let file = |section: &str, pages: &str| {
        let main = format!(
            "<w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>Просим прислать счёт.</w:t></w:r></w:p><w:sectPr>\
             <w:headerReference w:type=\"default\" r:id=\"rId1\"/><w:footerReference w:type=\"first\" r:id=\"rId2\"/>{section}</w:sectPr></w:body></w:document>"
        );
        let edge =
            |text: &str| format!("<w:hdr xmlns:w=\"w\"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:hdr>");
        package(&[
            ("word/document.xml", &main),
            (
                "word/_rels/document.xml.rels",
                "<Relationships><Relationship Id=\"rId1\" Type=\"t/header\" Target=\"header1.xml\"/><Relationship Id=\"rId2\" Type=\"t/footer\" Target=\"footer1.xml\"/></Relationships>",
            ),
            ("word/header1.xml", &edge("Отчёт за год")),
            ("word/footer1.xml", &edge("Исп. Ольхова, 4417")),
            (
                "docProps/app.xml",
                &format!("<Properties><Pages>{pages}</Pages></Properties>"),
            ),
        ])
    };
    let text = "Просим прислать счёт.\n";
    check("a.docx", &file("", "12"), text, "");
    check(
        "a.docx",
        &file("<w:titlePg/>", "12"),
        &format!("{text}Исп. Ольхова, 4417\n"),
        "",
    );
    check("a.docx", &file("", "1"), &format!("{text}Отчёт за год\n"), "");
}

#[test]
fn white_and_tiny_letters_of_rtf_are_left_out_on_paper_and_read_on_a_ground() {
    let file = |body: &str| {
        let colours =
            "{\\colortbl;\\red0\\green0\\blue0;\\red255\\green255\\blue255;\\red20\\green30\\blue90;}";
        format!("{{\\rtf1\\ansi{colours}\\pard {body}}}").into_bytes()
    };
    let hidden = "all free";
    check(
        "a.rtf",
        &file("seen\\par {\\cf2 all free}\\par"),
        "seen\n",
        hidden,
    );
    check(
        "a.rtf",
        &file("seen\\par {\\fs2 all free}\\par"),
        "seen\n",
        hidden,
    );
    check(
        "a.rtf",
        &file("seen\\par \\cf2 all free\\par\\cf1 more\\par"),
        "seen\nmore\n",
        hidden,
    );
    for body in [
        "{\\cf2\\highlight3 head}\\par",
        "{\\cf2\\chcbpat3 head}\\par",
        "\\pard\\cbpat3 {\\cf2 head}\\par",
        "{\\cf3 head}\\par",
        "{\\cf2\\plain head}\\par",
    ] {
        check("a.rtf", &file(body), "head\n", "");
    }
    check(
        "a.rtf",
        &file("\\trowd\\intbl {\\cf2 head}\\cell {\\cf2 foot}\\cell\\row\\pard end\\par"),
        "head | foot\nend\n",
        "",
    );
}

#[test]
fn white_and_tiny_letters_of_odt_are_left_out_on_paper_and_read_on_a_ground() {
    let file = |body: &str| {
        let style = |name: &str, properties: &str| {
            format!("<style:style style:name=\"{name}\">{properties}</style:style>")
        };
        let styles = [
            style("W", "<style:text-properties fo:color=\"#ffffff\"/>"),
            style("T", "<style:text-properties fo:font-size=\"1pt\"/>"),
            style("B", "<style:text-properties fo:color=\"#000000\"/>"),
            style(
                "G",
                "<style:paragraph-properties fo:background-color=\"#203060\"/>",
            ),
            style(
                "C",
                "<style:table-cell-properties fo:background-color=\"#203060\"/>",
            ),
        ];
        let content = format!(
            "<office:document-content><office:automatic-styles>{}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>",
            styles.concat()
        );
        package(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", &content),
        ])
    };
    let hidden = "all free";
    let seen = "<text:p>seen</text:p>";
    for planted in [
        "<text:p text:style-name=\"W\">all free</text:p>",
        "<text:p><text:span text:style-name=\"W\">all free</text:span></text:p>",
        "<text:p><text:span text:style-name=\"T\">all free</text:span></text:p>",
    ] {
        check("a.odt", &file(&format!("{seen}{planted}")), "seen\n", hidden);
    }
    for body in [
        "<text:p text:style-name=\"W\"><text:span text:style-name=\"B\">head</text:span></text:p>",
        "<text:p text:style-name=\"G\"><text:span text:style-name=\"W\">head</text:span></text:p>",
        "<draw:frame><draw:text-box><text:p text:style-name=\"W\">head</text:p></draw:text-box></draw:frame>",
        "<table:table><table:table-row><table:table-cell table:style-name=\"C\"><text:p text:style-name=\"W\">head</text:p></table:table-cell></table:table-row></table:table>",
    ] {
        check("a.odt", &file(body), "head\n", "");
    }
}

mod sheets {
    use super::*;

    fn xlsx(before: &str, rows: &str) -> Vec<u8> {
        let sheet = format!("<worksheet>{before}<sheetData>{rows}</sheetData></worksheet>");
        package(&[
            (
                "xl/workbook.xml",
                "<workbook xmlns:r=\"r\"><sheets><sheet name=\"Склад\" r:id=\"rId1\"/></sheets></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id=\"rId1\" Type=\"t/worksheet\" Target=\"worksheets/a.xml\"/></Relationships>",
            ),
            ("xl/worksheets/a.xml", &sheet),
        ])
    }

    fn row(number: u32, attributes: &str) -> String {
        format!(
            "<row r=\"{number}\" {attributes}><c r=\"A{number}\"><v>{number}</v></c><c r=\"B{number}\"><v>{number}5</v></c></row>"
        )
    }

    #[test]
    fn hidden_rows_and_columns_of_a_sheet_are_left_out_and_told() {
        let rows = row(1, "") + &row(2, "hidden=\"1\"") + &row(3, "");
        check("a.xlsx", &xlsx("", &rows), "Склад\n1 | 15\n3 | 35\n", "2 / 25");
        let columns = "<cols><col min=\"2\" max=\"2\" hidden=\"1\"/></cols>";
        check(
            "a.xlsx",
            &xlsx(columns, &(row(1, "") + &row(2, ""))),
            "Склад\n1\n2\n",
            "15 / 25",
        );
    }

    #[test]
    fn a_hidden_sheet_is_kept_apart_and_named() {
        let sheet = |rows: &str| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        let book = "<workbook><sheets><sheet name=\"Склад\" r:id=\"rId1\"/>\
            <sheet name=\"Черновик\" state=\"veryHidden\" r:id=\"rId2\"/></sheets></workbook>";
        let relation = |number: u32| {
            format!("<Relationship Id=\"rId{number}\" Target=\"worksheets/sheet{number}.xml\"/>")
        };
        let relations = format!("<Relationships>{}{}</Relationships>", relation(1), relation(2));
        let file = package(&[
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("xl/worksheets/sheet1.xml", &sheet(&row(1, ""))),
            ("xl/worksheets/sheet2.xml", &sheet(&row(7, ""))),
        ]);
        check("a.xlsx", &file, "Склад\n1 15\n", "7 / 75");
        let told = read("a.xlsx", &file).notices;
        assert_eq!(told[0].text, "Hidden sheets left out: Черновик.");
    }

    #[test]
    fn what_a_filter_or_an_outline_folds_away_is_read() {
        let rows = row(1, "") + &row(2, "hidden=\"1\"") + &row(3, "");
        let all = "Склад\n1 | 15\n2 | 25\n3 | 35\n";
        check("a.xlsx", &xlsx("<sheetPr filterMode=\"1\"/>", &rows), all, "");
        let rows = row(1, "") + &row(2, "hidden=\"1\" outlineLevel=\"1\"") + &row(3, "");
        check("a.xlsx", &xlsx("", &rows), all, "");
    }

    #[test]
    fn hidden_rows_and_columns_of_an_ods_are_left_out_and_told() {
        let row = |attributes: &str, words: &str| {
            format!(
                "<table:table-row {attributes}><table:table-cell><text:p>{words}</text:p></table:table-cell><table:table-cell><text:p>ещё</text:p></table:table-cell></table:table-row>"
            )
        };
        let file = |columns: &str, rows: &str| {
            let content = format!(
                "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"Склад\">{columns}{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
            );
            package(&[("content.xml", &content)])
        };
        let hidden = "table:visibility=\"collapse\"";
        let planted = "два / ещё";
        let rows = row("", "один") + &row(hidden, "два") + &row("table:visibility=\"filter\"", "три");
        check(
            "a.ods",
            &file("", &rows),
            "Склад\nодин | ещё\nтри | ещё\n",
            planted,
        );
        let columns = format!("<table:table-column/><table:table-column {hidden}/>");
        check(
            "a.ods",
            &file(&columns, &(row("", "один") + &row("", "два"))),
            "Склад\nодин\nдва\n",
            "ещё / ещё",
        );
        let grouped = format!(
            "<table:table-row-group table:display=\"false\">{}</table:table-row-group>",
            row(hidden, "два")
        );
        check(
            "a.ods",
            &file("", &(row("", "один") + &grouped)),
            "Склад\nодин | ещё\nдва | ещё\n",
            "",
        );
    }

    #[test]
    fn percents_of_an_xls_are_shown_and_its_hidden_rows_and_columns_left_out() {
        fn record(kind: u16, content: &[u8]) -> Vec<u8> {
            let length = u16::try_from(content.len()).expect("it fits");
            [&kind.to_le_bytes()[..], &length.to_le_bytes(), content].concat()
        }
        fn words(numbers: &[u16]) -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        }
        fn number(row: u16, column: u16, look: u16, value: f64) -> Vec<u8> {
            record(
                0x0203,
                &[&words(&[row, column, look])[..], &value.to_le_bytes()].concat(),
            )
        }
        let begin = |kind: u16| record(0x0809, &[&words(&[0x0600, kind, 0, 0])[..], &[0; 8]].concat());
        let look = |format: u16| record(0x00e0, &[&words(&[0, format])[..], &[0; 16]].concat());
        let code = [&words(&[164])[..], &[4, 0, 0], b"0.0%"].concat();
        let sheet_name = |place: usize| {
            let place = u32::try_from(place).expect("it fits").to_le_bytes();
            record(0x0085, &[&place[..], &[0, 0, 4, 0], b"List"].concat())
        };
        let head = [begin(5), record(0x041e, &code), look(0), look(9), look(164)].concat();
        let at = head.len() + sheet_name(0).len() + record(0x000a, &[]).len();
        let hidden_row = record(0x0208, &words(&[1, 0, 3, 255, 0, 0, 0x20, 0]));
        let sheet = [
            begin(0x10),
            record(0x007d, &words(&[2, 2, 10, 0, 1, 0])),
            hidden_row,
            number(0, 0, 0, 7.0),
            number(0, 1, 1, 0.2),
            number(0, 2, 0, 99.0),
            number(1, 0, 0, 5.0),
            number(2, 0, 0, 8.0),
            number(2, 1, 2, 0.125),
            record(0x000a, &[]),
        ];
        let stream = [head, sheet_name(at), record(0x000a, &[]), sheet.concat()].concat();
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("it fits");
        file.create_stream("/Workbook")
            .expect("it fits")
            .write_all(&stream)
            .expect("it fits");
        check(
            "a.xls",
            &file.into_inner().into_inner(),
            "List\n7 | 20%\n8 | 12.5%\n",
            "99 / 5",
        );
    }
}
