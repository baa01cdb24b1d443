//! A model that is open: from texts to vectors.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tokenizers::{Tokenizer, TruncationParams};

use crate::folder::Folder;
use crate::maths::Activation;
use crate::model::{self, Model};
use crate::weights::Weights;
use crate::{EncoderError, Purpose, Settings};

/// Tokens that go through the layers together: with more, what a layer makes no longer fits the processor's nearest memory;
/// with fewer, weights are read for little. 256 to 1,024 do about the same.
const TOGETHER: usize = 512;

/// Changes whenever the same directory gives other vectors.
const VERSION: u8 = 1;

impl EncoderError {
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            path: path.clone(),
            source,
        }
    }

    pub(crate) fn json(path: &Path) -> impl Fn(serde_json::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Json {
            path: path.clone(),
            source,
        }
    }

    pub(crate) fn unfit(path: &Path, what: impl Into<String>) -> Self {
        Self::Unfit {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}

/// A model, ready to encode; any number of threads may use it at once.
pub struct Encoder {
    tokenizer: Tokenizer,
    /// Where the tokeniser was read from, for messages.
    tokens: PathBuf,
    model: Model,
    dimension: usize,
    query_prefix: String,
    passage_prefix: String,
    fingerprint: [u8; 16],
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Encoder")
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// Reads a model's directory: its weights into memory, but for the table of words, of which single rows are read as
    /// texts want them.
    ///
    /// # Errors
    ///
    /// When a file is missing, broken, or of a family that is not known; the error names it.
    pub fn open(directory: &Path, settings: &Settings) -> Result<Self, EncoderError> {
        let folder = Folder::read(directory, settings)?;
        let config = folder.home.join("config.json");
        let activation = Activation::of(&folder.config.hidden_act).ok_or_else(|| {
            let what = format!("the activation {} is not known", folder.config.hidden_act);
            EncoderError::unfit(&config, what)
        })?;
        let path = folder.home.join("model.safetensors");
        if !path.exists() && folder.home.join("pytorch_model.bin").exists() {
            let what = "weights are read from model.safetensors, which is not there; convert them once with \
                        `SentenceTransformer(…).save_pretrained(…)`";
            return Err(EncoderError::unfit(&folder.home.join("pytorch_model.bin"), what));
        }
        let weights = Weights::open(&path, model::WORDS)?;
        let model = Model::read(
            weights,
            &folder.config,
            activation,
            folder.first_position,
            folder.pooling,
        )?;
        let tokens = folder.home.join("tokenizer.json");
        let bytes = std::fs::read(&tokens).map_err(EncoderError::file(&tokens))?;
        let tokenizer = tokenizer(&bytes, folder.max_tokens).map_err(|source| EncoderError::Tokenizer {
            path: tokens.clone(),
            source,
        })?;
        if tokenizer.get_vocab_size(true) > model.words() {
            let what = format!(
                "it has {} words, the weights know {}",
                tokenizer.get_vocab_size(true),
                model.words()
            );
            return Err(EncoderError::unfit(&tokens, what));
        }
        let fingerprint = fingerprint(&folder, &bytes, &path)?;
        Ok(Self {
            tokenizer,
            tokens,
            model,
            dimension: folder.config.hidden_size,
            query_prefix: folder.query_prefix,
            passage_prefix: folder.passage_prefix,
            fingerprint,
        })
    }

    /// Returns how many numbers a vector has.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Returns by what vectors of this model are told from those of others: a hash of the weights, the files that say how they
    /// are used, and the prefixes.
    pub fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    /// Returns a vector of length 1 for each text, in their order.
    ///
    /// Takes the processor for as long as it takes, milliseconds for a question, on the thread of the caller.
    ///
    /// # Errors
    ///
    /// When the tokeniser does not take a text, or the weights can no longer be read.
    pub fn encode(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>, EncoderError> {
        let prefix = match purpose {
            Purpose::Question => &self.query_prefix,
            Purpose::Passage => &self.passage_prefix,
        };
        let mut vectors = Vec::with_capacity(texts.len());
        let (mut batch, mut length) = (Vec::new(), 0);
        for text in texts {
            let words = self.words(&format!("{prefix}{text}"))?;
            if length + words.len() > TOGETHER && !batch.is_empty() {
                vectors.extend(self.model.encode(&batch)?);
                batch.clear();
                length = 0;
            }
            length += words.len();
            batch.push(words);
        }
        vectors.extend(self.model.encode(&batch)?);
        Ok(vectors)
    }

    fn words(&self, text: &str) -> Result<Vec<u32>, EncoderError> {
        let encoded = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|source| EncoderError::Tokenizer {
                path: self.tokens.clone(),
                source,
            })?;
        if encoded.is_empty() {
            let what =
                "it makes nothing of a text; it lacks a post-processor with [CLS] and [SEP] or <s> and </s>";
            return Err(EncoderError::unfit(&self.tokens, what));
        }
        Ok(encoded.get_ids().to_vec())
    }
}

fn tokenizer(bytes: &[u8], longest: usize) -> tokenizers::Result<Tokenizer> {
    let mut tokenizer = Tokenizer::from_bytes(bytes)?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(Some(TruncationParams {
        max_length: longest,
        ..TruncationParams::default()
    }))?;
    Ok(tokenizer)
}

fn fingerprint(folder: &Folder, tokenizer: &[u8], weights: &Path) -> Result<[u8; 16], EncoderError> {
    let mut hash = blake3::Hasher::new();
    let config = folder.home.join("config.json");
    let config = std::fs::read(&config).map_err(EncoderError::file(&config))?;
    let told = format!("{:?} {}", folder.pooling, folder.max_tokens);
    let parts = [
        &[VERSION][..],
        &config,
        tokenizer,
        told.as_bytes(),
        folder.query_prefix.as_bytes(),
        folder.passage_prefix.as_bytes(),
    ];
    for part in parts {
        // Lengths keep parts from running into one another.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let unreadable = EncoderError::file(weights);
    let mut file = File::open(weights).map_err(&unreadable)?;
    let mut part = vec![0; 1 << 20];
    loop {
        match file.read(&mut part).map_err(&unreadable)? {
            0 => break,
            bytes => hash.update(&part[..bytes]),
        };
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    Ok(short)
}
