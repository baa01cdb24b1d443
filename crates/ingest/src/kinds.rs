//! What the ending of a file's name promises, and whether the content keeps it.
//!
//! Readers go by content alone; people go by the ending. Owns the endings that documents have, for whoever takes files in from
//! people: a program, or a sign-in page that was saved as `.pdf`, is none that somebody meant to add.

use std::path::Path;

use docent_corpus::Format;

/// How a content fits the ending of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// It is what the ending says, or the ending says nothing.
    Well,
    /// It is another kind that programs save under this ending.
    Nearly,
    /// It is something else.
    Not,
}

/// An ending with what is meant by it, and what else programs save under it.
type Kind = (&'static [&'static str], &'static [Format], &'static [Format]);

const KINDS: [Kind; 23] = {
    use Format::{
        Csv, Doc, Docx, Eml, Epub, Html, Json, Markdown, Msg, Odp, Ods, Odt, Pdf, Picture, Ppt, Pptx, Rtf,
        Text, Xls, Xlsb, Xlsx, Xml,
    };
    [
        (
            &["txt", "text", "log"],
            &[Text, Markdown],
            &[Csv, Eml, Html, Json, Rtf, Xml],
        ),
        (&["md", "markdown"], &[Markdown, Text], &[Html]),
        (&["html", "htm", "xhtml"], &[Html, Xml], &[Text]),
        (&["pdf"], &[Pdf], &[]),
        (&["docx", "docm", "dotx", "dotm"], &[Docx], &[Doc, Rtf]),
        // Systems that keep records write web pages and RTF for Word, and pages and tables of text for Excel.
        (&["doc", "dot"], &[Doc], &[Docx, Eml, Html, Rtf, Xml]),
        (&["rtf"], &[Rtf], &[Doc, Docx]),
        (&["odt", "ott"], &[Odt], &[]),
        (&["xlsx", "xlsm", "xltx", "xltm"], &[Xlsx], &[Xls, Xlsb]),
        (&["xlsb"], &[Xlsb], &[Xlsx]),
        (&["xls", "xlt"], &[Xls], &[Csv, Eml, Html, Text, Xlsb, Xlsx, Xml]),
        (&["ods", "ots"], &[Ods], &[]),
        (&["csv", "tsv", "tab"], &[Csv, Text], &[]),
        (&["pptx", "pptm", "ppsx", "potx", "ppsm", "potm"], &[Pptx], &[Ppt]),
        (&["ppt", "pps", "pot"], &[Ppt], &[Pptx]),
        (&["odp", "otp"], &[Odp], &[]),
        (&["epub"], &[Epub], &[]),
        (&["eml", "mht", "mhtml", "mbox"], &[Eml], &[Html, Text]),
        (&["msg"], &[Msg], &[Eml]),
        (&["json", "jsonl", "ndjson"], &[Json], &[Text]),
        (
            &["xml", "fb2", "fodt", "fods", "fodp"],
            &[Xml],
            &[Html, Json, Text],
        ),
        (&["rst", "adoc", "tex", "srt", "vtt"], &[Text, Markdown], &[Html]),
        (&["png", "jpg", "jpeg", "tif", "tiff"], &[Picture], &[]),
    ]
};

fn kind(ending: &str) -> Option<&'static Kind> {
    let ending = ending.to_lowercase();
    KINDS
        .iter()
        .find(|(endings, _, _)| endings.contains(&ending.as_str()))
}

/// Tells whether documents have an ending, which is given without its dot.
pub fn is_known_ending(ending: &str) -> bool {
    kind(ending).is_some()
}

/// Tells whether content of a format, by the name that [`Format::name`] gives it, fits a name.
pub fn fits(name: &str, format: &str) -> Fits {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    let Some((_, meant, nearly)) = ending.and_then(kind) else {
        return Fits::Well;
    };
    let among = |formats: &[Format]| formats.iter().any(|one| one.name() == format);
    match (among(meant), among(nearly)) {
        (true, _) => Fits::Well,
        (false, true) => Fits::Nearly,
        (false, false) => Fits::Not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_one_of_documents_or_not() {
        for ending in ["pdf", "fb2", "DOCX", "txt", "xls", "tiff", "mht"] {
            assert!(is_known_ending(ending), "{ending}");
        }
        for ending in ["", "exe", "js", "sh", "dll", "zip", "py", "toml", "pdf "] {
            assert!(!is_known_ending(ending), "{ending}");
        }
    }

    #[test]
    fn content_is_what_the_ending_says_or_nearly_or_something_else() {
        for (name, format, expected) in [
            ("a.pdf", "pdf", Fits::Well),
            ("a.PDF", "html", Fits::Not),
            ("a.pdf", "text", Fits::Not),
            ("a.docx", "text", Fits::Not),
            ("a.docx", "pdf", Fits::Not),
            ("a.xls", "html", Fits::Nearly),
            ("a.doc", "rtf", Fits::Nearly),
            ("a.txt", "text", Fits::Well),
            ("a.txt", "html", Fits::Nearly),
            ("a.png", "text", Fits::Not),
            ("README", "markdown", Fits::Well),
            ("a.unknown", "pdf", Fits::Well),
        ] {
            assert_eq!(fits(name, format), expected, "{name} {format}");
        }
    }
}
