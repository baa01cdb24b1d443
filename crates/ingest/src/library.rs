//! The operator's folder: which assistants it holds and which files are their documents.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use docent_corpus::{Assistant, AssistantId, Language, Strictness};
use serde::Deserialize;

/// The file that makes a folder an assistant.
const MARK: &str = "assistant.toml";

/// Files of the library that are no documents.
const RESERVED: [&str; 7] = [
    MARK,
    "docent.toml",
    "questions.jsonl",
    "synonyms.txt",
    "answers.toml",
    "thumbs.db",
    "desktop.ini",
];

/// The library as it stands on disk.
#[derive(Debug)]
pub struct Library {
    /// The assistants, by id.
    pub assistants: Vec<AssistantFolder>,
    /// What was passed over and why, a sentence each.
    pub warnings: Vec<String>,
}

/// One assistant and its documents.
#[derive(Debug)]
pub struct AssistantFolder {
    /// Who answers.
    pub assistant: Assistant,
    /// The folder itself: where its `assistant.toml` and `questions.jsonl` are, if it has them.
    pub folder: PathBuf,
    /// The documents, by name.
    pub files: Vec<FoundFile>,
}

/// A file that should be read.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Path inside the assistant's folder, parted by `/`, in characters that can be shown: what is none is written as a
    /// number after a backslash.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The library cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The folder cannot be read.
    #[error("cannot read the library folder {path}")]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// One or more `assistant.toml` have to be mended; each line names file, place and remedy.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssistantToml {
    id: i64,
    name: String,
    #[serde(default)]
    description: String,
    fallback: Option<String>,
    greeting: Option<String>,
    language: Option<String>,
    strictness: Option<toml::Value>,
    #[serde(default)]
    suggestions: Vec<String>,
}

/// More first questions than this are a list to read, not a beginning.
const MAX_SUGGESTIONS: usize = 8;

/// Characters of one: two lines of a narrow screen are read at a glance, four are not.
const MAX_SUGGESTION_CHARS: usize = 120;

/// Looks through the folder.
///
/// A folder with an `assistant.toml` is an assistant; its files and folders are the documents, but for folders that are
/// assistants themselves. No `assistant.toml` anywhere: the whole folder is assistant 1, named after it. Hidden files, what
/// `.docentignore` and `.ignore` name, and the folder `except` are passed over. Symbolic links are followed when they lead to
/// another place inside `root`, so that assistants can share documents; those that lead outside are told and passed over.
///
/// # Errors
///
/// When the folder cannot be read, or an `assistant.toml` is not right: all of them are told at once.
pub fn scan(root: &Path, except: Option<&Path>) -> Result<Library, LibraryError> {
    let refuse = |source| LibraryError::Folder {
        path: root.to_owned(),
        source,
    };
    let root = root.canonicalize().map_err(refuse)?;
    fs::read_dir(&root).map_err(refuse)?;
    let except = except.and_then(|folder| folder.canonicalize().ok());
    let (paths, mut warnings) = walk(&root, except);
    let mut problems = Vec::new();
    let mut homes: Vec<(PathBuf, Assistant)> = Vec::new();
    let mut taken: HashMap<AssistantId, String> = HashMap::new();
    for path in paths
        .iter()
        .filter(|path| path.file_name().is_some_and(|name| name == MARK))
    {
        let file = shown(&root, path);
        match assistant(path) {
            Ok(assistant) => {
                if let Some(other) = taken.insert(assistant.id, file.clone()) {
                    problems.push(format!(
                        "{file}: id {} is also that of {other}; give each assistant its own",
                        assistant.id
                    ));
                }
                homes.push((path.parent().unwrap_or(&root).to_owned(), assistant));
            }
            Err(problem) => problems.push(format!("{file}: {problem}")),
        }
    }
    if !problems.is_empty() {
        return Err(LibraryError::Settings(problems));
    }
    if homes.is_empty() {
        let name = root
            .file_name()
            .map_or_else(|| "docent".to_owned(), |name| name.to_string_lossy().into_owned());
        homes.push((root.clone(), Assistant::new(AssistantId(1), name)));
    }
    let mut assistants: Vec<AssistantFolder> = homes
        .iter()
        .map(|(folder, assistant)| AssistantFolder {
            assistant: assistant.clone(),
            folder: folder.clone(),
            files: Vec::new(),
        })
        .collect();
    let mut names: HashSet<(usize, String)> = HashSet::new();
    for path in paths {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if !may_be_document(&name) {
            continue;
        }
        let home = (0..homes.len())
            .filter(|&at| path.starts_with(&homes[at].0))
            .max_by_key(|&at| homes[at].0.as_os_str().len());
        match home {
            Some(at) => {
                let name = shown(&homes[at].0, &path);
                if names.insert((at, name.clone())) {
                    assistants[at].files.push(FoundFile { name, path });
                } else {
                    warnings.push(format!(
                        "{name}: two files are shown by this name; rename one of them"
                    ));
                }
            }
            None => warnings.push(format!(
                "{}: belongs to no assistant; put it into a folder with an {MARK}",
                shown(&root, &path)
            )),
        }
    }
    assistants.sort_by_key(|found| found.assistant.id);
    Ok(Library { assistants, warnings })
}

/// Tells whether a file of this name is a document as far as its name goes: no settings, no lock and no draft of an office.
pub fn may_be_document(name: &str) -> bool {
    let name = name.to_lowercase();
    let extension = Path::new(&name).extension();
    !RESERVED.contains(&name.as_str())
        && !name.starts_with("~$")
        && extension.is_none_or(|extension| extension != "tmp")
}

/// Returns the files, and a sentence for whatever could not be looked at.
fn walk(root: &Path, except: Option<PathBuf>) -> (Vec<PathBuf>, Vec<String>) {
    let outside = Arc::new(Mutex::new(Vec::new()));
    let told = outside.clone();
    let home = root.to_owned();
    let inside = move |entry: &ignore::DirEntry| {
        if except.as_deref() == Some(entry.path()) {
            return false;
        }
        let leaves = entry.path_is_symlink()
            && entry
                .path()
                .canonicalize()
                .is_ok_and(|target| !target.starts_with(&home));
        if leaves && let Ok(mut told) = told.lock() {
            told.push(format!(
                "{}: a symbolic link that leads out of the library is not followed; copy the file into it",
                shown(&home, entry.path())
            ));
        }
        !leaves
    };
    let entries = ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .hidden(true)
        .ignore(true)
        .parents(false)
        .follow_links(true)
        .add_custom_ignore_filename(".docentignore")
        .sort_by_file_path(Ord::cmp)
        .filter_entry(inside)
        .build();
    let (mut paths, mut warnings) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                paths.push(entry.into_path());
            }
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
            Ok(entry) => warnings.push(format!(
                "{}: a pipe, a socket or a device is no document; passed over",
                shown(root, entry.path())
            )),
            Err(error) => warnings.push(format!("passed over: {}", visible(&error.to_string()))),
        }
    }
    if let Ok(mut outside) = outside.lock() {
        warnings.append(&mut outside);
    }
    (paths, warnings)
}

fn shown(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let mut shown = String::new();
    for (nth, part) in inside.components().enumerate() {
        if nth > 0 {
            shown.push('/');
        }
        for chunk in part.as_os_str().as_encoded_bytes().utf8_chunks() {
            shown.push_str(&visible(chunk.valid()));
            for byte in chunk.invalid() {
                let _ = write!(shown, "\\x{byte:02x}");
            }
        }
    }
    shown
}

/// Writes control characters as numbers: a name with a line end must not make two lines of a log.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

fn assistant(path: &Path) -> Result<Assistant, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let read: AssistantToml = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        });
        format!(
            "line {line}: {}; known keys are id, name, description, fallback, greeting, language, strictness, suggestions",
            error.message()
        )
    })?;
    let AssistantToml {
        id,
        name,
        description,
        fallback,
        greeting,
        language,
        strictness,
        suggestions,
    } = read;
    if name.trim().is_empty() {
        return Err("`name` is empty; people read it in the list of assistants".to_owned());
    }
    check_suggestions(&suggestions)?;
    let language = language
        .map(|code| code.parse::<Language>().map_err(|error| error_line(&error)))
        .transpose()?;
    Ok(Assistant {
        description,
        fallback,
        greeting,
        language,
        strictness: strictness
            .as_ref()
            .map_or_else(|| Ok(Strictness::default()), as_strictness)?,
        suggestions,
        ..Assistant::new(AssistantId(id), name)
    })
}

fn check_suggestions(suggestions: &[String]) -> Result<(), String> {
    if suggestions.len() > MAX_SUGGESTIONS {
        return Err(format!(
            "`suggestions` has {} questions; keep the {MAX_SUGGESTIONS} that people ask most",
            suggestions.len()
        ));
    }
    for (nth, one) in suggestions.iter().enumerate() {
        let chars = one.chars().count();
        if one.trim().is_empty() || chars > MAX_SUGGESTION_CHARS {
            return Err(format!(
                "question {} of `suggestions` has {chars} characters; it must have 1 to {MAX_SUGGESTION_CHARS}",
                nth + 1
            ));
        }
    }
    Ok(())
}

fn as_strictness(written: &toml::Value) -> Result<Strictness, String> {
    let number = written
        .as_float()
        .or_else(|| written.as_integer().map(|whole| whole as f64));
    match (written.as_str(), number) {
        (Some("careful"), _) => Ok(Strictness::Careful),
        (Some("balanced"), _) => Ok(Strictness::Balanced),
        (Some("open"), _) => Ok(Strictness::Open),
        (_, Some(number)) if (0.0..=1.0).contains(&number) => Ok(Strictness::At((number * 1_000.0) as u16)),
        _ => Err(format!(
            "`strictness` is {written}; it must be \"careful\", \"balanced\", \"open\" or a probability from 0 to 1"
        )),
    }
}

fn error_line(error: &dyn std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Library, LibraryError>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = scan(folder.path(), None);
        (folder, found)
    }

    #[test]
    fn a_folder_without_settings_is_one_assistant() {
        let (folder, found) = library(&[
            ("a.txt", "x"),
            ("deep/b.md", "x"),
            (".hidden", "x"),
            (".docent/c.txt", "x"),
        ]);
        let found = found.unwrap();
        assert_eq!(found.assistants.len(), 1);
        assert_eq!(found.assistants[0].assistant.id, AssistantId(1));
        assert_eq!(
            found.assistants[0].assistant.name,
            folder.path().file_name().unwrap().to_str().unwrap()
        );
        assert_eq!(
            found.assistants[0]
                .files
                .iter()
                .map(|file| file.name.as_str())
                .collect::<Vec<_>>(),
            ["a.txt", "deep/b.md"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_cannot_be_shown_are_written_so_that_they_can() {
        use std::os::unix::ffi::OsStrExt as _;
        let (folder, _) = library(&[("a\nb.txt", "x"), ("\u{1b}[31m.txt", "x")]);
        let odd =
            |name: &[u8]| fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
        odd(b"\xcf\xf0\xe8.txt");
        odd(b"\xcf\xf0\xe9.txt");
        odd(b"a\\nb.txt");
        let found = scan(folder.path(), None).unwrap();
        let names: Vec<&str> = found.assistants[0]
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "\\u{1b}[31m.txt",
                "a\\nb.txt",
                "\\xcf\\xf0\\xe8.txt",
                "\\xcf\\xf0\\xe9.txt"
            ]
        );
        assert_eq!(
            found.warnings,
            ["a\\nb.txt: two files are shown by this name; rename one of them"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_told_and_a_loop_of_links_ends() {
        let (folder, _) = library(&[("a/b.txt", "x")]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.txt")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/again")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("broken.txt")).unwrap();
        let found = scan(folder.path(), None).unwrap();
        assert_eq!(found.assistants[0].files.len(), 1);
        let told = found.warnings.join("\n");
        assert!(
            told.contains("socket.txt: a pipe, a socket or a device"),
            "{told}"
        );
        assert!(told.contains("a/again") && told.contains("broken.txt"), "{told}");
        assert_eq!(found.warnings.len(), 3, "{told}");
    }

    #[test]
    fn each_assistant_has_its_own_files() {
        let (_folder, found) = library(&[
            ("b/assistant.toml", "id = 2\nname = \"B\""),
            ("b/1.txt", "x"),
            (
                "b/inner/assistant.toml",
                "id = 1\nname = \"A\"\nlanguage = \"kk\"",
            ),
            ("b/inner/2.txt", "x"),
            ("stray.txt", "x"),
        ]);
        let found = found.unwrap();
        let files: Vec<_> = found
            .assistants
            .iter()
            .map(|one| (one.assistant.id.0, one.files[0].name.clone(), one.files.len()))
            .collect();
        assert_eq!(files, [(1, "2.txt".to_owned(), 1), (2, "1.txt".to_owned(), 1)]);
        assert!(found.warnings[0].starts_with("stray.txt"));
    }

    #[test]
    fn an_assistant_may_suggest_a_few_short_questions() {
        let (_folder, found) = library(&[(
            "a/assistant.toml",
            "id = 1\nname = \"A\"\nsuggestions = [\"Как пройти?\", \"Когда открыто?\"]",
        )]);
        let found = found.unwrap();
        assert_eq!(
            found.assistants[0].assistant.suggestions,
            ["Как пройти?", "Когда открыто?"]
        );
        let long = format!("\"{}\"", "ж".repeat(MAX_SUGGESTION_CHARS + 1));
        let many = ["\"Где?\""; MAX_SUGGESTIONS + 1].join(", ");
        for (written, told) in [
            (many.as_str(), "9 questions; keep the 8"),
            (&long, "has 121 characters"),
            ("\"Где?\", \" \"", "question 2 of `suggestions`"),
        ] {
            let text = format!("id = 1\nname = \"A\"\nsuggestions = [{written}]");
            let (_folder, found) = library(&[("a/assistant.toml", &text)]);
            let problem = found.unwrap_err().to_string();
            assert!(problem.contains(told), "{problem}");
        }
    }

    #[test]
    fn every_wrong_setting_is_named_with_file_and_line() {
        let (_folder, found) = library(&[
            ("a/assistant.toml", "id = 1\nname = \"A\"\ndescripton = \"x\""),
            ("b/assistant.toml", "id = 2"),
            ("c/assistant.toml", "id = 3\nname = \"C\""),
            ("d/assistant.toml", "id = 3\nname = \"D\""),
        ]);
        let LibraryError::Settings(problems) = found.unwrap_err() else {
            panic!("settings were wrong")
        };
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0].starts_with("a/assistant.toml: line 3: unknown field `descripton`"),
            "{problems:?}"
        );
        assert!(problems[1].contains("missing field `name`"), "{problems:?}");
        assert!(
            problems[2].contains("id 3 is also that of c/assistant.toml"),
            "{problems:?}"
        );
    }
}
