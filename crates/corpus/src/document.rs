//! A document as it was read: text, structure, and what could not be read.

use std::fmt;

/// A half-open range of bytes of a document's extracted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ByteRange {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl ByteRange {
    /// Makes a range from its bounds.
    ///
    /// # Panics
    ///
    /// When `start` lies behind `end`.
    pub fn new(start: usize, end: usize) -> Self {
        assert!(
            start <= end,
            "a range cannot end before it starts: {start}..{end}"
        );
        Self { start, end }
    }

    /// Returns the number of bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Tells whether the range holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Tells whether `other` lies wholly inside.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the part of `text` that the range names, or nothing when it does not fit `text`.
    pub fn of(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    /// Returns the range moved right by `bytes`.
    #[must_use]
    pub fn shifted(self, bytes: usize) -> Self {
        Self {
            start: self.start + bytes,
            end: self.end + bytes,
        }
    }
}

/// The hash of a file's bytes: two versions of a document differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub [u8; 16]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What kind of file a document was, by its content, not by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Plain text in any supported code page.
    Text,
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// Word 2007 and later.
    Docx,
    /// PDF with a text layer.
    Pdf,
    /// Rows of text parted by commas, semicolons or tabs.
    Csv,
    /// Word 97 to 2003.
    Doc,
    /// A mail message or a web page saved as one.
    Eml,
    /// An electronic book.
    Epub,
    /// JSON or JSON Lines.
    Json,
    /// A message saved by Outlook.
    Msg,
    /// An `OpenDocument` presentation.
    Odp,
    /// An `OpenDocument` spreadsheet.
    Ods,
    /// An `OpenDocument` text.
    Odt,
    /// A picture whose text was recognised.
    Picture,
    /// `PowerPoint` 97 to 2003.
    Ppt,
    /// `PowerPoint` 2007 and later.
    Pptx,
    /// Rich Text Format.
    Rtf,
    /// Excel 97 to 2003.
    Xls,
    /// A binary workbook of Excel 2007 and later.
    Xlsb,
    /// Excel 2007 and later.
    Xlsx,
    /// XML of any other kind.
    Xml,
}

impl Format {
    /// Returns the short lower-case name used on the command line and in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Doc => "doc",
            Self::Eml => "eml",
            Self::Epub => "epub",
            Self::Json => "json",
            Self::Msg => "msg",
            Self::Odp => "odp",
            Self::Ods => "ods",
            Self::Odt => "odt",
            Self::Picture => "picture",
            Self::Ppt => "ppt",
            Self::Pptx => "pptx",
            Self::Rtf => "rtf",
            Self::Xls => "xls",
            Self::Xlsb => "xlsb",
            Self::Xlsx => "xlsx",
            Self::Xml => "xml",
        }
    }
}

/// What a document says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The title a reader would give: from the file's properties when they are meant, else its first heading.
    pub title: Option<String>,
    /// The author named in the file's properties.
    pub author: Option<String>,
    /// The date named in the file's properties, ISO 8601.
    pub date: Option<String>,
}

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// A heading; level 1 is the outermost.
    Heading {
        /// 1 to 9.
        level: u8,
    },
    /// A paragraph.
    Paragraph,
    /// An item of a list, its marker or number inside the text.
    ListItem {
        /// 0 for the outermost list.
        depth: u8,
    },
    /// The header row of a table, cells parted by ` | `.
    TableHeader {
        /// Number of the table in the document, from 0.
        table: u32,
    },
    /// A row of a table, cells parted by ` | `.
    TableRow {
        /// Number of the table in the document, from 0.
        table: u32,
    },
    /// The caption of a table or picture.
    Caption,
    /// A footnote or end note, its mark inside the text.
    Footnote,
    /// An editorial remark («в редакции Федерального закона …»), or a line of a table of contents: kept, but neither searched nor
    /// quoted.
    Remark,
}

/// One block of a document: a line of its extracted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it stands in [`Document::text`]; holds no line end.
    pub range: ByteRange,
    /// The page it begins on, from 1, in formats that have pages.
    pub page: Option<u32>,
}

/// What happened to a part of a document while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// A part could not be read and is missing.
    Lost,
    /// A part was mended (code page, look-alike letters, hyphenation).
    Repaired,
    /// A part is not to be seen and was kept apart.
    Hidden,
}

/// A remark of the reader about a document, for the keeper of the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What sort of remark it is.
    pub kind: NoticeKind,
    /// One sentence for a person.
    pub text: String,
}

/// Words of a document that nobody who looks at it sees. They are no part of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenText {
    /// The page they stand on, from 1, where that is known.
    pub page: Option<u32>,
    /// The words.
    pub text: String,
}

/// A document as it was read.
///
/// `text` is all its blocks in reading order, each followed by one `\n`; block ranges do not overlap and go up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Path inside the assistant's folder, parted by `/`.
    pub name: String,
    /// Hash of the file it was read from.
    pub version: Version,
    /// What kind of file it was.
    pub format: Format,
    /// What it says about itself.
    pub metadata: Metadata,
    /// The extracted text.
    pub text: String,
    /// The structure over `text`.
    pub blocks: Vec<Block>,
    /// Number of pages, in formats that have them.
    pub pages: Option<u32>,
    /// What was lost, mended or hidden.
    pub notices: Vec<Notice>,
    /// Words that nobody sees, kept apart.
    pub hidden: Vec<HiddenText>,
}

/// Why a file gave no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnreadableCode {
    /// Needs a password.
    Encrypted,
    /// Cut short or broken.
    Damaged,
    /// Over a limit of size, ratio, pages or members.
    TooBig,
    /// Took longer than allowed.
    Timeout,
    /// A format that docent does not read.
    Unsupported,
    /// Holds no text: a scan, or an empty file.
    NoText,
    /// Its text layer is not text in any language of ours.
    GarbledText,
    /// The operating system would not give it to us.
    Denied,
}

impl UnreadableCode {
    /// Returns the code as it is printed and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Damaged => "damaged",
            Self::TooBig => "too_big",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::NoText => "no_text",
            Self::GarbledText => "garbled_text",
            Self::Denied => "denied",
        }
    }
}

/// A file could not be read: the code for programs, the sentence for the keeper of the documents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", code.name())]
pub struct Unreadable {
    /// Why, for programs.
    pub code: UnreadableCode,
    /// Why and what to do, one sentence.
    pub reason: String,
}
