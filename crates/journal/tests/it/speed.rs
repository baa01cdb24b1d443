//! How many records a second are written: `cargo test -p docent-journal --test it speed -- --ignored --nocapture`.

use std::time::Instant;

use docent_journal::{Outcome, Place, Settings};

use crate::postgres::Postgres;
use crate::{Running, entry};

/// Records of one measurement: a second or so of writing.
const RECORDS: usize = 50_000;

fn measure(name: &str, place: Place) {
    let mut settings = Settings::at(place);
    settings.max_waiting = RECORDS;
    settings.max_waiting_bytes = usize::MAX;
    let running = Running::begin(settings);
    let begun = Instant::now();
    for number in 0..RECORDS {
        running.journal.record(entry(
            number,
            "Сколько дней длится отпуск, если позвонить +7 701 123-45-67?",
            Outcome::Answered,
        ));
    }
    let put = begun.elapsed();
    let counts = running.end();
    let took = begun.elapsed();
    assert_eq!((counts.written, counts.lost), (RECORDS as u64, 0));
    println!(
        "{name}: {:.0} records/s; {:.0} ns to put one in",
        RECORDS as f64 / took.as_secs_f64(),
        put.as_nanos() as f64 / RECORDS as f64
    );
}

#[test]
#[ignore = "a measurement"]
fn speed_of_writing() {
    let folder = tempfile::tempdir().unwrap();
    measure("SQLite", Place::File(folder.path().join("journal.db")));
    if let Some(postgres) = Postgres::begin() {
        measure("PostgreSQL", postgres.database("speed").parse().unwrap());
    }
}
