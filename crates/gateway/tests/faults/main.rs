//! Faults of clients and of the machine, and what honest clients notice of them: nothing, or a wait.
//!
//! The server is a process of its own, so that it can be stopped, killed, starved of descriptors and measured. Short forms
//! run by default; for the long ones:
//!
//! ```sh
//! DOCENT_MESSAGES=10000000 cargo test -p docent-gateway --test faults order -- --nocapture
//! DOCENT_SOAK=1h cargo test -p docent-gateway --test faults memory -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "a long run is asked for by whoever starts the tests"
)]
#![cfg(target_os = "linux")]

mod client;
mod load;
mod server;

use std::time::{Duration, Instant};

use client::{Client, PATIENCE, SHAKE, frame, question};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use server::{LONG, LONG_BYTES, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Faults are measured one at a time: each takes the machine for itself.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Returns how many of `wanted` connections this process may have, and says so when they are fewer.
fn room(wanted: usize) -> usize {
    // What the tests themselves and the server's listener need.
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap() as usize - 500;
    if limit < wanted {
        println!("descriptors allow {limit} connections instead of {wanted}");
    }
    limit.min(wanted)
}

/// How long an honest client may wait for a connection, its choice and its answer while others misbehave.
const HONEST: Duration = Duration::from_millis(500);

/// Returns the longest wait of honest clients that come a few at a time.
async fn longest_wait(server: &Server, count: usize) -> Duration {
    let waits = stream::iter(0..count).map(async |_| {
        let begun = Instant::now();
        Client::honest(server.address, 1).await.ask(1, "можно?").await;
        begun.elapsed()
    });
    waits
        .buffer_unordered(10)
        .fold(Duration::ZERO, async |worst, wait| worst.max(wait))
        .await
}

/// Honest clients come, and each is served in time. Where the machine itself is slow, an undisturbed server says how slow.
async fn honest_clients_are_served(server: &Server, count: usize) {
    /// A busy machine holds up a client now and then, a server that is held up does so each time.
    const TRIES: usize = 3;
    let mut waits = Vec::new();
    for _ in 0..TRIES {
        let worst = longest_wait(server, count).await;
        if worst < HONEST {
            return;
        }
        let alone = longest_wait(&Server::start("defaults"), count).await;
        if worst < 3 * alone {
            return;
        }
        waits.push((worst, alone));
    }
    panic!("honest clients waited, with an undisturbed server beside them: {waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_come_a_byte_at_a_time_hold_up_nobody_and_are_cut() {
    let _turn = turn().await;
    let count = room(5_000);
    let server = Server::start("short");
    let begun = Instant::now();
    let slow: Vec<TcpStream> = stream::iter(0..count)
        .map(async |_| {
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            // The next byte would come in ten seconds.
            socket.write_all(b"G").await.unwrap();
            socket
        })
        .buffer_unordered(64)
        .collect()
        .await;
    honest_clients_are_served(&server, 100).await;
    let cut = slow.into_iter().map(async |mut socket| {
        let mut rest = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut rest)).await.is_ok()
    });
    let cut = join_all(cut).await.into_iter().filter(|cut| *cut).count();
    assert_eq!(cut, count, "unfinished heads were kept");
    let took = begun.elapsed();
    // Ten seconds for each, and what a slow machine takes to make and to close them.
    assert!(took < Duration::from_secs(30), "the last was kept for {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_client_is_told_to_wait_and_others_do_not() {
    let _turn = turn().await;
    let server = Server::start("defaults");
    let mut flood = Client::honest(server.address, 1).await;
    let flooding = async {
        let many = frame(&question("ещё")).repeat(200);
        let (mut answered, mut refused) = (0, 0);
        for _ in 0..20 {
            flood.socket.get_mut().write_all(&many).await.unwrap();
            for _ in 0..200 {
                let heard = flood.hear().await.unwrap();
                let is_answer = heard.contains("answer");
                assert!(is_answer || heard.contains("Слишком много вопросов"), "{heard}");
                *(if is_answer { &mut answered } else { &mut refused }) += 1;
            }
        }
        (answered, refused)
    };
    let ((answered, refused), ()) = tokio::join!(flooding, honest_clients_are_served(&server, 50));
    // A thousand in one go, then ten a second.
    assert!(
        (1_000..1_500).contains(&answered),
        "{answered} answers, {refused} refusals"
    );
    assert!(refused > 2_000, "{answered} answers, {refused} refusals");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_that_never_read_cost_little_memory_and_are_closed() {
    let _turn = turn().await;
    let server = Server::start("short");
    honest_clients_are_served(&server, 10).await;
    let before = server.memory();
    let count = room(1_000);
    let many = frame(&question(LONG)).repeat(30);
    let mut slow: Vec<Client> = stream::iter(0..count)
        .map(async |_| {
            let mut client = Client::small(server.address).await.unwrap().unwrap();
            client.say(&client::select(1)).await.unwrap();
            client.socket.get_mut().write_all(&many).await.unwrap();
            client
        })
        .buffer_unordered(32)
        .collect()
        .await;
    let grown = server.memory().saturating_sub(before) / count as u64;
    honest_clients_are_served(&server, 20).await;
    // One answer that waits, what was asked meanwhile, and the session.
    assert!(
        grown < 100 << 10,
        "{grown} bytes for each client that does not read"
    );
    let closed = slow.iter_mut().map(|client| client.is_closed_within(PATIENCE));
    let closed = join_all(closed)
        .await
        .into_iter()
        .filter(|closed| *closed)
        .count();
    assert_eq!(closed, count, "clients that do not read were kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_are_gone_without_a_word_are_found_and_closed() {
    let _turn = turn().await;
    let server = Server::start("short");
    let idle = server.descriptors();
    let mut gone = Vec::new();
    for _ in 0..200 {
        gone.push(Client::connect(server.address).await.unwrap().unwrap());
    }
    let mut alive = Client::honest(server.address, 1).await;
    let begun = Instant::now();
    while server.descriptors() > idle + 1 {
        // Two silences, and a moment for what is still on its way.
        let left = server.descriptors() - idle;
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{left} connections are open, one of them alive"
        );
        // One that answers pings stays.
        let staying = timeout(Duration::from_millis(500), alive.hear()).await;
        assert!(staying.is_err(), "{staying:?}");
    }
    alive.ask(1, "жив?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_pauses_gets_everything_in_order() {
    let _turn = turn().await;
    let server = Server::start("short");
    let mut client = Client::small(server.address).await.unwrap().unwrap();
    client.say(&client::select(2)).await.unwrap();
    client.hear().await.unwrap();
    let asking: Vec<u8> = (0..40)
        .flat_map(|number| [frame(&question(LONG)), frame(&question(&format!("{number}?")))].concat())
        .collect();
    client.socket.get_mut().write_all(&asking).await.unwrap();
    // Shorter than what a client may take to accept a reply.
    sleep(Duration::from_secs(2)).await;
    for number in 0..40 {
        let long = timeout(PATIENCE, client.hear()).await.unwrap().unwrap();
        assert!(long.len() > LONG_BYTES, "{number}: {long}");
        let short = timeout(PATIENCE, client.hear()).await.unwrap().unwrap();
        assert_eq!(short, client::answer(2, &format!("{number}?")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resets_in_the_middle_of_frames_leave_nothing_behind() {
    let _turn = turn().await;
    let server = Server::start("open");
    honest_clients_are_served(&server, 10).await;
    let before = server.descriptors();
    for place in 0..500 {
        let mut client = Client::connect(server.address).await.unwrap().unwrap();
        let whole = [frame(&client::select(1)), frame(&question(LONG))].concat();
        client
            .socket
            .get_mut()
            .write_all(&whole[..=place % whole.len()])
            .await
            .unwrap();
        client.reset();
    }
    // And in the middle of a handshake.
    for place in 0..200 {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let part = &SHAKE.as_bytes()[..=place % (SHAKE.len() - 1)];
        socket.write_all(part).await.unwrap();
        socket2::SockRef::from(&socket)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
    honest_clients_are_served(&server, 20).await;
    let begun = Instant::now();
    while server.descriptors() > before {
        assert!(
            begun.elapsed() < PATIENCE,
            "{} descriptors were {before}",
            server.descriptors()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_and_goes_on_keeps_its_clients() {
    let _turn = turn().await;
    let server = Server::start("short");
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(Client::honest(server.address, 3).await);
    }
    server.signal("STOP");
    for client in &mut clients {
        client.say(&question("ещё здесь?")).await.unwrap();
    }
    // Longer than two silences after which a client counts as gone.
    sleep(Duration::from_millis(2_500)).await;
    server.signal("CONT");
    for client in &mut clients {
        let heard = timeout(PATIENCE, client.hear()).await.unwrap().unwrap();
        assert_eq!(heard, client::answer(3, "ещё здесь?"));
        client.ask(3, "и дальше?").await;
    }
    honest_clients_are_served(&server, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_out_of_descriptors_waits_without_spinning_and_then_serves_on() {
    let _turn = turn().await;
    let server = Server::start_with("open", 0, Some(256));
    let mut held = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..400 {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(SHAKE.as_bytes()).await.unwrap();
        let answered = timeout(Duration::from_millis(200), socket.read_u8()).await;
        if answered.is_ok() { &mut held } else { &mut waiting }.push(socket);
        if waiting.len() == 20 {
            break;
        }
    }
    assert!(
        (100..256).contains(&held.len()),
        "{} of 256 were served",
        held.len()
    );
    let before = server.processor();
    sleep(Duration::from_secs(2)).await;
    let spent = server.processor().saturating_sub(before);
    assert!(
        spent < Duration::from_millis(200),
        "{spent:?} of processor in 2 s of nothing to do"
    );
    held.truncate(20);
    // Those who waited come in, and so do others.
    for socket in &mut waiting {
        let answered = timeout(PATIENCE, socket.read_u8()).await;
        assert!(matches!(answered, Ok(Ok(b'H'))), "{answered:?}");
    }
    honest_clients_are_served(&server, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_comes_back_to_a_server_that_was_killed() {
    let _turn = turn().await;
    let count = room(5_000);
    let server = Server::start("defaults");
    let join = async |number: usize, address| {
        let assistant = 1 + number as u64 % 3;
        let mut client = Client::honest(address, assistant).await;
        let text = format!("я номер {number}");
        loop {
            client.say(&question(&text)).await.unwrap();
            let heard = timeout(PATIENCE, client.hear()).await.expect("no reply").unwrap();
            if !heard.contains("Сейчас слишком много вопросов") {
                assert_eq!(heard, client::answer(assistant, &text));
                return client;
            }
            // Sooner than was asked for.
            sleep(Duration::from_secs(1)).await;
        }
    };
    let address = server.address;
    let mut crowd: Vec<Client> = stream::iter(0..count)
        .map(|number| join(number, address))
        .buffer_unordered(64)
        .collect()
        .await;
    let port = server.kill();
    let ended = crowd.iter_mut().map(|client| client.is_closed_within(PATIENCE));
    assert!(join_all(ended).await.into_iter().all(|ended| ended));
    drop(crowd);
    let begun = Instant::now();
    let server = Server::start_with("defaults", port, None);
    // All at one moment, without a plan.
    let crowd = join_all((0..count).map(|number| join(number, server.address))).await;
    let took = begun.elapsed();
    println!("{} clients were back and answered after {took:?}", crowd.len());
    assert!(took < Duration::from_mins(1), "{took:?}");
}

/// Frames come in the pieces that networks make of them: a head in two parts, a message in many frames with a ping between
/// them, ten messages in one piece.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_may_come_in_any_pieces() {
    let _turn = turn().await;
    let server = Server::start("open");
    let long = "д".repeat(3_999);
    let mut parts = vec![
        frame(&client::select(2)),
        frame(&question("раз")),
        frame(&question(&long)),
    ];
    // One question in three frames, the second of a single byte in the middle of a letter.
    let (text, middle) = (question("частями"), 35);
    let piece = |first: u8, bytes: &[u8]| [&[first, 0x80 | bytes.len() as u8, 0, 0, 0, 0], bytes].concat();
    parts.push(piece(0x01, &text.as_bytes()[..middle]));
    parts.push(piece(0x00, &text.as_bytes()[middle..=middle]));
    parts.push(piece(0x89, b"17"));
    parts.push(piece(0x80, &text.as_bytes()[middle + 1..]));
    parts.push(frame(&question("два")));
    let whole = parts.concat();
    for size in [1, 2, 3, 7, 250, 8_191, 8_192, whole.len()] {
        let mut client = Client::connect(server.address).await.unwrap().unwrap();
        let socket = client.socket.get_mut();
        // Single bytes take a while: the long question in larger ones.
        let (slow, quick) = whole.split_at(if size < 100 { 200 } else { 0 });
        for piece in slow.chunks(size).chain(quick.chunks(size.max(100))) {
            socket.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(client.hear().await.unwrap().contains("success"));
        for asked in ["раз", &long, "частями", "два"] {
            let heard = timeout(PATIENCE, client.hear()).await.unwrap().unwrap();
            assert_eq!(heard, client::answer(2, asked), "in pieces of {size}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_large_message_took_is_given_back() {
    let _turn = turn().await;
    let server = Server::start("open");
    honest_clients_are_served(&server, 50).await;
    let before = server.memory();
    let mut clients = Vec::new();
    for _ in 0..room(1_000) {
        let mut client = Client::honest(server.address, 1).await;
        client.say(&question(&"д".repeat(30_000))).await.unwrap();
        assert!(client.hear().await.unwrap().contains("30000"));
        client.say(&question(LONG)).await.unwrap();
        assert!(client.hear().await.unwrap().len() > LONG_BYTES);
        clients.push(client);
    }
    let grown = server.memory().saturating_sub(before) / clients.len() as u64;
    // A session with what the allocator keeps, and not the 60 KB that came and the 30 KB that went.
    assert!(grown < 24 << 10, "{grown} bytes for each idle connection");
}

/// The wall clock jumps when a machine's time is set; what is counted or waited for must not hang on it.
#[test]
fn no_limit_and_no_deadline_reads_the_wall_clock() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = std::fs::read_dir(source).unwrap();
    let mut read = 0;
    for file in files.map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(!text.contains("SystemTime"), "{}", file.display());
            read += 1;
        }
    }
    assert!(read > 5, "{read} files");
}
