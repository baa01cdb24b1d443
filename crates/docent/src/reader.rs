//! Reading documents in processes of their own.
//!
//! A format library may abort, loop or take all memory, and none of that is a panic. So each thread that indexes has a
//! child (`docent read-worker`) which gets one file's name and bytes at a time and gives back its passages; a child that dies
//! or takes too long costs the file it had. Owns that exchange and its deadline; the child's limits are those of `confine`.
//!
//! Both ways go frames: the length in 8 bytes, little-endian, then that many bytes. A request is two frames, the name and
//! the bytes of the file; a reply is one, in postcard.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use docent_corpus::{Document, NoticeKind};
use docent_index::{Entry, Refusal};
use docent_ingest::{MAX_FILE_BYTES, Picture, Recognise, Recognised, passages, read_document_with};
use serde::{Deserialize, Serialize};

use crate::confine::confine;
use crate::ocr::{self, Message};

/// The longest that one file may take: forty times the longest law on a slow machine.
const LIMIT: Duration = Duration::from_mins(2);

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
}

type Reply = Result<Reading, Refusal>;

/// Reads files, one at a time, through a child that is started when it is needed.
#[derive(Default)]
pub(crate) struct Reader {
    running: Option<Running>,
}

struct Running {
    child: Child,
    requests: BufWriter<ChildStdin>,
    replies: Receiver<Message<Reply>>,
}

impl Reader {
    /// Reads one file. Blocks until it is read or its time is over.
    pub(crate) fn read(&mut self, name: &str, bytes: &[u8]) -> Reply {
        let mut running = match self.running.take().map_or_else(start, Ok) {
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
        let got = loop {
            let got = match sent {
                Ok(()) => running.replies.recv_timeout(LIMIT),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            };
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
                self.running = Some(running);
                reply
            }
            Err(RecvTimeoutError::Timeout) => {
                running.end();
                Err(too_slow())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = running.end();
                Err(broke_off(status))
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
    fn end(mut self) -> Option<ExitStatus> {
        // It may have ended by itself, which is what the status then says.
        let ended = self.child.try_wait().ok().flatten();
        let _ = self.child.kill();
        let waited = self.child.wait().ok();
        ended.or(waited)
    }
}

fn start() -> io::Result<Running> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("read-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What a library prints before it dies helps nobody who keeps documents.
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(requests), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
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
    })
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
fn ask<T: Serialize>(from: &mut impl Read, to: &mut impl Write, picture: Picture) -> Recognised {
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

fn too_slow() -> Refusal {
    refused(
        "timeout",
        format!(
            "reading took longer than {} s; split the file or save it anew",
            LIMIT.as_secs()
        ),
    )
}

fn broke_off(status: Option<ExitStatus>) -> Refusal {
    let how = status.map_or_else(String::new, |status| format!(" ({status})"));
    refused(
        "damaged",
        format!(
            "reading broke off at something unexpected in the file{how}; open it in its program and save it anew"
        ),
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
    confine();
    let busy_since = std::sync::Arc::new(AtomicU64::new(0));
    let (begun, watched) = (Instant::now(), busy_since.clone());
    thread::spawn(move || {
        // The parent cuts a slow file off; when the parent itself was killed, nobody else would.
        loop {
            thread::sleep(LIMIT / 8);
            let since = watched.load(Ordering::Relaxed);
            let now = begun.elapsed().as_secs();
            if since > 0 && now.saturating_sub(since) > 2 * LIMIT.as_secs() {
                std::process::exit(1);
            }
        }
    });
    let (mut requests, mut replies) = (BufReader::new(io::stdin()), BufWriter::new(io::stdout()));
    while let Some(name) = receive(&mut requests)? {
        let Some(bytes) = receive(&mut requests)? else {
            break;
        };
        busy_since.store(begun.elapsed().as_secs().max(1), Ordering::Relaxed);
        let mut recognise = |picture| {
            let said = ask::<Reply>(&mut requests, &mut replies, picture);
            busy_since.store(begun.elapsed().as_secs().max(1), Ordering::Relaxed);
            said
        };
        let reply = read(&String::from_utf8_lossy(&name), &bytes, &mut recognise);
        busy_since.store(0, Ordering::Relaxed);
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
        Ok(document) => Ok(Reading {
            entries: passages(&document).iter().map(Entry::of).collect(),
            format: document.format.name().to_owned(),
            pages: document.pages,
            language: docent_language::detect(&document.text).code().to_owned(),
            lost: told(&document, NoticeKind::Lost),
            repaired: told(&document, NoticeKind::Repaired),
        }),
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
    /// How often the child is looked at.
    const LOOK_AGAIN: Duration = Duration::from_millis(2);
    let child = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(["extract", "--here"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
    });
    let mut child = child.map_err(|error| {
        refused(
            "denied",
            format!("no process could be started to read it: {error}"),
        )
    })?;
    let printed = print_and_recognise(&mut child);
    let begun = Instant::now();
    let mut spent = Duration::ZERO;
    loop {
        while let Ok(recognised) = printed.try_recv() {
            spent += recognised;
        }
        match child.try_wait() {
            Ok(Some(status)) => {
                // What it printed may still be on its way.
                while printed.recv().is_ok() {}
                let code = status.code().and_then(|code| u8::try_from(code).ok());
                return code.ok_or_else(|| broke_off(Some(status)));
            }
            Ok(None) if begun.elapsed() < LIMIT + spent.min(ocr::EXTRACT_LIMIT * 2) => {
                thread::sleep(LOOK_AGAIN)
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(too_slow());
            }
        }
    }
}

/// Passes on what the child of `extract_apart` prints, and recognises the pictures that it hands over.
///
/// Gives the time that each recognition took; ends when the child has closed its output.
fn print_and_recognise(child: &mut Child) -> Receiver<Duration> {
    let (give, take) = sync_channel(docent_ingest::MAX_RECOGNISED_PAGES + 1);
    let (requests, replies) = (child.stdin.take(), child.stdout.take());
    thread::spawn(move || {
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
                    let begun = Instant::now();
                    let said = recogniser.recognise(&picture);
                    let _ = give.try_send(begun.elapsed());
                    if answer(&mut requests, said).is_err() {
                        return;
                    }
                }
            }
        }
    });
    take
}

/// In the child of `extract_apart`: asks the parent what a picture says.
pub(crate) fn ask_parent(picture: Picture) -> Recognised {
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
}
