//! Files of Word 97 and before.

use super::*;

/// Where the text of these files begins.
const TEXT: usize = 0x800;

fn put(bytes: &mut [u8], at: usize, number: usize) {
    bytes[at..at + 4].copy_from_slice(&(number as u32).to_le_bytes());
}

/// Makes a DOC of 8-bit and wide pieces; `parts` are the lengths of text, notes, headers …
fn doc(pieces: &[(&str, bool)], parts: &[usize], notes: (&[u32], &[u32])) -> Vec<u8> {
    let mut main = vec![0_u8; TEXT];
    main[..2].copy_from_slice(&0xa5ec_u16.to_le_bytes());
    main[2..4].copy_from_slice(&193_u16.to_le_bytes());
    for (number, length) in parts.iter().enumerate() {
        put(&mut main, 0x4c + number * 4, *length);
    }
    let (mut places, mut entries, mut reached) = (vec![0_u32], Vec::new(), 0);
    for (text, wide) in pieces {
        let place = main.len();
        main.extend(if *wide { utf16(text) } else { cp1251(text) });
        reached += text.encode_utf16().count() as u32;
        places.push(reached);
        let place = if *wide { place } else { (place * 2) | 0x4000_0000 };
        entries.extend([0_u8; 2]);
        entries.extend((place as u32).to_le_bytes());
        entries.extend([0_u8; 2]);
    }
    let mut list: Vec<u8> = places.iter().flat_map(|place| place.to_le_bytes()).collect();
    list.extend(entries);
    let mut table = vec![2_u8];
    table.extend((list.len() as u32).to_le_bytes());
    table.extend(list);
    put(&mut main, 0x1a2, 0);
    put(&mut main, 0x1a6, table.len());
    let (marks, texts) = notes;
    let marked: Vec<u8> = marks.iter().flat_map(|place| place.to_le_bytes()).collect();
    let marked = [marked, vec![0; marks.len().saturating_sub(1) * 2]].concat();
    let texts: Vec<u8> = texts.iter().flat_map(|place| place.to_le_bytes()).collect();
    for (at, list) in [(0xaa, marked), (0xb2, texts)] {
        put(&mut main, at, table.len());
        put(&mut main, at + 4, list.len());
        table.extend(list);
    }
    compound(&[("/WordDocument", main), ("/0Table", table)])
}

#[test]
fn pieces_in_a_cyrillic_code_page_and_in_unicode_are_one_text() {
    let first = "Положение о складе\rЯщики ";
    let second = "складывают по двое.\r";
    let length = first.chars().count() + second.chars().count();
    let file = doc(&[(first, false), (second, true)], &[length], (&[], &[]));
    assert_eq!(
        lines(&read("a.doc", &file)),
        ["Положение о складе", "Ящики складывают по двое."]
    );
}

#[test]
fn a_field_shows_its_result_and_a_table_its_rows() {
    let text = "Смотри \u{13}HYPERLINK \"http://x\"\u{14}раздел 2\u{15} ниже \u{13}PAGE\u{15}.\rСрок\u{7}День\u{7}\u{7}Сдача\u{7}Пятница\u{7}\u{7}Конец\r";
    let file = doc(&[(text, true)], &[text.chars().count()], (&[], &[]));
    let document = read("a.doc", &file);
    assert_eq!(
        kinds(&document),
        [
            (BlockKind::Paragraph, "Смотри раздел 2 ниже ."),
            (BlockKind::TableHeader { table: 0 }, "Срок | День"),
            (BlockKind::TableRow { table: 0 }, "Сдача | Пятница"),
            (BlockKind::Paragraph, "Конец"),
        ]
    );
}

#[test]
fn a_field_that_is_never_closed_swallows_nothing() {
    let text = "До \u{13}поля и после него.\rВсё остаётся.\r";
    let file = doc(&[(text, true)], &[text.chars().count()], (&[], &[]));
    assert_eq!(
        lines(&read("a.doc", &file)),
        ["До поля и после него.", "Всё остаётся."]
    );
}

#[test]
fn notes_follow_with_their_numbers_and_running_lines_do_not() {
    let (body, note, header) = ("Налог\u{2} платят.\r", "\u{2} До мая.\r", "Страница 1\r");
    let count = |text: &str| text.chars().count();
    let file = doc(
        &[(body, true), (note, true), (header, true)],
        &[count(body), count(note), count(header)],
        (&[5, 99], &[0, count(note) as u32, 99]),
    );
    let document = read("a.doc", &file);
    assert_eq!(
        kinds(&document),
        [
            (BlockKind::Paragraph, "Налог[1] платят."),
            (BlockKind::Footnote, "[1] До мая."),
        ]
    );
}

/// Makes a DOC whose first section has these headers and footers, in the order of the file; `section` are its properties,
/// `pages` what the program counted.
fn letter(edges: [&str; 6], section: &[u8], pages: u32) -> Vec<u8> {
    let body = "Просим прислать счёт.\r";
    let (mut places, mut margins) = (vec![0_u32; 7], String::new());
    for edge in edges {
        margins += edge;
        places.push(margins.chars().count() as u32);
    }
    places.push(margins.chars().count() as u32 + 1);
    margins.push('\r');
    let count = |text: &str| text.chars().count();
    let file = doc(
        &[(body, true), (&margins, true)],
        &[count(body), 0, count(&margins)],
        (&[], &[]),
    );
    let (mut main, mut table) = (stream(&file, "/WordDocument"), stream(&file, "/0Table"));
    let sepx = main.len();
    main.extend((section.len() as u16).to_le_bytes());
    main.extend(section);
    let entry = [0_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
    let entry = [
        entry,
        vec![0; 2],
        (sepx as u32).to_le_bytes().to_vec(),
        vec![0; 6],
    ]
    .concat();
    let places: Vec<u8> = places.iter().flat_map(|place| place.to_le_bytes()).collect();
    for (at, list) in [(0xca, entry), (0xf2, places)] {
        put(&mut main, at, table.len());
        put(&mut main, at + 4, list.len());
        table.extend(list);
    }
    let summary: Vec<u8> = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 48, 24, 1, 14, 16, 3, pages]
        .iter()
        .flat_map(|number: &u32| number.to_le_bytes())
        .collect();
    compound(&[
        ("/WordDocument", main),
        ("/0Table", table),
        ("/\u{5}SummaryInformation", summary),
    ])
}

#[test]
fn a_letterhead_that_is_drawn_once_is_text_and_a_running_header_is_not() {
    let edges = [
        "",
        "Отчёт за год\r",
        "",
        "Стр. 4\r",
        "Завод «Маяк»\r",
        "Исп. Ольхова\r",
    ];
    let text = "Просим прислать счёт.";
    let first_differs = [0x0a, 0x30, 1];
    for (section, pages, lines_of_edges) in [
        (&[][..], 12, &[][..]),
        (&[], 1, &["Отчёт за год", "Стр. 4"]),
        (&first_differs, 12, &["Завод «Маяк»", "Исп. Ольхова"]),
    ] {
        let document = read("a.doc", &letter(edges, section, pages));
        assert_eq!(lines(&document), [&[text], lines_of_edges].concat());
    }
}

#[test]
fn files_of_word_6_have_the_letters_of_their_machine() {
    let file = |mark: u16, characters: u16, words: &[u8]| {
        let mut main = vec![0_u8; TEXT];
        main[..2].copy_from_slice(&mark.to_le_bytes());
        main[2..4].copy_from_slice(&104_u16.to_le_bytes());
        main[0x14..0x16].copy_from_slice(&characters.to_le_bytes());
        put(&mut main, 0x18, TEXT);
        put(&mut main, 0x34, words.len());
        main.extend(words);
        compound(&[("/WordDocument", main)])
    };
    assert_eq!(
        lines(&read(
            "a.doc",
            &file(0xa5dc, 0x100, b"Le caf\x8e est ferm\x8e.\r")
        )),
        ["Le café est fermé."]
    );
    assert_eq!(
        lines(&read("a.doc", &file(0xa699, 0, b"Yours faithfully\r"))),
        ["Yours faithfully"]
    );
}

#[test]
fn a_password_and_a_cut_file_are_told_apart() {
    let file = doc(&[("Текст\r", true)], &[6], (&[], &[]));
    let mut locked = file.clone();
    let at = locked.windows(2).position(|two| two == [0xec, 0xa5]).unwrap();
    locked[at + 11] |= 1;
    assert_eq!(
        read_document("a.doc", &locked).unwrap_err().code,
        UnreadableCode::Encrypted
    );
    assert_eq!(
        read_document("a.doc", &file[..file.len() / 3]).unwrap_err().code,
        UnreadableCode::Damaged
    );
}

#[test]
fn pieces_that_claim_two_thousand_million_characters_cost_nothing() {
    let mut file = doc(&[("Текст\r", true)], &[6], (&[], &[]));
    let list = [2, 16, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0];
    let at = file
        .windows(list.len())
        .position(|window| window == list)
        .unwrap();
    file[at + 9..at + 13].copy_from_slice(&2_000_000_000_u32.to_le_bytes());
    assert_eq!(
        read_document("a.doc", &file).unwrap_err().code,
        UnreadableCode::TooBig
    );
}
