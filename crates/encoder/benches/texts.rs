//! Texts that a model encodes in a second on one core.
//!
//! ```sh
//! cargo bench -p docent-encoder --bench texts -- MODEL TEXTS   # TEXTS has a text in each line
//! python crates/encoder/benches/peer.py MODEL MODEL.onnx TEXTS # the same by onnxruntime
//! ```

#![allow(clippy::print_stdout, reason = "what a measurement is for")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use docent_encoder::{Encoder, Purpose, Settings};

/// Passages that an indexer hands over at once.
const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [model, texts] = words.as_slice() else {
        println!("skipped: name a model's directory and a file of texts");
        return Ok(());
    };
    let begun = Instant::now();
    let encoder = Encoder::open(Path::new(model), &Settings::default())?;
    println!("opened in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let texts = std::fs::read_to_string(texts)?;
    let texts: Vec<&str> = texts.lines().collect();
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let begun = spent()?;
        for batch in texts.chunks(BATCH) {
            encoder.encode(batch, Purpose::Passage)?;
        }
        best = best.min(spent()? - begun);
    }
    println!(
        "{} texts, best of 3: {:.2} texts a second of the processor",
        texts.len(),
        texts.len() as f64 / best
    );
    Ok(())
}

/// Returns the seconds that this thread has had the processor, which others on the machine do not change.
fn spent() -> Result<f64, Box<dyn Error>> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let spent = told.split(' ').next().unwrap_or_default().parse::<u64>()?;
    Ok(spent as f64 / 1e9)
}
