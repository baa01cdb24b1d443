//! What the keeper adds to an assistant's folder: an answer of their own, or a question with the place that answers it.
//!
//! Owns the two files' new lines; what stands in them stays as it is, remarks included. Invariant: a file is the one before or the
//! one after, whatever happens meanwhile, and never one that could not be read.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use docent_answer::{Curated, CuratedAnswers};
use docent_ingest::version_of;
use serde_json::{Value as Json, json};
use toml_edit::{Array, ArrayOfTables, Datetime, DocumentMut, Item, RawString, Table, Value};

use crate::answers;
use crate::golden;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// It cannot be an answer.
    #[error(transparent)]
    Flaw(#[from] answers::Flaw),
    /// The last day is none.
    #[error("`until` must be a date such as 2027-01-31")]
    NoDate,
    /// The last day has passed.
    #[error("the last day of the answer has passed")]
    Past,
    /// No document is named.
    #[error("the document is missing")]
    NoDocument,
    /// There is an answer to the question already.
    #[error(
        "line {line} of {} answers this question already; change it there",
        answers::FILE
    )]
    Taken {
        /// Where it stands.
        line: usize,
    },
    /// What is to be changed is no longer there.
    #[error("{} has been changed meanwhile", answers::FILE)]
    Changed,
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

/// Returns what tells an answer from any other, wherever in the file it stands.
pub(crate) fn mark(one: &Curated) -> String {
    let words = format!("{:?}", (&one.questions, &one.text, &one.until, &one.source));
    version_of(words.as_bytes()).to_string()
}

fn broken(what: impl Into<String>) -> Unwritten {
    Unwritten::Broken {
        file: answers::FILE,
        what: what.into(),
    }
}

/// `answers.toml` as it is, to be changed.
struct Answers {
    path: PathBuf,
    text: String,
    document: DocumentMut,
    read: Vec<Curated>,
}

impl Answers {
    fn open(folder: &Path) -> Result<Self, Unwritten> {
        let path = folder.join(answers::FILE);
        let text = read(&path, answers::FILE)?;
        let document = text
            .parse()
            .map_err(|error: toml_edit::TomlError| broken(error.to_string().trim().replace('\n', " ")))?;
        let read = answers::parse(&text).0;
        Ok(Self {
            path,
            text,
            document,
            read,
        })
    }

    fn list(&mut self) -> Result<&mut ArrayOfTables, Unwritten> {
        let list = self
            .document
            .entry("answer")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        list.as_array_of_tables_mut()
            .ok_or_else(|| broken("`answer` is no list of [[answer]] tables"))
    }

    /// Returns which table of the list an answer is. Of several that are the same in every word the line tells.
    fn place(&mut self, line: usize, known: &str) -> Result<usize, Unwritten> {
        let alike: Vec<usize> = self
            .read
            .iter()
            .filter(|one| mark(one) == known)
            .map(|one| one.line)
            .collect();
        let nth = alike
            .iter()
            .position(|&one| one == line)
            .ok_or(Unwritten::Changed)?;
        let list = self.list()?;
        let same = |table: &Table| of_table(table).is_some_and(|one| mark(&one) == known);
        let mut places = list.iter().enumerate().filter(|(_, table)| same(table));
        places.nth(nth).map(|(place, _)| place).ok_or(Unwritten::Changed)
    }

    /// Tells whether another answer than the one on a line is for one of the questions.
    fn taken(&self, new: &Curated, but: Option<usize>, today: &str) -> Result<(), Unwritten> {
        let others = self.read.iter().filter(|one| Some(one.line) != but);
        let there = CuratedAnswers::of(others.cloned().collect());
        let mut found = new
            .questions
            .iter()
            .filter_map(|question| there.find(question, today));
        match found.find(|found| found.read.is_none()) {
            Some(found) => Err(Unwritten::Taken {
                line: found.curated.line,
            }),
            None => Ok(()),
        }
    }

    fn write(self) -> Result<(), Unwritten> {
        write(&self.path, answers::FILE, &self.document.to_string())
    }
}

/// Reads a table as an answer; nothing when it is none.
fn of_table(table: &Table) -> Option<Curated> {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let questions = table.get("questions")?.as_array()?.iter();
    let until = table.get("until").and_then(Item::as_datetime);
    answers::checked(Curated {
        questions: questions
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        text: text("text")?,
        until: until.map(ToString::to_string),
        source: text("source"),
        line: 0,
    })
    .ok()
}

/// Returns an answer without blanks, and its last day, if they can be one.
fn fit(new: Curated, today: &str) -> Result<(Curated, Option<Datetime>), Unwritten> {
    let new = answers::checked(new)?;
    let date: Option<Datetime> = new
        .until
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Unwritten::NoDate)?;
    if date.is_some_and(|date| date.date.is_none() || date.time.is_some()) {
        return Err(Unwritten::NoDate);
    }
    if new.is_over(today) {
        return Err(Unwritten::Past);
    }
    Ok((new, date))
}

/// Puts a value in the place of one, with the remark beside it.
fn put(table: &mut Table, key: &str, new: impl Into<Value>) {
    let mut new = new.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    table[key] = Item::Value(new);
}

fn fill(table: &mut Table, new: Curated, date: Option<Datetime>) {
    let was = of_table(table);
    if was.as_ref().is_none_or(|was| was.questions != new.questions) {
        put(table, "questions", new.questions.iter().collect::<Array>());
    }
    if was.as_ref().is_none_or(|was| was.text != new.text) {
        put(table, "text", new.text);
    }
    match date {
        Some(date) => put(table, "until", date),
        None => drop(table.remove("until")),
    }
    match new.source {
        Some(source) => put(table, "source", source),
        None => drop(table.remove("source")),
    }
}

/// Appends an answer to the `answers.toml` of a folder; `today` (ISO 8601) tells which of those there still hold.
pub(crate) fn curate(folder: &Path, new: Curated, today: &str) -> Result<(), Unwritten> {
    let (new, date) = fit(new, today)?;
    let mut file = Answers::open(folder)?;
    file.taken(&new, None, today)?;
    let mut table = Table::new();
    if !file.text.trim().is_empty() {
        table.decor_mut().set_prefix("\n");
    }
    fill(&mut table, new, date);
    file.list()?.push(table);
    file.write()
}

/// Changes the answer on a line, known by its mark; remarks stay.
pub(crate) fn revise(
    folder: &Path,
    (line, known): (usize, &str),
    new: Curated,
    today: &str,
) -> Result<(), Unwritten> {
    let (new, date) = fit(new, today)?;
    let mut file = Answers::open(folder)?;
    let place = file.place(line, known)?;
    file.taken(&new, Some(line), today)?;
    let table = file.list()?.get_mut(place).ok_or(Unwritten::Changed)?;
    fill(table, new, date);
    file.write()
}

/// Takes the answer on a line away, known by its mark; the remarks above it stay.
pub(crate) fn withdraw(folder: &Path, (line, known): (usize, &str)) -> Result<(), Unwritten> {
    let mut file = Answers::open(folder)?;
    let place = file.place(line, known)?;
    let list = file.list()?;
    let table = list.get(place).ok_or(Unwritten::Changed)?;
    let above = |table: &Table| {
        let prefix = table.decor().prefix().and_then(RawString::as_str);
        prefix.unwrap_or_default().to_owned()
    };
    let remarks = above(table);
    list.remove(place);
    if !remarks.trim().is_empty() {
        if let Some(next) = list.get_mut(place) {
            let own = above(next);
            next.decor_mut().set_prefix(format!("{remarks}{own}"));
        } else {
            let end = file.document.trailing().as_str().unwrap_or_default().to_owned();
            file.document.set_trailing(format!("{remarks}{end}"));
        }
    }
    file.write()
}

/// Adds a question that teaches to the `questions.jsonl` of a folder; one that is taught already is moved to the new place.
pub(crate) fn teach(folder: &Path, new: &Lesson) -> Result<(), Unwritten> {
    let question = new.question.split_whitespace().collect::<Vec<_>>().join(" ");
    if !question.chars().any(char::is_alphanumeric) {
        return Err(answers::Flaw::NoQuestion.into());
    }
    if question.chars().count() > answers::QUESTION_CHARS {
        return Err(answers::Flaw::LongQuestion.into());
    }
    if new.document.is_empty() {
        return Err(Unwritten::NoDocument);
    }
    let path = folder.join(golden::FILE);
    let text = read(&path, golden::FILE)?;
    golden::parse(&text).map_err(|faults| Unwritten::Broken {
        file: golden::FILE,
        what: faults.join("; "),
    })?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let places: Vec<String> = [new.document.clone()]
        .into_iter()
        .chain(given(&new.section))
        .collect();
    let fill = |line: &mut Json| {
        line["must_cite"] = json!(places);
        match given(&new.contains) {
            Some(words) => line["must_contain"] = json!([words.trim()]),
            None => drop(line.as_object_mut().map(|line| line.remove("must_contain"))),
        }
        format!("{line}\n")
    };
    let mut moved = false;
    let mut lines = String::new();
    for line in text.split_inclusive('\n') {
        let taught = serde_json::from_str::<Json>(line.trim_start_matches('\u{feff}'))
            .ok()
            .filter(|json| {
                let asked = json["question"].as_str().unwrap_or_default();
                json["teach"] == true && asked.trim().to_lowercase() == question.to_lowercase()
            });
        match taught {
            Some(mut json) => {
                moved = true;
                lines.push_str(&fill(&mut json));
            }
            None => lines.push_str(line),
        }
    }
    if !moved {
        if !lines.is_empty() && !lines.ends_with('\n') {
            lines.push('\n');
        }
        lines.push_str(&fill(&mut json!({ "question": question, "teach": true })));
    }
    write(&path, golden::FILE, &lines)
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

    const TWO: &str = "# все ответы\n\n# о еде\n[[answer]]\nquestions = [\"Где обед?\"] # каждый день\ntext = \"В столовой.\" # было в буфете\n\n\
                       # о деньгах\n[[answer]]\nquestions = [\"Когда зарплата?\"]\ntext = \"Пятого.\"\nuntil = 2026-12-31\n";

    fn on_line(folder: &Path, line: usize) -> String {
        let text = fs::read_to_string(folder.join(answers::FILE)).unwrap();
        let (read, faults) = answers::parse(&text);
        assert_eq!(faults, [""; 0]);
        mark(read.iter().find(|one| one.line == line).unwrap())
    }

    #[test]
    fn an_answer_is_changed_in_its_place_and_the_remarks_stay() {
        let folder = in_folder(answers::FILE, TWO);
        let known = on_line(folder.path(), 4);
        let changed = Curated {
            questions: vec!["Где обед?".to_owned()],
            text: "В кафе.".to_owned(),
            until: None,
            source: None,
            line: 0,
        };
        revise(folder.path(), (4, &known), changed.clone(), TODAY).unwrap();
        let text = fs::read_to_string(folder.path().join(answers::FILE)).unwrap();
        assert_eq!(text, TWO.replace("В столовой", "В кафе"));
        // What was shown is no longer there; nor is it on another line.
        let stale = revise(folder.path(), (4, &known), changed.clone(), TODAY);
        assert!(matches!(stale, Err(Unwritten::Changed)), "{stale:?}");
        let known = on_line(folder.path(), 9);
        let elsewhere = withdraw(folder.path(), (4, &known));
        assert!(matches!(elsewhere, Err(Unwritten::Changed)), "{elsewhere:?}");
        // The question of the other answer is taken, its own is not.
        let taken = revise(folder.path(), (9, &known), changed, TODAY);
        assert!(matches!(taken, Err(Unwritten::Taken { line: 4 })), "{taken:?}");
        let own = new("Когда зарплата?", Some("2027-01-31"));
        revise(folder.path(), (9, &known), own, TODAY).unwrap();
        let text = fs::read_to_string(folder.path().join(answers::FILE)).unwrap();
        assert!(text.contains("until = 2027-01-31\nsource = \"a.md\""), "{text}");
        assert!(text.contains("# о деньгах\n[[answer]]"), "{text}");
    }

    #[test]
    fn an_answer_is_taken_away_and_the_remarks_stay() {
        for (line, gone, stays) in [
            (4, "Где обед?", "Когда зарплата?"),
            (9, "Когда зарплата?", "Где обед?"),
        ] {
            let folder = in_folder(answers::FILE, TWO);
            let known = on_line(folder.path(), line);
            withdraw(folder.path(), (line, &known)).unwrap();
            let text = fs::read_to_string(folder.path().join(answers::FILE)).unwrap();
            assert!(!text.contains(gone) && text.contains(stays), "{text}");
            for remark in ["# все ответы", "# о еде", "# о деньгах"] {
                assert!(text.contains(remark), "{remark}: {text}");
            }
            assert_eq!(answers::parse(&text).1, [""; 0]);
        }
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
        // Taught once more, it is moved: two places for one question would be none.
        let other = Lesson {
            section: None,
            contains: Some(" Мастер решает. ".to_owned()),
            ..lesson.clone()
        };
        teach(folder.path(), &other).unwrap();
        let text = fs::read_to_string(folder.path().join(golden::FILE)).unwrap();
        assert!(text.starts_with(before), "{text}");
        let read = golden::parse(&text).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1].must_cite, ["rules.md"]);
        assert_eq!(read[1].must_contain, [["Мастер решает."]]);
        let broken = in_folder(golden::FILE, "no\n");
        let refused = teach(broken.path(), &lesson).unwrap_err().to_string();
        assert!(
            refused.starts_with("questions.jsonl has to be mended first: line 1: not JSON"),
            "{refused}"
        );
    }
}
