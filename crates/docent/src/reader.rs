//! Reading documents in processes of their own.
//!
//! A format library may abort, loop or take all memory, and none of that is a panic. So each thread that indexes has a
//! child (`docent read-worker`) which gets one file's name and bytes at a time and gives back its passages; a child that dies
//! or takes too long costs the file it had. Owns that exchange and its deadline; the child's limits are those of `confine`.
//!
//! Both ways go frames: the length in 8 bytes, little-endian, then that many bytes. A request is two frames, the name and
//! the bytes of the file; a reply is one, in postcard.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use docent_corpus::{Document, NoticeKind};
use docent_index::{Entry, Refusal};
use docent_ingest::{
    MAX_FILE_BYTES, Picture, Recognise, Recognised, check_invariants, passages, read_document_with,
};
use serde::{Deserialize, Serialize};

use crate::confine::{MEMORY_BYTES, Output, PROCESSOR, confine};
use crate::ocr::{self, Message};

/// The longest that one file may take by the clock: half as long again as it may have the processor, and under the minute
/// after which scripts that call `docent extract` lose patience.
const LIMIT: Duration = Duration::from_secs(55);

/// A child that has read this many files is replaced, so that what a library forgets to give back does not add up.
const FILES_PER_CHILD: u32 = 1_000;

/// A child that dies for want of memory has none for its own trace, and naming the calls takes seconds of processor time.
const BACKTRACE: (&str, &str) = ("RUST_BACKTRACE", "0");

/// The longest frame taken from the other side: a file with room to spare, or the passages of one.
const MAX_FRAME_BYTES: u64 = 8 * MAX_FILE_BYTES;

/// What was read from one file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// Its passages, in reading order.
    pub(crate) entries: Vec<Entry>,
    /// The name of its format.
    pub(crate) format: String,
    /// How many pages it has.
    pub(crate) pages: Option<u32>,
    /// The code of its language.
    pub(crate) language: String,
    /// What was lost, a sentence each.
    pub(crate) lost: Vec<String>,
    /// What was mended, a sentence each.
    pub(crate) repaired: Vec<String>,
    /// What was hidden, a sentence each.
    pub(crate) hidden: Vec<String>,
}

type Reply = Result<Reading, Refusal>;

/// Reads files, one at a time, through a child that is started when it is needed.
pub(crate) struct Reader {
    running: Option<Running>,
    /// The longest that one file may take by the clock, recognition apart.
    limit: Duration,
    /// Makes the command that starts the child.
    program: fn() -> io::Result<Command>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            running: None,
            limit: LIMIT,
            program: worker,
        }
    }
}

struct Running {
    child: Child,
    requests: BufWriter<ChildStdin>,
    replies: Receiver<Message<Reply>>,
    last_words: Receiver<Vec<u8>>,
    files: u32,
}

impl Reader {
    /// Reads one file. Blocks until it is read or its time is over.
    pub(crate) fn read(&mut self, name: &str, bytes: &[u8]) -> Reply {
        let running = self.running.take();
        let mut running = match running.map_or_else(|| (self.program)().and_then(start), Ok) {
            Ok(running) => running,
            Err(error) => {
                return Err(refused(
                    "denied",
                    format!("no process could be started to read it: {error}"),
                ));
            }
        };
        let sent = send(&mut running.requests, name.as_bytes())
            .and_then(|()| send(&mut running.requests, bytes))
            .and_then(|()| running.requests.flush());
        let mut recogniser = ocr::Recogniser::new(ocr::INDEX_LIMIT);
        let mut left = self.limit;
        let got = loop {
            let begun = Instant::now();
            let got = match sent {
                Ok(()) => running.replies.recv_timeout(left),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            };
            left = left.saturating_sub(begun.elapsed());
            match got {
                Ok(Message::Done(reply)) => break Ok(reply),
                Ok(Message::Page(picture)) => {
                    let said = recogniser.recognise(&picture);
                    if answer(&mut running.requests, said).is_err() {
                        break Err(RecvTimeoutError::Disconnected);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        match got {
            Ok(reply) => {
                running.files += 1;
                if running.files < FILES_PER_CHILD {
                    self.running = Some(running);
                } else {
                    running.end();
                }
                reply
            }
            Err(RecvTimeoutError::Timeout) => {
                running.end();
                Err(too_slow(self.limit))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let (status, last_words) = running.end();
                Err(broke_off(status, &last_words))
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.end();
        }
    }
}

impl Running {
    /// Ends the child; returns how it ended, if by itself, and what it said last.
    fn end(mut self) -> (Option<ExitStatus>, Vec<u8>) {
        /// A child that has closed its pipe is about to end.
        const ABOUT_TO_END: Duration = Duration::from_millis(500);
        const PAUSE: Duration = Duration::from_millis(2);
        let broke_off = self
            .replies
            .try_recv()
            .is_err_and(|error| error == TryRecvError::Disconnected);
        let begun = Instant::now();
        let mut ended = None;
        while broke_off && ended.is_none() && begun.elapsed() < ABOUT_TO_END {
            thread::sleep(PAUSE);
            ended = self.child.try_wait().ok().flatten();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let last_words = ended.and_then(|_| self.last_words.recv_timeout(ABOUT_TO_END).ok());
        (ended, last_words.unwrap_or_default())
    }
}

/// Returns the command that starts a reader.
fn worker() -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("read-worker").env(BACKTRACE.0, BACKTRACE.1);
    Ok(command)
}

fn start(mut program: Command) -> io::Result<Running> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (Some(requests), Some(replies), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("a child without pipes"));
    };
    let (give, take) = sync_channel(1);
    thread::spawn(move || {
        let mut replies = BufReader::new(replies);
        // Ends when the child does, or when nobody waits any more.
        while let Ok(Some(frame)) = receive(&mut replies)
            && let Ok(reply) = postcard::from_bytes(&frame)
            && give.send(reply).is_ok()
        {}
    });
    Ok(Running {
        child,
        requests: BufWriter::new(requests),
        replies: take,
        last_words: last_words(errors),
        files: 0,
    })
}

/// Keeps the last of what a child says on standard error; it is there once the child has ended.
///
/// What a library prints before it dies helps nobody who keeps documents, but it tells why it died.
fn last_words(mut from: ChildStderr) -> Receiver<Vec<u8>> {
    /// Room for the message of a panic or an abort, which comes last.
    const KEPT_BYTES: usize = 8 << 10;
    let (give, take) = sync_channel(1);
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            kept.extend(&piece[..count]);
            if kept.len() > 2 * KEPT_BYTES {
                kept.drain(..kept.len() - KEPT_BYTES);
            }
        }
        let _ = give.send(kept);
    });
    take
}

/// Answers a child that asks what a picture says.
fn answer(to: &mut impl Write, said: Recognised) -> io::Result<()> {
    send(
        to,
        &postcard::to_stdvec(&ocr::Said::from(said)).map_err(io::Error::other)?,
    )?;
    to.flush()
}

/// In the child: asks the parent what a picture says.
fn ask<T: Serialize>(from: &mut impl Read, to: &mut impl Write, picture: &Picture) -> Recognised {
    let mut said = || -> io::Result<Recognised> {
        let message = Message::<T>::Page(picture.bytes.clone());
        send(to, &postcard::to_stdvec(&message).map_err(io::Error::other)?)?;
        to.flush()?;
        let frame = receive(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let said: ocr::Said = postcard::from_bytes(&frame).map_err(io::Error::other)?;
        Ok(said.into())
    };
    said().unwrap_or(Recognised::Absent)
}

fn refused(code: &str, reason: impl Into<String>) -> Refusal {
    Refusal {
        code: code.to_owned(),
        reason: reason.into(),
    }
}

fn too_slow(limit: Duration) -> Refusal {
    refused(
        "timeout",
        format!(
            "reading took longer than {} s; split the file or save it anew",
            limit.as_secs()
        ),
    )
}

/// Tells why a child ended in the middle of a file.
fn broke_off(status: Option<ExitStatus>, last_words: &[u8]) -> Refusal {
    let said = |words: &str| {
        last_words
            .windows(words.len())
            .any(|window| window == words.as_bytes())
    };
    let signal = status.and_then(|status| status.signal());
    if signal == Some(libc::SIGXCPU) {
        return too_slow(PROCESSOR);
    }
    // The runtime's own words. Where nothing was said and the system killed it, want of memory is why it does so.
    if said("memory allocation of ") || signal == Some(libc::SIGKILL) {
        return refused(
            "too_big",
            format!(
                "reading it takes more memory than docent gives one file (at most {}); split the file into parts",
                bytesize::ByteSize(MEMORY_BYTES)
            ),
        );
    }
    let what = if said("has overflowed its stack") {
        "reading broke off because the file is nested deeper than any document"
    } else {
        "reading broke off at something unexpected in the file"
    };
    refused(
        "damaged",
        format!("{what}; open it in its program and save it anew"),
    )
}

fn send(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    to.write_all(&(frame.len() as u64).to_le_bytes())?;
    to.write_all(frame)
}

/// Takes one frame; nothing at the end of the stream.
fn receive(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        done => done?,
    }
    let length = u64::from_le_bytes(length);
    if length > MAX_FRAME_BYTES {
        return Err(io::Error::other("a frame over the limit"));
    }
    let mut frame = vec![0; length as usize];
    from.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// The child: answers requests on standard input until it ends.
pub(crate) fn work() -> io::Result<()> {
    let confined = confine(Output::Pipe);
    let (mut requests, mut replies) = (BufReader::new(io::stdin()), BufWriter::new(io::stdout()));
    while let Some(name) = receive(&mut requests)? {
        let Some(bytes) = receive(&mut requests)? else {
            break;
        };
        confined.renew_processor_time();
        let mut recognise = |picture: Picture| ask::<Reply>(&mut requests, &mut replies, &picture);
        let reply = read(&String::from_utf8_lossy(&name), &bytes, &mut recognise);
        let reply = Message::Done(reply);
        send(
            &mut replies,
            &postcard::to_stdvec(&reply).map_err(io::Error::other)?,
        )?;
        replies.flush()?;
    }
    Ok(())
}

fn read(name: &str, bytes: &[u8], recognise: Recognise<'_>) -> Reply {
    match read_document_with(name, bytes, recognise) {
        Ok(document) => {
            // A reader that breaks its promise shows in tests and in fuzzing, which are built with this.
            debug_assert_eq!(check_invariants(&document), Ok(()), "{name}");
            Ok(Reading {
                entries: passages(&document).iter().map(Entry::of).collect(),
                format: document.format.name().to_owned(),
                pages: document.pages,
                language: docent_language::detect(&document.text).code().to_owned(),
                lost: told(&document, NoticeKind::Lost),
                repaired: told(&document, NoticeKind::Repaired),
                hidden: told(&document, NoticeKind::Hidden),
            })
        }
        Err(refusal) => Err(refused(refusal.code.name(), refusal.reason)),
    }
}

fn told(document: &Document, kind: NoticeKind) -> Vec<String> {
    let notices = document.notices.iter().filter(|notice| notice.kind == kind);
    notices.map(|notice| notice.text.clone()).collect()
}

/// Runs `docent extract --here` with the same limits as a reader of the index; what it prints goes where this goes.
///
/// Returns its exit code, or why it gave none.
pub(crate) fn extract_apart(arguments: &[&std::ffi::OsStr]) -> Result<u8, Refusal> {
    let program = std::env::current_exe().map(|program| {
        let mut command = Command::new(program);
        command.args(["extract", "--here"]).args(arguments);
        command.env(BACKTRACE.0, BACKTRACE.1);
        command
    });
    run_apart(program, LIMIT)
}

/// Runs what extracts, for at most `limit` by the clock.
fn run_apart(program: io::Result<Command>, limit: Duration) -> Result<u8, Refusal> {
    /// How often the child is looked at.
    const LOOK_AGAIN: Duration = Duration::from_millis(2);
    /// Its standard error is closed when it ends, but for the moment that a thread needs to notice.
    const MOMENT: Duration = Duration::from_secs(1);
    /// What Rust exits with after a panic.
    const PANICKED: i32 = 101;
    let child = program.and_then(|mut program| {
        program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    });
    let mut child = child.map_err(|error| {
        refused(
            "denied",
            format!("no process could be started to read it: {error}"),
        )
    })?;
    let words = child.stderr.take().map(last_words);
    let words = || {
        let words = words.as_ref().and_then(|words| words.recv_timeout(MOMENT).ok());
        words.unwrap_or_default()
    };
    let printed = print_and_recognise(&mut child);
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let words = words();
                // What it printed may still be on its way.
                let _ = printed.recv();
                let code = status.code().filter(|&code| code != PANICKED);
                let code = code.and_then(|code| u8::try_from(code).ok());
                if code.is_some() {
                    let _ = io::stderr().write_all(&words);
                }
                return code.ok_or_else(|| broke_off(Some(status), &words));
            }
            Ok(None) if begun.elapsed() < limit => thread::sleep(LOOK_AGAIN),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(too_slow(limit));
            }
        }
    }
}

/// Passes on what the child of `extract_apart` prints, and recognises the pictures that it hands over.
///
/// What it returns is disconnected when the child has closed its output and all of it is printed.
fn print_and_recognise(child: &mut Child) -> Receiver<()> {
    let (open, ended) = sync_channel(0);
    let (requests, replies) = (child.stdin.take(), child.stdout.take());
    thread::spawn(move || {
        let _open: SyncSender<()> = open;
        let (Some(mut requests), Some(replies)) = (requests, replies) else {
            return;
        };
        let mut replies = BufReader::new(replies);
        let mut recogniser = ocr::Recogniser::new(ocr::EXTRACT_LIMIT);
        while let Ok(Some(frame)) = receive(&mut replies)
            && let Ok(message) = postcard::from_bytes::<Message<String>>(&frame)
        {
            match message {
                Message::Done(text) => {
                    // Whoever reads it may have stopped to.
                    let mut out = io::stdout().lock();
                    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                }
                Message::Page(picture) => {
                    let said = recogniser.recognise(&picture);
                    if answer(&mut requests, said).is_err() {
                        return;
                    }
                }
            }
        }
    });
    ended
}

/// In the child of `extract_apart`: asks the parent what a picture says.
pub(crate) fn ask_parent(picture: &Picture) -> Recognised {
    ask::<String>(&mut io::stdin().lock(), &mut io::stdout().lock(), picture)
}

/// In the child of `extract_apart`: hands over what is to be printed.
pub(crate) fn print(text: String) -> io::Result<()> {
    let mut out = io::stdout().lock();
    send(
        &mut out,
        &postcard::to_stdvec(&Message::Done(text)).map_err(io::Error::other)?,
    )?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn frames_come_back_as_they_were_and_a_cut_one_is_an_error() {
        let mut pipe = Vec::new();
        send(&mut pipe, b"name").unwrap();
        send(&mut pipe, b"").unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(receive(&mut from).unwrap().as_deref(), Some(&b"name"[..]));
        assert_eq!(receive(&mut from).unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(receive(&mut from).unwrap(), None);
        assert!(receive(&mut &pipe[..10]).is_err());
        assert!(receive(&mut &u64::MAX.to_le_bytes()[..]).is_err());
    }

    #[test]
    fn the_end_of_a_reader_is_told_by_its_code() {
        let ended =
            |signal: i32, words: &str| broke_off(Some(ExitStatus::from_raw(signal)), words.as_bytes()).code;
        assert_eq!(
            ended(libc::SIGABRT, "memory allocation of 9 bytes failed"),
            "too_big"
        );
        assert_eq!(
            ended(libc::SIGABRT, "thread 'x' has overflowed its stack"),
            "damaged"
        );
        assert_eq!(ended(libc::SIGABRT, ""), "damaged");
        assert_eq!(ended(libc::SIGSEGV, ""), "damaged");
        assert_eq!(ended(libc::SIGKILL, ""), "too_big");
        assert_eq!(ended(libc::SIGXCPU, ""), "timeout");
    }
    /// Writes its number into a file, and then neither works nor ends.
    #[cfg(target_os = "linux")]
    const HANGS: &str = "echo $$ > \"$1\"; exec sleep 600";

    #[cfg(target_os = "linux")]
    fn lives(number: &str) -> bool {
        Path::new("/proc").join(number.trim()).exists()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reader_that_hangs_without_working_is_killed_at_its_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let limit = Duration::from_millis(600);
        let said = folder.path().join("extract");
        let mut program = Command::new("sh");
        program.args(["-c", HANGS, "sh"]).arg(&said);
        assert_eq!(run_apart(Ok(program), limit).unwrap_err().code, "timeout");
        assert!(!lives(&std::fs::read_to_string(said).unwrap()));

        let mut reader = Reader {
            running: None,
            limit,
            program: || {
                let mut program = Command::new("sh");
                program.args(["-c", "exec sleep 600"]);
                Ok(program)
            },
        };
        let begun = Instant::now();
        let refusal = reader.read("plan.pdf", b"%PDF-1.4").unwrap_err();
        assert_eq!(refusal.code, "timeout");
        assert!(begun.elapsed() >= limit && reader.running.is_none());
    }
}
