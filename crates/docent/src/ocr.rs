//! Recognising the text of pictures with the `tesseract` program, where it is installed.
//!
//! Owns finding the program and its languages, starting it for one picture at a time with limits, and the budget of a
//! document. The reader that hands a picture over is confined and starts nothing; its parent comes here. The program is started
//! through `docent ocr-worker`, which takes from itself what recognising does not need — the network, writing files, more
//! memory and time — and then becomes the program.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use docent_ingest::{MAX_RECOGNISED_PAGES, Recognised};
use serde::{Deserialize, Serialize};

/// What indexing spends on the pictures of one document: 200 pages of a second or two.
pub(crate) const INDEX_LIMIT: Duration = Duration::from_mins(10);

/// What `docent extract` spends on them: somebody waits.
pub(crate) const EXTRACT_LIMIT: Duration = Duration::from_secs(30);

/// The longest that one picture may take: fifty times a page of text.
const PAGE_LIMIT: Duration = Duration::from_mins(1);

/// Address space of the program: three times what three languages and a page at 300 dots per inch take.
const MEMORY_BYTES: u64 = 1 << 30;

/// The languages asked for, as far as they are installed. With Kazakh first, Kazakh gains a word in a hundred and Russian loses
/// its hard signs.
const LANGUAGES: [&str; 3] = ["rus", "kaz", "eng"];

/// The longest text taken for one page.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// What a reading child sends: pictures to be recognised, then what it was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message<T> {
    /// The bytes of a picture; the child waits for what it says.
    Page(Vec<u8>),
    /// The end.
    Done(T),
}

/// [`Recognised`] on its way to the child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    Text(String),
    Nothing,
    Absent,
    OutOfTime,
}

impl From<Recognised> for Said {
    fn from(recognised: Recognised) -> Self {
        match recognised {
            Recognised::Text(text) => Self::Text(text),
            Recognised::Nothing => Self::Nothing,
            Recognised::Absent => Self::Absent,
            Recognised::OutOfTime => Self::OutOfTime,
        }
    }
}

impl From<Said> for Recognised {
    fn from(said: Said) -> Self {
        match said {
            Said::Text(text) => Self::Text(text),
            Said::Nothing => Self::Nothing,
            Said::Absent => Self::Absent,
            Said::OutOfTime => Self::OutOfTime,
        }
    }
}

/// Recognises the pictures of one document.
#[derive(Debug)]
pub(crate) struct Recogniser {
    limit: Duration,
    spent: Duration,
    pages: usize,
}

impl Recogniser {
    /// Makes one that may take `limit` for all pictures together.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            spent: Duration::ZERO,
            pages: 0,
        }
    }

    /// Recognises one picture. Blocks until it is read or its time is over.
    pub(crate) fn recognise(&mut self, picture: &[u8]) -> Recognised {
        let Some(program) = installed() else {
            return Recognised::Absent;
        };
        self.pages += 1;
        if self.spent >= self.limit || self.pages > MAX_RECOGNISED_PAGES {
            return Recognised::OutOfTime;
        }
        let begun = Instant::now();
        let limit = PAGE_LIMIT.min(self.limit.saturating_sub(self.spent));
        let said = run(program, picture, limit);
        self.spent += begun.elapsed();
        match said {
            Ok(text) if !text.trim().is_empty() => Recognised::Text(text),
            Err(error) if error.kind() == io::ErrorKind::TimedOut && self.spent >= self.limit => {
                Recognised::OutOfTime
            }
            Ok(_) | Err(_) => Recognised::Nothing,
        }
    }
}

/// What of the program is there.
struct Installed {
    /// The languages to be asked for, `rus+kaz+eng`.
    languages: String,
    /// How it goes about a page, its option `--psm`.
    mode: &'static str,
}

/// Returns what is installed of the program, or nothing when it is not.
fn installed() -> Option<&'static Installed> {
    static INSTALLED: OnceLock<Option<Installed>> = OnceLock::new();
    /// What tells which way a page is turned.
    const TURNS: &str = "osd";
    let there = INSTALLED.get_or_init(|| {
        let output = Command::new("tesseract")
            .arg("--list-langs")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let has = |wanted: &str| listed.lines().any(|line| line.trim() == wanted);
        let wanted: Vec<&str> = LANGUAGES.into_iter().filter(|wanted| has(wanted)).collect();
        (!wanted.is_empty()).then(|| Installed {
            languages: wanted.join("+"),
            // A page that lies on its side gives noise, and takes three times as long, unless it is turned first.
            mode: if has(TURNS) { "1" } else { "3" },
        })
    });
    there.as_ref()
}

/// Has a worker recognise `picture`.
fn run(program: &Installed, picture: &[u8], limit: Duration) -> io::Result<String> {
    /// How often it is looked at.
    const LOOK_AGAIN: Duration = Duration::from_millis(5);
    let mut child = Command::new(std::env::current_exe()?)
        .args(["ocr-worker", &program.languages, program.mode])
        // One page is read no faster by several threads, and others wait for the processor.
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut give), Some(take)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("a child without pipes"));
    };
    thread::scope(|scope| {
        // Both ends of the pipes are closed when the child ends, so neither thread outlasts it.
        scope.spawn(move || give.write_all(picture));
        let said = scope.spawn(move || {
            let mut text = Vec::new();
            take.take(MAX_TEXT_BYTES).read_to_end(&mut text).map(|_| text)
        });
        let begun = Instant::now();
        let status = loop {
            match child.try_wait()? {
                Some(status) => break status,
                None if begun.elapsed() < limit => thread::sleep(LOOK_AGAIN),
                None => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
        };
        if !status.success() {
            return Err(io::Error::other(format!("the recogniser ended with {status}")));
        }
        let text = said.join().map_err(|_| io::Error::other("no text"))??;
        Ok(String::from_utf8_lossy(&text).into_owned())
    })
}

/// `docent ocr-worker`: gives up what recognising does not need, then becomes `tesseract`. Returns only why it could not.
pub(crate) fn work(languages: &str, mode: &str) -> io::Error {
    confine();
    Command::new("tesseract")
        .args(["-", "-", "-l", languages, "--psm", mode])
        .exec()
}

/// Limits memory, processor time and descriptors, and takes writing and the network from this process and what it becomes.
fn confine() {
    use rlimit::{Resource, setrlimit};
    /// The three standard streams, the data of each language and libraries.
    const DESCRIPTORS: u64 = 64;
    // A system that does not let itself be limited is no reason not to read.
    let _ = setrlimit(Resource::AS, MEMORY_BYTES, MEMORY_BYTES);
    let _ = setrlimit(Resource::CPU, PAGE_LIMIT.as_secs(), PAGE_LIMIT.as_secs());
    let _ = setrlimit(Resource::CORE, 0, 0);
    let _ = setrlimit(Resource::NOFILE, DESCRIPTORS, DESCRIPTORS);
    #[cfg(target_os = "linux")]
    {
        let _ = only_reading();
        let _ = without_network();
    }
}

#[cfg(target_os = "linux")]
fn only_reading() -> Result<(), landlock::RulesetError> {
    use landlock::{ABI, AccessFs, Ruleset, RulesetAttr};
    Ruleset::default()
        .handle_access(AccessFs::from_write(ABI::V5))?
        .create()?
        .restrict_self()?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn without_network() -> io::Result<()> {
    /// Calls that recognising never needs and an intruder would; starting the program itself is needed.
    const DENIED: [i64; 10] = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_ptrace,
        libc::SYS_process_vm_writev,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_mount,
        libc::SYS_unshare,
    ];
    crate::confine::deny(DENIED.map(|call| (call, Vec::new())))
}
