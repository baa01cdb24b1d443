//! Fuzzing of every format's path: seeds of ours, changed at random with their structure in mind, go to `docent read-worker`.
//!
//! The reader is the one that indexes, in its own process with its limits, so that an abort, a hang or a hunger for memory is
//! seen as what it is. `cargo test` gives each seed the same few changes; for a long run, over one format or all:
//!
//! ```sh
//! DOCENT_FUZZ=20m DOCENT_FUZZ_FORMAT=pdf cargo test -p docent --test fuzz long -- --ignored --nocapture
//! ```
//!
//! What is found is made smaller, saved below the target folder and printed, once for each place it happens at.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "a long run is asked for by whoever starts the tests"
)]

mod child;
mod mutate;
mod seeds;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use child::{Child, Finding};
use mutate::Random;
use seeds::Seed;

/// Changes of each seed in the short run: some seconds for all of them.
const SHORT: usize = 30;

/// Attempts to make one finding smaller: most of what can go goes in the first dozens.
const SHRINKS: usize = 200;

/// What was found, by where it happens.
#[derive(Default)]
struct Found {
    places: BTreeMap<String, (usize, Finding, PathBuf)>,
    tried: BTreeMap<&'static str, usize>,
}

impl Found {
    fn try_one(&mut self, child: &mut Option<Child>, seed: &Seed, bytes: &[u8]) {
        *self.tried.entry(seed.format).or_default() += 1;
        let running = child.get_or_insert_with(Child::start);
        if !running.suspects(seed.name, bytes) {
            return;
        }
        *child = None;
        // Once more and alone, to know that it was this input, and what was said.
        let Some(finding) = child::judge(seed.name, bytes) else {
            return;
        };
        if let Some((count, ..)) = self.places.get_mut(&finding.place) {
            *count += 1;
            return;
        }
        let small = smaller(seed.name, bytes, &finding);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{}-{:03}", seed.format, self.places.len()));
        fs::write(&path, small).unwrap();
        println!("{}: {finding}\n  {}", seed.format, path.display());
        self.places.insert(finding.place.clone(), (1, finding, path));
    }

    fn report(&self) {
        let tried: Vec<String> = self
            .tried
            .iter()
            .map(|(format, count)| format!("{format} {count}"))
            .collect();
        println!("tried: {}", tried.join(", "));
        for (count, finding, path) in self.places.values() {
            println!("{count} × {finding}\n  {}", path.display());
        }
    }
}

/// Takes out whatever can go while the same happens at the same place.
fn smaller(name: &str, bytes: &[u8], finding: &Finding) -> Vec<u8> {
    let mut small = bytes.to_vec();
    let mut piece = small.len() / 2;
    let mut left = if finding.costly { SHRINKS / 20 } else { SHRINKS };
    while piece > 0 && left > 0 {
        let mut at = 0;
        while at < small.len() && left > 0 {
            left -= 1;
            let mut less = small.clone();
            less.drain(at..(at + piece).min(less.len()));
            if child::judge(name, &less).is_some_and(|other| other.place == finding.place) {
                small = less;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    small
}

/// The same changes in every run: what was mended stays mended.
#[test]
fn changed_files_of_every_format_neither_stop_nor_break_the_reader() {
    let seeds = seeds::all();
    let mut random = Random::new(20_260);
    let mut found = Found::default();
    let mut child = None;
    for seed in &seeds {
        found.try_one(&mut child, seed, &seed.bytes);
        for _ in 0..SHORT {
            let bytes = mutate::mutate(&mut random, seed, &seeds);
            found.try_one(&mut child, seed, &bytes);
        }
    }
    found.report();
    // A panic inside a library costs the file it happens in and is told as damage; all else is ours to mend.
    let ours: Vec<String> = (found.places.values())
        .filter(|(_, finding, _)| !finding.is_caught_in_a_library())
        .map(|(_, finding, path)| format!("{finding}: {}", path.display()))
        .collect();
    assert!(ours.is_empty(), "{}", ours.join("\n"));
}

#[test]
#[ignore = "runs for as long as DOCENT_FUZZ says"]
fn long() {
    let time = std::env::var("DOCENT_FUZZ").map_or(Duration::from_mins(1), |time| humantime(&time));
    let only = std::env::var("DOCENT_FUZZ_FORMAT").unwrap_or_default();
    let seed = std::env::var("DOCENT_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    let all = seeds::all();
    let chosen: Vec<&Seed> = all
        .iter()
        .filter(|seed| only.is_empty() || only == seed.format)
        .collect();
    assert!(!chosen.is_empty(), "no seed of the format {only}");
    let mut random = Random::new(seed);
    let mut found = Found::default();
    let mut child = None;
    let begun = Instant::now();
    while begun.elapsed() < time {
        let seed = chosen[random.below(chosen.len())];
        let bytes = mutate::mutate(&mut random, seed, &all);
        found.try_one(&mut child, seed, &bytes);
    }
    found.report();
}

/// Reads «90s» or «20m».
fn humantime(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u64 = number.parse().unwrap();
    match unit {
        "s" => Duration::from_secs(number),
        "m" => Duration::from_mins(number),
        _ => panic!("{text} is neither seconds (90s) nor minutes (20m)"),
    }
}

/// Tries saved inputs again: `DOCENT_FUZZ_FILES=a:b cargo test -p docent --test fuzz again -- --ignored --nocapture`.
#[test]
#[ignore = "tries the files that DOCENT_FUZZ_FILES names"]
fn again() {
    for path in std::env::split_paths(&std::env::var("DOCENT_FUZZ_FILES").unwrap()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let finding = child::judge(&name, &fs::read(&path).unwrap());
        println!(
            "{name}: {}",
            finding.map_or_else(|| "nothing".to_owned(), |finding| finding.to_string())
        );
    }
}
