//! Load of all kinds at once, and for as long as is asked for: what comes back is right, and memory stays flat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::{Client, PATIENCE, answer, frame, question, select};
use crate::server::{LONG, Server};
use crate::turn;

/// Repeatable, and different for every client.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Each client sends messages of every kind, many at once, and holds every reply to what it sent: a reply that is lost, made
/// up, out of order or another's is seen at once.
#[tokio::test(flavor = "multi_thread")]
async fn every_reply_is_the_one_that_is_due_and_in_order() {
    let _turn = turn().await;
    let messages: u64 = std::env::var("DOCENT_MESSAGES").map_or(100_000, |count| count.parse().unwrap());
    let server = Server::start("open");
    let begun = Instant::now();
    let clients = 50;
    let each = messages.div_ceil(clients);
    let done = Arc::new(AtomicU64::new(0));
    let mut at_work = JoinSet::new();
    for number in 0..clients {
        let (address, done) = (server.address, done.clone());
        at_work.spawn(async move {
            let mut random = Random(number);
            let mut client = Client::honest(address, 1).await;
            let mut selected = 1;
            let mut sent = 0;
            while sent < each {
                let mut bytes = Vec::new();
                let mut due = Vec::new();
                for _ in 0..(1 + random.below(32)).min(each - sent) {
                    sent += 1;
                    let (text, reply) = match random.below(8) {
                        0 => {
                            let entry = |id: u64| format!(r#"{{"id":{id},"name":"Помощник {id}","description":""}}"#);
                            let list = format!("{},{},{}", entry(1), entry(2), entry(3));
                            (
                                format!(r#"{{"type":"get_assistants","id":"{number}/{sent}"}}"#),
                                format!(r#"{{"type":"assistant_list","assistants":[{list}],"id":"{number}/{sent}"}}"#),
                            )
                        }
                        1 => {
                            selected = 1 + random.below(3);
                            (
                                select(selected),
                                format!(r#"{{"type":"success","message":"Ассистент выбран: Помощник {selected}"}}"#),
                            )
                        }
                        2 => (
                            select(4),
                            r#"{"type":"error","message":"Ассистент не найден"}"#.to_owned(),
                        ),
                        _ => {
                            let text = format!("{number} {sent}");
                            (question(&text), answer(selected, &text))
                        }
                    };
                    bytes.extend(frame(&text));
                    due.push(reply);
                }
                client.socket.get_mut().write_all(&bytes).await.unwrap();
                for due in due {
                    let heard = timeout(PATIENCE, client.hear()).await.expect("a reply is lost").unwrap();
                    assert_eq!(heard, due);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Nothing comes that was not asked for.
            let more = timeout(Duration::from_millis(200), client.hear()).await;
            assert!(more.is_err(), "{more:?}");
        });
    }
    while let Some(ended) = at_work.join_next().await {
        ended.unwrap();
    }
    let (done, took) = (done.load(Ordering::Relaxed), begun.elapsed());
    println!("{done} messages in {took:?}, each with its own reply and in order");
    assert!(done >= messages);
}

/// Reads «20s», «10m» or «1h».
fn time(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u64 = number.parse().unwrap();
    match unit {
        "s" => Duration::from_secs(number),
        "m" => Duration::from_mins(number),
        "h" => Duration::from_hours(number),
        _ => panic!("{text} is none of 20s, 10m and 1h"),
    }
}

/// One visit of a client that is honest, hasty, greedy, slow, rude or broken.
async fn visit(address: std::net::SocketAddr, random: &mut Random) {
    let assistant = 1 + random.below(3);
    let mut client = Client::honest(address, assistant).await;
    match random.below(8) {
        0 => client.reset(),
        1 => {
            let _ = client.say("{\"type\":").await;
            let _ = client.hear().await;
        }
        2 => {
            // Leaves in the middle of an answer.
            let _ = client.say(&question(LONG)).await;
        }
        3 => {
            let _ = client.socket.get_mut().write_all(&[0x81, 0xfe, 0xff]).await;
            client.reset();
        }
        4 => {
            let many = frame(&question(LONG)).repeat(20);
            let _ = client.socket.get_mut().write_all(&many).await;
            sleep(Duration::from_millis(random.below(500))).await;
        }
        _ => {
            for number in 0..=random.below(20) {
                client.ask(assistant, &format!("{number}?")).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_under_mixed_load() {
    let _turn = turn().await;
    let length = std::env::var("DOCENT_SOAK").map_or(Duration::from_secs(10), |text| time(&text));
    let server = Server::start("open");
    let stop = Arc::new(AtomicBool::new(false));
    let mut at_work = JoinSet::new();
    for number in 0..60 {
        let (address, stop) = (server.address, stop.clone());
        at_work.spawn(async move {
            let (mut random, mut visits) = (Random(number), 0_u64);
            while !stop.load(Ordering::Relaxed) {
                visit(address, &mut random).await;
                visits += 1;
                // Below what fills the table of ports that wait after a connection.
                sleep(Duration::from_millis(100 + random.below(200))).await;
            }
            visits
        });
    }
    let begun = Instant::now();
    let mut sizes = Vec::new();
    while begun.elapsed() < length {
        sleep(length / 16).await;
        sizes.push(server.memory());
    }
    stop.store(true, Ordering::Relaxed);
    let visits: u64 = at_work.join_all().await.into_iter().sum();
    let shown: Vec<u64> = sizes.iter().map(|size| size >> 10).collect();
    println!(
        "{visits} visits in {:?}; memory in KiB: {shown:?}",
        begun.elapsed()
    );
    // The first quarter fills pools and buffers.
    let settled = sizes[4..8].iter().max().unwrap();
    let last = sizes[12..].iter().max().unwrap();
    assert!(*last < settled + settled / 5 + (4 << 20), "{shown:?} KiB");
    // And all of it served to the end.
    let mut clients = join_all((0..20).map(|_| Client::honest(server.address, 2))).await;
    for client in &mut clients {
        client.ask(2, "всё ещё?").await;
    }
}
