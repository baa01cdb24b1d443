//! One file's bytes → a structured [`Document`], whatever the file is called.
//!
//! Owns: telling formats apart, refusing what cannot be read in words a person can act on, and keeping a library's panic
//! from leaving this module. Leaves the formats to its submodules, which all produce a [`draft::Draft`], and everything
//! that is the same for all formats (cleaning, headings, lists, remarks, title) to [`finish`].
//!
//! Invariant: what comes out passes [`check_invariants`].

mod biff;
mod contents;
mod csv;
mod doc;
mod docx;
pub(crate) mod draft;
mod epub;
mod finish;
mod hidden;
mod html;
mod ink;
mod json;
mod list;
mod mail;
mod markdown;
mod msg;
mod odf;
mod office;
mod ole;
mod outline;
mod package;
mod pdf;
mod picture;
mod ppt;
mod remark;
mod rtf;
mod sheet;
mod text;
mod title;
mod xlsx;
mod xml;

use std::io::Cursor;
use std::thread;

use docent_corpus::{Document, Format, Unreadable, UnreadableCode, Version};

use crate::decode;
use crate::ocr::{REMEDY, Recognise, Recognised};
use draft::Draft;
use package::Package;

pub use finish::check_invariants;

/// The largest file read: forty times a long law; beyond it the file is a picture book or an archive of data.
pub const MAX_FILE_BYTES: u64 = 50 << 20;

/// Stack of the thread that runs the format libraries: some of them recurse per level of nesting, and 64 MiB outlasts
/// the nesting of every well-meant document.
const READER_STACK_BYTES: usize = 64 << 20;

/// The most text taken from one document: ten times a long law.
const MAX_TEXT_BYTES: usize = 20 << 20;

/// How far into a file a mark of its format is sought: PDF viewers look at the first kilobyte.
const SNIFF_BYTES: usize = 1024;

/// Reads one file's bytes; the content decides the format, the name only tells Markdown from plain text.
///
/// Blocks for as long as the file takes; call it from a pool.
///
/// # Errors
///
/// When the file gives no text, with the reason and the remedy in one sentence.
pub fn read_document(name: &str, bytes: &[u8]) -> Result<Document, Unreadable> {
    read_document_with(name, bytes, &mut |_| Recognised::Absent)
}

/// Reads one file's bytes as [`read_document`] does, and has `recognise` tell what pictures of pages say.
///
/// # Errors
///
/// As for [`read_document`].
pub fn read_document_with(
    name: &str,
    bytes: &[u8],
    recognise: Recognise<'_>,
) -> Result<Document, Unreadable> {
    if bytes.is_empty() {
        return Err(refuse(UnreadableCode::NoText, "the file is empty"));
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refuse(
            UnreadableCode::TooBig,
            "the file is over 50 MiB; split it into parts",
        ));
    }
    let version = version_of(bytes);
    thread::scope(|scope| {
        let reader = thread::Builder::new()
            .name("docent-reader".to_owned())
            .stack_size(READER_STACK_BYTES)
            .spawn_scoped(scope, || {
                finish::finish(name, version, read_draft(name, bytes, Place::File, recognise)?)
            });
        let Ok(reader) = reader else {
            return Err(refuse(
                UnreadableCode::Denied,
                "the system gave no thread to read it with; try again later",
            ));
        };
        reader.join().unwrap_or_else(|_| {
            Err(refuse(
                UnreadableCode::Damaged,
                "reading stopped at something unexpected in the file; open it in its program and save it anew",
            ))
        })
    })
}

/// Returns the version of a file: the first 16 bytes of the BLAKE3 hash of its bytes.
pub fn version_of(bytes: &[u8]) -> Version {
    let mut version = [0; 16];
    version.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    Version(version)
}

/// Makes a refusal.
fn refuse(code: UnreadableCode, reason: impl Into<String>) -> Unreadable {
    Unreadable {
        code,
        reason: reason.into(),
    }
}

/// Refuses a file without text.
fn no_text(format: Format) -> Unreadable {
    let reason = match format {
        Format::Pdf => format!("the PDF holds pictures of pages and no text; {REMEDY}"),
        _ => "the file holds no text".to_owned(),
    };
    refuse(UnreadableCode::NoText, reason)
}

/// Reads a file inside a document: anything but a message, which could hold further ones without end.
fn read_part(name: &str, bytes: &[u8]) -> Result<Draft, Unreadable> {
    read_draft(name, bytes, Place::Attached, &mut |_| Recognised::Absent)
}

/// Where the bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A file of the library.
    File,
    /// A file inside a message.
    Attached,
}

fn read_draft(name: &str, bytes: &[u8], place: Place, recognise: Recognise<'_>) -> Result<Draft, Unreadable> {
    const OLE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    const MEDIA: [&[u8]; 9] = [
        b"GIF8",
        b"Rar!",
        b"7z\xbc\xaf",
        b"\x1f\x8b",
        b"\x7fELF",
        b"OggS",
        b"ID3",
        b"SQLite format",
        // PostScript: a program that draws pages.
        b"%!PS",
    ];
    // Word 1 and 2 for Windows, Word for DOS and for the Macintosh, Excel 2 to 4: no compound files yet.
    const OLD: [&[u8]; 7] = [
        b"\x9b\xa5\x21\x00",
        b"\xdb\xa5\x2d\x00",
        b"\x31\xbe\x00\x00",
        b"\xfe\x37\x00",
        b"\x09\x00\x04\x00",
        b"\x09\x02\x06\x00",
        b"\x09\x04\x06\x00",
    ];
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        read_package(Package::open(bytes)?, bytes)
    } else if head.windows(5).any(|window| window == b"%PDF-") {
        pdf::read(bytes, recognise)
    } else if bytes.starts_with(&OLE) {
        read_compound(bytes, place)
    } else if head.trim_ascii_start().starts_with(b"{\\rtf") {
        rtf::read(bytes.trim_ascii_start())
    } else if picture::is_one(bytes) {
        picture::read(bytes, recognise)
    } else if OLD.iter().any(|mark| bytes.starts_with(mark)) {
        Err(old_program())
    } else if MEDIA.iter().any(|mark| bytes.starts_with(mark)) {
        Err(refuse(
            UnreadableCode::Unsupported,
            "the file is a picture, an archive or a program; put the document itself into the folder",
        ))
    } else {
        read_text_like(name, bytes, place)
    }
}

/// Tells packages apart by what stands in them.
fn read_package(package: Package<'_>, bytes: &[u8]) -> Result<Draft, Unreadable> {
    if package.has("xl/workbook.xml") {
        xlsx::read(package)
    } else if package.has("xl/workbook.bin") {
        sheet::read(bytes, Format::Xlsb)
    } else if package.has("ppt/presentation.xml") {
        office::read(bytes, Format::Pptx)
    } else if package.has("META-INF/container.xml") && !package.has("content.xml") {
        epub::read(package)
    } else if package.has("content.xml") {
        odf::read(package)
    } else {
        docx::read(package)
    }
}

/// Tells compound files, in which old Office programs keep everything, apart by their streams.
fn read_compound(bytes: &[u8], place: Place) -> Result<Draft, Unreadable> {
    let Ok(mut file) = cfb::CompoundFile::open(Cursor::new(bytes)) else {
        // The reader of old Office files is less strict with a damaged one.
        let named = |name: &str| {
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes.windows(wide.len()).any(|window| window == wide)
        };
        if named("EncryptedPackage") {
            return Err(locked());
        }
        return match [
            ("WordDocument", Format::Doc),
            ("PowerPoint Document", Format::Ppt),
        ]
        .into_iter()
        .find(|(name, _)| named(name))
        {
            Some((_, format)) => office::read(bytes, format),
            None => Err(package::cut()),
        };
    };
    let has = |name: &str| file.exists(name);
    if has("/EncryptedPackage") || has("/EncryptionInfo") {
        Err(locked())
    } else if has("/WordDocument") {
        doc::read(&mut file)
    } else if has("/Workbook") || has("/Book") {
        sheet::read(bytes, Format::Xls)
    } else if has("/PowerPoint Document") {
        ppt::read(&mut file)
    } else if has("/__properties_version1.0") {
        if place == Place::Attached {
            return Err(inner_message());
        }
        Ok(msg::read(file))
    } else {
        Err(old_program())
    }
}

/// Refuses a file that needs a password.
fn locked() -> Unreadable {
    refuse(
        UnreadableCode::Encrypted,
        "the file needs a password; save it without one",
    )
}

/// Refuses a file of a program from before the formats that are read.
fn old_program() -> Unreadable {
    refuse(
        UnreadableCode::Unsupported,
        "the file is of an old program that docent does not know; save it as DOCX or PDF",
    )
}

/// Refuses a message inside a message.
fn inner_message() -> Unreadable {
    refuse(
        UnreadableCode::Unsupported,
        "a message inside a message is not read; put it into the folder by itself",
    )
}

fn read_text_like(name: &str, bytes: &[u8], place: Place) -> Result<Draft, Unreadable> {
    let declared = decode::declared_charset(bytes);
    let decoded = decode::decode(bytes, declared.as_deref()).ok_or_else(|| {
        refuse(
            UnreadableCode::Unsupported,
            "the file is no text in any code page; save it as DOCX, PDF, HTML or text",
        )
    })?;
    if is_mail(&decoded.text) {
        if place == Place::Attached {
            return Err(inner_message());
        }
        return mail::read(bytes);
    }
    let extension = extension(name);
    let mut draft = if is_html(&decoded.text) {
        html::read(&decoded.text)?
    } else if xml::is_xml(&decoded.text) {
        xml::read(&decoded.text)?
    } else if let Some(draft) = json::read(&decoded.text) {
        draft
    } else if let Some(draft) = matches!(extension.as_deref(), Some("csv" | "tsv" | "tab"))
        .then(|| csv::read(&decoded.text))
        .flatten()
    {
        draft
    } else if is_markdown(name, &decoded.text) {
        markdown::read(&decoded.text)
    } else {
        text::read(&decoded.text)
    };
    if decoded.replaced > 0 {
        draft.lost.push(format!(
            "Characters that are not valid {}: {}.",
            decoded.name, decoded.replaced
        ));
    }
    Ok(draft)
}

/// Tells whether text is HTML: it begins with a tag of a page, comments and an XML declaration aside.
fn is_html(text: &str) -> bool {
    const STARTS: [&str; 9] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<div",
        "<table",
        "<h1",
        "<p>",
        "<meta",
    ];
    let mut rest = text.trim_start();
    for (start, end) in [("<?xml", "?>"), ("<!--", "-->"), ("<!--", "-->")] {
        if rest.starts_with(start)
            && let Some(at) = rest.find(end)
        {
            rest = rest[at + end.len()..].trim_start();
        }
    }
    STARTS.iter().any(|start| {
        rest.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    })
}

/// Tells whether text is a mail message or a mailbox: it begins with header lines, among them some that only mail
/// programs write.
fn is_mail(text: &str) -> bool {
    const HEADERS: [&str; 13] = [
        "mime-version:",
        "message-id:",
        "received:",
        "return-path:",
        "content-type:",
        "content-transfer-encoding:",
        "from:",
        "to:",
        "date:",
        "subject:",
        "delivered-to:",
        "dkim-signature:",
        "reply-to:",
    ];
    let mut lines = text.trim_start().lines().peekable();
    let mailbox = lines
        .next_if(|line| line.starts_with("From ") && line.contains(':'))
        .is_some();
    let is_header = |line: &str| {
        let name = line.split(':').next().unwrap_or("");
        name.len() < line.len() && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !lines.peek().is_some_and(|line| is_header(line)) {
        return false;
    }
    let lower: Vec<String> = lines
        .take_while(|line| !line.is_empty())
        .take(100)
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |header: &&str| lower.iter().any(|line| line.starts_with(header));
    let found = HEADERS.iter().filter(|header| has(header)).count();
    // A saved web page has only these two.
    let saved = has(&"mime-version:") && has(&"content-type:");
    saved || found >= 3 || (mailbox && found >= 2)
}

/// Returns the extension of a file's name, in lower case.
fn extension(name: &str) -> Option<String> {
    name.rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase())
}

/// Tells whether text is Markdown: by the file's name or, without a telling name, by two headings.
fn is_markdown(name: &str, text: &str) -> bool {
    /// Headings stand at the front of a document too.
    const FRONT_LINES: usize = 400;
    match extension(name).as_deref() {
        Some("md" | "markdown") => true,
        Some("txt") => false,
        _ => {
            let front = text.lines().take(FRONT_LINES);
            front
                .filter(|line| line.starts_with("# ") || line.starts_with("## "))
                .count()
                >= 2
        }
    }
}
