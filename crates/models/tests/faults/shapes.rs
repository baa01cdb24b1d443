//! What embeddings and reranking make of limits of servers and of their two shapes; what probes say.

use docent_models::{Embeddings, ModelError, Prefixes, Purpose, Rerank};
use serde_json::{Value, json};

use crate::server::{Request, Server, Step, json as answer};
use crate::{chat, endpoint, fails, says, soon};

/// Vectors for as many texts as were asked for, each told from the others by its length.
fn embeds(request: &Request, longest: usize) -> Vec<Step> {
    let texts = request.body["input"].as_array().unwrap();
    let lengths: Vec<usize> = texts
        .iter()
        .map(|text| text.as_str().unwrap().chars().count())
        .collect();
    if let Some(length) = lengths.iter().find(|&&length| length > longest) {
        let message =
            format!("input ({length} tokens) is too large to process (current batch size: {longest})");
        return answer(500, &json!({ "error": { "message": message } }));
    }
    let data: Vec<Value> = lengths
        .iter()
        .enumerate()
        .rev()
        .map(|(index, length)| json!({ "index": index, "embedding": [1, length] }))
        .collect();
    answer(200, &json!({ "data": data }))
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_its_batch_is_not() {
    let server = Server::start(|_, request| embeds(request, 500)).await;
    let prefixes = Prefixes {
        query: "query: ".to_owned(),
        passage: "passage: ".to_owned(),
    };
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], prefixes).unwrap();
    let mut texts: Vec<String> = (1..=100).map(|length| "ы".repeat(length)).collect();
    texts[40] = "ы".repeat(5_000);
    let vectors = embeddings.embed(&texts, Purpose::Passage, soon()).await.unwrap();
    let lengths: Vec<f32> = vectors
        .iter()
        .map(|vector| (vector[1] / vector[0]).round())
        .collect();
    for (number, length) in lengths.iter().enumerate() {
        if number == 40 {
            assert!((300.0..=500.0).contains(length), "{length}");
        } else {
            // The prefix has nine letters.
            assert!(
                (length - (number as f32 + 10.0)).abs() < 0.5,
                "{number}: {length}"
            );
        }
    }
    assert_eq!(embeddings.dimension(), Some(2));
    let requests = server.requests();
    assert!(requests.len() < 20, "{}", requests.len());
    embeddings
        .embed(&texts[..1], Purpose::Query, soon())
        .await
        .unwrap();
    assert_eq!(
        server.requests().last().unwrap().body["input"],
        json!(["query: ы"])
    );
    let nothing: [String; 0] = [];
    assert!(
        embeddings
            .embed(&nothing, Purpose::Query, soon())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_model_that_takes_no_text_at_all_is_told() {
    let server = Server::start(|_, request| embeds(request, 0)).await;
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    let texts = ["ы".repeat(5_000)];
    let error = embeddings
        .embed(&texts, Purpose::Passage, soon())
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::ContextExceeded { .. }), "{error}");
}

#[tokio::test]
async fn both_shapes_of_reranking_are_found_out() {
    let server = Server::start(|_, request| {
        let Some(texts) = request.body.get("texts").and_then(Value::as_array) else {
            return fails(422);
        };
        if texts.len() > 2 {
            // The most that such a server takes at once.
            assert!(texts.len() <= 32);
            let scores: Vec<Value> = texts
                .iter()
                .enumerate()
                .map(|(index, text)| json!({ "index": index, "score": text.as_str().unwrap().len() }))
                .collect();
            return answer(200, &json!(scores));
        }
        answer(
            200,
            &json!([{ "index": 1, "score": 2 }, { "index": 0, "score": 1 }]),
        )
    })
    .await;
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let documents = ["раз", "два"].map(str::to_owned);
    for _ in 0..2 {
        assert_eq!(
            rerank.score("сколько?", &documents, soon()).await.unwrap(),
            [1.0, 2.0]
        );
    }
    assert_eq!(server.requests().len(), 3, "the shape is remembered");
    assert!(rerank.score("сколько?", &[], soon()).await.unwrap().is_empty());
    let many: Vec<String> = (1..=50).map(|length| "x".repeat(length)).collect();
    let scores = rerank.score("сколько?", &many, soon()).await.unwrap();
    assert!(
        scores
            .iter()
            .enumerate()
            .all(|(n, score)| (score - n as f32 - 1.0).abs() < 0.1)
    );
}

#[tokio::test]
async fn probes_say_what_each_endpoint_is_good_for() {
    let good = Server::always(says("да")).await;
    let bad = Server::always(fails(401)).await;
    let probes = chat(vec![endpoint(&good.url), endpoint(&bad.url)])
        .probe(soon())
        .await;
    assert!(probes[0].reachable && probes[0].error.is_none(), "{probes:?}");
    assert_eq!(probes[0].example.as_deref(), Some("да"));
    assert!(probes[0].first_token.unwrap() <= probes[0].latency);
    assert!(probes[1].reachable, "{probes:?}");
    assert!(matches!(
        probes[1].error,
        Some(ModelError::Refused { status: 401 })
    ));

    let vectors = Server::start(|_, request| embeds(request, 500)).await;
    let embeddings = Embeddings::new(vec![endpoint(&vectors.url)], Prefixes::default()).unwrap();
    assert_eq!(embeddings.probe(soon()).await[0].dimension, Some(2));

    let scores =
        json!({ "results": [{ "index": 0, "relevance_score": 0 }, { "index": 1, "relevance_score": 1 }] });
    let server = Server::always(answer(200, &scores)).await;
    let probes = Rerank::new(vec![endpoint(&server.url)])
        .unwrap()
        .probe(soon())
        .await;
    assert_eq!(probes[0].example.as_deref(), Some("Holidays last 28 days."));
}

#[tokio::test]
async fn documents_that_are_too_long_are_judged_by_their_beginnings() {
    let server = Server::start(|_, request| {
        let texts = request.body["documents"].as_array().unwrap();
        if texts
            .iter()
            .any(|text| text.as_str().unwrap().chars().count() > 500)
        {
            return answer(
                500,
                &json!({ "error": { "message": "input is too large to process" } }),
            );
        }
        let scores: Vec<Value> = (0..texts.len())
            .map(|index| json!({ "index": index, "relevance_score": texts[index].as_str().unwrap().len() }))
            .collect();
        answer(200, &json!({ "results": scores }))
    })
    .await;
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let documents = ["ы".repeat(3_000), "раз".to_owned()];
    let scores = rerank.score("сколько?", &documents, soon()).await.unwrap();
    assert!(scores[0] > 100.0 && (scores[1] - 6.0).abs() < 0.1, "{scores:?}");
}
