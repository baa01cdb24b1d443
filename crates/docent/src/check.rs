//! `docent check`: the golden questions, asked of the library as it stands.
//!
//! Owns asking them, the table and what `serve` does when some fail. What a check found is kept beside the index, so that
//! `docent status` can tell.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use docent_answer::CuratedAnswers;
use docent_corpus::{Assistant, AssistantId, Question};
use serde::{Deserialize, Serialize};

use crate::answers::{self, Ready};
use crate::failure::Failure;
use crate::golden::{self, End, Golden};
use crate::lexicon::Found;
use crate::library::Opened;
use crate::library::counted;

/// What `serve` does before a changed library goes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Ask nothing.
    Off,
    /// Ask the golden questions and say in the log which fail.
    Warn,
    /// Ask them, and go on with the state before when some fail.
    Block,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Block => "block",
        })
    }
}

/// Neither `off` nor `warn` nor `block`.
#[derive(Debug, thiserror::Error)]
#[error("expected off, warn or block")]
pub(crate) struct NoGuard;

impl FromStr for Guard {
    type Err = NoGuard;

    fn from_str(text: &str) -> Result<Self, NoGuard> {
        match text {
            "off" => Ok(Self::Off),
            "warn" => Ok(Self::Warn),
            "block" => Ok(Self::Block),
            _ => Err(NoGuard),
        }
    }
}

/// One question that ended otherwise than it must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) assistant: i64,
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) end: String,
}

/// What came of the golden questions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checked {
    /// The generation that was asked.
    pub(crate) generation: u64,
    /// How many questions there were.
    pub(crate) asked: usize,
    pub(crate) failed: Vec<Failed>,
    /// Whether the generation before goes on answering because of it.
    #[serde(default)]
    pub(crate) blocked: bool,
    /// What is doubtful and fails nothing: answers of the operator that hold no longer.
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
    /// For each assistant, how many questions ended in each way.
    #[serde(skip)]
    counts: Vec<(AssistantId, String, [usize; 5])>,
}

impl Checked {
    /// Asks every golden question of a library: those in `file`, or those in each assistant's folder.
    pub(crate) fn of(opened: &Opened, file: Option<&Path>) -> Result<Self, Failure> {
        let mut checked = Self {
            generation: opened.generation.number(),
            ..Self::default()
        };
        let given = file.map(golden::read).transpose()?;
        let first = opened.library.assistants.first().map(|one| one.assistant.id);
        let told = opened.told();
        let ready = Ready::of(&opened.answers, &opened.generation);
        let now = SystemTime::now();
        for folder in &opened.library.assistants {
            let who = &folder.assistant;
            let own = folder.folder.join(golden::FILE);
            let questions: Vec<Golden> = match &given {
                Some(given) => given
                    .iter()
                    .filter(|one| one.assistant.map(AssistantId).or(first) == Some(who.id))
                    .cloned()
                    .collect(),
                None if own.is_file() => golden::read(&own)?
                    .into_iter()
                    .filter(|one| one.assistant.is_none_or(|id| AssistantId(id) == who.id))
                    .collect(),
                None => Vec::new(),
            };
            let Some(found) = Found::of(&opened.generation, &told, who.id) else {
                continue;
            };
            let mut ends = Vec::new();
            for golden in &questions {
                let question = Question {
                    text: golden.question.clone(),
                };
                let answer = match ready.answer(who, &golden.question, now) {
                    Some((_, answer)) => answer,
                    None => docent_answer::answer(who, &question, &found).map_err(Failure::Answer)?,
                };
                let end = golden.end(&answer);
                ends.push((golden.name.clone(), &golden.question, end, golden.passes(end)));
            }
            // Each question of the operator's answers must end in its own.
            if given.is_none() {
                let today = answers::day(now);
                let all = opened.answers.get(&who.id).map_or(&[][..], CuratedAnswers::all);
                for one in all.iter().filter(|one| !one.is_over(&today)) {
                    for question in &one.questions {
                        let given = ready.answer(who, question, now).map(|(line, _)| line);
                        let right = given == Some(one.line);
                        let end = if right { End::Right } else { End::Wrong };
                        ends.push((
                            format!("{} line {}", answers::FILE, one.line),
                            question,
                            end,
                            right,
                        ));
                    }
                }
                let doubts = answers::doubts(&opened.answers, &opened.generation, who.id, &today);
                let told = |what| format!("{}: {}: {what}", who.name, answers::FILE);
                checked.warnings.extend(doubts.into_iter().map(told));
            }
            checked.take(who, ends);
        }
        Ok(checked)
    }

    /// Counts how the questions of an assistant ended: the name of each, its words, its end, and whether that is right.
    fn take(&mut self, who: &Assistant, ends: Vec<(String, &String, End, bool)>) {
        if ends.is_empty() {
            return;
        }
        let mut counts = [0; 5];
        self.asked += ends.len();
        for (name, question, end, passes) in ends {
            counts[End::ALL.iter().position(|one| *one == end).unwrap_or(0)] += 1;
            if !passes {
                self.failed.push(Failed {
                    assistant: who.id.0,
                    name,
                    question: question.clone(),
                    end: end.name().to_owned(),
                });
            }
        }
        self.counts.push((who.id, who.name.clone(), counts));
    }

    /// Tells whether every question ended as it must.
    pub(crate) fn passed(&self) -> bool {
        self.failed.is_empty()
    }

    /// Returns one line: how many questions failed, and the first of them.
    pub(crate) fn summary(&self) -> String {
        /// More would fill the log; `docent check` tells all.
        const NAMED: usize = 5;
        let names: Vec<&str> = self
            .failed
            .iter()
            .take(NAMED)
            .map(|one| one.name.as_str())
            .collect();
        let more = if self.failed.len() > NAMED { ", …" } else { "" };
        if self.passed() {
            match self.asked {
                1 => "the question ends as it must".to_owned(),
                asked => format!("all {asked} questions end as they must"),
            }
        } else {
            format!(
                "{} of {} fail: {}{more}",
                self.failed.len(),
                counted(self.asked as u64, "question"),
                names.join(", ")
            )
        }
    }

    /// Returns the table: a line of counts for each assistant, then each question that failed.
    pub(crate) fn table(&self) -> String {
        let mut out = String::from("   RIGHT   WRONG OFFERED STRAYED REFUSED  ASSISTANT\n");
        for (id, name, counts) in &self.counts {
            for count in counts {
                let _ = write!(out, "{count:>8}");
            }
            let _ = writeln!(out, "  {id} {name}");
        }
        if !self.passed() {
            out.push_str("\nENDED    QUESTION\n");
        }
        for one in &self.failed {
            let _ = writeln!(
                out,
                "{:<8} {} ({}): {}",
                one.end, one.name, one.assistant, one.question
            );
        }
        for warning in &self.warnings {
            let _ = writeln!(out, "warning: {warning}");
        }
        let _ = writeln!(out, "\n{}", self.summary());
        out
    }

    /// Returns the same as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "generation": self.generation,
            "asked": self.asked,
            "failed": self.failed,
            "warnings": self.warnings,
            "assistants": self.counts.iter().map(|(id, name, counts)| {
                let counts: serde_json::Map<String, serde_json::Value> = End::ALL
                    .iter()
                    .zip(counts)
                    .map(|(end, count)| (end.name().to_owned(), (*count).into()))
                    .collect();
                serde_json::json!({ "id": id.0, "name": name, "ends": counts })
            }).collect::<Vec<_>>(),
        })
    }

    fn path(data: &Path) -> PathBuf {
        data.join("check.json")
    }

    /// Keeps the result beside the index; nothing depends on it but what `status` tells.
    pub(crate) fn keep(&self, data: &Path) {
        let written = serde_json::to_vec_pretty(self)
            .map_err(std::io::Error::from)
            .and_then(|json| std::fs::write(Self::path(data), json));
        if let Err(error) = written {
            tracing::warn!(%error, "the result of the check cannot be kept");
        }
    }

    /// Returns what the last check of a running server found.
    pub(crate) fn kept(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(data)).ok()?).ok()
    }
}

/// Checks a library that is about to go live; tells whether it may.
///
/// Questions that cannot be read fail the check: a guard that cannot look must not wave through.
pub(crate) fn may_go_live(guard: Guard, opened: &Opened, data: &Path) -> bool {
    if guard == Guard::Off {
        return true;
    }
    let mut checked = match Checked::of(opened, None) {
        Ok(checked) => checked,
        Err(failure) => {
            let error = crate::failure::chain(&failure);
            tracing::warn!(error, "the golden questions cannot be asked");
            return guard != Guard::Block;
        }
    };
    checked.blocked = guard == Guard::Block && !checked.passed();
    checked.keep(data);
    if checked.blocked {
        tracing::warn!(
            generation = checked.generation,
            "{}; the state before goes on answering",
            checked.summary()
        );
    } else if !checked.passed() {
        tracing::warn!(generation = checked.generation, "{}", checked.summary());
    }
    !checked.blocked
}
