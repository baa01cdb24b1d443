//! The journal against its databases: a file of SQLite, and a real PostgreSQL server.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests, which say what they skipped and measured"
)]

mod postgres;
mod speed;
mod texts;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use docent_corpus::AssistantId;
use docent_journal::{
    Cited, Counts, Entry, Feedback, Journal, JournalError, Outcome, Place, Reader, Scope, Settings, Text,
    Writing, begin,
};
use postgres::Postgres;

pub(crate) fn entry(number: usize, question: &str, outcome: Outcome) -> Entry {
    Entry {
        request: format!("r-{number}"),
        at: SystemTime::now(),
        assistant: AssistantId(if number.is_multiple_of(2) { 1 } else { 2 }),
        question: Some(question.to_owned()),
        outcome,
        cited: Vec::new(),
        model: number.is_multiple_of(3).then_some("written"),
        took: Duration::from_millis(number as u64),
    }
}

fn answered(number: usize) -> Entry {
    let cited = |document: &str, page| Cited {
        document: document.into(),
        section: Some("1. Отпуска".to_owned()),
        page,
    };
    Entry {
        cited: vec![cited("кодекс.pdf", Some(7)), cited("правила.docx", None)],
        ..entry(number, "Сколько дней длится отпуск?", Outcome::Answered)
    }
}

/// A journal that is written until it is ended.
pub(crate) struct Running {
    pub(crate) journal: Journal,
    writing: Writing,
}

impl Running {
    pub(crate) fn begin(settings: Settings) -> Self {
        let (journal, writing) = begin(settings).unwrap();
        Self { journal, writing }
    }

    pub(crate) fn end(self) -> Counts {
        drop(self.writing);
        self.journal.counts()
    }

    async fn until(&self, written: u64) {
        let begun = Instant::now();
        while self.journal.counts().written < written {
            assert!(begun.elapsed() < Duration::from_mins(1), "nothing is written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn file(folder: &Path) -> Place {
    Place::File(folder.join("папка с пробелом?").join("journal #1.db"))
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(ToOwned::to_owned)
        .collect()
}

/// What is written is read again, in each way that there is to read it; the same for both databases.
async fn is_read_as_it_was_written(place: Place) {
    let running = Running::begin(Settings::at(place.clone()));
    for number in 1..=100 {
        running.journal.record(answered(number));
    }
    for number in 101..=110 {
        let question = "Где взять справку о парковке, мой номер +7 701 123-45-67?";
        running.journal.record(entry(number, question, Outcome::Fallback));
    }
    running
        .journal
        .record(entry(111, "Сколько стоит \0 обед", Outcome::Offered));
    running.journal.record(entry(112, "привет", Outcome::Courtesy));
    running.journal.record(entry(113, "долго", Outcome::TimedOut));
    running.journal.judge("r-1".to_owned(), false);
    running.journal.judge("r-1".to_owned(), true);
    running.journal.judge("r-2".to_owned(), false);
    running.journal.judge("unknown".to_owned(), true);
    assert_eq!(
        running.end(),
        Counts {
            written: 117,
            lost: 0
        }
    );

    let reader = Reader::open(place).await.unwrap();
    let all = Scope::default();
    let second = Scope {
        assistant: Some(AssistantId(2)),
        ..all
    };
    assert_eq!(
        reader.outcomes(all).await.unwrap(),
        [
            (Outcome::Answered, 100),
            (Outcome::Offered, 1),
            (Outcome::Fallback, 10),
            (Outcome::Courtesy, 1),
            (Outcome::TimedOut, 1)
        ]
    );
    assert_eq!(reader.outcomes(second).await.unwrap()[0], (Outcome::Answered, 50));
    let days = reader.days(all).await.unwrap();
    assert_eq!(days.iter().map(|day| day.count).sum::<u64>(), 113);
    let latency = reader.latency(all).await.unwrap().unwrap();
    assert_eq!(
        (
            latency.p50.as_millis(),
            latency.p95.as_millis(),
            latency.max.as_millis(),
            latency.count
        ),
        (56, 106, 111, 111)
    );
    let slow = reader.slow(all, 2).await.unwrap();
    assert_eq!(slow[0].request, "r-113");
    assert_eq!(slow[1].question.as_deref(), Some("привет"));
    let sources = reader.sources(all, 10).await.unwrap();
    assert_eq!(sources.len(), 4);
    let pdf = sources.iter().find(|one| one.document == "кодекс.pdf").unwrap();
    assert_eq!(
        (pdf.page, pdf.answers, pdf.section.as_deref()),
        (Some(7), 50, Some("1. Отпуска"))
    );
    assert_eq!(
        reader.feedback(all).await.unwrap(),
        Feedback {
            helpful: 1,
            unhelpful: 1
        }
    );
    groups_and_erases(&reader).await;
}

async fn groups_and_erases(reader: &Reader) {
    let all = Scope::default();
    let groups = reader.unanswered_groups(all, 3, &words).await.unwrap();
    assert_eq!(
        groups
            .iter()
            .map(|group| (group.count, group.examples[0].0.as_str()))
            .collect::<Vec<_>>(),
        [
            (10, "Где взять справку о парковке, мой номер [phone]?"),
            (1, "Сколько стоит \u{fffd} обед")
        ]
    );
    let since = Scope {
        since: Some(SystemTime::now() + Duration::from_mins(1)),
        ..all
    };
    assert!(reader.outcomes(since).await.unwrap().is_empty());
    assert!(reader.latency(since).await.unwrap().is_none());

    assert!(reader.erase("r-1").await.unwrap());
    assert!(!reader.erase("r-1").await.unwrap());
    assert_eq!(reader.outcomes(all).await.unwrap()[0], (Outcome::Answered, 99));
    assert_eq!(
        reader
            .sources(all, 10)
            .await
            .unwrap()
            .iter()
            .map(|one| one.answers)
            .sum::<u64>(),
        198
    );
}

/// What is older than it is to be kept goes when the writer starts; what is younger stays.
async fn lets_go_of_the_old(place: Place) {
    let running = Running::begin(Settings::at(place.clone()));
    let mut old = answered(1);
    old.at = SystemTime::now() - Duration::from_hours(24 * 8);
    running.journal.record(old);
    running.journal.record(answered(2));
    assert_eq!(running.end(), Counts { written: 2, lost: 0 });
    let mut settings = Settings::at(place.clone());
    settings.keep = Duration::from_hours(24 * 7);
    Running::begin(settings).end();
    let reader = Reader::open(place).await.unwrap();
    let left = reader.latest(Scope::default(), 10).await.unwrap();
    assert_eq!(
        left.iter().map(|one| one.request.as_str()).collect::<Vec<_>>(),
        ["r-2"]
    );
    let sources = reader.sources(Scope::default(), 10).await.unwrap();
    assert_eq!(sources.iter().map(|one| one.answers).sum::<u64>(), 2);
}

#[tokio::test]
async fn a_file_gives_back_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    is_read_as_it_was_written(file(folder.path())).await;
}

#[tokio::test]
async fn a_file_lets_go_of_what_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    lets_go_of_the_old(file(folder.path())).await;
}

#[tokio::test]
async fn a_server_does_what_a_file_does_and_takes_the_records_of_several() {
    let Some(mut postgres) = Postgres::begin() else {
        return;
    };
    is_read_as_it_was_written(postgres.database("read").parse().unwrap()).await;
    lets_go_of_the_old(postgres.database("keep").parse().unwrap()).await;

    // Two servers that begin at one moment make the tables once and write into the same.
    let url = postgres.database("shared");
    let place: Place = url.parse().unwrap();
    let both = [
        Running::begin(Settings::at(place.clone())),
        Running::begin(Settings::at(place.clone())),
    ];
    for number in 0..200 {
        both[number % 2].journal.record(answered(number));
    }
    for running in both {
        assert_eq!(
            running.end(),
            Counts {
                written: 100,
                lost: 0
            }
        );
    }
    assert_eq!(
        postgres.psql("shared", "SELECT COUNT(*) FROM asked").unwrap(),
        "200"
    );

    // A server that is gone for a while costs nothing but time.
    let running = Running::begin(Settings::at(place));
    running.journal.record(answered(1_000));
    running.until(1).await;
    postgres.stop();
    running.journal.record(answered(1_001));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(running.journal.counts().written, 1);
    postgres.start();
    running.journal.record(answered(1_002));
    running.until(3).await;
    assert_eq!(running.end(), Counts { written: 3, lost: 0 });
    assert_eq!(
        postgres.psql("shared", "SELECT COUNT(*) FROM asked").unwrap(),
        "203"
    );
}

#[tokio::test]
async fn nothing_of_a_text_that_is_not_to_be_kept_reaches_the_disk() {
    for (text, kept, gone) in [
        (Text::Off, None, "обеде"),
        (Text::Redacted, Some("Звоните [phone] об обеде"), "1234567"),
        (Text::Full, Some("Звоните 87011234567 об обеде"), "\u{1}never"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let mut settings = Settings::at(Place::File(path.clone()));
        settings.text = text;
        let running = Running::begin(settings);
        running
            .journal
            .record(entry(1, "Звоните 87011234567 об обеде", Outcome::Fallback));
        running.until(1).await;
        // While it is open, what was written stands in the log of changes.
        for name in ["journal.db", "journal.db-wal"] {
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            assert!(
                !bytes.windows(gone.len()).any(|part| part == gone.as_bytes()),
                "{text} {name}"
            );
        }
        running.end();
        let reader = Reader::open(Place::File(path)).await.unwrap();
        let asked = reader.latest(Scope::default(), 1).await.unwrap();
        assert_eq!(asked[0].question.as_deref(), kept, "{text}");
    }
}

#[tokio::test]
async fn what_was_erased_is_on_the_disk_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let running = Running::begin(Settings::at(Place::File(path.clone())));
    running
        .journal
        .record(entry(1, "Почему пустозвон звонит", Outcome::Fallback));
    running.journal.record(entry(2, "Другое", Outcome::Fallback));
    running.until(2).await;
    let reader = Reader::open(Place::File(path)).await.unwrap();
    assert!(reader.erase("r-1").await.unwrap());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let word = "пустозвон".as_bytes();
        assert!(
            !bytes.windows(word.len()).any(|part| part == word),
            "{}",
            path.display()
        );
    }
    running.end();
}

#[tokio::test]
async fn the_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let running = Running::begin(Settings::at(Place::File(folder.path().join("journal.db"))));
    running.journal.record(answered(1));
    running.until(1).await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            file.path().display()
        );
    }
    running.end();
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_holds_what_fits_and_counts_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the file should be.
    let path = folder.path().join("journal.db");
    std::fs::create_dir(&path).unwrap();
    let mut settings = Settings::at(Place::File(path.clone()));
    settings.max_waiting = 10;
    let running = Running::begin(settings);
    running.journal.record(answered(0));
    // The first is taken by the writer, which fails over it; ten wait.
    tokio::time::sleep(Duration::from_millis(900)).await;
    for number in 1..=15 {
        let begun = Instant::now();
        running.journal.record(answered(number));
        assert!(begun.elapsed() < Duration::from_millis(50));
    }
    assert_eq!(running.journal.counts(), Counts { written: 0, lost: 5 });
    std::fs::remove_dir(&path).unwrap();
    running.until(11).await;
    assert_eq!(running.end(), Counts { written: 11, lost: 5 });
}

#[test]
fn long_questions_are_bounded_by_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::at(file(folder.path()));
    settings.max_waiting_bytes = 100_000;
    // Longer than the test: everything waits.
    settings.interval = Duration::from_mins(10);
    let running = Running::begin(settings);
    for number in 0..20 {
        running
            .journal
            .record(entry(number, &"ю".repeat(4_000), Outcome::Fallback));
    }
    assert_eq!(running.journal.counts(), Counts { written: 0, lost: 8 });
    let journal = running.journal.clone();
    assert_eq!(running.end(), Counts { written: 12, lost: 8 });
    journal.record(answered(1));
    assert_eq!(journal.counts().lost, 9, "a closed journal takes nothing");
}

/// An operator's page asks on the threads of a server.
#[test]
fn reading_can_be_moved_between_threads() {
    fn sent<T: Send>(_: T) {}
    let place = Place::File("journal.db".into());
    sent(async {
        let reader = Reader::open(place).await?;
        reader.erase("r").await?;
        reader.unanswered_groups(Scope::default(), 1, &words).await
    });
}

#[tokio::test]
async fn a_journal_that_never_was_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Reader::open(file(folder.path())).await;
    assert!(matches!(missing, Err(JournalError::None { .. })), "{missing:?}");
    assert!(!folder.path().join("папка с пробелом?").exists());
}
