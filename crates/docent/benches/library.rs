//! How fast a folder becomes an index, with the whole program: `cargo bench --bench library`.
//!
//! Prints one line for each measure, with the same work done plainly in the same run beside it: a run over unchanged files
//! beside walking and asking for their times of change, reading a text beside reading and hashing its bytes. Machines cannot
//! be compared, the ratios can. Memory is that of the whole process tree at its highest, looked at every few milliseconds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const FILES: usize = 10_000;
const ROWS: usize = 60_000;
const TEXT_BYTES: usize = 16 << 20;

fn main() {
    let data = tempfile::tempdir().unwrap();
    unchanged(&data.path().join("unchanged"));
    sheet(&data.path().join("sheet"));
    text(&data.path().join("text"));
}

/// What one run of the program took.
struct Took {
    time: Duration,
    most_memory_kib: u64,
}

fn index(library: &Path, data: &Path) -> Took {
    /// Short beside the shortest run.
    const LOOK_AGAIN: Duration = Duration::from_millis(5);
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg("index")
        .arg(library)
        .arg("--data")
        .arg(data)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most_memory_kib = 0;
    let status = loop {
        most_memory_kib = most_memory_kib.max(memory_kib(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => thread::sleep(LOOK_AGAIN),
        }
    };
    assert!(status.success());
    Took {
        time: begun.elapsed(),
        most_memory_kib,
    }
}

/// Returns the memory of a process and all below it.
fn memory_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let own: u64 = line
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children = threads.flat_map(|thread| {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect::<Vec<u32>>()
    });
    own + children.map(memory_kib).sum::<u64>()
}

/// Writes a file that was changed long enough ago for its time of change to be trusted.
fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    let before = SystemTime::now() - Duration::from_mins(1);
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(before)
        .unwrap();
}

fn walk(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().flatten().fold(0, |count, entry| {
        let metadata = entry.metadata().unwrap();
        count
            + if metadata.is_dir() {
                walk(&entry.path())
            } else {
                usize::from(metadata.modified().is_ok())
            }
    })
}

fn unchanged(folder: &Path) {
    let (library, data) = (folder.join("library"), folder.join("index"));
    for number in 0..FILES {
        let text = format!(
            "Приказ {number}. Сотрудник отдела получает пропуск на {} дней.\n",
            number % 9 + 1
        );
        write(
            &library.join(format!("{}/{number}.txt", number / 500)),
            text.as_bytes(),
        );
    }
    let first = index(&library, &data);
    let again = index(&library, &data);
    let begun = Instant::now();
    assert_eq!(walk(&library), FILES);
    let plain = begun.elapsed();
    println!(
        "{FILES} files: first run {:.2} s ({:.0} files/s), run over unchanged files {:.3} s = {:.1} × walking them plainly",
        first.time.as_secs_f64(),
        FILES as f64 / first.time.as_secs_f64(),
        again.time.as_secs_f64(),
        again.time.as_secs_f64() / plain.as_secs_f64(),
    );
}

fn text(folder: &Path) {
    let (library, data) = (folder.join("library"), folder.join("index"));
    let mut text = String::new();
    for number in 0.. {
        writeln!(
            text,
            "Пункт {number}. Сотрудник получает пропуск и сдаёт его в тот же день, см. п. 3.2.\n"
        )
        .unwrap();
        if text.len() > TEXT_BYTES {
            break;
        }
    }
    // One file for each reader of a small machine.
    let halves = text.split_at(text.floor_char_boundary(TEXT_BYTES / 2));
    write(&library.join("1.txt"), halves.0.as_bytes());
    write(&library.join("2.txt"), halves.1.as_bytes());
    let took = index(&library, &data);
    println!(
        "text: {:.1} MB/s, {} MiB of memory at most",
        TEXT_BYTES as f64 / 1e6 / took.time.as_secs_f64(),
        took.most_memory_kib >> 10,
    );
}

fn sheet(folder: &Path) {
    let (library, data) = (folder.join("library"), folder.join("index"));
    let mut rows = String::new();
    for number in 0..=ROWS {
        write!(
            rows,
            "<row r=\"{}\"><c t=\"inlineStr\"><is><t>Договор поставки {number}</t></is></c><c><v>{number}</v></c>\
             <c t=\"inlineStr\"><is><t>склад {}, лот {}</t></is></c><c><v>{}.5</v></c></row>",
            number + 1,
            number % 17,
            number % 997,
            number * 7,
        )
        .unwrap();
    }
    let member = |name: &str, text: String| (name.to_owned(), text);
    let members = [
        member("[Content_Types].xml", concat!(
            r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
            r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
            r#"<Default Extension="xml" ContentType="application/xml"/></Types>"#).to_owned()),
        member("xl/workbook.xml", concat!(
            r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" "#,
            r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>"#,
            r#"<sheet name="Реестр" sheetId="1" r:id="rId1"/></sheets></workbook>"#).to_owned()),
        member("xl/_rels/workbook.xml.rels", concat!(
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
            r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" "#,
            r#"Target="worksheets/sheet1.xml"/></Relationships>"#).to_owned()),
        member("xl/worksheets/sheet1.xml", format!(
            "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <sheetData>{rows}</sheetData></worksheet>")),
    ];
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        package
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        package.write_all(text.as_bytes()).unwrap();
    }
    let bytes = package.finish().unwrap().into_inner();
    write(&library.join("register.xlsx"), &bytes);
    let took = index(&library, &data);
    println!(
        "a sheet of {ROWS} rows, {:.1} MB packed: {:.2} s, {} MiB of memory at most",
        bytes.len() as f64 / 1e6,
        took.time.as_secs_f64(),
        took.most_memory_kib >> 10,
    );
}
