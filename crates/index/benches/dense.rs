//! What a model of whole texts costs a question: the exact search of its vectors, beside the same question by words alone.
//!
//! ```sh
//! cargo bench -p docent-index --bench dense -- 100000 384
//! ```

#![allow(clippy::print_stdout, reason = "what a measurement is for")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use docent_corpus::{BlockKind, ByteRange, Line, Passage, Question, Retriever, Version};
use docent_index::{Embedder, EmbedderError, Fusion, Index};

/// Questions of one measurement.
const QUESTIONS: usize = 200;

const LIMIT: NonZeroUsize = NonZeroUsize::new(20).expect("20 is not 0");

/// Gives every text numbers without a pattern.
struct Numbers(usize);

impl Embedder for Numbers {
    fn fingerprint(&self) -> [u8; 16] {
        [1; 16]
    }

    fn dimension(&self) -> usize {
        self.0
    }

    fn passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        texts.iter().map(|text| self.question(text)).collect()
    }

    fn question(&self, text: &str) -> Result<Vec<f32>, EmbedderError> {
        let mut state = text
            .bytes()
            .fold(1u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        // A linear congruential generator (Knuth).
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
        };
        Ok((0..self.0).map(|_| next()).collect())
    }
}

fn passage(nth: usize) -> Passage {
    let text = format!("Passage number {nth} says nothing of note.");
    Passage {
        document: format!("{}", nth / 100).into(),
        title: "".into(),
        version: Version([1; 16]),
        date: None,
        section: (nth % 100) as u32,
        headings: Vec::new(),
        lead: Vec::new(),
        range: ByteRange::new(0, text.len()),
        lines: vec![Line {
            kind: BlockKind::Paragraph,
            range: ByteRange::new(0, text.len()),
            page: None,
            text,
        }],
    }
}

/// Returns the median and the 95th of 100 times of a question, in milliseconds.
fn measure(index: &Index, word: &str) -> Result<(f64, f64), Box<dyn Error>> {
    let mut times = Vec::with_capacity(QUESTIONS);
    for nth in 0..QUESTIONS {
        let question = Question {
            text: format!("{word} {nth}x"),
        };
        let begun = Instant::now();
        index.retrieve(&question, LIMIT)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[QUESTIONS / 2], times[QUESTIONS * 95 / 100]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let told: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let [passages, dimension] = told.as_slice() else {
        println!("skipped: name a number of passages and of dimensions");
        return Ok(());
    };
    let words = Index::build((0..*passages).map(passage))?;
    let (plain, plain_most) = measure(&words, "zzz")?;
    let index = words.with_embedder(Arc::new(Numbers(*dimension)), Fusion::Sum)?;
    let (near, near_most) = measure(&index, "zzz")?;
    println!("{passages} passages of {dimension} numbers, a question that shares no word, p50 and p95:");
    println!("words alone {plain:.2} {plain_most:.2} ms, with the model {near:.2} {near_most:.2} ms");
    Ok(())
}
