//! Small models with random weights, written as directories: one BERT, one XLM-RoBERTa.
//!
//! The same bytes on every machine, so that vectors of the reference implementation can be kept beside the tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    Roberta,
}

/// How its weights are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each user of this file has its own")]
pub(crate) enum Numbers {
    F32,
    F16,
    Bf16,
}

pub(crate) const WIDE: usize = 32;
const INNER: usize = 64;
const LAYERS: usize = 2;
const HEADS: usize = 4;
/// Tokens of the longest text.
pub(crate) const LONGEST: usize = 30;

/// Letters the models know.
const LETTERS: &str =
    "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһі0123456789.,?!-:;()";

impl Family {
    fn config(self, words: usize) -> Value {
        let bert = self == Self::Bert;
        json!({
            "model_type": if bert { "bert" } else { "xlm-roberta" },
            "architectures": [if bert { "BertModel" } else { "XLMRobertaModel" }],
            "hidden_size": WIDE,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": INNER,
            "max_position_embeddings": self.positions(),
            "hidden_act": "gelu",
            "layer_norm_eps": if bert { 1e-12 } else { 1e-5 },
            "type_vocab_size": self.types(),
            "pad_token_id": i32::from(!bert),
            "vocab_size": words,
        })
    }

    fn positions(self) -> usize {
        match self {
            Self::Bert => LONGEST + 4,
            Self::Roberta => LONGEST + 6,
        }
    }

    fn types(self) -> usize {
        match self {
            Self::Bert => 2,
            Self::Roberta => 1,
        }
    }

    fn special(self) -> [&'static str; 4] {
        match self {
            Self::Bert => ["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
            Self::Roberta => ["<s>", "<pad>", "</s>", "<unk>"],
        }
    }

    /// Returns the tokeniser and how many words it has.
    fn tokenizer(self) -> (Value, usize) {
        let added: Vec<Value> = (0..)
            .zip(self.special())
            .map(|(id, content)| {
                json!({
                    "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": true,
                })
            })
            .collect();
        let (model, words, around) = if self == Self::Bert {
            let letters = LETTERS.chars().map(String::from);
            let inside = LETTERS.chars().map(|letter| format!("##{letter}"));
            let words = self
                .special()
                .map(String::from)
                .into_iter()
                .chain(letters)
                .chain(inside);
            let vocabulary: BTreeMap<String, usize> = words.zip(0..).collect();
            let count = vocabulary.len();
            let model = json!({
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocabulary,
            });
            (model, count, [("[CLS]", 2), ("[SEP]", 3)])
        } else {
            let special = self.special().map(|one| json!([one, 0.0]));
            let letters = "▁".chars().chain(LETTERS.chars()).zip(0..);
            let letters = letters.map(|(letter, nth)| json!([letter, -2.0 - f64::from(nth) / 64.0]));
            let vocabulary: Vec<Value> = special.into_iter().chain(letters).collect();
            let count = vocabulary.len();
            let model =
                json!({ "type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": false });
            (model, count, [("<s>", 0), ("</s>", 2)])
        };
        let one = |(content, _): (&str, usize)| json!({ "SpecialToken": { "id": content, "type_id": 0 } });
        let text = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
        let told = |(content, id): (&str, usize)| {
            (
                content.to_owned(),
                json!({ "id": content, "ids": [id], "tokens": [content] }),
            )
        };
        let special: serde_json::Map<String, Value> = around.into_iter().map(told).collect();
        let [first, last] = around;
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
            "normalizer": if self == Self::Bert {
                json!({ "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                        "strip_accents": false, "lowercase": true })
            } else {
                json!({ "type": "NFKC" })
            },
            "pre_tokenizer": if self == Self::Bert {
                json!({ "type": "BertPreTokenizer" })
            } else {
                json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true })
            },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [one(first), text("A"), one(last)],
                "pair": [one(first), text("A"), one(last), text("B"), one(last)],
                "special_tokens": special,
            },
            "decoder": null,
            "model": model,
        });
        (tokenizer, words)
    }
}

/// Numbers from -0.5 to 0.5 by a linear congruential generator (Knuth), exact in 32 bits.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u32 << 24) as f32 - 0.5
    }
}

/// Names and shapes of the tensors, in the order in which their numbers are drawn.
fn tensors(family: Family, words: usize) -> Vec<(String, Vec<usize>)> {
    let mut list = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![words, WIDE]),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![family.positions(), WIDE],
        ),
        (
            "embeddings.token_type_embeddings.weight".to_owned(),
            vec![family.types(), WIDE],
        ),
    ];
    let mut pair = |name: String, out: usize, inner: Option<usize>| {
        let shape = std::iter::once(out).chain(inner).collect();
        list.push((format!("{name}.weight"), shape));
        list.push((format!("{name}.bias"), vec![out]));
    };
    pair("embeddings.LayerNorm".to_owned(), WIDE, None);
    for layer in 0..LAYERS {
        let name = |own: &str| format!("encoder.layer.{layer}.{own}");
        for own in ["self.query", "self.key", "self.value", "output.dense"] {
            pair(name(&format!("attention.{own}")), WIDE, Some(WIDE));
        }
        pair(name("attention.output.LayerNorm"), WIDE, None);
        pair(name("intermediate.dense"), INNER, Some(WIDE));
        pair(name("output.dense"), WIDE, Some(INNER));
        pair(name("output.LayerNorm"), WIDE, None);
    }
    list
}

fn half(number: f32) -> u16 {
    // Numbers here are below 2 and not tiny, so that no case but the common one comes up; the last bit is cut.
    let bits = number.to_bits();
    let (sign, power) = ((bits >> 16 & 0x8000) as u16, bits >> 23 & 0xff);
    if power < 113 {
        return sign;
    }
    sign | ((power - 112) << 10) as u16 | (bits >> 13 & 0x3ff) as u16
}

fn safetensors(family: Family, words: usize, numbers: Numbers, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let (mut head, mut data) = (serde_json::Map::new(), Vec::new());
    // What PyTorch writes there, and nobody reads.
    head.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
    for (name, shape) in tensors(family, words) {
        let start = data.len();
        let middle = if name.ends_with("LayerNorm.weight") {
            1.0
        } else {
            0.0
        };
        for _ in 0..shape.iter().product::<usize>() {
            let number = middle + random.next();
            match numbers {
                Numbers::F32 => data.extend(number.to_le_bytes()),
                Numbers::F16 => data.extend(half(number).to_le_bytes()),
                Numbers::Bf16 => data.extend(((number.to_bits() >> 16) as u16).to_le_bytes()),
            }
        }
        let kind = format!("{numbers:?}").to_uppercase();
        head.insert(
            name,
            json!({ "dtype": kind, "shape": shape, "data_offsets": [start, data.len()] }),
        );
    }
    let head = Value::Object(head).to_string();
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend(head.bytes());
    bytes.extend(data);
    bytes
}

/// Writes a model; another `seed` gives other weights.
pub(crate) fn write(folder: &Path, family: Family, numbers: Numbers, seed: u64) {
    let put = |name: &str, value: &Value| fs::write(folder.join(name), value.to_string()).unwrap();
    fs::create_dir_all(folder.join("1_Pooling")).unwrap();
    let (tokenizer, words) = family.tokenizer();
    let bert = family == Family::Bert;
    put("config.json", &family.config(words));
    put("tokenizer.json", &tokenizer);
    let [a, b, c, d] = family.special();
    put(
        "tokenizer_config.json",
        &if bert {
            json!({ "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST,
                    "pad_token": a, "unk_token": b, "cls_token": c, "sep_token": d })
        } else {
            json!({ "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST,
                    "cls_token": a, "bos_token": a, "pad_token": b, "eos_token": c, "sep_token": c, "unk_token": d })
        },
    );
    put(
        "modules.json",
        &json!([
            { "idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer" },
            { "idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling" },
            { "idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize" },
        ]),
    );
    put(
        "1_Pooling/config.json",
        &json!({
            "word_embedding_dimension": WIDE, "pooling_mode_cls_token": !bert,
            "pooling_mode_mean_tokens": bert, "pooling_mode_max_tokens": false,
        }),
    );
    put(
        "sentence_bert_config.json",
        &json!({ "max_seq_length": LONGEST, "do_lower_case": false }),
    );
    if !bert {
        put(
            "config_sentence_transformers.json",
            &json!({ "prompts": { "query": "query: ", "passage": "passage: " }, "default_prompt_name": null }),
        );
    }
    let weights = safetensors(family, words, numbers, seed);
    fs::write(folder.join("model.safetensors"), weights).unwrap();
}
