//! How much, how often and how long: what the operator may set of the gateway.

use std::time::Duration;

use docent_corpus::Language;
use ipnet::IpNet;

/// The limits of the gateway, each with the reason for its default. A limit is off at the largest value of its type.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The language of errors.
    pub locale: Language,
    /// Bytes of one message: sixteen times the longest question in Cyrillic leaves room for escapes.
    pub max_message_bytes: usize,
    /// Characters of one question.
    pub max_question_chars: usize,
    /// Bytes of replies held for one client: an answer with its sources has some kilobytes, and a client that does not read
    /// is owed one reply at a time.
    pub max_outbound_bytes: usize,
    /// Bytes that the system holds for one socket, each way: an answer fits, and a client that never reads holds no megabytes.
    pub socket_buffer_bytes: usize,
    /// Bytes of the head of a request: browsers send two or three kilobytes, cookies of other programs on the host included.
    pub max_head_bytes: usize,
    /// Open connections: memory for each is some 8 KB, the kernel's part included, and 17 KB under TLS.
    pub max_connections: usize,
    /// Open connections of one address (IPv4) or /64 (IPv6): an office behind one address has a few hundred people.
    pub connections_per_address: usize,
    /// Handshakes a second, twice as many in one go: each costs about 100 µs, so a storm of reconnects leaves most of a
    /// core to answers.
    pub handshakes_per_second: Option<u32>,
    /// Answers made at one time: more than the cores only wait for one another.
    pub max_answers: usize,
    /// Questions that wait for a place; further ones are told when to come back. At some milliseconds an answer the last
    /// waits about a second.
    pub max_waiting: usize,
    /// How long a question may take, its wait for a place included.
    pub answer_deadline: Duration,
    /// How long a client may take to accept a reply.
    pub write_deadline: Duration,
    /// Silence after which a ping is sent; a second silence as long closes. Proxies cut after 60 s.
    pub idle: Duration,
    /// The longest that a connection may last: balancers even out their load when clients come back now and then.
    pub lifetime: Duration,
    /// How long a stopping server tells its balancer that it is not ready before it stops accepting.
    pub drain_wait: Duration,
    /// Connections closed in a second by a stopping server, so that its clients do not all come back at one moment.
    pub closes_per_second: u32,
    /// How long a stopping server waits for its sessions.
    pub grace: Duration,
    /// How long a client may take to send the head of a request, and before it to agree on TLS, so that slow ones cannot
    /// hold sockets.
    pub header_time: Duration,
    /// Messages of one client taken in while an answer is made; then it is not read, and its own system holds the rest.
    pub messages_in_flight: usize,
    /// Questions that a connection may ask in one go: a script with a test set passes, a flood does not.
    pub question_burst: u32,
    /// Questions a minute after that; none for no limit. Ten a second is more than anyone types, and a small part of what
    /// one core answers.
    pub questions_per_minute: Option<u32>,
    /// Questions a minute, and in one go, of one address or /64; none for no limit.
    pub questions_per_minute_per_address: Option<u32>,
    /// Networks of proxies whose word about a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Sites whose pages may connect, as browsers name them in `Origin`; empty for any.
    pub origins: Vec<String>,
    /// Whether people can read the documents' text where an answer quotes it.
    pub sources: bool,
    /// Whether `/echo` sends every message back, for suites that try the framing.
    pub echo: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            locale: Language::Russian,
            max_message_bytes: 64 << 10,
            max_question_chars: 4_000,
            max_outbound_bytes: 1 << 20,
            socket_buffer_bytes: 64 << 10,
            max_head_bytes: 16 << 10,
            max_connections: 10_000,
            connections_per_address: 500,
            handshakes_per_second: Some(2_000),
            max_answers: 4,
            max_waiting: 256,
            answer_deadline: Duration::from_secs(20),
            write_deadline: Duration::from_secs(20),
            idle: Duration::from_secs(25),
            lifetime: Duration::MAX,
            drain_wait: Duration::ZERO,
            closes_per_second: 1_000,
            grace: Duration::from_secs(10),
            header_time: Duration::from_secs(10),
            messages_in_flight: 16,
            question_burst: 1_000,
            questions_per_minute: Some(600),
            questions_per_minute_per_address: Some(3_000),
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
            sources: true,
            echo: false,
        }
    }
}

impl Settings {
    /// Lifts every limit on how often something may be done; sizes and deadlines stay. For benchmarks.
    pub fn lift_rates(&mut self) {
        self.handshakes_per_second = None;
        self.questions_per_minute = None;
        self.questions_per_minute_per_address = None;
        self.connections_per_address = usize::MAX;
    }
}
