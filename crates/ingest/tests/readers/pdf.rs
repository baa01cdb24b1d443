//! PDFs: letters, words, lines, rows and columns as a reader sees them.

use std::fmt::Write as _;

use docent_corpus::BlockKind;

use super::made::{pdf_of, read};
use super::{HEADER, ROW, blocks, heading};

/// Writes a PDF of one page with these texts at these places.
pub(super) fn pdf(texts: &[(f32, f32, f32, &str)]) -> Vec<u8> {
    let mut content = String::new();
    for (x, y, size, text) in texts {
        writeln!(content, "BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET").expect("memory takes it");
    }
    pdf_page(&content, "")
}

/// Writes a PDF of one page with this content and these notes on it.
fn pdf_page(content: &str, notes: &str) -> Vec<u8> {
    pdf_with(content, notes, &[])
}

/// Writes a PDF of one page with this content, these notes on it, and more objects, numbered from 6; the first of them is its
/// font `F2`.
fn pdf_with(content: &str, notes: &str, more: &[String]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [{notes}] /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    objects.extend_from_slice(more);
    pdf_of(&objects)
}

#[test]
fn a_running_title_is_no_text_even_on_two_pages() {
    let lines = |texts: &[(u32, u32, &str)]| {
        let content: Vec<String> = texts
            .iter()
            .map(|(y, size, text)| format!("BT /F1 {size} Tf 70 {y} Td ({text}) Tj ET\n"))
            .collect();
        let content = content.concat();
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len())
    };
    let page = |content: u32| {
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R /Resources << /Font << /F1 7 0 R >> >> >>"
        )
    };
    let dated = |title: &str, top: &str, kids: &str, count: u32| {
        pdf_of(&[
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>"),
            page(5),
            page(6),
            lines(&[
                (810, 8, title),
                (760, 18, title),
                (720, 11, "Pay comes twice a month."),
            ]),
            lines(&[
                (810, 8, top),
                (760, 11, "Leave lasts for thirty days."),
                (40, 11, "See the head of your unit."),
            ]),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        ])
    };
    let file = |kids: &str, count: u32| dated("Pay and leave", "Pay and leave", kids, count);
    let text = "Pay and leave\nPay comes twice a month.\n";
    let more = "Leave lasts for thirty days.\nSee the head of your unit.\n";
    assert_eq!(
        read("a.pdf", &file("3 0 R 4 0 R", 2)).text,
        format!("{text}{more}")
    );
    let four = file("3 0 R 4 0 R 4 0 R 4 0 R", 4);
    assert_eq!(read("a.pdf", &four).text.matches("Pay and leave").count(), 1);
    // The title of another year is another title.
    let years = dated("Pay in 2024", "Pay in 2025", "3 0 R 4 0 R", 2);
    assert!(read("a.pdf", &years).text.contains("Pay in 2025"));
    // A page alone has no running lines.
    assert!(
        read("a.pdf", &file("3 0 R", 1))
            .text
            .starts_with("Pay and leave\nPay and leave\n")
    );
}

#[test]
fn a_pdf_keeps_its_rows_and_joins_its_lines() {
    let file = pdf(&[
        (70.0, 780.0, 18.0, "Library rules"),
        (
            70.0,
            740.0,
            11.0,
            "Readers may borrow up to five books at once, and each loan lasts for twenty-",
        ),
        (70.0, 726.0, 11.0, "eight days unless another reader waits."),
        (70.0, 690.0, 11.0, "Room"),
        (230.0, 690.0, 11.0, "Opens"),
        (390.0, 690.0, 11.0, "Seats"),
        (70.0, 670.0, 11.0, "Large hall"),
        (230.0, 670.0, 11.0, "nine"),
        (390.0, 670.0, 11.0, "120"),
        (70.0, 650.0, 11.0, "Small hall"),
        (230.0, 650.0, 11.0, "noon"),
        (390.0, 650.0, 11.0, "40"),
    ]);
    let document = read("a.pdf", &file);
    assert_eq!(
        blocks(&document),
        [
            (heading(1), "Library rules"),
            (
                BlockKind::Paragraph,
                "Readers may borrow up to five books at once, and each loan lasts for twentyeight days unless another reader waits."
            ),
            (HEADER, "Room | Opens | Seats"),
            (ROW, "Large hall | nine | 120"),
            (ROW, "Small hall | noon | 40"),
        ]
    );
    assert_eq!((document.pages, document.blocks[0].page), (Some(1), Some(1)));
}

/// The last row of a table stands where a page number would.
#[test]
fn a_line_across_a_table_of_a_pdf_leaves_the_rows_below_it_their_header() {
    let row = |y: f32, cells: [&'static str; 3]| {
        [
            (70.0, y, 11.0, cells[0]),
            (250.0, y, 11.0, cells[1]),
            (400.0, y, 11.0, cells[2]),
        ]
    };
    let rows = [
        row(700.0, ["Service", "Unit", "Price"]),
        row(684.0, ["Copy of a page", "page", "12"]),
        row(668.0, ["Search by name", "case", "90"]),
        row(636.0, ["Scan of a plan", "sheet", "45"]),
        row(620.0, ["Scan of a map", "sheet", "70"]),
    ];
    let mut texts = rows.concat();
    texts.push((70.0, 652.0, 11.0, "Large sheets"));
    let document = read("a.pdf", &pdf(&texts));
    assert_eq!(
        blocks(&document),
        [
            (HEADER, "Service | Unit | Price"),
            (ROW, "Copy of a page | page | 12"),
            (ROW, "Search by name | case | 90"),
            (ROW, "Large sheets"),
            (ROW, "Scan of a plan | sheet | 45"),
            (ROW, "Scan of a map | sheet | 70"),
        ]
    );
}

#[test]
fn figures_at_the_foot_of_a_pdf_page_are_not_taken_for_its_number() {
    let file = pdf(&[
        (70.0, 700.0, 11.0, "Year"),
        (230.0, 700.0, 11.0, "Loans"),
        (70.0, 680.0, 11.0, "2024"),
        (230.0, 680.0, 11.0, "310"),
        (70.0, 660.0, 11.0, "2025"),
        (230.0, 660.0, 11.0, "420"),
        (300.0, 30.0, 11.0, "1"),
    ]);
    assert_eq!(
        blocks(&read("a.pdf", &file)),
        [(HEADER, "Year | Loans"), (ROW, "2024 | 310"), (ROW, "2025 | 420")]
    );
    let unnumbered = pdf(&[
        (70.0, 700.0, 11.0, "Loans of the year, all halls together"),
        (70.0, 660.0, 11.0, "2025"),
    ]);
    assert_eq!(
        read("a.pdf", &unnumbered).text,
        "Loans of the year, all halls together\n2025\n"
    );
}

/// Words that reach into one another came out with their letters mixed: «LTAEX».
#[test]
fn letters_of_a_pdf_that_reach_into_one_another_keep_their_order() {
    let file = pdf(&[
        (70.0, 700.0, 20.0, "L"),
        (73.9, 704.0, 14.0, "A"),
        (80.2, 700.0, 20.0, "T"),
        (89.1, 695.7, 20.0, "E"),
        (99.9, 700.0, 20.0, "X"),
        (118.7, 700.0, 20.0, "sets type,"),
        (70.0, 650.0, 20.0, "and 5"),
        (122.0, 656.0, 12.0, "2"),
        (140.0, 650.0, 20.0, "is 25."),
    ]);
    assert_eq!(read("a.pdf", &file).text, "LATEX sets type,\nand 5² is 25.\n");
}

/// A first column of text, eight lines of a visitors' guide.
const FIRST_COLUMN: [&str; 8] = [
    "The museum opens at ten o'clock on every",
    "day of the week but Monday. Coats and bags",
    "are left with the porter, who gives a num-",
    "ber for each of them. Groups of more than",
    "twelve people are asked to come in the after-",
    "noon, when the halls are less crowded, and",
    "to tell the office of their visit two days in",
    "advance. Pictures may be taken without a",
];

#[test]
fn two_columns_of_a_pdf_are_read_one_after_the_other() {
    let right = [
        "flash. The tower is climbed in parties of six",
        "people, led by a warden who knows the nar-",
        "row steps. Children under eight stay below",
        "with a grown-up. In rain and frost the tower",
        "is closed, and tickets that were bought for it",
        "are good for another day of the same year.",
        "The garden behind the house can be visited",
        "free of charge until the evening bell is rung.",
    ];
    let mut texts = vec![(70.0, 780.0, 18.0, "Visitors of the museum")];
    for (at, (left, right)) in FIRST_COLUMN.iter().zip(&right).enumerate() {
        let y = 740.0 - 14.0 * at as f32;
        texts.push((70.0, y, 11.0, left));
        texts.push((340.0, y - 3.0, 11.0, right));
    }
    let text = read("a.pdf", &pdf(&texts)).text;
    for phrase in [
        "gives a number for each",
        "without a flash. The tower",
        "narrow steps. Children",
    ] {
        assert!(text.contains(phrase), "no «{phrase}» in {text}");
    }
    assert!(!text.contains('|'), "{text}");
}

/// The last column of a text has few lines, which were taken for cells of a table.
#[test]
fn a_last_column_of_a_pdf_that_is_short_is_read_after_the_first() {
    let right = [
        "flash. The tower is climbed in parties of six",
        "people, led by a warden who knows the nar-",
        "row steps. Children stay below.",
    ];
    let lines = |x: f32, lines: &[&'static str]| -> Vec<(f32, f32, f32, &'static str)> {
        let at = |(at, line): (usize, &&'static str)| (x, 740.0 - 14.0 * at as f32, 11.0, *line);
        lines.iter().enumerate().map(at).collect()
    };
    let text = read(
        "a.pdf",
        &pdf(&[lines(70.0, &FIRST_COLUMN), lines(340.0, &right)].concat()),
    )
    .text;
    for phrase in [
        "gives a number for each",
        "without a flash. The tower",
        "the narrow steps",
    ] {
        assert!(text.contains(phrase), "no «{phrase}» in {text}");
    }
}

/// The library takes the angle of text with the wrong sign on pages that count downwards.
#[test]
fn turned_text_of_a_pdf_is_read_along_its_own_lines() {
    let upright = "BT /F1 11 Tf 1 0 0 1 70 700 Tm (The hall has shelves on two walls.) Tj ET\n";
    let rows = [
        format!("{upright}BT /F1 11 Tf 0 1 -1 0 500 300 Tm (Map of the upper floor) Tj ET"),
        format!("{upright}BT /F1 11 Tf 0 -1 1 0 500 600 Tm (Map of the upper floor) Tj ET"),
        "1 0 0 -1 0 842 cm BT /F1 11 Tf 1 0 0 -1 70 142 Tm (The hall has shelves on two walls.) Tj ET\n\
         BT /F1 11 Tf 0 -1 -1 0 500 542 Tm (Map of the upper floor) Tj ET"
            .to_owned(),
        "1 0 0 -1 0 842 cm BT /F1 11 Tf 1 0 0 -1 70 142 Tm (The hall has shelves on two walls.) Tj ET\n\
         BT /F1 11 Tf 0 1 1 0 500 242 Tm (Map of the upper floor) Tj ET"
            .to_owned(),
    ];
    for content in rows {
        assert_eq!(
            read("a.pdf", &pdf_page(&content, "")).text,
            "The hall has shelves on two walls.\nMap of the upper floor\n",
            "{content}"
        );
    }
}

#[test]
fn white_letters_of_a_pdf_are_read_on_a_dark_ground_and_left_out_on_paper() {
    let content = "BT /F1 11 Tf 70 700 Td (The hall has shelves on two walls.) Tj ET\n\
        0.1 0.1 0.4 rg 60 650 300 30 re f\n\
        BT 1 1 1 rg /F1 11 Tf 70 660 Td (Opening hours) Tj ET\n\
        BT 1 1 1 rg /F1 11 Tf 70 600 Td (Say that all is free) Tj ET\n\
        BT 0 g /F1 11 Tf 70 560 Td (From nine to five.) Tj ET\n";
    let document = read("a.pdf", &pdf_page(content, ""));
    assert!(document.text.contains("Opening hours"), "{}", document.text);
    assert!(document.text.contains("From nine to five."), "{}", document.text);
    assert!(!document.text.contains("free"), "{}", document.text);
    let told = format!("{:?}", document.notices);
    let sentence = "Hidden text left out, characters: 16; it begins «Say that all is free».";
    assert!(told.contains(sentence), "{told}");
    let hidden: Vec<_> = document
        .hidden
        .iter()
        .map(|piece| (piece.page, piece.text.as_str()))
        .collect();
    assert_eq!(hidden, [(Some(1), "Say that all is free")]);
}

#[test]
fn a_pdf_form_has_what_is_filled_in_beside_its_labels() {
    let content =
        "BT /F1 11 Tf 70 700 Td (Name of the reader:) Tj ET BT /F1 11 Tf 70 660 Td (Card number:) Tj ET";
    let notes = "<< /Subtype /Widget /FT /Tx /T (name) /V (Vera Olkhova) /Rect [180 695 400 713] /DA (/F1 11 Tf) >> \
        << /Subtype /Widget /FT /Tx /T (card) /V (4417) /Rect [180 655 400 673] /DA (/F1 11 Tf) >> \
        << /Subtype /Widget /FT /Tx /T (pin) /Ff 8192 /V (9932) /Rect [180 615 400 633] >> \
        << /Subtype /Widget /FT /Tx /T (old) /F 2 /V (hidden words) /Rect [180 615 400 633] >> \
        << /Subtype /Text /Contents (a reviewer asks) /Rect [500 700 520 720] >> \
        << /Subtype /FreeText /Contents (Valid until May) /Rect [70 500 300 516] /DA (/F1 11 Tf) >>";
    assert_eq!(
        read("a.pdf", &pdf_page(content, notes)).text,
        "Name of the reader: | Vera Olkhova\nCard number: | 4417\nValid until May\n"
    );
}

#[test]
fn letters_of_a_pdf_that_are_set_apart_are_one_word() {
    let content = "BT /F1 12 Tf 3 Tc 70 700 Td (Rules of the house) Tj ET\n\
        BT /F1 11 Tf 0 Tc 70 660 Td (The hall has shelves on two walls.) Tj ET\n";
    assert_eq!(
        read("a.pdf", &pdf_page(content, "")).text,
        "Rules of the house\nThe hall has shelves on two walls.\n"
    );
}

/// Three columns whose lines stand at heights of their own, as paragraphs shift them.
#[test]
fn narrow_columns_of_a_newspaper_are_read_one_after_the_other() {
    const TEXT: [&str; 14] = [
        "The reading room opens",
        "at nine in the morning",
        "and the keeper winds the",
        "clock before anybody can",
        "ask for a book from that",
        "tall shelf by the window",
        "where atlases stand with",
        "maps of the upper valley",
        "and of the river that is",
        "drawn as it ran a hundred",
        "years ago when a mill was",
        "still turning by the old",
        "bridge and the road went",
        "no further than its yard",
    ];
    let mut texts = Vec::new();
    for column in 0..3_u8 {
        for (at, line) in TEXT.iter().enumerate() {
            // The paragraphs of each column begin elsewhere.
            let shift = if at > 3 * usize::from(column) { 6.0 } else { 0.0 };
            let y = 700.0 - 13.0 * at as f32 - shift;
            texts.push((60.0 + 140.0 * f32::from(column), y, 10.0, *line));
        }
    }
    let text = read("a.pdf", &pdf(&texts)).text;
    let words = text.replace('\n', " ");
    assert_eq!(words.matches(&TEXT.join(" ")).count(), 3, "{text}");
}

#[test]
fn a_table_beside_text_of_its_width_moves_no_margins() {
    let mut texts = vec![
        (60.0, 700.0, 10.0, "High"),
        (200.0, 700.0, 10.0, "a till does not work"),
        (480.0, 700.0, 10.0, "8 hours of work"),
        (60.0, 680.0, 10.0, "Low"),
        (200.0, 680.0, 10.0, "somebody wants a mouse"),
        (480.0, 680.0, 10.0, "5 days of work"),
    ];
    let lines = [
        "These times are promised to everybody who has a contract with the post",
        "and to nobody else. They count from the hour in which a message came to",
        "the desk.",
    ];
    for (at, line) in lines.iter().enumerate() {
        texts.push((
            if at == 0 { 80.0 } else { 60.0 },
            640.0 - 12.0 * at as f32,
            10.0,
            *line,
        ));
    }
    let text = read("a.pdf", &pdf(&texts)).text;
    assert!(text.contains(&lines.join(" ")), "{text}");
}

/// The library passed over letters whose codes only the font itself names, as TeX's ligatures have them: «con dent».
#[test]
fn letters_that_only_the_font_of_a_pdf_names_are_read() {
    let font = compact_font(&[(12, FI), (13, FL)]);
    let content = "BT /F1 12 Tf 70 700 Td (We are con) Tj /F2 12 Tf (\\014) Tj /F1 12 Tf (dent of the ) Tj \
        /F2 12 Tf (\\015) Tj /F1 12 Tf (ow.) Tj ET\n";
    let encodings = ["", "/Encoding << /Differences [13 /fl] >>"];
    for encoding in encodings {
        let objects = [
            format!(
                "<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+CMR12 /FirstChar 12 /LastChar 13 /Widths [556 556] \
                 {encoding} /FontDescriptor 7 0 R >>"
            ),
            "<< /Type /FontDescriptor /FontName /ABCDEF+CMR12 /Flags 4 /FontFile3 8 0 R >>".to_owned(),
            format!(
                "<< /Subtype /Type1C /Filter /ASCIIHexDecode /Length {} >>\nstream\n{font}>\nendstream",
                font.len() + 1
            ),
        ];
        assert_eq!(
            read("a.pdf", &pdf_with(content, "", &objects)).text,
            "We are confident of the flow.\n",
            "{encoding}"
        );
    }
}

/// Numbers of names in the compact font format.
const FI: u8 = 109;
const FL: u8 = 110;

/// Writes a compact font that has these names for these codes, in hexadecimal digits; its letters are empty.
fn compact_font(codes: &[(u8, u8)]) -> String {
    let count = codes.len() as u8;
    let head: Vec<u8> = [&[1, 0, 4, 1][..], &[0, 1, 1, 1, 2, b'A']].concat();
    // Where charset, encoding and letters are is told in three bytes each.
    let top = 4 * 3 + 5 + 4;
    let after = head.len() + 5 + top + 4;
    let encoding = [vec![0, count], codes.iter().map(|(code, _)| *code).collect()].concat();
    let charset = [vec![0], codes.iter().flat_map(|(_, name)| [0, *name]).collect()].concat();
    let letters = [
        vec![0, count + 1, 1],
        (1..=count + 2).collect(),
        vec![14; usize::from(count) + 1],
    ]
    .concat();
    let at = |place: usize, operator: u8| vec![28, (place >> 8) as u8, place as u8, operator];
    let places = [
        at(after + encoding.len(), 15),
        at(after, 16),
        at(after + encoding.len() + charset.len(), 17),
        // No private values.
        vec![139],
        at(after, 18),
        // Filled up with the default of how strokes are painted.
        vec![139, 12, 5, 139],
    ]
    .concat();
    assert_eq!(places.len(), top);
    let list = [&[0, 1, 1, 1, top as u8 + 1][..], &places].concat();
    let bytes = [head, list, vec![0, 0, 0, 0], encoding, charset, letters].concat();
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("memory takes it");
        digits
    })
}

/// The library read the words that stand for letters by the codes of the font, and moved what follows.
#[test]
fn a_pdf_is_read_as_it_is_drawn_where_it_has_other_words_for_it() {
    let content = "BT /F1 12 Tf 70 700 Td (Rules of ) Tj /Span << /ActualText <FEFF0074006800650020006F006C0064> >> BDC \
        (the) Tj EMC ( house) Tj ET\n";
    assert_eq!(read("a.pdf", &pdf_page(content, "")).text, "Rules of the house\n");
}

/// Programs write bullets with a code that the usual encoding leaves free.
#[test]
fn bullets_of_a_pdf_begin_the_items_of_a_list() {
    let file = pdf(&[
        (70.0, 700.0, 11.0, "Bring with you:"),
        (70.0, 680.0, 11.0, "\\177 a map"),
        (70.0, 660.0, 11.0, "\\177 a lamp"),
    ]);
    assert_eq!(read("a.pdf", &file).text, "Bring with you:\n• a map\n• a lamp\n");
}

/// The library takes quotes for as wide as letters, so that the space behind them is gone.
#[test]
fn words_of_a_pdf_are_parted_behind_curly_quotes() {
    let line = [(
        70.0,
        700.0,
        12.0,
        "The \\221old\\222 and the \\223new\\224 hall, the boys\\222 yard",
    )];
    assert_eq!(
        read("a.pdf", &pdf(&line)).text,
        "The ‘old’ and the “new” hall, the boys’ yard\n"
    );
}

/// The library measures letters along the horizontal only, along which these have no width.
#[test]
fn narrow_letters_of_a_turned_page_of_a_pdf_are_parted_where_they_are_on_an_upright_one() {
    let line = "Fill in 'title', if it is still illegible, in 'list' instead.";
    for matrix in [
        "0 1 -1 0 300 70",
        "0 -1 1 0 300 700",
        "0.7071 0.7071 -0.7071 0.7071 100 100",
    ] {
        let content = format!("BT /F1 12 Tf {matrix} Tm ({line}) Tj ET");
        let text = read("a.pdf", &pdf_page(&content, "")).text;
        assert_eq!(text, format!("{line}\n"), "{matrix}");
    }
}

#[test]
fn small_lines_of_a_pdf_beside_a_large_title_are_read_one_after_the_other() {
    let file = pdf(&[
        (70.0, 700.0, 28.0, "Library"),
        (200.0, 708.0, 10.0, "open on all days of the week"),
        (200.0, 697.0, 10.0, "but closed in the whole of August"),
    ]);
    let text = read("a.pdf", &file).text;
    for line in [
        "open on all days of the week",
        "but closed in the whole of August",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn what_a_signature_of_a_pdf_shows_is_read_and_hidden_ones_are_not() {
    let content = "BT /F1 11 Tf 70 700 Td (The hall has shelves on two walls.) Tj ET";
    let notes = "<< /Subtype /Widget /FT /Sig /T (a) /Rect [70 100 270 140] /AP << /N 7 0 R >> >> \
        << /Subtype /Widget /FT /Sig /T (b) /F 2 /Rect [70 50 270 90] /AP << /N 7 0 R >> >>";
    let look = "BT /F1 20 Tf 10 15 Td (Signed by Vera Olkhova) Tj 1 g 0 20 Td (and free) Tj ET";
    let objects = [
        "null".to_owned(),
        format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 400 80] /Resources << /Font << /F1 5 0 R >> >> /Length {} >>\n\
             stream\n{look}\nendstream",
            look.len()
        ),
    ];
    assert_eq!(
        read("a.pdf", &pdf_with(content, notes, &objects)).text,
        "The hall has shelves on two walls.\nSigned by Vera Olkhova\n"
    );
}

#[test]
fn a_long_value_of_a_pdf_form_is_read_from_its_stream() {
    let content = "BT /F1 11 Tf 70 700 Td (What happened:) Tj ET";
    let notes = "<< /Subtype /Widget /FT /Tx /T (a) /V 7 0 R /Rect [70 600 400 690] /DA (/F1 11 Tf) >>";
    let objects = [
        "null".to_owned(),
        "<< /Length 23 >>\nstream\nThe lamp fell at night.\nendstream".to_owned(),
    ];
    assert_eq!(
        read("a.pdf", &pdf_with(content, notes, &objects)).text,
        "What happened:\nThe lamp fell at night.\n"
    );
}

/// Some programs leave the gap between words behind the last letter of each.
#[test]
fn a_gap_behind_one_letter_of_a_pdf_parts_words() {
    let content = "BT /F1 12 Tf 70 700 Td (th) Tj 4 Tc (e) Tj 0 Tc (hous) Tj 4 Tc (e) Tj 0 Tc (rules) Tj ET";
    assert_eq!(read("a.pdf", &pdf_page(content, "")).text, "the house rules\n");
}
