//! `docent report`: how much was answered and how fast, from which documents, and what people asked in vain.
//!
//! Owns the choice of what is shown and its three forms. What people wrote is shown without control characters, and in a
//! table of a spreadsheet never as a formula.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use docent_corpus::AssistantId;
use docent_journal::{Asked, Feedback, Group, Latency, Outcome, Scope, SourceUse};
use serde_json::json;

use super::{Unread, Wanted, reader, wait};

/// Slow questions and sources that are shown: a screen has room for ten lines of each.
const LINES: u32 = 10;

/// Groups of unanswered questions that a table shows; CSV and JSON have all.
const GROUPS: usize = 20;

/// Wordings shown of each group: the words of the question, not every way to put it.
const EXAMPLES: usize = 3;

/// Letters of a question in a table: what a terminal beside another window shows.
const WIDTH: usize = 84;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Table,
    Csv,
    Json,
}

/// What the journal tells of a time.
pub(crate) struct Report {
    since: Option<SystemTime>,
    until: SystemTime,
    outcomes: Vec<(Outcome, u64)>,
    latency: Option<Latency>,
    /// What models had to do with answers.
    models: Vec<(String, u64)>,
    slow: Vec<Asked>,
    sources: Vec<SourceUse>,
    feedback: Feedback,
    groups: Vec<Group>,
}

impl Report {
    /// Reads the journal of a library: of the last `since` of time, or of all of it, and of one assistant or all.
    pub(crate) fn of(
        wanted: &Wanted,
        data: &Path,
        since: Option<Duration>,
        assistant: Option<AssistantId>,
    ) -> std::io::Result<Result<Self, Unread>> {
        let until = SystemTime::now();
        let scope = Scope {
            since: since.and_then(|span| until.checked_sub(span)),
            until: None,
            assistant,
        };
        wait(async {
            let reader = reader(wanted, data).await?;
            Ok(Self {
                since: scope.since,
                until,
                outcomes: reader.outcomes(scope).await?,
                latency: reader.latency(scope).await?,
                models: reader.models(scope).await?,
                slow: reader.slow(scope, LINES).await?,
                sources: reader.sources(scope, LINES).await?,
                feedback: reader.feedback(scope).await?,
                groups: reader.unanswered_groups(scope, EXAMPLES, &normal).await?,
            })
        })
    }

    pub(crate) fn print(&self, form: Form) -> String {
        match form {
            Form::Table => self.table(),
            Form::Csv => self.csv(),
            Form::Json => format!("{:#}\n", self.json()),
        }
    }

    fn count(&self, is: impl Fn(Outcome) -> bool) -> u64 {
        self.outcomes
            .iter()
            .filter(|(outcome, _)| is(*outcome))
            .map(|(_, count)| count)
            .sum()
    }

    /// Returns the share of questions to the documents that they answered, of 1; nothing when there was none.
    fn answered(&self) -> Option<f64> {
        let answered = self.count(|outcome| outcome == Outcome::Answered);
        let asked = answered + self.count(Outcome::is_unanswered);
        (asked > 0).then(|| answered as f64 / asked as f64)
    }

    fn table(&self) -> String {
        let mut out = String::new();
        let since = self.since.map_or_else(|| "the beginning".to_owned(), time);
        let _ = writeln!(
            out,
            "questions from {since} to {}: {}",
            time(self.until),
            self.count(|_| true)
        );
        if let Some(share) = self.answered() {
            let _ = writeln!(out, "answered of those to the documents: {:.1} %", share * 100.0);
        }
        for (outcome, count) in &self.outcomes {
            let _ = writeln!(out, "  {outcome:<10} {count:>8}");
        }
        for (part, count) in &self.models {
            let _ = writeln!(out, "  model {part:<10} {count:>2}");
        }
        let Feedback { helpful, unhelpful } = self.feedback;
        if helpful + unhelpful > 0 {
            let _ = writeln!(out, "feedback: {helpful} helped, {unhelpful} did not");
        }
        if let Some(Latency { p50, p95, max, .. }) = self.latency {
            let _ = writeln!(
                out,
                "time: half within {}, 95 of 100 within {}, the slowest {}",
                short(p50),
                short(p95),
                short(max)
            );
        }
        if !self.slow.is_empty() {
            out.push_str("\nslowest questions\n");
        }
        for one in &self.slow {
            let question = one.question.as_deref().unwrap_or("(no text kept)");
            let _ = writeln!(
                out,
                "  {:>9}  {:<10} {}  {}",
                short(one.took),
                one.outcome,
                one.request,
                shown(question)
            );
        }
        if !self.sources.is_empty() {
            out.push_str("\nsources quoted most\n");
        }
        for one in &self.sources {
            let _ = writeln!(
                out,
                "  {:>6}  {} {}",
                one.answers,
                one.assistant,
                shown(&place(one))
            );
        }
        if !self.groups.is_empty() {
            out.push_str("\nasked in vain, alike together\n");
        }
        for group in self.groups.iter().take(GROUPS) {
            for (nth, (example, count)) in group.examples.iter().enumerate() {
                let _ = match nth {
                    0 => writeln!(out, "  {:>6}  {}", group.count, shown(example)),
                    _ => writeln!(out, "          {} ({count})", shown(example)),
                };
            }
        }
        if self.groups.len() > GROUPS {
            let _ = writeln!(
                out,
                "  {} more groups; --format csv and json have all",
                self.groups.len() - GROUPS
            );
        }
        out
    }

    /// One table for a spreadsheet: what is told, of what, how much or how often, and an example.
    fn csv(&self) -> String {
        let mut out = String::from("part,name,value,detail\r\n");
        let mut row = |part: &str, name: &str, value: String, detail: &str| {
            let _ = write!(out, "{part},{},{value},{}\r\n", cell(name), cell(detail));
        };
        row("period", "since", self.since.map(time).unwrap_or_default(), "");
        row("period", "until", time(self.until), "");
        row("total", "questions", self.count(|_| true).to_string(), "");
        if let Some(share) = self.answered() {
            row("total", "answered_share", format!("{share:.4}"), "");
        }
        for (outcome, count) in &self.outcomes {
            row("outcome", outcome.name(), count.to_string(), "");
        }
        row("feedback", "helpful", self.feedback.helpful.to_string(), "");
        row("feedback", "unhelpful", self.feedback.unhelpful.to_string(), "");
        if let Some(Latency { p50, p95, max, .. }) = self.latency {
            for (name, value) in [("p50_ms", p50), ("p95_ms", p95), ("max_ms", max)] {
                row("latency", name, millis(value), "");
            }
        }
        for one in &self.slow {
            row(
                "slow",
                one.question.as_deref().unwrap_or_default(),
                millis(one.took),
                &one.request,
            );
        }
        for one in &self.sources {
            row(
                "source",
                &place(one),
                one.answers.to_string(),
                &one.assistant.to_string(),
            );
        }
        for group in &self.groups {
            let examples: Vec<&str> = group.examples.iter().map(|(text, _)| text.as_str()).collect();
            let (first, rest) = examples.split_first().unwrap_or((&"", &[]));
            row("unanswered", first, group.count.to_string(), &rest.join(" | "));
        }
        out
    }

    fn json(&self) -> serde_json::Value {
        let slow = |one: &Asked| {
            json!({
                "request": one.request, "at": time(one.at), "assistant": one.assistant.0, "question": one.question,
                "outcome": one.outcome.name(), "took_ms": one.took.as_secs_f64() * 1e3, "helpful": one.helpful,
            })
        };
        let source = |one: &SourceUse| {
            json!({
                "assistant": one.assistant.0, "document": one.document, "section": one.section, "page": one.page,
                "answers": one.answers,
            })
        };
        let group = |one: &Group| {
            let examples = one
                .examples
                .iter()
                .map(|(text, count)| json!({"question": text, "count": count}));
            json!({
                "count": one.count, "offered": one.offered, "last": time(one.last),
                "examples": examples.collect::<Vec<_>>(),
            })
        };
        let outcomes: serde_json::Map<_, _> = self
            .outcomes
            .iter()
            .map(|(outcome, count)| (outcome.name().to_owned(), json!(count)))
            .collect();
        json!({
            "since": self.since.map(time),
            "until": time(self.until),
            "questions": self.count(|_| true),
            "answered_share": self.answered(),
            "errors": self.count(Outcome::is_error),
            "outcomes": outcomes,
            "models": self.models.iter().map(|(part, count)| (part.clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
            "feedback": {"helpful": self.feedback.helpful, "unhelpful": self.feedback.unhelpful},
            "latency_ms": self.latency.map(|latency| json!({
                "p50": latency.p50.as_secs_f64() * 1e3, "p95": latency.p95.as_secs_f64() * 1e3,
                "max": latency.max.as_secs_f64() * 1e3, "answers": latency.count,
            })),
            "slow": self.slow.iter().map(slow).collect::<Vec<_>>(),
            "sources": self.sources.iter().map(source).collect::<Vec<_>>(),
            "unanswered": self.groups.iter().map(group).collect::<Vec<_>>(),
        })
    }
}

/// Returns the normal forms of a question's words that say what it is about.
pub(crate) fn normal(question: &str) -> Vec<String> {
    let language = docent_language::detect(question);
    docent_language::tokens(question, language)
        .into_iter()
        .filter(|token| !token.stop && !token.question)
        .map(|token| token.stem)
        .collect()
}

fn time(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(moment).to_string()
}

fn short(span: Duration) -> String {
    match span.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

fn millis(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64() * 1e3)
}

/// Names a section as a reader would look for it.
fn place(one: &SourceUse) -> String {
    let mut name = one.document.clone();
    if let Some(section) = &one.section {
        name.push_str(" — ");
        name.push_str(section);
    }
    if let Some(page) = one.page {
        let _ = write!(name, ", p. {page}");
    }
    name
}

/// Returns a text as a line of a table: a terminal must not obey what somebody has asked.
fn shown(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    match plain.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

/// Writes a text as a cell (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let guard = if plain.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !plain.contains([',', '"', ';']) {
        return plain;
    }
    format!("\"{guard}{}\"", plain.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (text, written) in [
            ("отпуск", "отпуск"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("два\nряда", "два ряда"),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn a_terminal_obeys_nothing_that_was_asked() {
        assert_eq!(shown("\u{1b}[31mкрасный\u{7}"), " [31mкрасный ");
        assert_eq!(shown(&"ю".repeat(WIDTH + 1)).chars().count(), WIDTH + 1);
    }

    #[test]
    fn forms_of_a_question_have_the_same_words() {
        assert_eq!(normal("Где моя парковка?"), normal("а где парковку"));
    }
}
