//! The reader under test, in its process.
//!
//! Owns what counts as a finding: a reader that dies, panics, hangs, or takes far more memory than its file explains.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// The longest wait for a reply; on a busy machine it is the processor time below that counts.
const LONGEST: Duration = Duration::from_mins(1);

/// Processor time beyond which a file of some kilobytes is a finding, in an unoptimised build.
const SLOW: Duration = Duration::from_secs(10);

/// Memory beyond which it is one, in KiB: most of it is the most text that one document may hold.
const HUNGRY_KIB: u64 = 700 << 10;

/// The words of a refusal that stands for a panic which was caught.
const CAUGHT: &str = "reading stopped at something unexpected";

/// Something that no file should bring about.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// What it is.
    kind: &'static str,
    /// Where it happens, as well as that is known.
    pub(crate) place: String,
    /// Whether each attempt takes long.
    pub(crate) costly: bool,
}

impl Finding {
    /// Tells whether it is a panic below us that cost no more than the file.
    pub(crate) fn is_caught_in_a_library(&self) -> bool {
        self.kind == "a panic that was caught" && self.place.contains("/registry/")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.place)
    }
}

/// A running reader.
pub(crate) struct Child {
    process: std::process::Child,
    requests: Option<ChildStdin>,
    replies: Receiver<Vec<u8>>,
    words: Receiver<String>,
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Child {
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_docent"))
            .arg("read-worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut out, mut errors) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let (give, replies) = sync_channel(1);
        thread::spawn(move || {
            while let Ok(frame) = frame(&mut out)
                && give.send(frame).is_ok()
            {}
        });
        let (say, words) = sync_channel(1);
        thread::spawn(move || {
            let mut said = Vec::new();
            // Bounded, for a library may say something about each byte.
            let _ = (&mut errors).take(1 << 20).read_to_end(&mut said);
            let _ = say.send(String::from_utf8_lossy(&said).into_owned());
            let _ = io::copy(&mut errors, &mut io::sink());
        });
        Self {
            requests: process.stdin.take(),
            process,
            replies,
            words,
        }
    }

    fn ask(&mut self, name: &str, bytes: &[u8]) -> Result<Vec<u8>, RecvTimeoutError> {
        if let Some(requests) = &mut self.requests {
            let frames = [name.as_bytes(), bytes];
            let sent = frames.into_iter().try_for_each(|frame| {
                requests.write_all(&(frame.len() as u64).to_le_bytes())?;
                requests.write_all(frame)
            });
            // One that does not take its input any more has died of it or is about to.
            let _ = sent.and_then(|()| requests.flush());
        }
        self.replies.recv_timeout(LONGEST)
    }

    /// Reads one file; tells whether something is wrong with how.
    pub(crate) fn suspects(&mut self, name: &str, bytes: &[u8]) -> bool {
        let before = self.processor_time();
        match self.ask(name, bytes) {
            Ok(reply) => {
                is_caught(&reply)
                    || self.processor_time().saturating_sub(before) > SLOW
                    || self.most_memory_kib() > HUNGRY_KIB
            }
            Err(_) => true,
        }
    }

    fn processor_time(&self) -> Duration {
        /// What `sysconf(_SC_CLK_TCK)` says on every Linux.
        const TICKS_PER_SECOND: u64 = 100;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let after = stat.rsplit(") ").next().unwrap_or_default();
        let ticks: u64 = (after.split(' ').skip(11).take(2))
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
    }

    fn most_memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    }
}

fn is_caught(reply: &[u8]) -> bool {
    reply
        .windows(CAUGHT.len())
        .any(|window| window == CAUGHT.as_bytes())
}

fn frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let mut frame = vec![0; u64::from_le_bytes(length) as usize];
    from.read_exact(&mut frame)?;
    Ok(frame)
}

/// Reads one file with a reader of its own and says what is wrong with how, if anything is.
pub(crate) fn judge(name: &str, bytes: &[u8]) -> Option<Finding> {
    let mut child = Child::start();
    let begun = Instant::now();
    let asked = child.ask(name, bytes);
    let (time, memory) = (child.processor_time(), child.most_memory_kib());
    let late = matches!(asked, Err(RecvTimeoutError::Timeout));
    // At the end of its input it ends, and says no more.
    child.requests = None;
    if late {
        let _ = child.process.kill();
    }
    let words = child.words.recv_timeout(LONGEST).unwrap_or_default();
    let status = child.process.wait().ok();
    let place = panic_in(&words);
    let found = |kind, place: Option<String>, otherwise: String| {
        Some(Finding {
            kind,
            place: place.unwrap_or(otherwise),
            costly: begun.elapsed() > Duration::from_secs(2),
        })
    };
    match asked {
        Ok(reply) if is_caught(&reply) => found("a panic that was caught", place, "nowhere told".to_owned()),
        Ok(_) if time > SLOW => found("slow", None, format!("{name} slow")),
        Ok(_) if memory > HUNGRY_KIB => found("hunger for memory", None, format!("{name} hungry")),
        Ok(_) => None,
        Err(RecvTimeoutError::Timeout) => found("no end", None, format!("{name} without end")),
        Err(RecvTimeoutError::Disconnected) => {
            let last = words
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .unwrap_or_default();
            let how = status.map_or_else(String::new, |status| status.to_string());
            found("the reader died", place, format!("{name}: {how}: {last}"))
        }
    }
}

/// Returns the place that the last panic names.
fn panic_in(words: &str) -> Option<String> {
    const MARK: &str = "panicked at ";
    let at = words.rfind(MARK)? + MARK.len();
    let mut lines = words[at..].lines();
    let place = lines.next()?.trim_end_matches(':');
    // The end of the path tells the crate and the file; the front tells only the machine.
    let place = place.find("/registry/").map_or(place, |at| &place[at..]);
    let said: String = lines.next().unwrap_or_default().chars().take(120).collect();
    // The same place with other numbers is the same place.
    let said: String = said.chars().filter(|c| !c.is_ascii_digit()).collect();
    Some(format!("{place} ({said})"))
}
