//! The keeper's desk behind its pages: the library's folder, the index that answers, and a trial of a question.
//!
//! Owns taking documents in and out of the folder. A file is written beside its place under a hidden name, read once by a
//! confined reader as it will be for the index, and only then renamed into its place, so that the folder never holds half of one or
//! one that cannot be read. Leaves making a change effective to `watch`, and waits for it.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use docent_answer::Curated;
use docent_corpus::{AssistantId, Version};
use docent_gateway::{
    Asking, ChangeRefused as Refused, DocumentRecord, DocumentState, Done, Effect, Figures, Flaw, Group,
    Lately, NewAnswer, NewDocument, NewLesson, OwnAnswer, OwnAnswers, Progress, Shelf, Shelves, Standing,
    Trouble, Unread, Unwritten,
};
use docent_index::{Generation, Refusal};
use docent_ingest::{
    AssistantFolder, Fits, FoundFile, MAX_FILE_BYTES, fits, is_known_ending, may_be_document, scan,
    version_of,
};
use tempfile::NamedTempFile;

use crate::desk::Desk;
use crate::journal::Wanted;
use crate::looks::{Ended, Looks};
use crate::reader::{Reader, Reading};
use crate::status::{Row, State, Status};
use crate::trial;
use crate::watch::Stir;
use crate::{answers, asked, edits};

/// What the name of a file begins with until it is whole; hidden, so that nobody reads it.
const PREFIX: &str = ".docent-upload-";

/// A file of that name that nobody has written to for so long is left over from a server that was killed.
const LEFT_OVER: Duration = Duration::from_hours(1);

/// Bytes of a name: file systems take 255, and the one while it is written is longer.
const NAME_BYTES: usize = 200;

/// How long the page waits until a change answers; a large library takes longer and goes on by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// The keeper of a library that is served.
pub(crate) struct Keeper {
    desk: Arc<Desk>,
    root: PathBuf,
    data: PathBuf,
    looks: Arc<Looks>,
    /// Asks for a look at the folder.
    stir: Option<SyncSender<Stir>>,
    /// One file is checked at a time: each is whole in memory for it.
    checking: Mutex<()>,
    journal: Wanted,
    /// One line is added at a time: each is added to what stands there.
    adding: Mutex<()>,
}

impl Keeper {
    pub(crate) fn new(
        desk: Arc<Desk>,
        root: &Path,
        data: &Path,
        looks: Arc<Looks>,
        stir: Option<SyncSender<Stir>>,
        journal: Wanted,
    ) -> Self {
        Self {
            desk,
            root: root.to_owned(),
            data: data.to_owned(),
            looks,
            stir,
            checking: Mutex::new(()),
            journal,
            adding: Mutex::new(()),
        }
    }

    /// Returns an assistant's folder with its documents.
    fn home(&self, assistant: AssistantId) -> Result<AssistantFolder, Refused> {
        let library = scan(&self.root, Some(&self.data)).map_err(|error| {
            tracing::warn!(%error, "the library cannot be looked at");
            Refused::Failed
        })?;
        let mut homes = library.assistants.into_iter();
        homes
            .find(|home| home.assistant.id == assistant)
            .ok_or(Refused::Unknown)
    }

    /// Adds to the folder of an assistant, and waits until that is taken in.
    fn add(
        &self,
        assistant: AssistantId,
        adds: impl FnOnce(&Path) -> Result<(), edits::Unwritten>,
    ) -> Result<Effect, Unwritten> {
        let _turn = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let home = self.home(assistant).map_err(|_| Unwritten::Unknown)?;
        adds(&home.folder).map_err(unwritten)?;
        let looked = self
            .stir
            .as_ref()
            .and_then(|stir| self.looks.fresh(stir, PATIENCE));
        Ok(match looked {
            Some(Ended::Live) => Effect::Live,
            Some(Ended::Held) => Effect::Held,
            Some(Ended::Failed) | None => Effect::Later,
        })
    }

    /// Waits until the index that answers is as wanted.
    fn effective(&self, wanted: impl Fn(&Generation) -> bool) -> Effect {
        let begun = Instant::now();
        loop {
            if self.desk.index(&wanted) {
                return Effect::Live;
            }
            let Some(stir) = &self.stir else {
                return Effect::Later;
            };
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.looks.fresh(stir, left) {
                // It may have been looked at in the moment before the change could be told.
                Some(Ended::Live) => {}
                Some(Ended::Held) => return Effect::Held,
                Some(Ended::Failed) | None => return Effect::Later,
            }
        }
    }

    /// Reads a file as it will be read for the index; returns what it is known by, what was read, and its kind where its ending
    /// names another.
    fn check(&self, file: &Path, name: &str) -> Result<(Version, Reading, Option<String>), Refused> {
        let _turn = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = fs::read(file).map_err(|error| failed(&error))?;
        match Reader::default().read(name, &bytes) {
            Ok(reading) => {
                let agrees = fits(name, &reading.format);
                let ending = || ending(Path::new(name)).unwrap_or_default();
                match agrees {
                    Fits::Well => Ok((version_of(&bytes), reading, None)),
                    Fits::Nearly => {
                        let really = Some(reading.format.clone());
                        Ok((version_of(&bytes), reading, really))
                    }
                    Fits::Not => Err(Refused::Disagrees(reading.format, ending())),
                }
            }
            Err(Refusal { code, reason }) => Err(Refused::Unread(Unread { code, reason })),
        }
    }
}

impl docent_gateway::Keeper for Keeper {
    fn shelves(&self) -> Result<Shelves, Trouble> {
        let library =
            scan(&self.root, Some(&self.data)).map_err(|error| Trouble::Library(Box::new(error)))?;
        let status = self.desk.index(|index| Status::of(library, Some(index), None));
        let shelves = status.assistants.into_iter().map(|(assistant, rows)| Shelf {
            id: assistant.id,
            name: assistant.name,
            documents: rows.into_iter().map(record).collect(),
        });
        Ok(Shelves {
            assistants: shelves.collect(),
            warnings: status.warnings,
        })
    }

    fn progress(&self) -> Progress {
        let (last, reading) = self.looks.last();
        Progress {
            generation: self.desk.index(Generation::number),
            reading,
            failed: last == Ended::Failed,
            held: last == Ended::Held,
        }
    }

    fn ask(&self, assistant: AssistantId, question: String) -> Asking {
        Box::pin(trial::ask(self.desk.clone(), assistant, question))
    }

    fn unanswered(&self, lately: Lately) -> Result<Option<Vec<Group>>, Trouble> {
        asked::groups(&self.journal, &self.data, lately)
    }

    fn figures(&self, lately: Lately) -> Result<Option<Figures>, Trouble> {
        asked::figures(&self.journal, &self.data, lately)
    }

    fn curate(&self, new: NewAnswer) -> Result<Effect, Unwritten> {
        let assistant = new.assistant;
        let today = answers::day(SystemTime::now());
        self.add(assistant, |folder| edits::curate(folder, curated(new), &today))
    }

    fn own(&self, assistant: AssistantId) -> Result<OwnAnswers, Trouble> {
        let home = self.home(assistant).map_err(|_| Trouble::UnknownAssistant)?;
        let (read, faults) = answers::of(&home);
        let today = answers::day(SystemTime::now());
        let shown = |one: Curated| OwnAnswer {
            line: one.line,
            mark: edits::mark(&one),
            over: one.is_over(&today),
            questions: one.questions,
            text: one.text,
            until: one.until,
            source: one.source,
        };
        Ok(OwnAnswers {
            answers: read.into_iter().map(shown).collect(),
            faults,
        })
    }

    fn revise(&self, was: OwnAnswer, new: NewAnswer) -> Result<Effect, Unwritten> {
        let assistant = new.assistant;
        let today = answers::day(SystemTime::now());
        self.add(assistant, |folder| {
            edits::revise(folder, (was.line, &was.mark), curated(new), &today)
        })
    }

    fn withdraw(&self, assistant: AssistantId, was: OwnAnswer) -> Result<Effect, Unwritten> {
        self.add(assistant, |folder| edits::withdraw(folder, (was.line, &was.mark)))
    }

    fn standing(&self, assistant: AssistantId, questions: &[String]) -> Result<Vec<Standing>, Trouble> {
        let standing = |question: &String| trial::standing(&self.desk, assistant, question);
        questions.iter().map(standing).collect()
    }

    fn teach(&self, new: NewLesson) -> Result<Effect, Unwritten> {
        let NewLesson {
            assistant,
            question,
            document,
            section,
            contains,
        } = new;
        let lesson = edits::Lesson {
            question,
            document,
            section,
            contains,
        };
        self.add(assistant, |folder| edits::teach(folder, &lesson))
    }

    fn put(&self, new: NewDocument, bytes: &mut dyn Read) -> Result<Done, Refused> {
        let home = self.home(new.assistant)?;
        let place = Place::of(&home, &new)?;
        let folder = place.path.parent().unwrap_or(&home.folder);
        take_away_left_overs(folder);
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            // As any program that saves a file: the rest is for the umask.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| failed(&error))?;
        let most = new.most_bytes.min(MAX_FILE_BYTES);
        copy(bytes, file.as_file_mut(), most)?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        let (version, reading, really) = self.check(file.path(), &place.name)?;
        place.fill(file)?;
        // A name that is not on disk yet would be the former after a crash, which is no harm: the file is whole either way.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        let effect = self.effective(|index| {
            let record = index.manifest().document(new.assistant, &place.name);
            record.is_some_and(|record| record.is_of(version))
        });
        Ok(Done {
            name: place.name,
            effect,
            lost: reading.lost,
            hidden: reading.hidden,
            really,
        })
    }

    fn delete(&self, assistant: AssistantId, name: &str) -> Result<Done, Refused> {
        let home = self.home(assistant)?;
        let file = found(&home, name)?;
        fs::remove_file(&file.path).map_err(|error| failed(&error))?;
        let effect = self.effective(|index| index.manifest().document(assistant, name).is_none());
        Ok(Done {
            name: name.to_owned(),
            effect,
            lost: Vec::new(),
            hidden: Vec::new(),
            really: None,
        })
    }
}

/// Returns a document of an assistant that lies in its own folder: what a link shows of another one's is changed there.
fn found<'a>(home: &'a AssistantFolder, name: &str) -> Result<&'a FoundFile, Refused> {
    let file = home
        .files
        .iter()
        .find(|file| file.name == name)
        .ok_or(Refused::Unknown)?;
    let folder = file.path.parent().and_then(|folder| folder.canonicalize().ok());
    let own = home.folder.canonicalize().ok();
    match (folder, own) {
        (Some(folder), Some(own)) if folder.starts_with(&own) => Ok(file),
        _ => Err(Refused::Shared),
    }
}

/// Where a file goes.
struct Place {
    name: String,
    path: PathBuf,
    replaces: bool,
}

impl Place {
    fn of(home: &AssistantFolder, new: &NewDocument) -> Result<Self, Refused> {
        let sent = safe(&new.file);
        let Some(replaced) = &new.replaces else {
            let name = sent.ok_or(Refused::Name)?;
            let ending = ending(Path::new(&name)).unwrap_or_default();
            if !is_known_ending(&ending) {
                return Err(Refused::Ending(ending));
            }
            let path = home.folder.join(&name);
            return if fs::symlink_metadata(&path).is_ok() {
                Err(Refused::Exists(name))
            } else {
                Ok(Self {
                    name,
                    path,
                    replaces: false,
                })
            };
        };
        let file = found(home, replaced)?;
        // Readers go by content, people by the ending.
        let (wanted, is) = (ending(&file.path), ending(Path::new(&new.file)));
        if wanted != is {
            return Err(Refused::OtherKind(
                wanted.map_or_else(String::new, |ending| format!(".{ending}")),
            ));
        }
        Ok(Self {
            name: replaced.clone(),
            path: file.path.clone(),
            replaces: true,
        })
    }

    /// Puts a whole file into the place, in one step.
    fn fill(&self, file: NamedTempFile) -> Result<(), Refused> {
        let put = if self.replaces {
            file.persist(&self.path)
        } else {
            // Somebody may have put one there since.
            file.persist_noclobber(&self.path)
        };
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Refused::Exists(self.name.clone()))
            }
            Err(error) => Err(failed(&error.error)),
        }
    }
}

/// Returns the ending of a name, in small letters.
fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?;
    Some(ending.to_string_lossy().to_lowercase())
}

/// Returns the last part of a path as browsers of any system send it, if a document may be called so.
fn safe(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    // Signs that nobody sees, or that turn the order of letters around, would make a name look like another.
    let hidden = |sign: char| {
        sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let fine = !name.is_empty()
        && name.len() <= NAME_BYTES
        && !name.starts_with('.')
        && !name.contains(hidden)
        && may_be_document(name);
    fine.then(|| name.to_owned())
}

/// Writes all that comes, if that is not too much.
fn copy(from: &mut dyn Read, to: &mut File, most: u64) -> Result<(), Refused> {
    // As much as a piece that comes over the network.
    let mut piece = vec![0; 64 << 10];
    let mut all = 0;
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) if all == 0 => return Err(Refused::Empty),
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Refused::BrokenOff),
        };
        all += count as u64;
        if all > most {
            return Err(Refused::TooBig(most));
        }
        to.write_all(&piece[..count]).map_err(|error| failed(&error))?;
    }
}

/// Deletes what uploads to a server that was killed have left in a folder.
fn take_away_left_overs(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        let old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_OVER));
        if ours && old {
            // One that cannot be deleted stays, hidden as it is.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn curated(new: NewAnswer) -> Curated {
    let NewAnswer {
        assistant: _,
        questions,
        text,
        until,
        source,
    } = new;
    Curated {
        questions,
        text,
        until,
        source,
        line: 0,
    }
}

/// Tells the page why nothing was changed; what the system says goes to the log.
fn unwritten(refused: edits::Unwritten) -> Unwritten {
    use edits::Unwritten as Edit;
    Unwritten::Unfit(match refused {
        Edit::Flaw(flaw) => match flaw {
            answers::Flaw::NoQuestion => Flaw::NoQuestion,
            answers::Flaw::ManyQuestions => Flaw::ManyQuestions(answers::MOST_QUESTIONS),
            answers::Flaw::LongQuestion => Flaw::LongQuestion(answers::QUESTION_CHARS),
            answers::Flaw::NoText => Flaw::NoText,
            answers::Flaw::LongText => Flaw::LongText(answers::TEXT_CHARS),
        },
        Edit::NoDate => Flaw::NoDate,
        Edit::Past => Flaw::Past,
        Edit::NoDocument => Flaw::NoDocument,
        Edit::Taken { line } => return Unwritten::Answered(line),
        Edit::Changed => return Unwritten::Changed,
        Edit::Broken { file, what } => return Unwritten::Broken(file, what),
        Edit::Io { file, source } => {
            tracing::warn!(error = %source, "{file} cannot be written");
            return Unwritten::Failed;
        }
    })
}

/// Tells what the system has against a change.
fn failed(error: &io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Refused::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Refused::Full,
        io::ErrorKind::NotFound => Refused::Unknown,
        _ => {
            tracing::warn!(%error, "a change of the documents could not be made");
            Refused::Failed
        }
    }
}

fn record(Row { state, record, path }: Row) -> DocumentRecord {
    let metadata = path.and_then(|path| fs::metadata(path).ok());
    DocumentRecord {
        name: record.name,
        state: match state {
            State::Read => DocumentState::Read,
            State::Partly => DocumentState::Partly,
            State::Failed => DocumentState::Failed,
            State::New => DocumentState::New,
            State::Changed => DocumentState::Changed,
            State::Gone => DocumentState::Gone,
        },
        format: Some(record.format).filter(|format| !format.is_empty()),
        language: record.language,
        pages: record.pages,
        passages: record.passages,
        bytes: metadata.as_ref().map(fs::Metadata::len),
        changed: metadata.and_then(|metadata| metadata.modified().ok()),
        failure: record
            .refused
            .map(|Refusal { code, reason }| Unread { code, reason }),
        lost: record.lost,
        repaired: record.repaired,
        hidden: record.hidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_last_part_of_what_a_browser_sends_and_never_that_of_settings() {
        for (sent, expected) in [
            ("Приказ 12.docx", Some("Приказ 12.docx")),
            ("C:\\Users\\a\\план.pdf", Some("план.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("<img src=x>.txt", Some("<img src=x>.txt")),
            ("..", None),
            (".htaccess", None),
            ("", None),
            ("a/", None),
            ("assistant.toml", None),
            ("Questions.JSONL", None),
            ("synonyms.txt", None),
            ("answers.toml", None),
            ("~$план.docx", None),
            ("a.tmp", None),
            ("a\0.txt", None),
            ("a\n.txt", None),
            ("fdp.\u{202e}txt", None),
        ] {
            assert_eq!(safe(sent).as_deref(), expected, "{sent:?}");
        }
        assert_eq!(safe(&"я".repeat(101)), None);
    }

    #[test]
    fn what_the_system_has_against_a_change_is_told_apart() {
        for (kind, expected) in [
            (io::ErrorKind::PermissionDenied, Refused::ReadOnly),
            (io::ErrorKind::ReadOnlyFilesystem, Refused::ReadOnly),
            (io::ErrorKind::StorageFull, Refused::Full),
            (io::ErrorKind::NotFound, Refused::Unknown),
            (io::ErrorKind::Other, Refused::Failed),
        ] {
            assert_eq!(failed(&kind.into()), expected);
        }
    }

    #[test]
    fn an_upload_ends_at_its_limit_and_an_empty_or_broken_one_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let copied = |from: &mut dyn Read| copy(from, &mut tempfile::tempfile().unwrap(), 4);
        assert_eq!(copied(&mut b"1234".as_slice()), Ok(()));
        assert_eq!(copied(&mut b"12345".as_slice()), Err(Refused::TooBig(4)));
        assert_eq!(copied(&mut b"".as_slice()), Err(Refused::Empty));
        assert_eq!(copied(&mut b"12".chain(Broken)), Err(Refused::BrokenOff));
    }

    #[test]
    fn what_a_link_shows_of_another_assistant_is_not_changed_from_here() {
        let root = tempfile::tempdir().unwrap();
        for (id, name) in [(1, "a"), (2, "b")] {
            let folder = root.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(
                folder.join("assistant.toml"),
                format!("id = {id}\nname = \"{name}\"\n"),
            )
            .unwrap();
        }
        fs::create_dir(root.path().join("b/deep")).unwrap();
        fs::write(root.path().join("b/deep/x.txt"), "x").unwrap();
        std::os::unix::fs::symlink("../b/deep", root.path().join("a/shown")).unwrap();
        let homes = scan(root.path(), None).unwrap().assistants;
        assert_eq!(found(&homes[0], "shown/x.txt"), Err(Refused::Shared));
        assert!(found(&homes[1], "deep/x.txt").is_ok());
        assert_eq!(found(&homes[1], "../a/assistant.toml"), Err(Refused::Unknown));
    }
}
