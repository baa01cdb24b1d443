//! Messages broken in every way that can be thought of, and bytes that never were one.
//!
//! Each gives exactly one outcome, of bounded size, without a panic and without deep stacks. `cargo test` spends two seconds
//! on it; for a long run, or another one:
//!
//! ```sh
//! DOCENT_FUZZ=20m DOCENT_FUZZ_SEED=7 cargo test -p docent-protocol --test fuzz -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "a long run is asked for by whoever starts the tests"
)]

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use docent_protocol::{Incoming, MessageError, Reply, Request};
use serde::de::IgnoredAny;

/// The longest text: what a gateway lets through at most.
const LONGEST: usize = 64 << 10;

/// Even and repeatable: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const SEEDS: [&str; 12] = [
    r#"{"type":"get_assistants"}"#,
    r#"{"type":"select_assistant","assistant_id":1}"#,
    r#"{"type":"select_assistant","assistant_id":"007","id":"выбор"}"#,
    r#"{"assistant_id":1.0,"type":"select_assistant"}"#,
    r#"{"type":"select_assistant","assistant_id":-9223372036854775808}"#,
    r#"{"type":"select_assistant","assistant_id":1e18,"id":18446744073709551615}"#,
    r#"{"type":"question","question":"Можно ли перенести отпуск?","sources":true,"id":"q-1"}"#,
    r#"{"type":"question","question":"\ud83d\ude00\u0000 \n\t","sources":null}"#,
    r#"{"type":"question","type":"question","question":1,"question":"дважды"}"#,
    r#"{"type":"answer","message":"Да [1]","sources":[{"n":1,"document":"Д","section":null,"page":3,"quote":"Да","url":null}],"id":7}"#,
    r#"{"type":"assistant_list","assistants":[{"id":1,"name":"А","description":""}]}"#,
    r#"[[{"a":[{}]}],null,true,-0.0e-0,""]"#,
];

const PIECES: [&str; 28] = [
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\u0000",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "-",
    "0x1",
    "NaN",
    "9999999999999999999999",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "\u{1f600}",
    "й",
    "\n",
    "\"type\":",
    "\"id\":",
    "//",
];

/// Changes some bytes of a message with its structure in mind.
fn mutate(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.of(&SEEDS).as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        let place = random.below(bytes.len() + 1);
        match random.below(7) {
            0 if place < bytes.len() => drop(bytes.remove(place)),
            1 => bytes.insert(place, random.next() as u8),
            2 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
            3 => bytes.truncate(place),
            4 => {
                let from = random.below(bytes.len() + 1).min(place);
                let times = 1 << random.below(10);
                let again = bytes[from..place].repeat(times);
                bytes.splice(place..place, again);
            }
            5 => {
                let other = random.of(&SEEDS).as_bytes();
                let from = random.below(other.len());
                bytes.splice(place..place, other[from..].iter().copied());
            }
            _ => {
                let times = 1 << random.below(12);
                let piece = random.of(&PIECES).as_bytes().repeat(times);
                bytes.splice(place..place, piece);
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn check(text: &str) {
    let Incoming { id, message } = Incoming::parse(text);
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    match message {
        Ok(message) => {
            assert!(is_json);
            let request = Request { id, message };
            let again = Incoming::parse(&request.to_json());
            assert_eq!(again.id, request.id);
            assert_eq!(again.message, Ok(request.message));
        }
        Err(MessageError::NotJson { line, column }) => {
            assert_eq!(id, None);
            let lines: Vec<&str> = text.split('\n').collect();
            assert!((1..=lines.len()).contains(&line), "line {line}");
            assert!(column <= lines[line - 1].chars().count(), "column {column}");
        }
        Err(error) => {
            assert!(is_json);
            assert!(
                error.to_string().chars().count() < 64 + MessageError::TYPE_SHOWN,
                "{error}"
            );
        }
    }
    // What no server says is no reply either.
    if let Ok(reply) = Reply::from_json(text) {
        assert_eq!(Reply::from_json(&reply.to_json()).unwrap(), reply);
    }
}

fn time(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u64 = number.parse().unwrap();
    match unit {
        "s" => Duration::from_secs(number),
        "m" => Duration::from_mins(number),
        _ => panic!("{text} is neither seconds (90s) nor minutes (20m)"),
    }
}

#[test]
fn every_text_has_one_outcome() {
    let length = std::env::var("DOCENT_FUZZ").map_or(Duration::from_secs(2), |text| time(&text));
    let seed = std::env::var("DOCENT_FUZZ_SEED").map_or(20_260, |seed| seed.parse().unwrap());
    let mut random = Random(seed);
    let begun = Instant::now();
    let mut tried = 0_u64;
    while begun.elapsed() < length {
        let bytes = if random.below(4) > 0 {
            mutate(&mut random)
        } else {
            (0..random.below(100)).map(|_| random.next() as u8).collect()
        };
        // A gateway refuses what is no UTF-8 before it gets here.
        let text = String::from_utf8_lossy(&bytes);
        let one = Instant::now();
        let ended = catch_unwind(|| check(&text));
        assert!(ended.is_ok(), "attempt {tried} of seed {seed}: {text:?}");
        let took = one.elapsed();
        assert!(
            took < Duration::from_secs(1),
            "{took:?} for attempt {tried} of seed {seed}"
        );
        tried += 1;
    }
    println!("{tried} texts");
}

/// Nothing but brackets: the parser counts them in a loop, not in a stack.
#[test]
fn nesting_as_deep_as_a_message_is_long_needs_no_deep_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"type\":", "}]")] {
        let depth = LONGEST / (open.len() + close.len());
        let inside = |text: String| {
            std::thread::Builder::new()
                .stack_size(64 << 10)
                .spawn(move || check(&text))
                .unwrap()
                .join()
                .unwrap();
        };
        inside(format!("{}1{}", open.repeat(depth), close.repeat(depth)));
        inside(open.repeat(depth));
        inside(format!(
            r#"{{"type":"question","question":{}}}"#,
            open.repeat(depth)
        ));
    }
}
