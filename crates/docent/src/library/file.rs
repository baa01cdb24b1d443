//! One file of a library: taken when nobody is writing it, and read when its bytes are new.
//!
//! Invariant: what was whole goes on answering while its file is being written.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use docent_index::{DocumentRecord, Entry, Refusal, Stamp};
use docent_ingest::{FoundFile, MAX_FILE_BYTES, version_of};

use crate::reader::{Reader, Reading};

/// What reading one file gave.
pub(super) enum Outcome {
    /// The same bytes as before, or none that could be had yet.
    Same(DocumentRecord),
    /// Other bytes.
    New(DocumentRecord, Vec<Entry>),
    /// It was deleted after the folder was looked at.
    Gone(String),
}

/// Reads a file, unless its bytes are those that are known.
pub(super) fn read(reader: &mut Reader, file: &FoundFile, known: Option<&DocumentRecord>) -> Outcome {
    let mut record = DocumentRecord::new(&file.name);
    let refuse = |mut record: DocumentRecord, code: &str, reason: String| {
        record.refused = Some(Refusal {
            code: code.to_owned(),
            reason,
        });
        Outcome::New(record, Vec::new())
    };
    let bytes = match take(&file.path) {
        Ok(Taken::Whole(bytes, stamp)) => {
            record.stamp = stamp;
            bytes
        }
        Ok(Taken::TooBig(stamp)) => {
            record.stamp = stamp;
            let reason = format!(
                "the file is over {}; split it into parts",
                bytesize::ByteSize(MAX_FILE_BYTES)
            );
            return refuse(record, "too_big", reason);
        }
        Ok(Taken::Changing) => {
            return match known {
                // What was whole goes on answering.
                Some(known) => Outcome::Same(DocumentRecord {
                    stamp: None,
                    ..known.clone()
                }),
                None => refuse(
                    record,
                    "busy",
                    "the file is being written; it is read when that is done".to_owned(),
                ),
            };
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Outcome::Gone(record.name),
        Err(error) => {
            return refuse(
                record,
                "denied",
                format!("the system does not give the file: {error}; let docent read it"),
            );
        }
    };
    let version = version_of(&bytes);
    if let Some(known) = known.filter(|known| known.is_of(version)) {
        return Outcome::Same(DocumentRecord {
            stamp: record.stamp,
            ..known.clone()
        });
    }
    record.version = version.to_string();
    match reader.read(&file.name, &bytes) {
        Ok(reading) => {
            let Reading {
                entries,
                format,
                pages,
                language,
                lost,
                repaired,
                hidden,
            } = reading;
            let record = DocumentRecord {
                passages: entries.len() as u32,
                format,
                pages,
                language: Some(language),
                lost,
                repaired,
                hidden,
                ..record
            };
            Outcome::New(record, entries)
        }
        Err(Refusal { code, reason }) => refuse(record, &code, reason),
    }
}

/// The bytes of a file.
enum Taken {
    /// All of them, and by what the next change is told.
    Whole(Vec<u8>, Option<Stamp>),
    /// More than a document has.
    TooBig(Option<Stamp>),
    /// Somebody is writing it.
    Changing,
}

/// Reads a file that nobody is writing: its last change is a moment ago, and it does not change while it is read.
fn take(path: &Path) -> io::Result<Taken> {
    /// Programs that write a file in pieces do so with shorter pauses.
    const CALM: Duration = Duration::from_millis(100);
    /// Longer than it takes to save a document; the next look tries again.
    const PATIENCE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_millis(10);
    let begun = Instant::now();
    loop {
        let now = SystemTime::now();
        // Never waits, not even at a pipe that has taken the place of a file since the folder was looked at.
        let mut file = fs::File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        let before = file.metadata()?;
        if !before.is_file() {
            return Err(io::Error::other("it is no file of bytes"));
        }
        // A time of change in the future, or none, tells nothing.
        let age = before
            .modified()
            .ok()
            .and_then(|modified| now.duration_since(modified).ok());
        if age.is_none_or(|age| age >= CALM) {
            // Taken before the bytes: a change in between is seen by the next run.
            let stamp = Stamp::of(&before, now);
            if before.len() > MAX_FILE_BYTES {
                return Ok(Taken::TooBig(stamp));
            }
            let mut bytes = Vec::with_capacity(before.len() as usize);
            (&mut file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
            let after = fs::metadata(path)?;
            let stands = before.len() == after.len()
                && bytes.len() as u64 == after.len()
                && before.modified().ok() == after.modified().ok();
            if stands {
                return Ok(Taken::Whole(bytes, stamp));
            }
        }
        if begun.elapsed() >= PATIENCE {
            return Ok(Taken::Changing);
        }
        thread::sleep(PAUSE);
    }
}
