//! Callers who leave, calls that move between threads, streams under mutation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_models::{Embeddings, ModelError, Prefixes, Purpose, Rerank};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::server::{Server, Step, stream};
use crate::{DONE, STOP, TOKEN, ask, chat, endpoint, question, says, soon, whole, word};

/// How long a server may go on after its caller has left.
const AFTERWARDS: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_leave_at_any_moment_leave_no_call_behind() {
    let server = Server::start(|n, _| {
        let pause = Duration::from_millis(n as u64 % 7);
        let mut steps = vec![Step::Pause(pause), stream(), Step::Pause(pause)];
        steps.push(Step::Forever(word("да ").into(), Duration::from_millis(2)));
        steps
    })
    .await;
    let mut wide = endpoint(&server.url);
    wide.concurrency = 100;
    let chat = Arc::new(chat(vec![wide]));
    let mut slowest = Duration::ZERO;
    let mut words = 0;
    for round in 0..50_u64 {
        let leave = |n: u64| {
            let chat = Arc::clone(&chat);
            // Spread over the connection, the head, the first word and the stream.
            let stay = Duration::from_micros((round * 20 + n) * 7_919 % 40_000);
            async move {
                let mut heard = 0;
                let _ = timeout(stay, async {
                    let mut reply = chat.start(&question(), soon()).await.unwrap();
                    while let Some(Ok(_)) = reply.next().await {
                        heard += 1;
                    }
                })
                .await;
                heard
            }
        };
        words += join_all((0..20).map(leave)).await.into_iter().sum::<usize>();
        let left = Instant::now();
        while server.open() > 0 {
            assert!(left.elapsed() < AFTERWARDS, "{} calls go on", server.open());
            sleep(Duration::from_millis(1)).await;
        }
        slowest = slowest.max(left.elapsed());
    }
    let calls = server.requests().len();
    println!("1000 left, {calls} had asked, {words} words were heard; the last call ended {slowest:?} later");
    assert!(calls > 500 && words > 300, "{calls} {words}");
}

#[tokio::test]
async fn embeddings_and_reranking_end_with_their_callers_as_well() {
    let server = Server::always(vec![Step::Hang]).await;
    let texts = ["раз".to_owned()];
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let _ = timeout(TOKEN / 4, embeddings.embed(&texts, Purpose::Query, soon())).await;
    let _ = timeout(TOKEN / 4, rerank.score("сколько?", &texts, soon())).await;
    sleep(AFTERWARDS).await;
    assert_eq!((server.requests().len(), server.open()), (2, 0));
}

#[tokio::test]
async fn calls_can_be_moved_between_threads() {
    fn moved<T: Send>(work: T) -> T {
        work
    }
    let server = Server::always(says("да")).await;
    let chat = Arc::new(chat(vec![endpoint(&server.url)]));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut reply = chat.start(&question(), soon()).await.unwrap();
        whole(&mut reply).await.0
    });
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), "да");
    let texts = ["раз".to_owned()];
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    drop(moved(embeddings.embed(&texts, Purpose::Query, soon())));
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    drop(moved(rerank.score("сколько?", &texts, soon())));
}

#[tokio::test]
async fn a_stream_with_any_bytes_changed_ends_in_words_or_an_error() {
    let whole = [word("раз "), word("два"), STOP.to_owned(), DONE.to_owned()]
        .concat()
        .into_bytes();
    let length = whole.len();
    let server = Server::start(move |n, _| {
        let mut bytes = whole.clone();
        // Every byte once, by one that means something to JSON, to events or to nobody.
        bytes[n % length] = b"\n\r:{}[]\"\\0x\xff\x00,"[(n * 7 + n / length) % 14];
        bytes.truncate(length - (n * 31 % length) / 8);
        vec![stream(), Step::Send(bytes)]
    })
    .await;
    let mut fine = 0;
    for _ in 0..2 * length {
        // Made anew, since one that breaks so often would be left alone.
        let (words, error) = ask(&chat(vec![endpoint(&server.url)]), soon()).await;
        fine += usize::from(error.is_none());
        if let Some(error) = error {
            let told = error.to_string();
            assert!(
                matches!(
                    error,
                    ModelError::EndedEarly | ModelError::Garbage { .. } | ModelError::TimedOut { .. }
                ),
                "{told}"
            );
        }
        assert!(words.len() < 100);
    }
    println!("{fine} of {} were usable all the same", 2 * length);
    assert!(fine < 2 * length && fine > 0);
}
