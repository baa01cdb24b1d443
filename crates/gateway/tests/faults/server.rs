//! A server in a process of its own: this test binary again, told to serve.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{Engine, EngineError, Settings, listen, serve};
use tokio_util::sync::CancellationToken;

/// The answer to [`LONG`]: longer than what the system takes in for a client that does not read.
pub(crate) const LONG_BYTES: usize = 30_000;

/// A question with a long answer.
pub(crate) const LONG: &str = "много";

/// Says the question again, with the assistant that was asked.
struct Echo;

impl Engine for Echo {
    fn assistants(&self) -> Arc<[Assistant]> {
        (1..=3)
            .map(|id| Assistant::new(AssistantId(id), format!("Помощник {id}")))
            .collect()
    }

    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError> {
        let text = if question == LONG {
            "x".repeat(LONG_BYTES)
        } else {
            format!("{}: {question}", assistant.0)
        };
        Ok(Answer {
            text,
            outcome: Outcome::Answered,
            sources: Vec::new(),
        })
    }

    fn generation(&self) -> u64 {
        1
    }
}

/// What a test needs of the limits; all others are the defaults.
fn settings(profile: &str) -> Settings {
    let mut settings = Settings::default();
    match profile {
        "defaults" => {}
        "short" => {
            settings.header_time = Duration::from_secs(3);
            settings.write_deadline = Duration::from_secs(3);
            settings.idle = Duration::from_secs(1);
            settings.questions_per_minute = None;
        }
        "open" => {
            settings.lift_rates();
            settings.max_connections = 20_000;
            settings.max_waiting = 20_000;
        }
        other => panic!("no profile {other}"),
    }
    settings
}

#[test]
#[ignore = "the server of the other tests, which they start"]
fn server() {
    let told = |name: &str| std::env::var(name).ok();
    let Some(profile) = told("DOCENT_FAULTS_PROFILE") else {
        return;
    };
    let port = told("DOCENT_FAULTS_PORT").map_or(0, |port| port.parse().unwrap());
    std::thread::spawn(|| {
        // The other end of the pipe goes with the test.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        println!("\nlistening {}", listener.local_addr().unwrap());
        serve(
            listener,
            Arc::new(Echo),
            settings(&profile),
            CancellationToken::new(),
        )
        .await;
    });
}

/// The process, killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Kept open: the tests' harness in the process tells when a minute is over, and ends where nobody listens.
    _said: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(profile: &str) -> Self {
        Self::start_with(profile, 0, None)
    }

    /// Starts one on a given port (0 for any), with a limit on its descriptors.
    pub(crate) fn start_with(profile: &str, port: u16, descriptors: Option<u32>) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = match descriptors {
            None => Command::new(this),
            Some(limit) => {
                let mut shell = Command::new("sh");
                shell
                    .args(["-c", r#"ulimit -n "$0" && exec "$@""#, &limit.to_string()])
                    .arg(this);
                shell
            }
        };
        let mut child = command
            .args(["--exact", "server::server", "--ignored", "--nocapture"])
            .env("DOCENT_FAULTS_PROFILE", profile)
            .env("DOCENT_FAULTS_PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("listening ")
                    .map(|address| address.parse().unwrap())
            })
            .unwrap();
        Self {
            child,
            _said: said,
            address,
        }
    }

    /// Sends a signal, named as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status();
        assert!(sent.unwrap().success(), "kill -{name}");
    }

    /// Kills it without a warning and returns its port.
    pub(crate) fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address.port()
    }

    /// Returns the processor time of all its threads.
    pub(crate) fn processor(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// Returns its own memory in bytes: what is resident and no file.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    }

    /// Returns how many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .count()
    }
}
