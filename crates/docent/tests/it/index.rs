//! The index on disk and the command line, by running the program on small libraries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

pub(crate) struct Library {
    folder: tempfile::TempDir,
}

impl Library {
    /// Writes the files, changed long enough ago for their time of change to be trusted.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let library = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            library.write(name, text);
        }
        library
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let before = SystemTime::now() - Duration::from_mins(1);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(before)
            .unwrap();
    }

    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Output {
        docent(&[&[command, self.path().to_str().unwrap()], arguments].concat())
    }

    pub(crate) fn index(&self) -> String {
        let done = self.run("index", &[]);
        assert!(done.status.success(), "{}", shown(&done));
        String::from_utf8(done.stderr).unwrap()
    }

    pub(crate) fn ask(&self, question: &str) -> String {
        String::from_utf8(self.run("ask", &[question]).stdout).unwrap()
    }
}

pub(crate) fn docent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn shown(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const LEAVE: &str = "Ежегодный отпуск сотрудника длится двадцать восемь календарных дней.\n";
const PAY: &str = "Зарплата перечисляется на карту сотрудника пятого и двадцатого числа.\n";

#[test]
fn only_what_changed_is_read_again_and_a_deleted_document_is_forgotten() {
    let library = Library::of(&[("leave.txt", LEAVE), ("pay.txt", PAY)]);
    assert!(library.index().contains("2 read now, 0 removed"));
    assert!(library.index().contains("nothing has changed"));
    assert!(
        library
            .ask("Сколько длится ежегодный отпуск?")
            .contains("двадцать восемь")
    );
    // The same words under a new time of change: looked at, not read.
    library.write("pay.txt", PAY);
    assert!(library.index().contains("0 read now, 0 removed"));
    library.write("leave.txt", &LEAVE.replace("двадцать восемь", "тридцать"));
    assert!(library.index().contains("1 read now, 0 removed"));
    assert!(
        library
            .ask("Сколько длится ежегодный отпуск?")
            .contains("тридцать")
    );
    fs::remove_file(library.path().join("leave.txt")).unwrap();
    // `ask` brings the index up to date by itself.
    assert!(
        library
            .ask("Сколько длится ежегодный отпуск?")
            .starts_with("К сожалению")
    );
    assert!(
        library
            .ask("Когда перечисляется зарплата сотрудника?")
            .contains("[1] pay")
    );
}

#[test]
fn a_changed_file_is_seen_even_when_size_and_time_stand_still() {
    let library = Library::of(&[]);
    let path = library.path().join("leave.txt");
    // Written just now, so its time of change cannot be trusted yet.
    fs::write(&path, LEAVE).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    library.index();
    let other = LEAVE.replace("двадцать", "тридцать");
    assert_eq!(other.len(), LEAVE.len());
    fs::write(&path, other).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    assert!(
        library
            .ask("Сколько длится ежегодный отпуск?")
            .contains("тридцать восемь")
    );
}

#[test]
fn a_damaged_index_is_made_anew_from_the_documents() {
    let library = Library::of(&[("leave.txt", LEAVE)]);
    library.index();
    let cut = files(&library.path().join(".docent"));
    for path in cut
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "store"))
    {
        fs::write(path, "x").unwrap();
    }
    let asked = library.run("ask", &["Сколько длится ежегодный отпуск?"]);
    assert!(
        shown(&asked).contains("damaged") && shown(&asked).contains("двадцать восемь"),
        "{}",
        shown(&asked)
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Kills the indexer at ten moments of its run; whatever the moment, the library answers and the next run completes.
#[test]
fn a_kill_at_any_moment_leaves_an_index_that_answers() {
    let library = Library::of(&[("leave.txt", LEAVE)]);
    library.index();
    for round in 0..10u32 {
        for number in 0..20 {
            library.write(
                &format!("{number}.md"),
                &format!("# Раздел {round} {number}\n\n{}", PAY.repeat(20)),
            );
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_docent"))
            .arg("index")
            .arg(library.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The waits differ so that different steps are hit; nothing depends on which.
        std::thread::sleep(Duration::from_millis(u64::from(round) * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = docent_index::Store::new(library.path().join(".docent"), docent_ingest::READER_VERSION);
        let generation = store.open().unwrap().expect("the first generation was whole");
        let only = docent_corpus::AssistantId(1);
        assert!(!generation.index(only).unwrap().is_empty());
        assert!(
            library
                .ask("Сколько длится ежегодный отпуск?")
                .contains("двадцать восемь")
        );
        assert!(
            library.index().contains("nothing has changed"),
            "`ask` has completed what the kill cut off"
        );
    }
}

#[test]
fn failures_have_exit_codes_causes_and_hints() {
    let code = |output: &Output| output.status.code();
    let missing = docent(&["index", "/no/such/folder"]);
    assert_eq!(code(&missing), Some(4), "{}", shown(&missing));
    let text = shown(&missing);
    assert!(
        text.contains("error: cannot read the library folder")
            && text.contains("caused by: ")
            && text.contains("hint: "),
        "{text}"
    );

    let library = Library::of(&[("docent.toml", "locael = \"ru\"\n"), ("a.txt", LEAVE)]);
    let wrong = library.run("index", &[]);
    assert_eq!(code(&wrong), Some(4));
    assert!(
        shown(&wrong).contains("docent.toml, line 1: unknown key `locael`; did you mean `locale`?"),
        "{}",
        shown(&wrong)
    );

    let library = Library::of(&[("a.txt", LEAVE), ("picture.txt", "\u{0}\u{1}\u{2}\u{0}")]);
    let partly = library.run("index", &[]);
    assert_eq!(code(&partly), Some(0), "one bad document never stops the rest");
    assert!(
        shown(&partly).contains("warning: picture.txt"),
        "{}",
        shown(&partly)
    );
    assert_eq!(code(&library.run("ask", &["Рецепт борща с говядиной"])), Some(3));
    assert_eq!(
        code(&library.run("ask", &["Отпуск?", "--assistant", "7"])),
        Some(1)
    );
    assert_eq!(code(&library.run("ask", &[])), Some(2));
    let file = library.path().join("picture.txt");
    assert_eq!(code(&docent(&["extract", file.to_str().unwrap()])), Some(6));
    let nowhere = library.run("index", &["--data", "/proc/no"]);
    assert_eq!(code(&nowhere), Some(5), "{}", shown(&nowhere));
    assert!(
        shown(&nowhere).contains("hint: ") && shown(&nowhere).contains("--data"),
        "{}",
        shown(&nowhere)
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(code(&library.run("serve", &["--listen", &address])), Some(7));
}

#[test]
fn settings_of_the_library_hold_and_the_command_line_goes_before_them() {
    let library = Library::of(&[("docent.toml", "data = \"elsewhere\"\n"), ("a.txt", LEAVE)]);
    library.index();
    assert!(library.path().join("elsewhere/CURRENT").is_file());
    assert!(!library.path().join(".docent").exists());
    // The index inside the library is no document of it.
    let again = library.index();
    assert!(
        again.contains("1 document, 0 not readable") && again.contains("nothing has changed"),
        "{again}"
    );
    let other = tempfile::tempdir().unwrap();
    library.run("index", &["--data", other.path().to_str().unwrap()]);
    assert!(other.path().join("CURRENT").is_file());
    let printed = docent(&["config", library.path().to_str().unwrap()]);
    assert!(
        shown(&printed).contains("\ndata = \"elsewhere\"\n"),
        "{}",
        shown(&printed)
    );
}

#[test]
fn links_inside_the_library_are_followed_and_links_out_of_it_are_not() {
    let outside = Library::of(&[("secret.txt", "Пароль от сейфа хранится у директора агентства.\n")]);
    let library = Library::of(&[
        ("a/leave.txt", LEAVE),
        (".ignore", "draft*\n"),
        ("draft.txt", PAY),
    ]);
    let link =
        |target: &Path, name: &str| std::os::unix::fs::symlink(target, library.path().join(name)).unwrap();
    link(&outside.path().join("secret.txt"), "secret.txt");
    link(outside.path(), "folder");
    link(&library.path().join("a"), "b");
    let told = library.index();
    assert!(
        told.contains("warning: secret.txt: ") && told.contains("warning: folder: "),
        "{told}"
    );
    assert!(
        told.contains("2 documents"),
        "a/leave.txt and b/leave.txt: {told}"
    );
    assert!(
        library
            .ask("Где хранится пароль от сейфа директора?")
            .starts_with("К сожалению")
    );
    assert!(
        library
            .ask("Когда перечисляется зарплата сотрудника?")
            .starts_with("К сожалению"),
        "ignored"
    );
}

/// A PDF of nested dictionaries inside an object stream, deeper than the stack of any reader.
pub(crate) fn bottomless_pdf() -> Vec<u8> {
    use std::fmt::Write as _;
    const DEPTH: usize = 300_000;
    let page = format!(
        "3 0 << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Z {}0{} >>",
        "<</A ".repeat(DEPTH),
        ">>".repeat(DEPTH)
    );
    let mut hidden = String::with_capacity(2 * page.len());
    for byte in page.bytes() {
        write!(hidden, "{byte:02x}").unwrap();
    }
    let objects = [
        (1, "<< /Type /Catalog /Pages 2 0 R >>".to_owned()),
        (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned()),
        (
            4,
            format!(
                "<< /Type /ObjStm /N 1 /First 4 /Length {} /Filter /ASCIIHexDecode >>\nstream\n{hidden}\nendstream",
                hidden.len()
            ),
        ),
    ];
    let mut pdf = b"%PDF-1.5\n".to_vec();
    let mut places = [0usize; 6];
    for (number, body) in objects {
        places[number] = pdf.len();
        pdf.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    places[5] = pdf.len();
    let mut rows = vec![0; 6];
    for (kind, at) in [
        (1, places[1]),
        (1, places[2]),
        (2, 4),
        (1, places[4]),
        (1, places[5]),
    ] {
        rows.push(kind);
        rows.extend((at as u32).to_be_bytes());
        rows.push(0);
    }
    pdf.extend(
        format!(
            "5 0 obj\n<< /Type /XRef /Size 6 /W [1 4 1] /Root 1 0 R /Length {} >>\nstream\n",
            rows.len()
        )
        .bytes(),
    );
    pdf.extend(rows);
    pdf.extend(format!("\nendstream\nendobj\nstartxref\n{}\n%%EOF\n", places[5]).bytes());
    pdf
}

#[test]
fn a_file_that_kills_its_reader_costs_only_itself() {
    let library = Library::of(&[("leave.txt", LEAVE), ("z.txt", PAY)]);
    let path = library.path().join("bottomless.pdf");
    fs::write(&path, bottomless_pdf()).unwrap();
    let told = library.index();
    assert!(
        told.contains("warning: bottomless.pdf") && told.contains("2 documents, 1 not readable"),
        "{told}"
    );
    assert!(
        library
            .ask("Сколько длится ежегодный отпуск?")
            .contains("двадцать восемь")
    );
    assert!(
        library
            .ask("Когда перечисляется зарплата сотрудника?")
            .contains("[1] z")
    );
    let extracted = docent(&["extract", path.to_str().unwrap()]);
    assert_eq!(extracted.status.code(), Some(6), "{}", shown(&extracted));
}

#[test]
fn extract_writes_into_a_file_as_well_as_into_a_pipe() {
    let library = Library::of(&[("leave.txt", LEAVE)]);
    let out = tempfile::NamedTempFile::new().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg("extract")
        .arg(library.path().join("leave.txt"))
        .stdout(out.reopen().unwrap())
        .status()
        .unwrap();
    assert!(done.success(), "{done}");
    assert_eq!(fs::read_to_string(out.path()).unwrap(), LEAVE);
}
