//! docent's gateway beside a raw TCP echo and fastwebsockets, in one run, with search taken out.
//!
//! ```sh
//! cargo bench -p docent-gateway --bench peers            # everything, some minutes
//! cargo bench -p docent-gateway --bench peers -- memory  # one part: messages, cycles, memory, calls, slow
//! ```
//!
//! Servers run as processes of their own on the first core, the load on the second; rounds alternate between servers and
//! each ratio is the median of the ratios within a round, so that a neighbour's work falls out. Read the ratios.
//! `CONNECTIONS=19000` asks for other numbers of idle connections than 5,000. «threads» is docent with an engine that is asked
//! as one that searches, on a thread of its own; without, the engine says that it has nothing to look up.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench")]
#![allow(clippy::disallowed_methods, reason = "settings of a bench")]

mod load;
mod servers;

use std::process::Command;
use std::time::Duration;

use load::{Client, Server, ask, cycle, raw_client};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of which the median counts: an odd number, enough for the noise of a shared machine.
const ROUNDS: usize = 9;

/// Connections of the closed loop.
const CLIENTS: usize = 64;

/// Messages of each connection in a round: some tenths of a second of processor time.
const MESSAGES: usize = 400;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let number = |place: usize| arguments[place].parse::<usize>().unwrap();
    match arguments.first().map(String::as_str) {
        Some("serve-raw") => return servers::raw(number(1), number(2)),
        Some("serve-fast") => return servers::fast(),
        Some("serve-docent") => return servers::docent(true),
        Some("serve-docent-threads") => return servers::docent(false),
        _ => {}
    }
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    // The load leaves the servers' core alone.
    if std::env::var_os("PEERS_PINNED").is_none() {
        let pinned = Command::new("taskset")
            .args(["-c", "1"])
            .arg(std::env::current_exe().unwrap())
            .args(&arguments)
            .env("PEERS_PINNED", "1")
            .status();
        if let Ok(status) = pinned {
            std::process::exit(status.code().unwrap_or(1));
        }
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|one| one == part);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if wanted("messages") {
            messages().await;
        }
        if wanted("cycles") {
            cycles().await;
        }
        if wanted("memory") {
            memory().await;
        }
        if wanted("calls") {
            calls().await;
        }
        if wanted("slow") {
            slow().await;
        }
    });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the median time of each server and its ratio to the first, round by round.
fn table(title: &str, unit: &str, names: &[&str], rounds: &[Vec<f64>]) {
    println!("\n{title} ({unit}, median of {} rounds)", rounds.len());
    for (place, name) in names.iter().enumerate() {
        let time = median(rounds.iter().map(|round| round[place]).collect());
        let ratio = median(rounds.iter().map(|round| round[place] / round[0]).collect());
        println!("  {name:<16} {time:>9.2}   {ratio:>6.2}");
    }
}

async fn messages() {
    for kind in [load::LIST, load::QUESTION] {
        for clients in [CLIENTS, 1_000] {
            let servers = [
                Server::start(&kind.raw()),
                Server::start(&["serve-fast".into()]),
                Server::start(&["serve-docent".into()]),
                Server::start(&["serve-docent-threads".into()]),
            ];
            let mut crowd = Vec::new();
            for (place, server) in servers.iter().enumerate() {
                let mut clients_of = Vec::new();
                for _ in 0..clients {
                    let client = if place == 0 {
                        raw_client(server.address, kind).await
                    } else {
                        Client::open(server.address, kind).await
                    };
                    clients_of.push(client);
                }
                crowd.push(clients_of);
            }
            let each = (CLIENTS * MESSAGES / clients).max(10);
            let mut rounds = Vec::new();
            for round in 0..=ROUNDS {
                let mut times = Vec::new();
                for (server, clients) in servers.iter().zip(&mut crowd) {
                    let before = server.processor();
                    ask(clients, each).await;
                    let spent = server.processor() - before;
                    times.push(spent / (clients.len() * each) as f64);
                }
                // The first warms up.
                if round > 0 {
                    rounds.push(times);
                }
            }
            let title = format!("{} over {clients} connections", kind.name);
            table(
                &title,
                "µs of processor per message",
                &["raw TCP echo", "fastwebsockets", "docent", "docent, threads"],
                &rounds,
            );
        }
    }
}

async fn cycles() {
    const CYCLES: usize = 2_000;
    let servers = [
        Server::start(&["serve-fast".into()]),
        Server::start(&["serve-docent".into()]),
        Server::start(&["serve-docent-threads".into()]),
    ];
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut times = Vec::new();
        for server in &servers {
            let before = server.processor();
            cycle(server.address, CYCLES, 32).await;
            // What is left to do after the last goodbye.
            tokio::time::sleep(Duration::from_millis(50)).await;
            times.push((server.processor() - before) / CYCLES as f64);
        }
        if round > 0 {
            rounds.push(times);
        }
    }
    table(
        "connect, select, ask, close; 32 at a time",
        "µs of processor per cycle",
        &["fastwebsockets", "docent", "docent, threads"],
        &rounds,
    );
}

async fn memory() {
    let count: usize = std::env::var("CONNECTIONS").map_or(5_000, |count| count.parse().unwrap());
    println!(
        "\n{count} idle connections after one get_assistants each (bytes of user memory per connection)"
    );
    for (name, argument) in [("fastwebsockets", "serve-fast"), ("docent", "serve-docent")] {
        let server = Server::start(&[argument.into()]);
        // What the first connections make once for all.
        let mut first = vec![Client::open(server.address, load::LIST).await];
        ask(&mut first, 100).await;
        let before = server.resident();
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = Client::open(server.address, load::LIST).await;
            client.ask(1).await;
            clients.push(client);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let grown = server.resident() - before;
        println!("  {name:<16} {:>9}", grown / count as u64);
        drop(clients);
    }
}

async fn calls() {
    println!("\nsystem calls per message, {CLIENTS} connections, closed loop");
    for kind in [load::LIST, load::QUESTION] {
        for (name, arguments) in [
            ("raw TCP echo", kind.raw()),
            ("fastwebsockets", vec!["serve-fast".to_owned()]),
            ("docent", vec!["serve-docent".to_owned()]),
            ("docent, threads", vec!["serve-docent-threads".to_owned()]),
        ] {
            let server = Server::start(&arguments);
            let mut clients = Vec::new();
            for _ in 0..CLIENTS {
                let client = if name == "raw TCP echo" {
                    raw_client(server.address, kind).await
                } else {
                    Client::open(server.address, kind).await
                };
                clients.push(client);
            }
            let Some(count) = server.calls(async { ask(&mut clients, MESSAGES).await }).await else {
                println!("  not counted: perf is not installed or may not look");
                return;
            };
            println!(
                "  {:<16} {name:<16} {:>6.2}",
                kind.name,
                count as f64 / (CLIENTS * MESSAGES) as f64
            );
        }
    }
}

async fn slow() {
    println!("\np99 of 64 clients, alone and beside 16 that ask and never read (ms)");
    for (name, argument) in [
        ("fastwebsockets", "serve-fast"),
        ("docent", "serve-docent"),
        ("docent, threads", "serve-docent-threads"),
    ] {
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        let server = Server::start(&[argument.into()]);
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(Client::open(server.address, load::QUESTION).await);
        }
        for round in 0..=ROUNDS {
            let calm = load::p99(&mut clients, 100).await;
            let stuck = load::stuck(server.address, 16).await;
            let pressed = load::p99(&mut clients, 100).await;
            drop(stuck);
            if round > 0 {
                alone.push(calm);
                beside.push(pressed);
            }
        }
        let ratio = median(
            alone
                .iter()
                .zip(&beside)
                .map(|(alone, beside)| beside / alone)
                .collect(),
        );
        println!(
            "  {name:<16} {:>7.2} {:>7.2}   {ratio:>6.2}",
            median(alone),
            median(beside)
        );
    }
}
