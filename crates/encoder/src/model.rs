//! The encoder itself: BERT (Devlin et al. 2019), and XLM-RoBERTa (Conneau et al. 2020), which differs in positions alone.
//!
//! Owns the layers and the way through them. Texts of a batch are laid end to end: every product but those inside the attention
//! takes all rows at once, and nothing is computed for padding. All weights but the table of words are held in memory as
//! products want them.

use pulp::Arch;

use crate::EncoderError;
use crate::folder::{Config, Pooling};
use crate::maths::{Activate, Activation, AddAndNorm, Softmax, unit};
use crate::matrix::{Packed, Product, Rows};
use crate::weights::{Table, Weights};

/// The end of the name by which the names of a file are known.
pub(crate) const WORDS: &str = "embeddings.word_embeddings.weight";

/// The layers with their weights.
#[derive(Debug)]
pub(crate) struct Model {
    arch: Arch,
    words: Table,
    /// For each position, what is added for it and for the one type of token there is.
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    activation: Activation,
    wide: usize,
    heads: usize,
    first_position: usize,
    pooling: Pooling,
}

#[derive(Debug)]
struct Linear {
    packed: Packed,
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

#[derive(Debug)]
struct Layer {
    /// Queries, keys and values side by side.
    three: Linear,
    joined: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

/// Where a pass calculates; kept between passes.
#[derive(Debug, Default)]
struct Desk {
    three: Vec<f32>,
    mixed: Vec<f32>,
    joined: Vec<f32>,
    inner: Vec<f32>,
    scores: Vec<f32>,
    packed: Packed,
    room: Vec<f32>,
}

fn cleared(numbers: &mut Vec<f32>, count: usize) -> &mut [f32] {
    numbers.clear();
    numbers.resize(count, 0.0);
    numbers
}

impl Linear {
    /// Reads layers that take the same rows, as one.
    fn read(
        arch: Arch,
        weights: &Weights,
        names: &[String],
        inner: usize,
        columns: usize,
    ) -> Result<Self, EncoderError> {
        let (mut all, mut bias) = (Vec::new(), Vec::new());
        for name in names {
            all.extend(weights.numbers(&format!("{name}.weight"), &[columns, inner])?);
            bias.extend(weights.numbers(&format!("{name}.bias"), &[columns])?);
        }
        let column = |n: usize| &all[n * inner..(n + 1) * inner];
        Ok(Self {
            packed: Packed::of(arch, inner, bias.len(), column),
            bias,
        })
    }

    fn put<'o>(
        &self,
        arch: Arch,
        rows: &[f32],
        out: &'o mut Vec<f32>,
        room: &mut Vec<f32>,
        wide: usize,
    ) -> &'o mut [f32] {
        let columns = self.packed.columns();
        let out = cleared(out, rows.len() / wide * columns);
        arch.dispatch(Product {
            rows: Rows::new(rows, wide, 0),
            packed: &self.packed,
            bias: &self.bias,
            out,
            stride: columns,
            from: 0,
            room,
        });
        out
    }
}

impl Norm {
    fn read(weights: &Weights, name: &str, wide: usize, epsilon: f32) -> Result<Self, EncoderError> {
        Ok(Self {
            weight: weights.numbers(&format!("{name}.weight"), &[wide])?,
            bias: weights.numbers(&format!("{name}.bias"), &[wide])?,
            epsilon,
        })
    }

    fn put(&self, arch: Arch, rows: &mut [f32], added: &[f32]) {
        arch.dispatch(AddAndNorm {
            rows,
            added,
            weight: &self.weight,
            bias: &self.bias,
            epsilon: self.epsilon,
        });
    }
}

impl Model {
    pub(crate) fn read(
        weights: Weights,
        config: &Config,
        activation: Activation,
        first_position: usize,
        pooling: Pooling,
    ) -> Result<Self, EncoderError> {
        let arch = Arch::new();
        let (wide, inner) = (config.hidden_size, config.intermediate_size);
        let positions = config.max_position_embeddings;
        let mut places = weights.numbers("embeddings.position_embeddings.weight", &[positions, wide])?;
        let types = "embeddings.token_type_embeddings.weight";
        if weights.has(types) {
            let types = weights.numbers(types, &[config.type_vocab_size, wide])?;
            for place in places.chunks_exact_mut(wide) {
                for (place, own) in place.iter_mut().zip(&types) {
                    *place += own;
                }
            }
        }
        let norm = |name: &str| Norm::read(&weights, name, wide, config.layer_norm_eps);
        let layer = |nth: usize| {
            let name = |own: &str| format!("encoder.layer.{nth}.{own}");
            let linear = |names: &[&str], inner, columns| {
                let names: Vec<String> = names.iter().map(|own| name(own)).collect();
                Linear::read(arch, &weights, &names, inner, columns)
            };
            let three = [
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
            ];
            Ok(Layer {
                three: linear(&three, wide, wide)?,
                joined: linear(&["attention.output.dense"], wide, wide)?,
                attention_norm: norm(&name("attention.output.LayerNorm"))?,
                up: linear(&["intermediate.dense"], wide, inner)?,
                down: linear(&["output.dense"], inner, wide)?,
                norm: norm(&name("output.LayerNorm"))?,
            })
        };
        let layers: Result<Vec<Layer>, EncoderError> = (0..config.num_hidden_layers).map(layer).collect();
        let (norm, layers) = (norm("embeddings.LayerNorm")?, layers?);
        Ok(Self {
            arch,
            places,
            norm,
            layers,
            words: weights.table(WORDS, wide)?,
            activation,
            wide,
            heads: config.num_attention_heads,
            first_position,
            pooling,
        })
    }

    /// Returns how many words the weights know.
    pub(crate) fn words(&self) -> usize {
        self.words.rows()
    }

    /// Returns the vector of each text, of length 1; a text is a row of numbers of words, never empty.
    pub(crate) fn encode(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EncoderError> {
        let count: usize = texts.iter().map(Vec::len).sum();
        let mut rows = Vec::with_capacity(count * self.wide);
        for text in texts {
            for (nth, &word) in text.iter().enumerate() {
                let at = rows.len();
                self.words.read(word as usize, &mut rows)?;
                let place = &self.places[(self.first_position + nth) * self.wide..];
                for (part, place) in rows[at..].iter_mut().zip(place) {
                    *part += place;
                }
            }
        }
        self.norm.put(self.arch, &mut rows, &[]);
        let mut desk = Desk::default();
        for layer in &self.layers {
            self.pass(layer, texts, &mut rows, &mut desk);
        }
        let mut rows = rows.as_slice();
        let pooled = texts.iter().map(|text| {
            let (own, rest) = rows.split_at(text.len() * self.wide);
            rows = rest;
            self.pool(own)
        });
        Ok(pooled.collect())
    }

    fn pass(&self, layer: &Layer, texts: &[Vec<u32>], rows: &mut [f32], desk: &mut Desk) {
        let (arch, wide) = (self.arch, self.wide);
        layer.three.put(arch, rows, &mut desk.three, &mut desk.room, wide);
        cleared(&mut desk.mixed, rows.len());
        let mut first = 0;
        for text in texts {
            for head in 0..self.heads {
                self.attend(first, text.len(), head, desk);
            }
            first += text.len();
        }
        layer
            .joined
            .put(arch, &desk.mixed, &mut desk.joined, &mut desk.room, wide);
        layer.attention_norm.put(arch, rows, &desk.joined);
        let inner = layer.up.put(arch, rows, &mut desk.inner, &mut desk.room, wide);
        arch.dispatch(Activate(self.activation, inner));
        let inner = layer.up.packed.columns();
        layer
            .down
            .put(arch, &desk.inner, &mut desk.joined, &mut desk.room, inner);
        layer.norm.put(arch, rows, &desk.joined);
    }

    /// Mixes the values of one text by one head of the attention (Vaswani et al. 2017).
    fn attend(&self, first: usize, count: usize, head: usize, desk: &mut Desk) {
        let (arch, wide) = (self.arch, self.wide);
        let part = wide / self.heads;
        let three = &desk.three[first * 3 * wide..(first + count) * 3 * wide];
        let side = |nth: usize| Rows::new(three, 3 * wide, nth * wide + head * part);
        desk.packed.set_columns(arch, side(1), part);
        cleared(&mut desk.scores, count * count);
        arch.dispatch(Product {
            rows: side(0),
            packed: &desk.packed,
            bias: &[],
            out: &mut desk.scores,
            stride: count,
            from: 0,
            room: &mut desk.room,
        });
        arch.dispatch(Softmax {
            rows: &mut desk.scores,
            wide: count,
            scale: 1.0 / (part as f32).sqrt(),
        });
        desk.packed.set_rows(arch, side(2), part);
        arch.dispatch(Product {
            rows: Rows::new(&desk.scores, count, 0),
            packed: &desk.packed,
            bias: &[],
            out: &mut desk.mixed[first * wide..(first + count) * wide],
            stride: wide,
            from: head * part,
            room: &mut desk.room,
        });
    }

    fn pool(&self, rows: &[f32]) -> Vec<f32> {
        let mut pooled = rows[..self.wide].to_vec();
        if self.pooling == Pooling::Mean {
            for row in rows.chunks_exact(self.wide).skip(1) {
                for (sum, part) in pooled.iter_mut().zip(row) {
                    *sum += part;
                }
            }
        }
        unit(&mut pooled);
        pooled
    }
}
