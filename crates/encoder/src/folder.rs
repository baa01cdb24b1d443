//! What the small files of a model's directory say: how the text is cut, how its rows become one vector, what stands before it.
//!
//! Owns the layout that `sentence-transformers` writes and its defaults where a file is missing. A setting of the operator goes
//! before what the files say.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{EncoderError, Settings};

/// The prompts that are taken for questions and for passages, the first that is there: the names of `sentence-transformers`
/// and those that FRIDA, e5 and nomic use.
const FOR_QUESTIONS: [&str; 2] = ["query", "search_query"];
const FOR_PASSAGES: [&str; 4] = ["passage", "document", "search_document", "corpus"];

/// Fewer tokens than this hold no sentence.
const FEWEST_TOKENS: usize = 8;

/// `config.json` of the encoder.
#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) model_type: String,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    #[serde(default = "gelu")]
    pub(crate) hidden_act: String,
    #[serde(default = "epsilon")]
    pub(crate) layer_norm_eps: f32,
    #[serde(default)]
    pub(crate) type_vocab_size: usize,
    #[serde(default)]
    pub(crate) pad_token_id: Option<usize>,
    #[serde(default)]
    pub(crate) position_embedding_type: Option<String>,
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn epsilon() -> f32 {
    1e-12
}

/// How the rows of a text become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    Mean,
    First,
}

/// What the small files say together.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Where the encoder's own files are: the directory or a folder of it.
    pub(crate) home: PathBuf,
    pub(crate) config: Config,
    pub(crate) pooling: Pooling,
    /// The position of a text's first token.
    pub(crate) first_position: usize,
    pub(crate) max_tokens: usize,
    pub(crate) query_prefix: String,
    pub(crate) passage_prefix: String,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Folder {
    pub(crate) fn read(path: &Path, settings: &Settings) -> Result<Self, EncoderError> {
        if !path.is_dir() {
            return Err(EncoderError::unfit(path, "it is no directory"));
        }
        let list = path.join("modules.json");
        let modules: Vec<Module> = optional(&list)?.unwrap_or_default();
        let mut home = path.to_owned();
        let mut pooling = Pooling::Mean;
        for Module { path: folder, kind } in modules {
            match kind.rsplit('.').next() {
                Some("Transformer") => home = path.join(folder),
                Some("Pooling") => pooling = pooling_of(&path.join(folder).join("config.json"))?,
                // Vectors are brought to length 1 whether a model does so or not: only directions are compared.
                Some("Normalize") => {}
                _ => {
                    let what = format!("{kind} is not known; Transformer, Pooling and Normalize are");
                    return Err(EncoderError::unfit(&list, what));
                }
            }
        }
        let at = home.join("config.json");
        let config: Config = required(&at)?;
        let unfit = |what: String| EncoderError::unfit(&at, what);
        let first_position = match config.model_type.as_str() {
            "bert" => 0,
            // Positions of this family begin after that of the padding.
            "xlm-roberta" | "roberta" | "camembert" => config.pad_token_id.unwrap_or(1) + 1,
            other => {
                return Err(unfit(format!(
                    "models of the type {other} are not known; bert and xlm-roberta are"
                )));
            }
        };
        if let Some(other) = config
            .position_embedding_type
            .as_deref()
            .filter(|kind| *kind != "absolute")
        {
            return Err(unfit(format!("positions of the type {other} are not known")));
        }
        let (wide, heads) = (config.hidden_size, config.num_attention_heads);
        if wide == 0 || heads == 0 || !wide.is_multiple_of(heads) {
            return Err(unfit(format!("{heads} heads do not part {wide} numbers evenly")));
        }
        let positions = config.max_position_embeddings.saturating_sub(first_position);
        let told = settings.max_tokens.or(longest(&home)?).unwrap_or(positions);
        let max_tokens = told.min(positions);
        if max_tokens < FEWEST_TOKENS {
            return Err(unfit(format!("texts of {max_tokens} tokens are too short")));
        }
        let prompts: Prompts = optional(&path.join("config_sentence_transformers.json"))?.unwrap_or_default();
        let prefix = |own: &Option<String>, names: &[&str]| {
            let told = || names.iter().find_map(|name| prompts.prompts.get(*name)?.clone());
            own.clone().or_else(told).unwrap_or_default()
        };
        Ok(Self {
            query_prefix: prefix(&settings.query_prefix, &FOR_QUESTIONS),
            passage_prefix: prefix(&settings.passage_prefix, &FOR_PASSAGES),
            home,
            config,
            pooling,
            first_position,
            max_tokens,
        })
    }
}

#[derive(Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: std::collections::HashMap<String, Option<String>>,
}

/// Returns how many tokens of a text a model was made for, where its files tell.
fn longest(home: &Path) -> Result<Option<usize>, EncoderError> {
    #[derive(Deserialize)]
    struct Sentence {
        max_seq_length: Option<usize>,
    }
    #[derive(Deserialize)]
    struct Tokenizer {
        // Some files say 10^30 for «any».
        model_max_length: Option<f64>,
    }
    let own: Option<Sentence> = optional(&home.join("sentence_bert_config.json"))?;
    if let Some(longest) = own.and_then(|own| own.max_seq_length) {
        return Ok(Some(longest));
    }
    let own: Option<Tokenizer> = optional(&home.join("tokenizer_config.json"))?;
    Ok(own
        .and_then(|own| own.model_max_length)
        .map(|longest| longest as usize))
}

fn pooling_of(path: &Path) -> Result<Pooling, EncoderError> {
    #[derive(Deserialize)]
    struct Written {
        /// Newer files name the mode, older ones have a switch for each.
        pooling_mode: Option<String>,
        #[serde(flatten)]
        switches: std::collections::HashMap<String, serde_json::Value>,
    }
    let written: Written = required(path)?;
    let on = |(name, value): (&String, &serde_json::Value)| {
        let mode = name.strip_prefix("pooling_mode_")?;
        (value == &serde_json::Value::Bool(true)).then(|| mode.to_owned())
    };
    let mut modes: Vec<String> = written.switches.iter().filter_map(on).collect();
    modes.extend(written.pooling_mode);
    modes.sort_unstable();
    match modes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["mean_tokens" | "mean"] => Ok(Pooling::Mean),
        ["cls_token" | "cls"] => Ok(Pooling::First),
        _ => {
            let what = format!(
                "pooling by {} is not known; mean_tokens and cls_token are",
                modes.join(", ")
            );
            Err(EncoderError::unfit(path, what))
        }
    }
}

fn required<T: DeserializeOwned>(path: &Path) -> Result<T, EncoderError> {
    let bytes = std::fs::read(path).map_err(EncoderError::file(path))?;
    serde_json::from_slice(&bytes).map_err(EncoderError::json(path))
}

fn optional<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, EncoderError> {
    if path.is_file() {
        required(path).map(Some)
    } else {
        Ok(None)
    }
}
