//! A small file of each format to begin with: those of `testdata/made`, samples of the library, and some put together here.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

/// A file that is read well.
pub(crate) struct Seed {
    /// The format whose path it takes.
    pub(crate) format: &'static str,
    /// The name it is read under.
    pub(crate) name: &'static str,
    /// What stands in it.
    pub(crate) bytes: Vec<u8>,
}

const TEXT: &str = "Статья 1. Общие положения\n\n1. Срок — 5 дней (см. табл. 4).\n2. Плата:\n   а) взнос 10 %;\n   б) сбор.\n\n\
                    5-бап. Жалпы ережелер\nӨтініш он күнде қаралады.\n\nСтрока | Плата\n------ | -----\nпропуск | 1 000,50\n";

/// Returns every seed.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = [
        ("docx", "prices.docx"),
        ("xlsx", "prices.xlsx"),
        ("xls", "prices.xls"),
        ("ods", "prices.ods"),
        ("odt", "prices.odt"),
        ("odp", "slides.odp"),
        ("pptx", "slides.pptx"),
        ("pdf", "prices.pdf"),
        ("doc", "note.doc"),
        ("rtf", "note.rtf"),
        ("epub", "note.epub"),
        ("html", "prices.html"),
        ("csv", "prices.csv"),
        ("json", "prices.json"),
    ]
    .into_iter()
    .map(|(format, name)| Seed {
        format,
        name,
        bytes: std::fs::read(folder("testdata/made").join(name)).unwrap(),
    })
    .collect();
    let mut add = |format, name, bytes: Vec<u8>| seeds.push(Seed { format, name, bytes });
    add("text", "a.txt", TEXT.into());
    add(
        "text",
        "windows-1251.txt",
        TEXT.chars()
            .map(|c| byte_of(c, &[(0x410, 0x44f, 0xc0)]))
            .collect(),
    );
    let dos = [(0x410, 0x43f, 0x80), (0x440, 0x44f, 0xe0)];
    add(
        "text",
        "cp866.txt",
        TEXT.chars().map(|c| byte_of(c, &dos)).collect(),
    );
    add(
        "text",
        "utf-16.txt",
        TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    );
    add(
        "markdown",
        "a.md",
        format!("# Правила\n\n{TEXT}\n> цитата[^1]\n\n[^1]: сноска\n").into(),
    );
    add("html", "a.html", HTML.into());
    add("xml", "a.xml", XML.into());
    add("eml", "a.eml", MAIL.into());
    add("pdf", "plain.pdf", plain_pdf());
    add("msg", "a.msg", message());
    add("ppt", "a.ppt", old_slides());
    add(
        "json",
        "a.jsonl",
        "{\"title\": \"Срок\", \"text\": [\"5 дней\", {\"a\": [1, 2.5, null]}]}\n"
            .repeat(3)
            .into(),
    );
    for (format, name, assistant) in [
        ("html", "a.htm", "general"),
        ("docx", "ru.docx", "staff"),
        ("pdf", "kk.pdf", "kazakh"),
    ] {
        seeds.push(Seed {
            format,
            name,
            bytes: sample(assistant, format),
        });
    }
    seeds
}

fn folder(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// Returns the first document of this kind of an assistant of the sample library.
fn sample(assistant: &str, extension: &str) -> Vec<u8> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder("../../examples/library").join(assistant))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let path = paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|own| own == extension));
    std::fs::read(path.unwrap()).unwrap()
}

/// Returns a character's byte in a code page whose Cyrillic letters stand in ranges: first, last, byte of the first.
fn byte_of(c: char, ranges: &[(u32, u32, u8)]) -> u8 {
    let code = u32::from(c);
    let range = ranges
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&code));
    range.map_or(if c.is_ascii() { c as u8 } else { b'?' }, |(first, _, byte)| {
        byte + (code - first) as u8
    })
}

const HTML: &str = r#"<!DOCTYPE html><html><head><meta charset="utf-8"><title>Пропуск</title><style>.x{display:none}</style></head>
<body><nav><a href="/">Меню</a></nav><h1>Пропуск</h1><p class="x">скрыто</p><p>Текст с <b>жирным</b> и <sup>2</sup>.</p>
<ul><li>раз<ol><li>два</li></ol></li></ul><table><tr><th rowspan="2">А</th><th colspan="2">Б</th></tr><tr><td>1</td><td>2</td></tr>
<tr><td><table><tr><td>внутри</td></tr></table></td><td>3</td><td>4</td></tr></table><pre>  как есть</pre><script>x()</script></body></html>"#;

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a [<!ENTITY b "в">]><a x="1"><b>текст &b; &amp; ещё</b><!-- нет --><c><![CDATA[<d>]]></c></a>"#;

const MAIL: &str = "From: =?utf-8?B?0JjQstCw0L0=?= <ivan@example.kz>\r\nTo: all@example.kz\r\nSubject: =?windows-1251?Q?=D1=F0=EE=EA?=\r\n\
Date: Mon, 4 Mar 2024 10:00:00 +0500\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n\
--b1\r\nContent-Type: multipart/alternative; boundary=\"b2\"\r\n\r\n--b2\r\nContent-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\r\n=D0=A1=D1=80=D0=BE=D0=BA 5\r\n--b2\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b2--\r\n\
--b1\r\nContent-Type: text/csv; name=\"a.csv\"\r\nContent-Disposition: attachment; filename=\"a.csv\"\r\n\
Content-Transfer-Encoding: base64\r\n\r\n0KHRgNC+0Lo7NQrQn9C70LDRgtCwOzEwCg==\r\n--b1--\r\n";

/// A PDF without packing, so that its marks can be changed.
fn plain_pdf() -> Vec<u8> {
    let page = "BT /F1 16 Tf 72 770 Td (Rules of the laboratory) Tj ET\n\
                BT /F1 11 Tf 72 740 Td 14 TL (Samples are kept for ten days.) Tj T* [(Bring) -250 (them) 20 (in.)] TJ ET\n\
                BT /F1 11 Tf 72 700 Td (Kind) Tj 100 0 Td (Fee) Tj -100 -14 Td (Water) Tj 100 0 Td (1200) Tj ET\n\
                q 1 0 0 1 0 0 cm /X1 Do Q\n";
    let form = "BT /F1 9 Tf 72 60 Td (Page 1) Tj ET";
    let map = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange\n\
               1 beginbfrange <20> <7e> <0020> endbfrange endcmap";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R /Outlines 9 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> /XObject << /X1 6 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar 32 /LastChar 126 /Widths [250 300 400] \
         /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /A /B /afii10017] >> /ToUnicode 7 0 R >>"
            .to_owned(),
        format!("<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Length {} >>\nstream\n{form}\nendstream", form.len()),
        format!("<< /Length {} >>\nstream\n{map}\nendstream", map.len()),
        "<< /Title (Rules) /Author (Office) /CreationDate (D:20240304100000Z) >>".to_owned(),
        "<< /Type /Outlines /First 10 0 R /Last 10 0 R /Count 1 >>".to_owned(),
        "<< /Title (One) /Parent 9 0 R /Dest [3 0 R /XYZ 0 800 0] >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut rows = String::new();
    for (at, object) in objects.iter().enumerate() {
        writeln!(rows, "{:010} 00000 n ", pdf.len()).unwrap();
        writeln!(pdf, "{} 0 obj\n{object}\nendobj", at + 1).unwrap();
    }
    let start = pdf.len();
    let size = objects.len() + 1;
    write!(
        pdf,
        "xref\n0 {size}\n0000000000 65535 f \n{rows}trailer\n<< /Size {size} /Root 1 0 R /Info 8 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    pdf.into_bytes()
}

fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, bytes) in streams {
        if let Some(storage) = Path::new(path)
            .parent()
            .filter(|parent| *parent != Path::new("/"))
        {
            file.create_storage_all(storage).unwrap();
        }
        file.create_stream(path).unwrap().write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A message of Outlook with a body and a text attached.
fn message() -> Vec<u8> {
    compound(&[
        ("/__properties_version1.0", vec![0; 32]),
        ("/__substg1.0_001A001F", wide("IPM.Note")),
        ("/__substg1.0_0037001F", wide("Срок хранения")),
        ("/__substg1.0_0C1A001F", wide("Лаборатория")),
        (
            "/__substg1.0_1000001F",
            wide("Образцы хранят десять дней.\r\nПотом их уничтожают."),
        ),
        (
            "/__attach_version1.0_#00000000/__properties_version1.0",
            vec![0; 8],
        ),
        (
            "/__attach_version1.0_#00000000/__substg1.0_3707001F",
            wide("a.txt"),
        ),
        ("/__attach_version1.0_#00000000/__substg1.0_37010102", TEXT.into()),
    ])
}

/// Slides of an old presentation: a list of slides with a title and a text.
fn old_slides() -> Vec<u8> {
    let record = |version: u16, kind: u16, bytes: &[u8]| {
        let mut record = version.to_le_bytes().to_vec();
        record.extend(kind.to_le_bytes());
        record.extend((bytes.len() as u32).to_le_bytes());
        record.extend(bytes);
        record
    };
    let list = [
        record(0, 0x03f3, &[0; 20]),
        record(0, 0x0f9f, &0u32.to_le_bytes()),
        record(0, 0x0fa0, &wide("Хранение образцов")),
        record(0, 0x0f9f, &1u32.to_le_bytes()),
        record(0, 0x0fa0, &wide("Образцы хранят десять дней\rв холоде.")),
    ]
    .concat();
    let document = record(0x0f, 0x03e8, &record(0x0f, 0x0ff0, &list));
    let slide = record(0x0f, 0x03ee, &record(0x0f, 0x040c, &record(0, 0x0fa8, b"Note")));
    compound(&[
        ("/Current User", record(0, 0x0ff6, &[0; 20])),
        ("/PowerPoint Document", [document, slide].concat()),
    ])
}
