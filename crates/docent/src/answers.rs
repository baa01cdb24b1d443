//! The operator's own answers in an assistant's folder: `answers.toml`.
//!
//! Owns reading the file. What is wrong in it is told with its line and passed over: the rest serves. Leaves which questions an
//! answer is for to `docent-answer`.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use docent_answer::{Curated, CuratedAnswers};
use docent_corpus::{Answer, Assistant, AssistantId, Place, Source};
use docent_index::Generation;
use docent_ingest::{AssistantFolder, Library};
use serde::Deserialize;

/// The file with the operator's answers in an assistant's folder.
pub(crate) const FILE: &str = "answers.toml";

/// Answers of one assistant; more want a document.
const MOST: usize = 10_000;

/// Questions of one answer: ways to put it, not a subject.
pub(crate) const MOST_QUESTIONS: usize = 50;

/// Characters of a question and of a text: a long message, and three screens.
pub(crate) const QUESTION_CHARS: usize = 500;
pub(crate) const TEXT_CHARS: usize = 4_000;

/// The operator's answers of each assistant that has any.
pub(crate) type Answers = HashMap<AssistantId, CuratedAnswers>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    answer: Vec<toml::Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    questions: Vec<String>,
    text: String,
    until: Option<toml::value::Datetime>,
    source: Option<String>,
}

/// Reads the answers of a library; returns them with a sentence for whatever could not be used.
pub(crate) fn read(library: &Library) -> (Answers, Vec<String>) {
    let (mut answers, mut warnings) = (Answers::new(), Vec::new());
    for one in &library.assistants {
        let (curated, told) = of(one);
        warnings.extend(
            told.into_iter()
                .map(|what| format!("{}: {FILE}: {what}", one.assistant.name)),
        );
        if !curated.is_empty() {
            answers.insert(one.assistant.id, CuratedAnswers::of(curated));
        }
    }
    (answers, warnings)
}

/// The operator's answers with the documents that they name, as one generation has them.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    answers: Arc<Answers>,
    sources: HashMap<(AssistantId, String), Source>,
}

impl Ready {
    /// Looks up the documents that the answers name; one that cannot be read is not shown.
    pub(crate) fn of(answers: &Arc<Answers>, generation: &Generation) -> Self {
        let named = answers.iter().flat_map(|(&id, all)| {
            let names = all.all().iter().filter_map(|one| one.source.as_ref());
            names.map(move |name| (id, name))
        });
        let sources = named.filter_map(|(id, name)| {
            let excerpt = generation.index(id)?.document(name, Place::Part(0)).ok()??;
            let first = excerpt.passages.into_iter().next()?;
            let source = Source {
                number: 1,
                document: first.document,
                title: first.title,
                version: first.version,
                date: first.date,
                section: None,
                page: None,
                quotes: Vec::new(),
            };
            Some(((id, name.clone()), source))
        });
        Self {
            sources: sources.collect(),
            answers: answers.clone(),
        }
    }

    /// Returns the answer to a question, and the line of the file where it stands; nothing when there is none.
    pub(crate) fn answer(&self, who: &Assistant, question: &str, now: SystemTime) -> Option<(usize, Answer)> {
        let found = self.answers.get(&who.id)?.find(question, &day(now))?;
        let name = found.curated.source.clone();
        let source = name.and_then(|name| self.sources.get(&(who.id, name)).cloned());
        Some((found.curated.line, found.answer(who, question, source)))
    }

    /// Returns the answers themselves.
    pub(crate) fn answers(&self) -> &Arc<Answers> {
        &self.answers
    }
}

/// Returns today's date, UTC, ISO 8601.
pub(crate) fn day(now: SystemTime) -> String {
    humantime::format_rfc3339_seconds(now).to_string()[..10].to_owned()
}

/// Says which answers of an assistant no longer hold, and which name a document that is not there.
pub(crate) fn doubts(
    answers: &Answers,
    generation: &Generation,
    assistant: AssistantId,
    today: &str,
) -> Vec<String> {
    let all = answers.get(&assistant).map_or(&[][..], CuratedAnswers::all);
    let mut doubts = Vec::new();
    for one in all {
        let line = one.line;
        if one.is_over(today) {
            let until = one.until.as_deref().unwrap_or_default();
            doubts.push(format!(
                "line {line}: the answer held until {until} and is no longer given"
            ));
        }
        if let Some(source) = &one.source
            && generation.manifest().document(assistant, source).is_none()
        {
            doubts.push(format!(
                "line {line}: the assistant has no document {source}; the answer is given without it"
            ));
        }
    }
    doubts
}

/// Reads the answers of one assistant; returns them with a sentence for whatever could not be used.
pub(crate) fn of(one: &AssistantFolder) -> (Vec<Curated>, Vec<String>) {
    let text = match text(&one.folder.join(FILE)) {
        Ok(text) => text,
        Err(error) => return (Vec::new(), vec![error]),
    };
    parse(&text)
}

fn text(path: &Path) -> Result<String, String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| format!("cannot be read: {error}; it must be text in UTF-8")),
    }
}

/// Reads answers; returns them with what is wrong, each with its line.
pub(crate) fn parse(text: &str) -> (Vec<Curated>, Vec<String>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Found::default();
    match toml::from_str::<File>(text) {
        Ok(file) => {
            for one in file.answer {
                found.take(line_of(text, one.span().start), one.into_inner());
            }
        }
        // One that cannot be read costs itself: each is read on its own.
        Err(_) => {
            for (line, block) in blocks(text) {
                match toml::from_str::<File>(block) {
                    Ok(file) => {
                        for one in file.answer {
                            found.take(line, one.into_inner());
                        }
                    }
                    Err(error) => {
                        let inside = error.span().map_or(0, |span| line_of(block, span.start) - 1);
                        let what = error.message().lines().collect::<Vec<_>>().join(" ");
                        found.fault(line + inside, &what);
                    }
                }
            }
        }
    }
    found.faults.sort_by_key(|(line, _)| *line);
    let told = |(line, what)| format!("line {line}: {what}; passed over");
    (found.curated, found.faults.into_iter().map(told).collect())
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(byte)
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// Cuts a file before each `[[answer]]`; each piece with the line on which it begins.
fn blocks(text: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.trim_start().starts_with("[[") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| (line_of(text, start), &text[start..end]))
        .collect()
}

#[derive(Default)]
struct Found {
    curated: Vec<Curated>,
    faults: Vec<(usize, String)>,
}

impl Found {
    fn fault(&mut self, line: usize, what: &str) {
        self.faults.push((line, what.to_owned()));
    }

    fn take(&mut self, line: usize, value: toml::Value) {
        if self.curated.len() == MOST {
            return self.fault(line, "more than 10,000 answers; this one is left out");
        }
        match One::deserialize(value)
            .map_err(|error| error.message().to_owned())
            .and_then(|one| one.checked(line))
        {
            Ok(curated) => self.curated.push(curated),
            Err(what) => self.fault(line, &what),
        }
    }
}

impl One {
    fn checked(self, line: usize) -> Result<Curated, String> {
        let Self {
            questions,
            text,
            until,
            source,
        } = self;
        let until = until
            .map(|until| match (until.date, until.time) {
                (Some(date), None) => Ok(date.to_string()),
                _ => Err("`until` must be a date such as 2027-01-31, without quotation marks".to_owned()),
            })
            .transpose()?;
        checked(Curated {
            questions,
            text,
            until,
            source,
            line,
        })
        .map_err(|flaw| flaw.to_string())
    }
}

/// Why something cannot be an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("`questions` must hold at least one question, and no empty one")]
    NoQuestion,
    #[error("`questions` has more than {MOST_QUESTIONS} questions")]
    ManyQuestions,
    #[error("a question is longer than {QUESTION_CHARS} characters")]
    LongQuestion,
    #[error("`text` is empty")]
    NoText,
    #[error("`text` is longer than {TEXT_CHARS} characters")]
    LongText,
}

/// Returns an answer without blanks around its texts, if it can be one.
pub(crate) fn checked(curated: Curated) -> Result<Curated, Flaw> {
    let questions: Vec<String> = curated
        .questions
        .iter()
        .map(|question| question.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let text = curated.text.trim().to_owned();
    let has_word = |text: &String| text.chars().any(char::is_alphanumeric);
    let long = |text: &str, most| text.chars().count() > most;
    if questions.is_empty() || !questions.iter().all(has_word) {
        return Err(Flaw::NoQuestion);
    }
    if questions.len() > MOST_QUESTIONS {
        return Err(Flaw::ManyQuestions);
    }
    if questions.iter().any(|question| long(question, QUESTION_CHARS)) {
        return Err(Flaw::LongQuestion);
    }
    if text.is_empty() {
        return Err(Flaw::NoText);
    }
    if long(&text, TEXT_CHARS) {
        return Err(Flaw::LongText);
    }
    Ok(Curated {
        questions,
        text,
        source: curated.source.filter(|source| !source.trim().is_empty()),
        ..curated
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "# ours\n[[answer]]\nquestions = [\"Когда  зарплата?\"]\ntext = \"\"\"\nПятого числа.\n\"\"\"\nuntil = 2027-01-31\n\n\
                         [[answer]]\nquestions = [\"Где обед?\"]\ntext = \"В столовой.\"\nsource = \"a.md\"\n";

    #[test]
    fn answers_are_read_with_their_lines() {
        let (read, faults) = parse(WHOLE);
        assert_eq!(faults, [""; 0]);
        assert_eq!(read[0].questions, ["Когда зарплата?"]);
        assert_eq!(read[0].text, "Пятого числа.");
        assert_eq!(read[0].until.as_deref(), Some("2027-01-31"));
        assert_eq!(read[1].source.as_deref(), Some("a.md"));
        assert_eq!((read[0].line, read[1].line), (2, 9));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_rest_serves() {
        for (fault, told) in [
            (
                "[[answer]]\nquestion = \"x\"\ntext = \"y\"\n",
                "line 13: unknown field `question`",
            ),
            (
                "[[answer]]\nquestions = []\ntext = \"y\"\n",
                "line 13: `questions` must hold",
            ),
            (
                "[[answer]]\nquestions = [\"?\"]\ntext = \"y\"\n",
                "line 13: `questions` must hold",
            ),
            (
                "[[answer]]\nquestions = [\"x\"]\ntext = \" \"\n",
                "line 13: `text` is empty",
            ),
            (
                "[[answer]]\nquestions = [\"x\"]\ntext = \"y\"\nuntil = 2027-01-01T10:00:00\n",
                "line 13: `until` must be a date",
            ),
            ("[[answer]]\nquestions = [\"x\"]\ntext = \"y\n", "line 15: "),
            (
                "[[answers]]\nquestions = [\"x\"]\n",
                "line 13: unknown field `answers`",
            ),
        ] {
            let (read, faults) = parse(&format!("{WHOLE}{fault}"));
            assert_eq!(read.len(), 2, "{fault}");
            assert_eq!(faults.len(), 1, "{fault}: {faults:?}");
            assert!(faults[0].starts_with(told), "{faults:?}");
        }
    }

    #[test]
    fn a_day_is_written_as_dates_are() {
        assert_eq!(day(SystemTime::UNIX_EPOCH), "1970-01-01");
    }
}
