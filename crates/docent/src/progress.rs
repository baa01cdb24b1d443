//! How far the reading of a library has come: a bar on a terminal, a line now and then in a log.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use docent_index::DocumentRecord;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// How often a log gets a line: often enough to see that it goes on, seldom enough to read the rest.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Files read of those that have to be read.
pub(crate) struct Progress {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    files: usize,
    done: usize,
    pages: u64,
    begun: Instant,
    told: Instant,
    /// Whether each file is counted on standard output as well, for the process that started this one.
    counts: bool,
}

impl Progress {
    /// Begins with this many files to read; `counts` tells on standard output how many are read, a line each: `3 40`.
    pub(crate) fn begin(files: usize, counts: bool) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(files as u64)
        } else {
            ProgressBar::hidden()
        };
        let template =
            "reading {bar:20} {pos}/{len} files, {prefix} pages, {rate} files/s, {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                // What cannot be drawn is drawn the next time.
                let _ = write!(out, "{:.1}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate));
        }
        bar.set_prefix("0");
        let now = Instant::now();
        Self {
            bar,
            files,
            done: 0,
            pages: 0,
            begun: now,
            told: now,
            counts,
        }
    }

    /// Counts one file.
    pub(crate) fn step(&mut self, record: &DocumentRecord) {
        self.done += 1;
        self.pages += u64::from(record.pages.unwrap_or(0));
        self.bar.set_prefix(self.pages.to_string());
        self.bar.set_message(record.name.clone());
        self.bar.inc(1);
        if self.counts {
            // Whoever started this may have ended.
            let _ = writeln!(std::io::stdout(), "{} {}", self.done, self.files);
        }
        if self.bar.is_hidden() && self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            eprintln!("{}", self.line(self.begun.elapsed()));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let rate = self.done as f64 / elapsed.as_secs_f64().max(f64::EPSILON);
        let left = self.files.saturating_sub(self.done) as f64 / rate.max(f64::EPSILON);
        // Beyond any estimate the reader of a log wants a word, not a crash.
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        format!(
            "reading: {} of {} files, {} pages, {rate:.1} files/s, about {} left",
            self.done,
            self.files,
            self.pages,
            HumanDuration(left)
        )
    }

    /// Takes the bar off the terminal.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_files_pages_rate_and_time_left() {
        let mut progress = Progress::begin(40, false);
        for pages in [Some(3), None] {
            progress.step(&DocumentRecord {
                pages,
                ..DocumentRecord::new("a.pdf")
            });
        }
        assert_eq!(
            progress.line(Duration::from_secs(4)),
            "reading: 2 of 40 files, 3 pages, 0.5 files/s, about 76 seconds left"
        );
    }
}
