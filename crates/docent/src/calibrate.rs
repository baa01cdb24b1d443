//! `docent calibrate`: both error rates of an assistant at each strictness, from the operator's own questions.
//!
//! Owns asking the questions once, counting what every strictness would make of them, the picture in the terminal and the
//! choice written into `assistant.toml`. The page with the same figures is made by `report.rs`.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;

use docent_answer::{Account, Verdict, thresholds, verdict};
use docent_corpus::{Assistant, Strictness};

use crate::failure::Failure;
use crate::golden::{End, Golden};
use crate::library::counted;

/// One question as it would end at any strictness.
pub(crate) struct Trial {
    pub(crate) golden: Golden,
    /// The probability that the best passage answers.
    pub(crate) answers: f32,
    /// The probability that the documents hold the answer.
    holds: f32,
    evidence: docent_answer::Evidence,
    /// Whether the answer that would be given is the right one.
    pub(crate) right: bool,
    /// The same at every strictness: nothing was found, or nothing was asked.
    never: bool,
}

impl Trial {
    /// Takes what was found for a question.
    pub(crate) fn of(golden: Golden, assistant: &Assistant, account: &Account) -> Self {
        let candidate = account.candidate(assistant);
        let right = candidate
            .as_ref()
            .is_some_and(|answer| golden.end(answer) == End::Right);
        Self {
            answers: account.evidence.answers(),
            holds: account.evidence.holds(),
            evidence: account.evidence,
            right,
            never: candidate.is_none() || account.idle,
            golden,
        }
    }

    fn verdict(&self, strictness: Strictness) -> Verdict {
        if self.never {
            Verdict::Fallback
        } else {
            verdict(&self.evidence, strictness)
        }
    }
}

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rate {
    pub(crate) count: usize,
    pub(crate) of: usize,
}

impl Rate {
    /// Returns the share; 0 of nothing.
    pub(crate) fn share(self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }

    /// Returns the interval that holds the true share in 95 of 100 cases, by Wilson's score (Wilson 1927): honest for few
    /// questions, where the usual ± is not.
    pub(crate) fn interval(self) -> (f64, f64) {
        /// Two-sided 95% of the normal distribution.
        const Z: f64 = 1.96;
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (self.of as f64, self.share());
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let middle = p + Z * Z / (2.0 * n);
        let scale = 1.0 + Z * Z / n;
        (
            ((middle - spread) / scale).max(0.0),
            ((middle + spread) / scale).min(1.0),
        )
    }

    fn text(self) -> String {
        if self.of == 0 {
            return "no such questions".to_owned();
        }
        let (low, high) = self.interval();
        format!(
            "{:>3.0}% ({}/{}; {:.0}–{:.0}%)",
            self.share() * 100.0,
            self.count,
            self.of,
            low * 100.0,
            high * 100.0
        )
    }
}

/// What one strictness makes of the questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) strictness: Strictness,
    /// The least probability of an answer.
    pub(crate) needed: f32,
    /// Questions without an answer in the documents that get one nevertheless.
    pub(crate) false_answers: Rate,
    /// Answered questions whose answer is not the right one, those without an answer in the documents included.
    pub(crate) wrong: Rate,
    /// Questions that the documents answer and that get no answer.
    pub(crate) refused: Rate,
    /// Of those, how many get places that may help instead.
    pub(crate) offered: Rate,
    /// Questions that the documents answer and that are answered rightly.
    pub(crate) right: Rate,
}

/// The named strictnesses.
pub(crate) const NAMED: [(&str, Strictness); 3] = [
    ("careful", Strictness::Careful),
    ("balanced", Strictness::Balanced),
    ("open", Strictness::Open),
];

/// An assistant's questions, asked.
pub(crate) struct Calibration {
    pub(crate) assistant: Assistant,
    pub(crate) trials: Vec<Trial>,
}

impl Calibration {
    /// Counts what a strictness makes of the questions.
    pub(crate) fn row(&self, strictness: Strictness) -> Row {
        let mut row = Row {
            strictness,
            needed: thresholds(strictness).answer,
            false_answers: Rate::default(),
            wrong: Rate::default(),
            refused: Rate::default(),
            offered: Rate::default(),
            right: Rate::default(),
        };
        for trial in &self.trials {
            let verdict = trial.verdict(strictness);
            let answered = verdict == Verdict::Answer;
            if trial.golden.must_fall_back {
                row.false_answers.of += 1;
                row.false_answers.count += usize::from(answered);
            } else {
                row.refused.of += 1;
                row.refused.count += usize::from(!answered);
                row.right.of += 1;
                row.right.count += usize::from(answered && trial.right);
                row.offered.of += usize::from(!answered);
                row.offered.count += usize::from(verdict == Verdict::Offer);
            }
            if answered {
                row.wrong.of += 1;
                row.wrong.count += usize::from(trial.golden.must_fall_back || !trial.right);
            }
        }
        row
    }

    /// Returns the rows of the numbers from 0.05 to 0.95.
    pub(crate) fn scale(&self) -> Vec<Row> {
        (1..20).map(|step| self.row(Strictness::At(step * 50))).collect()
    }

    /// Returns the number with the fewest mistakes of both kinds together; the strictest of those that are equal.
    pub(crate) fn best(&self) -> Row {
        let mistakes = |row: &Row| {
            let lost = row.right.of - row.right.count;
            lost + row.false_answers.count
        };
        let rows = self.scale();
        let least = rows.iter().map(mistakes).min().unwrap_or(0);
        rows.iter()
            .rev()
            .find(|row| mistakes(row) == least)
            .copied()
            .unwrap_or_else(|| self.row(self.assistant.strictness))
    }

    /// Returns the account for the terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let none = self
            .trials
            .iter()
            .filter(|trial| trial.golden.must_fall_back)
            .count();
        let _ = writeln!(
            out,
            "{} {}: {} that the documents answer, {none} that they do not\n",
            self.assistant.id,
            self.assistant.name,
            counted((self.trials.len() - none) as u64, "question")
        );
        let _ = writeln!(
            out,
            "STRICTNESS    FALSE ANSWERS             REFUSED                   WRONG OF ANSWERED\n\
             {:14}(the documents do not      (the documents answer,    (in brackets: count and the\n\
             {:14}answer, docent does)       docent does not)          range that holds 95 of 100 times)",
            "", ""
        );
        let mut line = |name: &str, row: &Row| {
            let mark = if row.strictness == self.assistant.strictness {
                "*"
            } else {
                " "
            };
            let _ = writeln!(
                out,
                "{name:<9} {:.2}{mark}{:<26}{:<26}{}",
                row.needed,
                row.false_answers.text(),
                row.refused.text(),
                row.wrong.text()
            );
        };
        for (name, strictness) in NAMED {
            line(name, &self.row(strictness));
        }
        if let Strictness::At(_) = self.assistant.strictness {
            line("now", &self.row(self.assistant.strictness));
        }
        let best = self.best();
        line("best", &best);
        out.push_str("* in force now\n");
        out.push_str(&self.picture());
        let offered = self.row(self.assistant.strictness).offered;
        let _ = writeln!(
            out,
            "\nOf the {} refused at the strictness in force {} get places that may help instead.\n\
             The fewest mistakes of both kinds together: {:.2}. With so few questions the ranges say more than the shares.",
            offered.of, offered.count, best.needed
        );
        let weak: Vec<&Trial> = self
            .trials
            .iter()
            .filter(|trial| !trial.golden.must_fall_back && !trial.right)
            .collect();
        if !weak.is_empty() {
            out.push_str("\nNo strictness helps these: the passage found first does not hold the answer.\n");
        }
        for trial in weak {
            let _ = writeln!(out, "  {}: {}", trial.golden.name, trial.golden.question);
        }
        out
    }

    /// Draws both error rates over the scale.
    fn picture(&self) -> String {
        /// Characters of a bar of 100%.
        const WIDTH: f64 = 30.0;
        let bar = |rate: Rate, ink: &str| ink.repeat((rate.share() * WIDTH).round() as usize);
        let mut out = String::from("\n      false answers                   refused or wrong\n");
        for row in self.scale() {
            let lost = Rate {
                count: row.right.of - row.right.count,
                of: row.right.of,
            };
            let left = bar(row.false_answers, "█");
            let _ = writeln!(out, "{:.2}  {left:<30}  {}", row.needed, bar(lost, "░"));
        }
        out
    }

    /// Tells how a question would end, for the page.
    pub(crate) fn ends(trial: &Trial) -> [Verdict; 3] {
        NAMED.map(|(_, strictness)| trial.verdict(strictness))
    }

    /// Returns the probability that the documents hold the answer, for the page.
    pub(crate) fn holds(trial: &Trial) -> f32 {
        trial.holds
    }
}

/// Reads a strictness as it is told on the command line.
pub(crate) fn strictness(told: &str) -> Result<Strictness, String> {
    if let Some((_, named)) = NAMED.iter().find(|(name, _)| *name == told) {
        return Ok(*named);
    }
    told.parse::<f32>()
        .ok()
        .filter(|number| (0.0..=1.0).contains(number))
        .map(|number| Strictness::At((number * 1_000.0).round() as u16))
        .ok_or_else(|| "expected careful, balanced, open or a probability from 0 to 1".to_owned())
}

/// Writes the strictness into an `assistant.toml`; everything else in it stays as it was, comments too.
///
/// The file is replaced in one step: a server that watches it never reads half of it.
pub(crate) fn write(path: &Path, strictness: Strictness) -> Result<(), Failure> {
    let fail = |source| Failure::Settle {
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(fail)?;
    let settled = settled(&text, strictness).map_err(|error| fail(std::io::Error::other(error)))?;
    let temporary = path.with_extension("toml.tmp");
    std::fs::write(&temporary, settled)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(fail)
}

fn settled(text: &str, strictness: Strictness) -> Result<String, toml_edit::TomlError> {
    let mut document = toml_edit::DocumentMut::from_str(text)?;
    let value = match strictness {
        Strictness::Careful => "careful".into(),
        Strictness::Balanced => "balanced".into(),
        Strictness::Open => "open".into(),
        Strictness::At(thousandths) => toml_edit::Value::from(f64::from(thousandths) / 1_000.0),
    };
    match document
        .get_mut("strictness")
        .and_then(toml_edit::Item::as_value_mut)
    {
        Some(old) => {
            // What stands beside the value is the operator's.
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        None => document["strictness"] = toml_edit::value(value),
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_rate_is_wide_for_few_questions() {
        let (low, high) = Rate { count: 0, of: 10 }.interval();
        assert!(low.abs() < 1e-9 && (0.25..0.30).contains(&high), "{low} {high}");
        let (low, high) = Rate {
            count: 500,
            of: 1_000,
        }
        .interval();
        assert!(
            (0.46..0.48).contains(&low) && (0.52..0.54).contains(&high),
            "{low} {high}"
        );
        assert_eq!(Rate::default().interval(), (0.0, 1.0));
    }

    #[test]
    fn a_choice_is_written_without_touching_anything_else() {
        let text = "# ours\nid = 1\nname = \"Музей\" # shown\nstrictness = \"open\" # since May\n";
        assert_eq!(
            settled(text, Strictness::At(310)).unwrap(),
            "# ours\nid = 1\nname = \"Музей\" # shown\nstrictness = 0.31 # since May\n"
        );
        assert_eq!(
            settled("id = 1\nname = \"a\"\n# end\n", Strictness::Careful).unwrap(),
            "id = 1\nname = \"a\"\nstrictness = \"careful\"\n# end\n"
        );
    }

    #[test]
    fn a_strictness_is_read_as_it_is_written() {
        assert_eq!(strictness("open"), Ok(Strictness::Open));
        assert_eq!(strictness("0.31"), Ok(Strictness::At(310)));
        assert!(strictness("2").is_err() && strictness("lax").is_err());
    }
}
