//! The servers that are compared, each in a process of its own: a raw TCP echo, fastwebsockets and docent's gateway.
//!
//! All answer with the same bytes. The echo is the floor: one read and one write for each message over a bare `epoll`, and
//! nothing looked at. The peer reads and writes messages with docent's own protocol types, so that only sockets differ.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{Engine, EngineError, Settings, listen, serve};
use docent_protocol::{AssistantEntry, ClientMessage, Incoming, Reply, ServerMessage};
use fastwebsockets::{Frame, OpCode, WebSocketError, upgrade};
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is answered to every question: two sentences with a source.
const ANSWER: &str = "Отпуск переносится по заявлению сотрудника, если оно подано за две недели до начала. Остаток дней сохраняется до конца следующего года [1].";

/// Says where it listens, and ends with its parent.
fn announce(address: SocketAddr) {
    println!("{address}");
    std::thread::spawn(|| {
        // The parent holds the other end for as long as it lives.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

/// Reads `take` bytes and writes `give` bytes for each of them.
pub(crate) fn raw(take: usize, give: usize) {
    let mut poll = Poll::new().unwrap();
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    poll.registry()
        .register(&mut listener, Token(usize::MAX), Interest::READABLE)
        .unwrap();
    announce(listener.local_addr().unwrap());
    let mut sockets: Vec<Option<(TcpStream, usize)>> = Vec::new();
    let mut events = Events::with_capacity(1_024);
    let (mut space, reply) = ([0; 4_096], vec![b'x'; give]);
    loop {
        // Whoever counts the calls interrupts them.
        if poll.poll(&mut events, None).is_err() {
            continue;
        }
        for event in &events {
            if event.token() == Token(usize::MAX) {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true).unwrap();
                    let place = sockets.iter().position(Option::is_none).unwrap_or(sockets.len());
                    poll.registry()
                        .register(&mut socket, Token(place), Interest::READABLE)
                        .unwrap();
                    if place == sockets.len() {
                        sockets.push(None);
                    }
                    sockets[place] = Some((socket, 0));
                }
                continue;
            }
            let slot = &mut sockets[event.token().0];
            let Some((socket, held)) = slot else { continue };
            loop {
                match socket.read(&mut space) {
                    Ok(0) => *slot = None,
                    Ok(read) => {
                        *held += read;
                        while *held >= take {
                            *held -= take;
                            socket.write_all(&reply).unwrap();
                        }
                        // A full buffer may hide more; a short read has drained the socket.
                        if read == space.len() {
                            continue;
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => *slot = None,
                }
                break;
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    // One worker for the one core that a server is given.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn assistants() -> Arc<[Assistant]> {
    let mut first = Assistant::new(AssistantId(1), "Отдел кадров");
    first.description = "Отвечает по правилам отпусков и больничных".into();
    let mut second = Assistant::new(AssistantId(2), "Техническая поддержка");
    second.description = "Отвечает о принтерах, почте и паролях".into();
    Arc::new([first, second])
}

/// Has one answer for everything.
struct Canned {
    assistants: Arc<[Assistant]>,
    /// Whether it says that it needs no thread, or is asked as one that searches.
    at_once: bool,
}

fn answer() -> Answer {
    Answer {
        text: ANSWER.to_owned(),
        outcome: Outcome::Answered,
        sources: Vec::new(),
    }
}

impl Engine for Canned {
    fn assistants(&self) -> Arc<[Assistant]> {
        self.assistants.clone()
    }

    fn answer(&self, _: AssistantId, _: &str) -> Result<Answer, EngineError> {
        Ok(answer())
    }

    fn at_once(&self, _: AssistantId, _: &str) -> Option<Result<Answer, EngineError>> {
        self.at_once.then(|| Ok(answer()))
    }

    fn generation(&self) -> u64 {
        1
    }
}

/// Serves docent's gateway, with an engine that answers at once or on the threads of those that search.
pub(crate) fn docent(at_once: bool) {
    runtime().block_on(async {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        announce(listener.local_addr().unwrap());
        let mut settings = Settings {
            max_connections: 20_000,
            // A thousand ask at one moment.
            max_waiting: usize::MAX,
            ..Settings::default()
        };
        settings.lift_rates();
        let engine = Canned {
            assistants: assistants(),
            at_once,
        };
        serve(listener, Arc::new(engine), settings, CancellationToken::new()).await;
    });
}

/// Serves the same over fastwebsockets, as its own examples do.
pub(crate) fn fast() {
    runtime().block_on(async {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        announce(listener.local_addr().unwrap());
        let tasks = TaskTracker::new();
        let assistants = assistants();
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            let (assistants, sessions) = (assistants.clone(), tasks.clone());
            tasks.spawn(async move {
                let service = service_fn(move |mut request: Request<Body>| {
                    let (assistants, sessions) = (assistants.clone(), sessions.clone());
                    async move {
                        let (response, upgraded) = upgrade::upgrade(&mut request)?;
                        sessions.spawn(async move {
                            let _ = talk(upgraded, assistants).await;
                        });
                        Ok::<Response<_>, WebSocketError>(response)
                    }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .with_upgrades()
                    .await;
            });
        }
    });
}

async fn talk(upgraded: upgrade::UpgradeFut, assistants: Arc<[Assistant]>) -> Result<(), WebSocketError> {
    let mut socket = fastwebsockets::FragmentCollector::new(upgraded.await?);
    let chosen = AtomicBool::new(false);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text => {
                let text = std::str::from_utf8(&frame.payload).unwrap_or_default();
                let reply = reply(text, &assistants, &chosen).to_json();
                socket.write_frame(Frame::text(reply.into_bytes().into())).await?;
            }
            _ => {}
        }
    }
}

fn reply(text: &str, assistants: &[Assistant], chosen: &AtomicBool) -> Reply {
    let message = |text: &str| text.to_owned();
    match Incoming::parse(text).message {
        Ok(ClientMessage::GetAssistants) => ServerMessage::AssistantList {
            assistants: (assistants.iter())
                .map(|one| AssistantEntry {
                    id: one.id.0,
                    name: one.name.clone(),
                    description: one.description.clone(),
                })
                .collect(),
        },
        Ok(ClientMessage::SelectAssistant { .. }) => {
            chosen.store(true, Ordering::Relaxed);
            ServerMessage::Success {
                message: message("Ассистент выбран: Отдел кадров"),
            }
        }
        Ok(ClientMessage::Question { .. }) if chosen.load(Ordering::Relaxed) => ServerMessage::Answer {
            message: message(ANSWER),
            sources: None,
        },
        _ => ServerMessage::Error {
            message: message("Ассистент не выбран"),
        },
    }
    .into()
}
