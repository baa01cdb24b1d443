//! Reranking: how well each of several documents fits a question.

use std::time::Instant;

use serde_json::{Map, Value};

use crate::call::{Ask, Links};
use crate::embeddings::{BATCH, SHORTEST, shrink};
use crate::endpoint::Endpoint;
use crate::error::ModelError;
use crate::key::Secret;
use crate::link::Link;
use crate::probe::Probe;
use crate::retry::Dice;

/// A cross-encoder behind one or several endpoints.
#[derive(Debug)]
pub struct Rerank {
    links: Links,
}

impl Rerank {
    /// Makes a client of `endpoints`, the preferred one first; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ModelError::Misconfigured`] when an endpoint can never work.
    pub fn new(endpoints: Vec<Endpoint>) -> Result<Self, ModelError> {
        Ok(Self {
            links: Links::new(endpoints)?,
        })
    }

    /// Takes other dice for the waits between repetitions.
    #[must_use]
    pub fn with_dice(mut self, dice: Dice) -> Self {
        self.links.set_dice(dice);
        self
    }

    /// Returns a score for each document, in the order of the documents; higher fits better.
    ///
    /// Scores of different models, servers and calls have nothing in common but their order.
    ///
    /// # Errors
    ///
    /// What the last endpoint said, as a [`ModelError`]; then no document has a score.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call at the server.
    pub async fn score(
        &self,
        query: &str,
        documents: &[String],
        deadline: Instant,
    ) -> Result<Vec<f32>, ModelError> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        // Documents longer than the model takes are judged by their beginnings.
        let mut longest = documents.iter().map(String::len).max().unwrap_or_default();
        loop {
            let cut: Vec<String> = documents
                .iter()
                .map(|text| text[..text.floor_char_boundary(longest)].to_owned())
                .collect();
            let ask = Pairs {
                query,
                documents: &cut,
            };
            match self.links.call(&ask, deadline).await {
                Ok((scores, pass)) => {
                    pass.succeeded();
                    return Ok(scores);
                }
                Err(ModelError::ContextExceeded { needed, limit }) if longest > SHORTEST => {
                    longest = (longest as f64 * shrink(needed, limit)) as usize;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Has each endpoint put two sentences in order.
    pub async fn probe(&self, deadline: Instant) -> Vec<Probe> {
        let documents = ["The moon has no light of its own.", "Holidays last 28 days."].map(str::to_owned);
        let ask = Pairs {
            query: "How long are holidays?",
            documents: &documents,
        };
        self.links
            .probe(&ask, deadline, |scores, probe| {
                let best = usize::from(scores[0] < scores[1]);
                probe.example = Some(documents[best].clone());
            })
            .await
    }
}

struct Pairs<'a> {
    query: &'a str,
    documents: &'a [String],
}

impl Pairs<'_> {
    async fn send(&self, link: &Link, secret: Option<&Secret>, texts: bool) -> Result<Vec<f32>, ModelError> {
        let field = if texts { "texts" } else { "documents" };
        let size = if texts { BATCH } else { self.documents.len() };
        let mut scores = Vec::new();
        for documents in self.documents.chunks(size) {
            let mut body = Map::new();
            body.insert("query".to_owned(), self.query.into());
            body.insert(field.to_owned(), documents.into());
            if !texts {
                // Some servers return the best few unless told how many.
                body.insert("top_n".to_owned(), documents.len().into());
            }
            let answer = link.ask("rerank", body, secret).await?;
            scores.extend(read(&answer, documents.len())?);
        }
        Ok(scores)
    }
}

impl Ask for Pairs<'_> {
    type Answer = Vec<f32>;

    async fn attempt(
        &self,
        link: &Link,
        secret: Option<&Secret>,
        _: Instant,
    ) -> Result<Vec<f32>, ModelError> {
        let texts = link.takes_texts();
        let scores = self.send(link, secret, texts).await;
        if !matches!(scores, Err(ModelError::Refused { status: 400 | 422 })) {
            return scores;
        }
        let scores = self.send(link, secret, !texts).await?;
        link.set_takes_texts(!texts);
        Ok(scores)
    }
}

/// Reads a score for each document, each once, whatever their order.
fn read(answer: &Value, count: usize) -> Result<Vec<f32>, ModelError> {
    // Jina, Cohere, vLLM and llama.cpp; Voyage; TEI.
    let results = ["/results", "/data", ""]
        .iter()
        .find_map(|place| answer.pointer(place)?.as_array())
        .ok_or(ModelError::garbage("it holds no scores"))?;
    if results.len() != count {
        return Err(ModelError::garbage(
            "it holds another number of scores than documents",
        ));
    }
    let mut scores = vec![None; count];
    for result in results {
        let slot = result
            .get("index")
            .and_then(Value::as_u64)
            .and_then(|index| scores.get_mut(index as usize))
            .ok_or(ModelError::garbage("a score belongs to no document"))?;
        let score = ["relevance_score", "score"]
            .iter()
            .find_map(|field| result.get(field)?.as_f64())
            .map(|score| score as f32)
            .filter(|score| score.is_finite())
            .ok_or(ModelError::garbage("a score cannot be read"))?;
        if slot.replace(score).is_some() {
            return Err(ModelError::garbage("two scores belong to one document"));
        }
    }
    Ok(scores.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scores_are_put_in_the_order_of_the_documents() {
        let results = json!([
            { "index": 1, "relevance_score": 2.5 },
            { "index": 0, "relevance_score": -1 },
        ]);
        let texts = json!([{ "index": 1, "score": 2.5 }, { "index": 0, "score": -1 }]);
        for answer in [json!({ "results": results }), json!({ "data": results }), texts] {
            assert_eq!(read(&answer, 2).unwrap(), [-1.0, 2.5], "{answer}");
        }
    }

    #[test]
    fn scores_that_do_not_fit_the_documents_are_garbage() {
        let one = json!({ "index": 0, "score": 1 });
        let table = [
            (json!({}), 1),
            (json!({ "results": 7 }), 1),
            (json!([]), 1),
            (json!([one, one]), 1),
            (json!([one, one]), 2),
            (json!([{ "index": 1, "score": 1 }]), 1),
            (json!([{ "score": 1 }]), 1),
            (json!([{ "index": 0, "score": null }]), 1),
            (json!([{ "index": 0, "score": 1e300 }]), 1),
        ];
        for (answer, count) in table {
            let read = read(&answer, count);
            assert!(
                matches!(read, Err(ModelError::Garbage { .. })),
                "{answer}: {read:?}"
            );
        }
    }
}
