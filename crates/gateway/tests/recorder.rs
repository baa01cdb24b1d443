//! What a recorder is told of questions, however they end.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docent_corpus::{Answer, Assistant, AssistantId, Interest, Outcome, Source, Version};
use docent_gateway::{
    Counts, Ended, Engine, EngineError, Gateway, Record, Recorder, RequestId, Settings, listen,
};
use futures_util::{SinkExt, StreamExt};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// Fails over «сломано», works on «долго» as long as somebody waits, answers everything else from one document.
struct Canned;

impl Engine for Canned {
    fn assistants(&self) -> Arc<[Assistant]> {
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, question: &str) -> Result<Answer, EngineError> {
        if question == "сломано" {
            return Err(EngineError::Unavailable("broken".into()));
        }
        let source = Source {
            number: 1,
            document: "правила.txt".into(),
            title: "Правила".into(),
            version: Version([0; 16]),
            date: None,
            section: Some("1. Общее".to_owned()),
            page: Some(3),
            quotes: Vec::new(),
        };
        Ok(Answer {
            text: question.to_owned(),
            outcome: Outcome::Answered,
            sources: vec![source],
        })
    }

    fn answer_while(
        &self,
        who: AssistantId,
        question: &str,
        interest: &Interest,
    ) -> Result<Answer, EngineError> {
        while question == "долго" && !interest.is_lost() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        self.answer(who, question)
    }

    fn generation(&self) -> u64 {
        1
    }
}

struct Notes {
    wants_text: bool,
    ended: SyncSender<Record>,
    judged: Mutex<Vec<(RequestId, bool)>>,
}

impl Recorder for Notes {
    fn wants_text(&self) -> bool {
        self.wants_text
    }

    fn ended(&self, record: Record) {
        self.ended.send(record).unwrap();
    }

    fn judged(&self, request: RequestId, helpful: bool) {
        self.judged.lock().unwrap().push((request, helpful));
    }

    fn counts(&self) -> Counts {
        Counts { written: 7, lost: 2 }
    }
}

struct Server {
    address: SocketAddr,
    admin: SocketAddr,
    ended: Receiver<Record>,
    notes: Arc<Notes>,
    _served: JoinSet<()>,
}

impl Server {
    fn start(wants_text: bool) -> Self {
        let bind = || {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        let ((public, address), (private, admin)) = (bind(), bind());
        let (tell, ended) = sync_channel(16);
        let notes = Arc::new(Notes {
            wants_text,
            ended: tell,
            judged: Mutex::default(),
        });
        let gateway = Gateway::new(Arc::new(Canned), Settings::default()).recorded(notes.clone(), 0xab);
        let gateway = Arc::new(gateway);
        let mut served = JoinSet::new();
        let serving = gateway.clone();
        served.spawn(async move { serving.serve(public, CancellationToken::new()).await });
        served.spawn(async move { gateway.administer(private, CancellationToken::new()).await });
        Self {
            address,
            admin,
            ended,
            notes,
            _served: served,
        }
    }

    /// Says everything and leaves after so many replies; returns them.
    async fn hear(&self, said: &[&str], replies: usize) -> Vec<String> {
        let url = format!("ws://{}/ws/assistant", self.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        for message in said {
            socket.send(Message::text(*message)).await.unwrap();
        }
        let mut heard = Vec::new();
        while heard.len() < replies {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                heard.push(text.to_string());
            }
        }
        heard
    }

    fn next(&self) -> Record {
        self.ended.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

const SELECT: &str = r#"{"type":"select_assistant","assistant_id":1}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_that_was_let_in_is_recorded_once_with_its_end() {
    let server = Server::start(true);
    let said = [
        r#"{"type":"question","question":"рано"}"#,
        SELECT,
        r#"{"type":"question","question":"  "}"#,
        r#"{"type":"question","question":"когда?"}"#,
        r#"{"type":"question","question":"сломано"}"#,
        r#"{"type":"question","question":"долго"}"#,
    ];
    let heard = server.hear(&said, 5).await;
    let (answered, failed, left) = (server.next(), server.next(), server.next());
    assert_eq!(
        (answered.outcome, failed.outcome, left.outcome),
        (Ended::Answered, Ended::Failed, Ended::Abandoned)
    );
    assert_eq!(answered.question.as_deref(), Some("когда?"));
    assert_eq!(left.question.as_deref(), Some("долго"));
    let cited = &answered.cited[0];
    assert_eq!(
        (&*cited.document, cited.section.as_deref(), cited.page),
        ("правила.txt", Some("1. Общее"), Some(3))
    );
    assert!(failed.cited.is_empty());
    // The number that the client reads in an error is that of the record.
    let number = failed.request.to_string();
    assert!(
        number.starts_with("000000ab-") && heard[4].contains(&number),
        "{number}: {}",
        heard[4]
    );
    assert_ne!(answered.request, failed.request);
    assert!(server.ended.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_nobody_wants_is_not_passed_on() {
    let server = Server::start(false);
    server
        .hear(&[SELECT, r#"{"type":"question","question":"когда?"}"#], 2)
        .await;
    assert_eq!(server.next().question, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_judgement_goes_to_the_question_of_its_id_and_none_to_nobody() {
    let server = Server::start(true);
    let said = [
        r#"{"type":"feedback","helpful":true,"id":"nobody"}"#,
        SELECT,
        r#"{"type":"question","question":"раз","id":"a"}"#,
        r#"{"type":"question","question":"два","id":"b"}"#,
        r#"{"type":"feedback","helpful":false,"id":"a"}"#,
        r#"{"type":"feedback","helpful":true,"id":"other"}"#,
    ];
    server.hear(&said, 6).await;
    let (first, second) = (server.next(), server.next());
    assert_eq!(
        *server.notes.judged.lock().unwrap(),
        [(first.request, false), (second.request, true)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_tell_what_the_recorder_kept_and_lost() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start(true);
    let mut socket = tokio::net::TcpStream::connect(server.admin).await.unwrap();
    socket
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    for line in [
        "docent_journal_records_written_total 7\n",
        "docent_journal_records_lost_total 2\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
