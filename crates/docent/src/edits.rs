//! What the keeper adds to an assistant's folder: an answer of their own, or a question with the place that answers it.
//!
//! Owns the two files' new lines; what stands in them stays as it is, remarks included. Invariant: a file is the one before or the
//! one after, whatever happens meanwhile, and never one that could not be read.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use docent_answer::{Curated, CuratedAnswers};
use serde_json::json;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use crate::answers;
use crate::golden;

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// What was to be added cannot be.
    #[error("{0}")]
    Unfit(String),
    /// There is an answer to the question already.
    #[error(
        "line {line} of {} answers this question already; change it there",
        answers::FILE
    )]
    Taken {
        /// Where it stands.
        line: usize,
    },
    /// The question is taught already.
    #[error("{} teaches this question already ({name}); change it there", golden::FILE)]
    Taught {
        /// How the line is named.
        name: String,
    },
    /// The file as it is cannot be read: adding to it would be of no use.
    #[error("{file} has to be mended first: {what}")]
    Broken {
        /// Which.
        file: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The system does not let it be written.
    #[error("{file} cannot be written")]
    Io {
        /// Which.
        file: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A question with the place that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lesson {
    pub(crate) question: String,
    /// A document of the assistant.
    pub(crate) document: String,
    /// A heading in it.
    pub(crate) section: Option<String>,
    /// Words that stand in the passage and must stand in the answer.
    pub(crate) contains: Option<String>,
}

/// Appends an answer to the `answers.toml` of a folder; `today` (ISO 8601) tells which of those there still hold.
pub(crate) fn curate(folder: &Path, new: Curated, today: &str) -> Result<(), Unwritten> {
    let new = answers::checked(new).map_err(Unwritten::Unfit)?;
    let date: Option<toml_edit::Datetime> = new
        .until
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Unwritten::Unfit("`until` must be a date such as 2027-01-31".to_owned()))?;
    if date.is_some_and(|date| date.date.is_none() || date.time.is_some()) {
        return Err(Unwritten::Unfit(
            "`until` must be a date such as 2027-01-31".to_owned(),
        ));
    }
    if new.is_over(today) {
        return Err(Unwritten::Unfit(
            "the last day of the answer has passed".to_owned(),
        ));
    }
    let path = folder.join(answers::FILE);
    let text = read(&path, answers::FILE)?;
    let broken = |what: String| Unwritten::Broken {
        file: answers::FILE,
        what,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| broken(error.to_string().trim().replace('\n', " ")))?;
    let there = CuratedAnswers::of(answers::parse(&text).0);
    let mut taken = new
        .questions
        .iter()
        .filter_map(|question| there.find(question, today));
    if let Some(found) = taken.find(|found| found.read.is_none()) {
        return Err(Unwritten::Taken {
            line: found.curated.line,
        });
    }
    let list = document
        .entry("answer")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let list = list
        .as_array_of_tables_mut()
        .ok_or_else(|| broken("`answer` is no list of [[answer]] tables".to_owned()))?;
    let mut table = Table::new();
    if !text.trim().is_empty() {
        table.decor_mut().set_prefix("\n");
    }
    table["questions"] = value(new.questions.iter().collect::<Array>());
    table["text"] = value(new.text);
    if let Some(date) = date {
        table["until"] = value(date);
    }
    if let Some(source) = new.source {
        table["source"] = value(source);
    }
    list.push(table);
    write(&path, answers::FILE, &document.to_string())
}

/// Appends a question that teaches to the `questions.jsonl` of a folder.
pub(crate) fn teach(folder: &Path, new: &Lesson) -> Result<(), Unwritten> {
    let question = new.question.split_whitespace().collect::<Vec<_>>().join(" ");
    if !question.chars().any(char::is_alphanumeric) {
        return Err(Unwritten::Unfit("the question is empty".to_owned()));
    }
    if question.chars().count() > answers::QUESTION_CHARS {
        return Err(Unwritten::Unfit(format!(
            "the question is longer than {} characters",
            answers::QUESTION_CHARS
        )));
    }
    if new.document.is_empty() {
        return Err(Unwritten::Unfit("the document is missing".to_owned()));
    }
    let path = folder.join(golden::FILE);
    let mut text = read(&path, golden::FILE)?;
    let there = golden::parse(&text).map_err(|faults| Unwritten::Broken {
        file: golden::FILE,
        what: faults.join("; "),
    })?;
    let same = |other: &str| other.to_lowercase() == question.to_lowercase();
    if let Some(taught) = there.iter().find(|one| one.teaches && same(&one.question)) {
        return Err(Unwritten::Taught {
            name: taught.name.clone(),
        });
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let places: Vec<String> = [new.document.clone()]
        .into_iter()
        .chain(given(&new.section))
        .collect();
    let mut line = json!({ "question": question, "must_cite": places, "teach": true });
    if let Some(words) = given(&new.contains) {
        line["must_contain"] = json!([words.trim()]);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&line.to_string());
    text.push('\n');
    write(&path, golden::FILE, &text)
}

fn read(path: &Path, file: &'static str) -> Result<String, Unwritten> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Unwritten::Broken {
            file,
            what: "it must be text in UTF-8".to_owned(),
        }),
        Err(source) => Err(Unwritten::Io { file, source }),
    }
}

/// Puts a text in the place of a file, in one step; who may read it stays.
fn write(path: &Path, file: &'static str, text: &str) -> Result<(), Unwritten> {
    let put = || -> io::Result<()> {
        // A link is kept: what it leads to is written.
        let path: PathBuf = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().unwrap_or(Path::new("."));
        let mode = fs::metadata(&path).map(|metadata| metadata.permissions());
        let mut new = tempfile::Builder::new()
            .prefix(".docent-edit-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        new.write_all(text.as_bytes())?;
        if let Ok(mode) = mode {
            new.as_file().set_permissions(mode)?;
        }
        new.as_file().sync_all()?;
        new.persist(&path).map_err(|error| error.error)?;
        // A name that is not on disk yet would be the former after a crash, which is no harm.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    };
    put().map_err(|source| Unwritten::Io { file, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-06-01";

    fn new(question: &str, until: Option<&str>) -> Curated {
        Curated {
            questions: vec![question.to_owned()],
            text: "Пятого числа.\n\nИ \"двадцатого\".".to_owned(),
            until: until.map(str::to_owned),
            source: Some("a.md".to_owned()),
            line: 0,
        }
    }

    fn in_folder(file: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        folder
    }

    #[test]
    fn an_answer_is_added_below_what_stands_there_and_read_back_as_it_was_given() {
        let before =
            "# наше\n[[answer]]\nquestions = [\"Где обед?\"] # каждый день\ntext = \"В столовой.\"\n";
        let folder = in_folder(answers::FILE, before);
        curate(folder.path(), new("Когда зарплата?", Some("2026-12-31")), TODAY).unwrap();
        let text = fs::read_to_string(folder.path().join(answers::FILE)).unwrap();
        assert!(text.starts_with(before), "{text}");
        let (read, faults) = answers::parse(&text);
        assert_eq!(faults, [""; 0]);
        let line = read[1].line;
        assert_eq!(
            read[1],
            Curated {
                line,
                ..new("Когда зарплата?", Some("2026-12-31"))
            }
        );
        // A name that is left behind would be a document one day.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let empty = tempfile::tempdir().unwrap();
        curate(empty.path(), new("Когда зарплата?", None), TODAY).unwrap();
        let text = fs::read_to_string(empty.path().join(answers::FILE)).unwrap();
        assert!(text.starts_with("[[answer]]\n"), "{text}");
    }

    #[test]
    fn an_answer_that_cannot_be_is_refused_and_changes_nothing() {
        let before = "[[answer]]\nquestions = [\"Когда выплачивают зарплату?\"]\ntext = \"Пятого.\"\n";
        let folder = in_folder(answers::FILE, before);
        for (new, told) in [
            (
                new("зарплату когда выплачивают", None),
                "line 1 of answers.toml answers this question already",
            ),
            (new(" ", None), "`questions` must hold"),
            (
                new("Где обед?", Some("2026-05-31")),
                "the last day of the answer has passed",
            ),
            (new("Где обед?", Some("завтра")), "`until` must be a date"),
        ] {
            let refused = curate(folder.path(), new, TODAY).unwrap_err().to_string();
            assert!(refused.starts_with(told), "{refused}");
        }
        assert_eq!(
            fs::read_to_string(folder.path().join(answers::FILE)).unwrap(),
            before
        );
        let broken = in_folder(answers::FILE, "[[answer]]\nquestions = [\n");
        let refused = curate(broken.path(), new("Где обед?", None), TODAY).unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("answers.toml has to be mended first"),
            "{refused}"
        );
    }

    #[test]
    fn a_question_is_taught_by_one_more_line() {
        let before = "{\"question\":\"q\",\"must_fall_back\":true}";
        let folder = in_folder(golden::FILE, before);
        let lesson = Lesson {
            question: "Как  уйти \"раньше\"?".to_owned(),
            document: "rules.md".to_owned(),
            section: Some("Отлучка".to_owned()),
            contains: Some(" ".to_owned()),
        };
        teach(folder.path(), &lesson).unwrap();
        let text = fs::read_to_string(folder.path().join(golden::FILE)).unwrap();
        assert!(text.starts_with(before) && text.ends_with('\n'), "{text}");
        let read = golden::parse(&text).unwrap();
        assert_eq!(read.len(), 2);
        assert!(read[1].teaches);
        assert_eq!(read[1].question, "Как уйти \"раньше\"?");
        assert_eq!(read[1].must_cite, ["rules.md", "Отлучка"]);
        assert!(matches!(
            teach(folder.path(), &lesson),
            Err(Unwritten::Taught { .. })
        ));
        let broken = in_folder(golden::FILE, "no\n");
        let refused = teach(broken.path(), &lesson).unwrap_err().to_string();
        assert!(
            refused.starts_with("questions.jsonl has to be mended first: line 1: not JSON"),
            "{refused}"
        );
    }
}
