//! `docent status`: what became of each document, and what to do about those that could not be read.
//!
//! Owns the states a document can be in, the table and its JSON. Reads the index as it is and changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::check::Checked;
use crate::library::counted;
use docent_corpus::Assistant;
use docent_index::{DocumentRecord, Generation, Stamp};
use docent_ingest::{FoundFile, Library, version_of};

/// The width of the table: what a terminal beside another window shows.
const COLUMNS: usize = 100;

/// What became of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// All of it answers.
    Read,
    /// A part of it could not be read; the rest answers.
    Partly,
    /// None of it could be read.
    Failed,
    /// Not read yet.
    New,
    /// It has changed since it was read; the version before answers.
    Changed,
    /// It is no longer there, but still answers until the index is brought up to date.
    Gone,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Read,
        Self::Partly,
        Self::Failed,
        Self::New,
        Self::Changed,
        Self::Gone,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partly => "partly",
            Self::Failed => "failed",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

/// One document of an assistant.
pub(crate) struct Row {
    pub(crate) state: State,
    pub(crate) record: DocumentRecord,
    /// Where the file is, while it is there.
    pub(crate) path: Option<PathBuf>,
}

impl Row {
    fn write(&self, out: &mut String) {
        /// Where the name begins.
        const NAME_AT: usize = 45;
        let record = &self.record;
        let pages = record
            .pages
            .map_or_else(|| "-".to_owned(), |pages| pages.to_string());
        let _ = writeln!(
            out,
            "  {:<8} {:<9} {:<4} {pages:>6} {:>9}  {}",
            self.state.name(),
            dash(&record.format),
            record.language.as_deref().unwrap_or("-"),
            record.passages,
            shortened(&record.name, COLUMNS - NAME_AT)
        );
        if let Some(refusal) = &record.refused {
            wrapped(
                out,
                "           ",
                &format!("{}: ", refusal.code),
                &refusal.reason,
            );
        }
        for sentence in &record.lost {
            wrapped(out, "           ", "lost: ", sentence);
        }
        for sentence in &record.hidden {
            wrapped(out, "           ", "hidden: ", sentence);
        }
        for sentence in &record.repaired {
            wrapped(out, "           ", "repaired: ", sentence);
        }
    }
}

/// Returns how many documents are in each state, and how many passages and pages they have.
fn told<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut counts = [0; State::ALL.len()];
    let (mut passages, mut pages) = (0u64, 0u64);
    for Row { state, record, .. } in rows {
        counts[*state as usize] += 1;
        passages += u64::from(record.passages);
        pages += u64::from(record.pages.unwrap_or(0));
    }
    let counts: Vec<String> = State::ALL
        .into_iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{count} {}", state.name()))
        .collect();
    let counts = if counts.is_empty() {
        "no documents".to_owned()
    } else {
        counts.join(", ")
    };
    let pages = if pages > 0 {
        format!(", {}", counted(pages, "page"))
    } else {
        String::new()
    };
    format!("{counts}; {}{pages}", counted(passages, "passage"))
}

/// Adds a paragraph in lines of at most [`COLUMNS`]; the first begins with `mark`, those below stand under its words.
fn wrapped(out: &mut String, indent: &str, mark: &str, text: &str) {
    let under = mark.chars().count();
    let mut column = indent.chars().count() + under;
    let _ = write!(out, "{indent}{mark}");
    let mut begins = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !begins && column + 1 + length > COLUMNS {
            let _ = write!(out, "\n{indent}{:under$}", "");
            column = indent.chars().count() + under;
            begins = true;
        }
        if !begins {
            out.push(' ');
            column += 1;
        }
        let word = shortened(word, COLUMNS - indent.chars().count() - under);
        column += word.chars().count();
        out.push_str(&word);
        begins = false;
    }
    out.push('\n');
}

/// Takes characters out of the middle: the front tells the folder, the end the kind of file.
fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let front = (most - 1) / 2;
    let back = most - 1 - front;
    let head: String = text.chars().take(front).collect();
    let tail: String = text.chars().skip(count - back).collect();
    format!("{head}…{tail}")
}

/// Every assistant with its documents.
pub(crate) struct Status {
    generation: Option<u64>,
    pub(crate) assistants: Vec<(Assistant, Vec<Row>)>,
    pub(crate) warnings: Vec<String>,
    /// What a server found when it last asked the golden questions.
    checked: Option<Checked>,
}

impl Status {
    /// Compares the folder with the index.
    pub(crate) fn of(library: Library, index: Option<&Generation>, checked: Option<Checked>) -> Self {
        let rows = |assistant: &Assistant, files: &[FoundFile]| {
            let known = index.map_or(&[][..], |index| index.manifest().documents(assistant.id));
            let gone = known
                .iter()
                .filter(|record| !files.iter().any(|file| file.name == record.name));
            let mut rows: Vec<Row> = gone
                .map(|record| Row {
                    state: State::Gone,
                    record: record.clone(),
                    path: None,
                })
                .collect();
            rows.extend(files.iter().map(|file| {
                let record = index.and_then(|index| index.manifest().document(assistant.id, &file.name));
                Row {
                    state: state(file, record),
                    record: record.cloned().unwrap_or_else(|| DocumentRecord::new(&file.name)),
                    path: Some(file.path.clone()),
                }
            }));
            rows.sort_by(|one, other| one.record.name.cmp(&other.record.name));
            rows
        };
        Self {
            generation: index.map(Generation::number),
            assistants: library
                .assistants
                .into_iter()
                .map(|one| {
                    let rows = rows(&one.assistant, &one.files);
                    (one.assistant, rows)
                })
                .collect(),
            warnings: library.warnings,
            checked,
        }
    }

    /// Returns the table: for each assistant a line of counts, then a line for each document with what was wrong below it.
    ///
    /// No line is longer than [`COLUMNS`].
    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        for warning in &self.warnings {
            wrapped(&mut out, "", "warning: ", warning);
        }
        if self.generation.is_none() {
            out.push_str("no index yet; `docent index` makes it\n");
        }
        if let Some(checked) = &self.checked {
            let blocked = if checked.blocked {
                "; the state before goes on answering"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "check of generation {}: {}{blocked}",
                checked.generation,
                checked.summary()
            );
        }
        for (nth, (assistant, rows)) in self.assistants.iter().enumerate() {
            if nth > 0 {
                out.push('\n');
            }
            let name = format!("{} {}: {}", assistant.id, assistant.name, told(rows));
            wrapped(&mut out, "", "", &name);
            if !rows.is_empty() {
                out.push_str("  STATE    FORMAT    LANG  PAGES  PASSAGES  DOCUMENT\n");
            }
            for row in rows {
                row.write(&mut out);
            }
        }
        if self.assistants.len() > 1 {
            let all = told(self.assistants.iter().flat_map(|(_, rows)| rows));
            let _ = writeln!(out, "\nall: {all}");
        }
        out
    }

    /// Returns the same as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        let row = |row: &Row| {
            let record = &row.record;
            serde_json::json!({
                "name": record.name,
                "state": row.state.name(),
                "format": Some(&record.format).filter(|format| !format.is_empty()),
                "language": record.language,
                "pages": record.pages,
                "passages": record.passages,
                "bytes": record.stamp.map(|stamp| stamp.bytes),
                "version": Some(&record.version).filter(|version| !version.is_empty()),
                "code": record.refused.as_ref().map(|refusal| &refusal.code),
                "reason": record.refused.as_ref().map(|refusal| &refusal.reason),
                "lost": record.lost,
                "hidden": record.hidden,
                "repaired": record.repaired,
            })
        };
        serde_json::json!({
            "generation": self.generation,
            "warnings": self.warnings,
            "check": self.checked,
            "assistants": self.assistants.iter().map(|(assistant, rows)| serde_json::json!({
                "id": assistant.id.0,
                "name": assistant.name,
                "description": assistant.description,
                "states": State::ALL.into_iter().map(|state| {
                    (state.name(), rows.iter().filter(|row| row.state == state).count())
                }).collect::<BTreeMap<_, _>>(),
                "passages": rows.iter().map(|row| u64::from(row.record.passages)).sum::<u64>(),
                "pages": rows.iter().map(|row| u64::from(row.record.pages.unwrap_or(0))).sum::<u64>(),
                "documents": rows.iter().map(row).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })
    }
}

fn dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn state(file: &FoundFile, record: Option<&DocumentRecord>) -> State {
    let Some(record) = record else {
        return State::New;
    };
    let stamp = fs::metadata(&file.path)
        .ok()
        .and_then(|metadata| Stamp::of(&metadata, SystemTime::now()));
    // Where the time of change does not tell, the bytes do; a file that cannot be read stands as it was told.
    let same = (stamp.is_some() && stamp == record.stamp)
        || fs::read(&file.path).map_or(true, |bytes| record.is_of(version_of(&bytes)));
    match record {
        _ if !same => State::Changed,
        DocumentRecord { refused: Some(_), .. } => State::Failed,
        DocumentRecord { lost, .. } if !lost.is_empty() => State::Partly,
        _ => State::Read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_table_is_longer_than_it_may_be() {
        let row = Row {
            state: State::Partly,
            record: DocumentRecord {
                refused: Some(docent_index::Refusal {
                    code: "damaged".to_owned(),
                    reason: "слово ".repeat(40),
                }),
                lost: vec!["я".repeat(300)],
                ..DocumentRecord::new(format!("папка/{}.pdf", "имя ".repeat(60)))
            },
            path: None,
        };
        let mut out = String::new();
        row.write(&mut out);
        assert!(out.lines().all(|line| line.chars().count() <= COLUMNS), "{out}");
        let first = out.lines().next().unwrap();
        assert!(
            first.contains('…') && first.trim_end().ends_with("имя .pdf"),
            "{out}"
        );
        let under = out.lines().nth(2).unwrap();
        assert!(
            under.starts_with("                    слово"),
            "words stand under words: {out}"
        );
    }
}
