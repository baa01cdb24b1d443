//! Embeddings: texts to vectors of unit length.

use std::sync::OnceLock;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::call::{Ask, Links};
use crate::endpoint::Endpoint;
use crate::error::ModelError;
use crate::key::Secret;
use crate::link::Link;
use crate::probe::Probe;
use crate::retry::Dice;

/// Texts in one call: what TEI takes at most unless told otherwise.
pub(crate) const BATCH: usize = 32;
/// A text is not cut below this; a model that cannot take so little takes nothing.
pub(crate) const SHORTEST: usize = 64;
/// What is left of a text when the server told how much is too much; tokens are not evenly long.
const MARGIN: f64 = 0.9;

/// What stands before a text, as the model was trained: `query: ` and `passage: ` for E5.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes {
    /// Before a question.
    pub query: String,
    /// Before a passage.
    pub passage: String,
}

/// What a vector is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To search with.
    Query,
    /// To be found.
    Passage,
}

/// A model of embeddings behind one or several endpoints, which must serve the same model.
#[derive(Debug)]
pub struct Embeddings {
    links: Links,
    prefixes: Prefixes,
    dimension: OnceLock<usize>,
}

impl Embeddings {
    /// Makes a client of `endpoints`, the preferred one first; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ModelError::Misconfigured`] when an endpoint can never work.
    pub fn new(endpoints: Vec<Endpoint>, prefixes: Prefixes) -> Result<Self, ModelError> {
        Ok(Self {
            links: Links::new(endpoints)?,
            prefixes,
            dimension: OnceLock::new(),
        })
    }

    /// Takes other dice for the waits between repetitions.
    #[must_use]
    pub fn with_dice(mut self, dice: Dice) -> Self {
        self.links.set_dice(dice);
        self
    }

    /// Expects vectors of that many values, for example those of an index that exists.
    #[must_use]
    pub fn with_dimension(mut self, dimension: usize) -> Self {
        self.dimension = OnceLock::from(dimension);
        self
    }

    /// Returns how many values a vector has, once that is known.
    pub fn dimension(&self) -> Option<usize> {
        self.dimension.get().copied()
    }

    /// Returns a vector of length 1 for each text, in order.
    ///
    /// A text that is too long for the model is cut until it fits; the others of its batch are not.
    ///
    /// # Errors
    ///
    /// What the last endpoint said, as a [`ModelError`]; then none of the texts has a vector.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call at the server.
    pub async fn embed(
        &self,
        texts: &[String],
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let prefix = match purpose {
            Purpose::Query => &self.prefixes.query,
            Purpose::Passage => &self.prefixes.passage,
        };
        let mut vectors: Vec<Vec<f32>> = vec![Vec::new(); texts.len()];
        // Ranges of texts still to do, the next one last, each with the share of a text that is sent.
        let mut waiting: Vec<(usize, usize, f64)> = (0..texts.len())
            .step_by(BATCH)
            .map(|start| (start, (start + BATCH).min(texts.len()), 1.0))
            .rev()
            .collect();
        while let Some((start, end, share)) = waiting.pop() {
            let batch: Vec<String> = texts[start..end]
                .iter()
                .map(|text| format!("{prefix}{}", cut(text, share)))
                .collect();
            match self.links.call(&Batch { texts: &batch }, deadline).await {
                Ok((found, pass)) => {
                    for (place, vector) in vectors[start..end].iter_mut().zip(found) {
                        if let Err(error) = self.check(&vector) {
                            pass.failed(&error, true);
                            return Err(error);
                        }
                        *place = vector;
                    }
                    pass.succeeded();
                }
                Err(ModelError::ContextExceeded { .. }) if end - start > 1 => {
                    let middle = usize::midpoint(start, end);
                    waiting.extend([(middle, end, share), (start, middle, share)]);
                }
                Err(error @ ModelError::ContextExceeded { needed, limit }) => {
                    let smaller = share * shrink(needed, limit);
                    if cut(&texts[start], share).len() <= SHORTEST {
                        return Err(error);
                    }
                    waiting.push((start, end, smaller));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(vectors)
    }

    fn check(&self, vector: &[f32]) -> Result<(), ModelError> {
        let expected = *self.dimension.get_or_init(|| vector.len());
        if vector.len() == expected {
            return Ok(());
        }
        Err(ModelError::Dimension {
            expected,
            found: vector.len(),
        })
    }

    /// Has each endpoint make a vector.
    pub async fn probe(&self, deadline: Instant) -> Vec<Probe> {
        let texts = [format!("{}yes", self.prefixes.query)];
        let ask = Batch { texts: &texts };
        self.links
            .probe(&ask, deadline, |vectors, probe| {
                probe.dimension = vectors.first().map(Vec::len);
            })
            .await
    }
}

/// Returns the beginning of `text`, that share of its bytes and no half letter.
fn cut(text: &str, share: f64) -> &str {
    if share >= 1.0 {
        return text;
    }
    &text[..text.floor_char_boundary((text.len() as f64 * share) as usize)]
}

/// Returns which share of a text may fit; some of it goes each time and never most of it, whatever the server tells.
pub(crate) fn shrink(needed: Option<u64>, limit: Option<u64>) -> f64 {
    match (needed, limit) {
        (Some(needed), Some(limit)) if limit < needed => (MARGIN * limit as f64 / needed as f64).max(0.25),
        _ => 0.5,
    }
}

struct Batch<'a> {
    texts: &'a [String],
}

impl Ask for Batch<'_> {
    type Answer = Vec<Vec<f32>>;

    async fn attempt(
        &self,
        link: &Link,
        secret: Option<&Secret>,
        _: Instant,
    ) -> Result<Self::Answer, ModelError> {
        let mut body = Map::new();
        body.insert("input".to_owned(), self.texts.into());
        let answer = link.ask("embeddings", body, secret).await?;
        read(&answer, self.texts.len())
    }
}

/// Reads as many vectors as were asked for, each once, in the order of their `index`.
fn read(answer: &Value, count: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    let data = answer
        .get("data")
        .and_then(Value::as_array)
        .ok_or(ModelError::garbage("it holds no vectors"))?;
    if data.len() != count {
        return Err(ModelError::garbage(
            "it holds another number of vectors than texts",
        ));
    }
    let mut vectors = vec![None; count];
    for (place, item) in data.iter().enumerate() {
        // Servers that leave the number out answer in order.
        let index = match item.get("index") {
            Some(index) => index.as_u64().map_or(count, |index| index as usize),
            None => place,
        };
        let slot = vectors
            .get_mut(index)
            .ok_or(ModelError::garbage("a vector belongs to no text"))?;
        let vector = item
            .get("embedding")
            .and_then(numbers)
            .ok_or(ModelError::garbage("a vector cannot be read"))?;
        if slot.replace(unit(vector)?).is_some() {
            return Err(ModelError::garbage("two vectors belong to one text"));
        }
    }
    let vectors: Vec<Vec<f32>> = vectors.into_iter().flatten().collect();
    let expected = vectors.first().map_or(0, Vec::len);
    match vectors.iter().map(Vec::len).find(|&found| found != expected) {
        Some(found) => Err(ModelError::Dimension { expected, found }),
        None => Ok(vectors),
    }
}

/// Reads numbers, or the base64 of their bytes in little-endian order.
fn numbers(value: &Value) -> Option<Vec<f32>> {
    match value {
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_f64().map(|value| value as f32))
            .collect(),
        Value::String(text) => {
            let bytes = STANDARD.decode(text).ok()?;
            let (values, rest) = bytes.as_chunks::<4>();
            rest.is_empty()
                .then(|| values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        }
        _ => None,
    }
}

fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>, ModelError> {
    let length = vector
        .iter()
        .map(|&value| f64::from(value).powi(2))
        .sum::<f64>()
        .sqrt();
    if !length.is_finite() || length == 0.0 {
        return Err(ModelError::garbage("a vector has no direction"));
    }
    for value in &mut vector {
        *value = (f64::from(*value) / length) as f32;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn vectors_are_put_in_order_and_given_unit_length() {
        let answer = json!({ "data": [
            { "index": 1, "embedding": [0, 2] },
            { "index": 0, "embedding": [3.0, 4.0] },
        ] });
        assert_eq!(read(&answer, 2).unwrap(), [[0.6, 0.8], [0.0, 1.0]]);
        let unnumbered = json!({ "data": [{ "embedding": [1, 0] }, { "embedding": [0, 1] }] });
        assert_eq!(read(&unnumbered, 2).unwrap(), [[1.0, 0.0], [0.0, 1.0]]);
    }

    #[test]
    fn base64_is_read_like_numbers() {
        let bytes: Vec<u8> = [3.0_f32, 4.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let answer = json!({ "data": [{ "index": 0, "embedding": STANDARD.encode(bytes) }] });
        assert_eq!(read(&answer, 1).unwrap(), [[0.6, 0.8]]);
    }

    #[test]
    fn vectors_that_do_not_fit_the_texts_are_garbage() {
        let one = json!({ "index": 0, "embedding": [1, 0] });
        let table = [
            (json!({}), 1),
            (json!({ "data": [] }), 1),
            (json!({ "data": [one, one] }), 1),
            (json!({ "data": [one, one] }), 2),
            (json!({ "data": [{ "index": 1, "embedding": [1, 0] }] }), 1),
            (json!({ "data": [{ "index": -1, "embedding": [1, 0] }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": "AAA" }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": "AAAAAAA=" }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": [1, null] }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": [0, 0] }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": [] }] }), 1),
            (json!({ "data": [{ "index": 0, "embedding": [1e300] }] }), 1),
            (json!({ "data": [{ "index": 0 }] }), 1),
        ];
        for (answer, count) in table {
            let read = read(&answer, count);
            assert!(
                matches!(read, Err(ModelError::Garbage { .. })),
                "{answer}: {read:?}"
            );
        }
        let uneven = json!({ "data": [one, { "index": 1, "embedding": [1, 0, 0] }] });
        let read = read(&uneven, 2);
        assert!(
            matches!(
                read,
                Err(ModelError::Dimension {
                    expected: 2,
                    found: 3
                })
            ),
            "{read:?}"
        );
    }

    #[test]
    fn a_cut_leaves_whole_letters() {
        assert_eq!(cut("отпуск", 1.0), "отпуск");
        assert_eq!(cut("отпуск", 0.5), "отп");
        assert_eq!(cut("отпуск", 0.45), "от");
        assert_eq!(cut("😀", 0.9), "");
        assert!(shrink(Some(905), Some(512)) < 0.52);
        assert!((shrink(None, Some(512)) - 0.5).abs() < f64::EPSILON);
        // Numbers that contradict the refusal do not keep a text from being cut.
        assert!((shrink(Some(100), Some(512)) - 0.5).abs() < f64::EPSILON);
    }
}
