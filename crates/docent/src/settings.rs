//! `docent.toml`: what the operator may set, with the default and the reason of each key.
//!
//! Owns the one table from which settings are read and `docent config` is printed, so that the two cannot part. Two
//! shapes: the file as written (checked key by key, every fault told with its line), and [`Config`] as meant.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use docent_corpus::Language;
use docent_gateway::Settings;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::Guard;
use crate::journal::Wanted;
use crate::logs::{Format, Level};
use crate::watch::Watching;

pub(crate) mod desk;
pub(crate) mod servers;
mod unknown;
mod values;

use desk::DeskSection;
use servers::SERVER_KEYS;
pub(crate) use servers::Server;
use unknown::unknown;
use values::{
    OFF, bytes, count, days, file, is_off, limit, number, pace, quoted, rate, size, small_limit,
    small_number, span, text, time, truth,
};

/// The tables of a section that name servers.
const SERVER: &str = "server";

/// The name of the file, at the top of the library.
pub(crate) const FILE: &str = "docent.toml";

/// What the operator set, defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Where the index lives; inside the library when not set.
    pub(crate) data: Option<PathBuf>,
    /// How changes of the library are noticed while the server runs.
    pub(crate) watch: Watching,
    /// Where the operator's own listener is; none for no such listener.
    pub(crate) admin: Option<SocketAddr>,
    /// The keeper's desk.
    pub(crate) desk: DeskSection,
    /// What is asked before a changed library goes live.
    pub(crate) check: Guard,
    /// Files of the certificate chain and of its key, relative to the library; plain text without them.
    pub(crate) tls: Tls,
    /// How the log is written.
    pub(crate) log_format: Format,
    /// What is worth a line in the log.
    pub(crate) log_level: Level,
    /// Word vectors, relative to the library.
    pub(crate) words: Option<PathBuf>,
    /// What a model may do with questions and answers.
    pub(crate) chat: Chat,
    /// What a model that compares may do with the order of passages.
    pub(crate) rerank: Rerank,
    /// Servers that make vectors, in the order in which they are asked.
    pub(crate) embeddings: Vec<Server>,
    /// What is kept of the questions, and where.
    pub(crate) journal: Wanted,
    /// The gateway's language and limits.
    pub(crate) gateway: Settings,
}

/// `[chat]`: models that write answers and find other words for a question.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    /// In the order in which they are asked; none for no model.
    pub(crate) servers: Vec<Server>,
    /// The assistants that it is for; all when empty.
    pub(crate) assistants: Vec<i64>,
    /// When the quoted answer goes out in place of one that is not there yet.
    pub(crate) deadline: Duration,
    /// Characters of passages that a model gets to read.
    pub(crate) passages_chars: usize,
    /// Tokens of a reply.
    pub(crate) max_tokens: u32,
    /// Whether it is asked where the documents may or may not answer.
    pub(crate) judge: bool,
    /// Whether it finds other words for a question for which little was found.
    pub(crate) rewrite: bool,
    /// How long finding those words may take.
    pub(crate) rewrite_deadline: Duration,
    /// How long an answer is kept for the same question.
    pub(crate) keep: Duration,
    /// Tokens a day: of all, of an assistant, of an address; and an hour of a connection.
    pub(crate) tokens: Tokens,
}

/// How many tokens may be used; none for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) a_day: Option<u32>,
    pub(crate) a_day_per_assistant: Option<u32>,
    pub(crate) a_day_per_address: Option<u32>,
    pub(crate) an_hour_per_connection: Option<u32>,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            assistants: Vec::new(),
            deadline: Duration::from_secs(15),
            passages_chars: 12_000,
            max_tokens: 700,
            judge: true,
            rewrite: true,
            rewrite_deadline: Duration::from_secs(5),
            keep: Duration::from_hours(24),
            tokens: Tokens {
                a_day: None,
                a_day_per_assistant: None,
                a_day_per_address: None,
                an_hour_per_connection: Some(200_000),
            },
        }
    }
}

/// `[rerank]`: models that compare a question with passages.
#[derive(Debug, Clone)]
pub(crate) struct Rerank {
    /// In the order in which they are asked; none for no model.
    pub(crate) servers: Vec<Server>,
    /// How many passages are compared.
    pub(crate) top: usize,
    /// How long that may take; past it the order stands.
    pub(crate) deadline: Duration,
}

impl Default for Rerank {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            top: 30,
            deadline: Duration::from_secs(3),
        }
    }
}

/// The files that TLS needs, both or none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: None,
            watch: Watching::Notified,
            admin: None,
            desk: DeskSection::default(),
            check: Guard::Off,
            tls: Tls::default(),
            log_format: Format::Text,
            log_level: Level::Info,
            words: None,
            chat: Chat::default(),
            rerank: Rerank::default(),
            embeddings: Vec::new(),
            journal: Wanted::default(),
            gateway: Settings::default(),
        }
    }
}

/// `docent.toml` is not right; each line names the file, the line, what is wrong and what would be right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {path}")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
}

/// A value as written, or what kind of value was expected in its place.
type Read<'a> = Result<(), &'a str>;

/// One key of the file.
struct Key {
    section: &'static str,
    name: &'static str,
    /// What it is for and why its default is what it is, lines of a comment.
    comment: &'static str,
    /// The value as it would be written; nothing when it is not set.
    show: fn(&Config) -> Option<String>,
    /// Takes the value, or says what was expected.
    set: fn(&mut Config, &DeValue<'_>) -> Read<'static>,
}

const KEYS: &[Key] = &[
    Key {
        section: "",
        name: "listen",
        comment: "Address and port of the chat page and the WebSocket; port 0 picks a free one.\n\
                  127.0.0.1 is reached from this machine only; 0.0.0.0 from everywhere.",
        show: |config| quoted(config.listen),
        set: |config, value| {
            text(
                value,
                &mut config.listen,
                "an address with a port, like \"127.0.0.1:8080\"",
            )
        },
    },
    Key {
        section: "",
        name: "locale",
        comment: "Language of errors and notices to clients: \"ru\", \"kk\" or \"en\".",
        show: |config| quoted(config.gateway.locale),
        set: |config, value| text::<Language>(value, &mut config.gateway.locale, "\"ru\", \"kk\" or \"en\""),
    },
    Key {
        section: "",
        name: "data",
        comment: "Folder of the index, relative to the library. Default: .docent inside the library.\n\
                  Set it when the library may not be written to.",
        show: |config| config.data.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            config.data = Some(path.ok_or("a path, like \"/var/lib/docent\"")?.into());
            Ok(())
        },
    },
    Key {
        section: "",
        name: "watch",
        comment: "How changes of the documents are noticed while the server runs: \"on\" by the system's notifications,\n\
                  \"5s\" by looking at that interval, which network drives need, \"off\" at the next start.",
        show: |config| quoted(config.watch),
        set: |config, value| {
            text(
                value,
                &mut config.watch,
                "\"on\", \"off\" or an interval like \"5s\"",
            )
        },
    },
    Key {
        section: "",
        name: "check",
        comment: "Whether the golden questions (questions.jsonl in the assistants' folders) are asked before changed documents\n\
                  go live: \"off\", \"warn\" says in the log which fail, \"block\" goes on with the documents before.",
        show: |config| quoted(config.check),
        set: |config, value| text(value, &mut config.check, "\"off\", \"warn\" or \"block\""),
    },
    Key {
        section: "",
        name: "origins",
        comment: "Sites whose pages may connect, like [\"https://example.org\"]; an empty list lets every site.",
        show: |config| {
            let listed = config.gateway.origins.iter().filter_map(quoted);
            Some(format!("[{}]", listed.collect::<Vec<_>>().join(", ")))
        },
        set: |config, value| {
            let listed = value.as_array().and_then(|list| {
                let origin = |one: &Spanned<DeValue<'_>>| one.get_ref().as_str().map(ToOwned::to_owned);
                list.iter().map(origin).collect::<Option<Vec<_>>>()
            });
            config.gateway.origins = listed
                .filter(|list| list.iter().all(|one| one.contains("://") && !one.ends_with('/')))
                .ok_or("a list of origins as browsers name them, like [\"https://example.org\"]")?;
            Ok(())
        },
    },
    Key {
        section: "",
        name: "sources",
        comment: "Whether people may read the text of the documents where an answer quotes it (/sources/…): \"on\" or \"off\".\n\
                  What is quoted is shown either way; the files themselves are never given out.",
        show: |config| quoted(if config.gateway.sources { "on" } else { OFF }),
        set: |config, value| {
            config.gateway.sources = match value.as_str() {
                Some("on") => true,
                Some("off") => false,
                _ => return Err("\"on\" or \"off\""),
            };
            Ok(())
        },
    },
    Key {
        section: "",
        name: "trusted_proxies",
        comment: "Networks of the proxies in front, like [\"10.0.0.0/8\"]: what they say of a client's address in Forwarded or\n\
                  X-Forwarded-For is taken, from right to left. Nobody else's word is.",
        show: |config| {
            let listed = config.gateway.trusted_proxies.iter().filter_map(quoted);
            Some(format!("[{}]", listed.collect::<Vec<_>>().join(", ")))
        },
        set: |config, value| {
            let listed = value.as_array().and_then(|list| {
                let network = |one: &Spanned<DeValue<'_>>| {
                    let text = one.get_ref().as_str()?;
                    text.parse().ok().or_else(|| text.parse().ok().map(IpAddr::into))
                };
                list.iter().map(network).collect::<Option<Vec<_>>>()
            });
            config.gateway.trusted_proxies =
                listed.ok_or("a list of addresses or networks, like [\"127.0.0.1\", \"10.0.0.0/8\"]")?;
            Ok(())
        },
    },
    Key {
        section: "",
        name: "admin",
        comment: "Address and port of /livez, /readyz and /metrics, or \"off\". Whoever reaches it can read them: keep it local.",
        show: |config| config.admin.map_or_else(|| quoted(OFF), quoted),
        set: |config, value| {
            if is_off(value) {
                config.admin = None;
                return Ok(());
            }
            let mut admin = SocketAddr::from(([127, 0, 0, 1], 0));
            text(
                value,
                &mut admin,
                "an address with a port, like \"127.0.0.1:9464\", or \"off\"",
            )?;
            config.admin = Some(admin);
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "at",
        comment: "Where the keeper's desk is (/desk/: documents and why an answer is what it is): \"off\", \"admin\" on the operator's\n\
                  listener, whose visitors may then change documents, or \"public\", behind a token. With a token \"public\" is meant.",
        show: |config| quoted(config.desk.place()),
        set: |config, value| {
            let mut at = desk::At::Off;
            text(value, &mut at, "\"off\", \"admin\" or \"public\"")?;
            config.desk.at = Some(at);
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "token",
        comment: "What lets people in, at least 16 characters; never printed. The environment may hold it as DOCENT_DESK_TOKEN.",
        show: |_| None,
        set: |config, value| {
            let token = value.as_str().filter(|token| !token.is_empty());
            config.desk.token = Some(token.ok_or("a text of at least 16 characters")?.to_owned());
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "token_file",
        comment: "File that holds it instead, relative to the library; keep it out of the assistants' folders.",
        show: |config| {
            config
                .desk
                .token_file
                .as_ref()
                .and_then(|path| quoted(path.display()))
        },
        set: |config, value| file(value, &mut config.desk.token_file),
    },
    Key {
        section: "desk",
        name: "upload",
        comment: "Size of an uploaded document. It is whole in memory while it is checked.",
        show: |config| size(config.desk.upload_bytes),
        set: |config, value| bytes(value, &mut config.desk.upload_bytes),
    },
    Key {
        section: "tls",
        name: "certificate",
        comment: "File of the certificate chain, PEM, the server's own first, relative to the library. With it and `key` the server\n\
                  speaks https:// and wss://; new files are taken while it runs, within ten seconds or at SIGHUP.",
        show: |config| {
            config
                .tls
                .certificate
                .as_ref()
                .and_then(|path| quoted(path.display()))
        },
        set: |config, value| file(value, &mut config.tls.certificate),
    },
    Key {
        section: "tls",
        name: "key",
        comment: "File of its private key, PEM, without a password. Keep it out of the folder with the documents.",
        show: |config| config.tls.key.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| file(value, &mut config.tls.key),
    },
    Key {
        section: "log",
        name: "format",
        comment: "How the log on standard error is written while the server runs: \"text\", or \"json\" with an object in each line.",
        show: |config| quoted(config.log_format),
        set: |config, value| text(value, &mut config.log_format, "\"text\" or \"json\""),
    },
    Key {
        section: "log",
        name: "level",
        comment: "What is worth a line: \"warn\", \"info\", or \"debug\" with a line for each question: its request number, how it\n\
                  ended, how long it took. Nobody's words are in any of them.",
        show: |config| quoted(config.log_level),
        set: |config, value| text(value, &mut config.log_level, "\"warn\", \"info\" or \"debug\""),
    },
    Key {
        section: "semantic",
        name: "words",
        comment: "File of word vectors, relative to the library and beside the assistants' folders: passages that say the same\n\
                  in other words come up as well. Taken: navec (.tar), and the text forms of word2vec and fastText.\n\
                  Default: none; nothing is fetched, and nothing depends on it.",
        show: |config| config.words.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            config.words = Some(path.ok_or("a path, like \"/var/lib/docent/words.tar\"")?.into());
            Ok(())
        },
    },
    Key {
        section: "chat",
        name: "assistants",
        comment: "Numbers of the assistants for which a model writes, like [1, 2]; an empty list for all.",
        show: |config| Some(format!("{:?}", config.chat.assistants)),
        set: |config, value| {
            let numbers = value.as_array().and_then(|list| {
                let number = |one: &Spanned<DeValue<'_>>| {
                    let number = one.get_ref().as_integer()?;
                    i64::from_str_radix(number.as_str(), number.radix()).ok()
                };
                list.iter().map(number).collect::<Option<Vec<_>>>()
            });
            config.chat.assistants = numbers.ok_or("a list of numbers, like [1, 2]")?;
            Ok(())
        },
    },
    Key {
        section: "chat",
        name: "deadline",
        comment: "How long an answer by a model may take; then the quoted one goes out. Below limits.answer_time.",
        show: |config| span(config.chat.deadline),
        set: |config, value| time(value, &mut config.chat.deadline),
    },
    Key {
        section: "chat",
        name: "passages_chars",
        comment: "Characters of passages that go to the model, the best first: some 2.2 of Russian make a token, so the default fits into a\n\
                  context of 8,192 tokens with the reply.",
        show: |config| number(config.chat.passages_chars),
        set: |config, value| count(value, &mut config.chat.passages_chars),
    },
    Key {
        section: "chat",
        name: "max_tokens",
        comment: "Tokens of a reply: five sentences with their quotations.",
        show: |config| small_number(config.chat.max_tokens),
        set: |config, value| count(value, &mut config.chat.max_tokens),
    },
    Key {
        section: "chat",
        name: "judge",
        comment: "Whether the model is asked where the documents may or may not hold the answer, and its «no» is final; false leaves\n\
                  those questions with the places that may help.",
        show: |config| Some(config.chat.judge.to_string()),
        set: |config, value| truth(value, &mut config.chat.judge),
    },
    Key {
        section: "chat",
        name: "rewrite",
        comment: "Whether the model puts a question into the documents' terms when little was found for its own.",
        show: |config| Some(config.chat.rewrite.to_string()),
        set: |config, value| truth(value, &mut config.chat.rewrite),
    },
    Key {
        section: "chat",
        name: "rewrite_deadline",
        comment: "How long that may take; then the question is left as it is.",
        show: |config| span(config.chat.rewrite_deadline),
        set: |config, value| time(value, &mut config.chat.rewrite_deadline),
    },
    Key {
        section: "chat",
        name: "keep",
        comment: "How long an answer is kept for the same question to the same documents.",
        show: |config| span(config.chat.keep),
        set: |config, value| time(value, &mut config.chat.keep),
    },
    Key {
        section: "chat",
        name: "tokens_a_day",
        comment: "Tokens that all questions of a day may use, or \"off\"; past it answers are quoted.",
        show: |config| rate(config.chat.tokens.a_day),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day),
    },
    Key {
        section: "chat",
        name: "tokens_a_day_per_assistant",
        comment: "The same for each assistant.",
        show: |config| rate(config.chat.tokens.a_day_per_assistant),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day_per_assistant),
    },
    Key {
        section: "chat",
        name: "tokens_a_day_per_address",
        comment: "The same for each IPv4 address or IPv6 /64; loopback is not counted.",
        show: |config| rate(config.chat.tokens.a_day_per_address),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day_per_address),
    },
    Key {
        section: "chat",
        name: "tokens_an_hour_per_connection",
        comment: "Tokens that one connection may use in an hour: some fifty questions.",
        show: |config| rate(config.chat.tokens.an_hour_per_connection),
        set: |config, value| pace(value, &mut config.chat.tokens.an_hour_per_connection),
    },
    Key {
        section: "rerank",
        name: "top",
        comment: "How many of the passages found are compared with the question.",
        show: |config| number(config.rerank.top),
        set: |config, value| count(value, &mut config.rerank.top),
    },
    Key {
        section: "rerank",
        name: "deadline",
        comment: "How long comparing may take; past it the order stands.",
        show: |config| span(config.rerank.deadline),
        set: |config, value| time(value, &mut config.rerank.deadline),
    },
    Key {
        section: "journal",
        name: "url",
        comment: "Where it is kept what was asked and how it ended, for `docent report`: \"file\" is journal.db beside the index, \"off\" is\n\
                  nowhere. Several servers share \"postgres://docent@localhost/docent\"; a password in it is printed as ***.",
        show: |config| quoted(&config.journal.url),
        set: |config, value| {
            let expected = "\"file\", \"off\" or an address like \"postgres://docent@localhost/docent\"";
            text(value, &mut config.journal.url, expected)
        },
    },
    Key {
        section: "journal",
        name: "text",
        comment: "What is kept of a question's text: \"redacted\" masks telephones, e-mails, IIN, SNILS, INN, passports and cards, \"off\" keeps\n\
                  none, \"full\" all. Names and what people tell in words are not masked.",
        show: |config| quoted(config.journal.text),
        set: |config, value| {
            text(
                value,
                &mut config.journal.text,
                "\"off\", \"redacted\" or \"full\"",
            )
        },
    },
    Key {
        section: "journal",
        name: "keep",
        comment: "How long it is kept: a quarter of a year shows what people ask in each season of work. \"off\" for ever.",
        show: |config| days(config.journal.keep),
        set: |config, value| time(value, &mut config.journal.keep),
    },
    Key {
        section: "limits",
        name: "message",
        comment: "Size of one message from a client; a longer one closes the connection (1009).\n\
                  The default has room for the longest question in Cyrillic, escapes and all.",
        show: |config| size(config.gateway.max_message_bytes),
        set: |config, value| bytes(value, &mut config.gateway.max_message_bytes),
    },
    Key {
        section: "limits",
        name: "question_chars",
        comment: "Characters of one question: two pages of text.",
        show: |config| number(config.gateway.max_question_chars),
        set: |config, value| limit(value, &mut config.gateway.max_question_chars),
    },
    Key {
        section: "limits",
        name: "outbound",
        comment: "Size of the replies held for one client. It is owed one at a time, so this is the longest reply; an answer with its\n\
                  sources has some kilobytes.",
        show: |config| size(config.gateway.max_outbound_bytes),
        set: |config, value| bytes(value, &mut config.gateway.max_outbound_bytes),
    },
    Key {
        section: "limits",
        name: "socket_buffer",
        comment: "What the system holds for one connection, each way: a client that asks and never reads must not cost\n\
                  megabytes. \"off\" leaves it to the system.",
        show: |config| size(config.gateway.socket_buffer_bytes),
        set: |config, value| bytes(value, &mut config.gateway.socket_buffer_bytes),
    },
    Key {
        section: "limits",
        name: "head",
        comment: "Size of the head of a request, at least 8 KiB: browsers send two or three, cookies of this host included.",
        show: |config| size(config.gateway.max_head_bytes),
        set: |config, value| {
            let mut head = 0;
            bytes(value, &mut head)?;
            if head < 8 << 10 {
                return Err("a size of at least \"8 KiB\", or \"off\"");
            }
            config.gateway.max_head_bytes = head;
            Ok(())
        },
    },
    Key {
        section: "limits",
        name: "connections",
        comment: "Open connections; further ones are refused with 503. Each costs about 10 KB.",
        show: |config| number(config.gateway.max_connections),
        set: |config, value| limit(value, &mut config.gateway.max_connections),
    },
    Key {
        section: "limits",
        name: "answers",
        comment: "Answers made at one time; more than the machine has cores only wait for one another.",
        show: |config| number(config.gateway.max_answers),
        set: |config, value| limit(value, &mut config.gateway.max_answers),
    },
    Key {
        section: "limits",
        name: "question_burst",
        comment: "Questions that one connection may ask in one go: a script with a test set passes, a flood does not.",
        show: |config| small_number(config.gateway.question_burst),
        set: |config, value| small_limit(value, &mut config.gateway.question_burst),
    },
    Key {
        section: "limits",
        name: "questions_per_minute",
        comment: "Questions a minute of one connection after its burst, or \"off\".\n\
                  Ten a second is more than anyone types and a small part of what one core answers.",
        show: |config| rate(config.gateway.questions_per_minute),
        set: |config, value| pace(value, &mut config.gateway.questions_per_minute),
    },
    Key {
        section: "limits",
        name: "questions_per_minute_per_address",
        comment: "Questions a minute of one IPv4 address or IPv6 /64, or \"off\". Loopback is not counted: a proxy on this\n\
                  machine stands for everybody. An office behind one address has a few hundred people.",
        show: |config| rate(config.gateway.questions_per_minute_per_address),
        set: |config, value| pace(value, &mut config.gateway.questions_per_minute_per_address),
    },
    Key {
        section: "limits",
        name: "connections_per_address",
        comment: "Open connections of one IPv4 address or IPv6 /64; further ones are refused with 429. Loopback is not counted.",
        show: |config| number(config.gateway.connections_per_address),
        set: |config, value| limit(value, &mut config.gateway.connections_per_address),
    },
    Key {
        section: "limits",
        name: "handshakes_per_second",
        comment: "New connections a second, twice as many in one go; further ones are refused with 429.\n\
                  Each costs about 100 µs, so a crowd that reconnects at once leaves most of a core to answers.",
        show: |config| rate(config.gateway.handshakes_per_second),
        set: |config, value| pace(value, &mut config.gateway.handshakes_per_second),
    },
    Key {
        section: "limits",
        name: "answers_waiting",
        comment: "Questions that wait while `answers` are made; further ones are told when to come back.",
        show: |config| number(config.gateway.max_waiting),
        set: |config, value| limit(value, &mut config.gateway.max_waiting),
    },
    Key {
        section: "limits",
        name: "messages_in_flight",
        comment: "Messages of one client taken in while its answer is made; then it is not read for a while.",
        show: |config| number(config.gateway.messages_in_flight),
        set: |config, value| limit(value, &mut config.gateway.messages_in_flight),
    },
    Key {
        section: "limits",
        name: "header_time",
        comment: "How long a client may take to send the head of a request, and before it to agree on TLS.",
        show: |config| span(config.gateway.header_time),
        set: |config, value| time(value, &mut config.gateway.header_time),
    },
    Key {
        section: "limits",
        name: "answer_time",
        comment: "How long a question may take, its wait for a turn included.",
        show: |config| span(config.gateway.answer_deadline),
        set: |config, value| time(value, &mut config.gateway.answer_deadline),
    },
    Key {
        section: "limits",
        name: "write_time",
        comment: "How long a client may take to accept a reply before it is closed.",
        show: |config| span(config.gateway.write_deadline),
        set: |config, value| time(value, &mut config.gateway.write_deadline),
    },
    Key {
        section: "limits",
        name: "idle_time",
        comment: "Silence after which a client is pinged; after a second such silence it is closed.\n\
                  Proxies commonly cut a silent connection after 60 s.",
        show: |config| span(config.gateway.idle),
        set: |config, value| time(value, &mut config.gateway.idle),
    },
    Key {
        section: "limits",
        name: "lifetime",
        comment: "The longest that a connection may last, up to a tenth less; it is closed with 1001 and comes back,\n\
                  perhaps to another server behind the balancer.",
        show: |config| span(config.gateway.lifetime),
        set: |config, value| time(value, &mut config.gateway.lifetime),
    },
    Key {
        section: "limits",
        name: "drain_wait",
        comment: "How long a stopping server says on /readyz that it is not ready before it stops accepting: the time in which\n\
                  a balancer notices; \"0s\" without one.",
        show: |config| span(config.gateway.drain_wait),
        set: |config, value| {
            if value.as_str() == Some("0s") {
                config.gateway.drain_wait = Duration::ZERO;
                return Ok(());
            }
            let mut wait = Duration::ZERO;
            time(value, &mut wait)?;
            config.gateway.drain_wait = wait;
            Ok(())
        },
    },
    Key {
        section: "limits",
        name: "closes_per_second",
        comment: "Connections that a stopping server closes in a second, so that its clients do not all come back at once.",
        show: |config| small_number(config.gateway.closes_per_second),
        set: |config, value| small_limit(value, &mut config.gateway.closes_per_second),
    },
    Key {
        section: "limits",
        name: "stop_time",
        comment: "How long a stopping server waits for answers under way.",
        show: |config| span(config.gateway.grace),
        set: |config, value| time(value, &mut config.gateway.grace),
    },
];

/// Reads a variable of the environment; nothing when it is empty or not text.
pub(crate) fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Config {
    /// Reads the library's `docent.toml`; all defaults when there is none.
    pub(crate) fn read(library: &Path) -> Result<Self, ConfigError> {
        let path = library.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(ConfigError::Wrong),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }

    fn parse(written: &str) -> Result<Self, Vec<String>> {
        let at = |place: usize| {
            let line = written[..written.floor_char_boundary(place)]
                .matches('\n')
                .count();
            format!("{FILE}, line {}", line + 1)
        };
        let table = DeTable::parse(written).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            vec![format!("{}: {}", at(place), error.message())]
        })?;
        let mut config = Self::default();
        let mut faults = Vec::new();
        let mut take =
            |section: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>| {
                let name: &str = key.get_ref();
                let found = KEYS
                    .iter()
                    .find(|known| known.section == section && known.name == name);
                let fault = match found {
                    Some(known) => (known.set)(&mut config, value.get_ref())
                        .err()
                        .map(|expected| format!("`{name}` must be {expected}")),
                    None => Some(unknown(section, name)),
                };
                if let Some(fault) = fault {
                    faults.push((key.span().start, fault));
                }
            };
        let mut servers = Vec::new();
        for (key, value) in table.get_ref() {
            let section: &str = key.get_ref();
            match value.get_ref().as_table() {
                Some(inner) if Config::servers(section).is_some() => {
                    for (key, value) in inner {
                        if key.get_ref() == SERVER {
                            servers.push((section.to_owned(), value));
                        } else {
                            take(section, key, value);
                        }
                    }
                }
                Some(inner) if KEYS.iter().any(|known| known.section == section) => {
                    for (key, value) in inner {
                        take(section, key, value);
                    }
                }
                _ => take("", key, value),
            }
        }
        for (section, value) in servers {
            config.take_servers(&section, value, &mut faults);
        }
        faults.sort();
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(faults
                .into_iter()
                .map(|(place, fault)| format!("{}: {fault}", at(place)))
                .collect())
        }
    }

    /// Prints the settings as a `docent.toml` with a comment at each key; what equals its default is commented out.
    pub(crate) fn print(&self) -> String {
        let default = Self::default();
        let mut lines = vec![
            "# Settings of docent. Every key may be left out; what is commented out is the default."
                .to_owned(),
        ];
        let mut section = "";
        for key in KEYS {
            lines.push(String::new());
            if key.section != section {
                section = key.section;
                lines.extend([format!("[{section}]"), String::new()]);
            }
            lines.extend(key.comment.lines().map(|line| format!("# {}", line.trim())));
            let (value, usual) = ((key.show)(self), (key.show)(&default));
            let mark = if value == usual { "# " } else { "" };
            lines.push(format!(
                "{mark}{} = {}",
                key.name,
                value.as_deref().unwrap_or("\"…\"")
            ));
            let last = KEYS.iter().rfind(|other| other.section == section);
            if last.is_some_and(|last| last.name == key.name) {
                self.print_servers(section, &mut lines);
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// Returns where the servers of a section are; nothing when it has none.
    fn servers(section: &str) -> Option<fn(&mut Self) -> &mut Vec<Server>> {
        match section {
            "chat" => Some(|config| &mut config.chat.servers),
            "rerank" => Some(|config| &mut config.rerank.servers),
            "embeddings" => Some(|config| &mut config.embeddings),
            _ => None,
        }
    }

    /// Reads `[[chat.server]]` and its like.
    fn take_servers(
        &mut self,
        section: &str,
        value: &Spanned<DeValue<'_>>,
        faults: &mut Vec<(usize, String)>,
    ) {
        let Some(place) = Self::servers(section) else {
            return;
        };
        let Some(list) = value.get_ref().as_array() else {
            let fault = format!("`{SERVER}` must be a list of tables, like [[{section}.{SERVER}]]");
            return faults.push((value.span().start, fault));
        };
        for one in list.iter() {
            let mut server = Server::default();
            for (key, value) in one.get_ref().as_table().into_iter().flatten() {
                let name: &str = key.get_ref();
                let known = SERVER_KEYS.iter().find(|known| known.name == name);
                let fault = match known {
                    Some(known) => (known.set)(&mut server, value.get_ref())
                        .err()
                        .map(|expected| format!("`{name}` must be {expected}")),
                    None => Some(format!(
                        "unknown key `{name}` in [[{section}.{SERVER}]]; `docent config` prints all keys"
                    )),
                };
                faults.extend(fault.map(|fault| (key.span().start, fault)));
            }
            place(self).push(server);
        }
    }

    fn print_servers(&self, section: &str, lines: &mut Vec<String>) {
        let Some(place) = Self::servers(section) else {
            return;
        };
        let (mut own, usual) = (self.clone(), Server::default());
        let servers = std::mem::take(place(&mut own));
        for server in &servers {
            lines.extend([String::new(), format!("[[{section}.{SERVER}]]")]);
            for key in SERVER_KEYS {
                let (value, default) = ((key.show)(server), (key.show)(&usual));
                if value != default {
                    lines.push(format!("{} = {}", key.name, value.as_deref().unwrap_or_default()));
                }
            }
            if server.has_own_key() {
                lines.push("# api_key is set, and not shown".to_owned());
            }
        }
        if servers.is_empty() && section == "chat" {
            lines.extend([
                String::new(),
                "# Servers of models, OpenAI-compatible, in the order in which they are asked. Without any, nothing is sent anywhere.".to_owned(),
                format!("# [[{section}.{SERVER}]]"),
            ]);
            for key in SERVER_KEYS {
                lines.push(String::new());
                lines.extend(key.comment.lines().map(|line| format!("# {}", line.trim())));
                lines.push(format!(
                    "# {} = {}",
                    key.name,
                    (key.show)(&usual).as_deref().unwrap_or("\"…\"")
                ));
            }
        } else if servers.is_empty() {
            lines.extend([
                String::new(),
                format!("# [[{section}.{SERVER}]] has the keys of [[chat.{SERVER}]]."),
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_written_as_it_is_printed() {
        let changed = Config {
            listen: SocketAddr::from(([0, 0, 0, 0], 9000)),
            data: Some("elsewhere".into()),
            watch: Watching::Every(Duration::from_secs(5)),
            admin: Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
            check: Guard::Block,
            desk: DeskSection {
                at: Some(desk::At::On(docent_gateway::Listener::Admin)),
                token: None,
                token_file: Some("token".into()),
                upload_bytes: 22 << 10,
            },
            tls: Tls {
                certificate: Some("chain.pem".into()),
                key: Some("key.pem".into()),
            },
            log_format: Format::Json,
            log_level: Level::Debug,
            words: Some("words.tar".into()),
            chat: Chat {
                servers: Vec::new(),
                assistants: vec![2, 3],
                deadline: Duration::from_secs(4),
                passages_chars: 5,
                max_tokens: 6,
                judge: false,
                rewrite: false,
                rewrite_deadline: Duration::from_secs(7),
                keep: Duration::from_secs(8),
                tokens: Tokens {
                    a_day: Some(9),
                    a_day_per_assistant: Some(10),
                    a_day_per_address: Some(11),
                    an_hour_per_connection: None,
                },
            },
            rerank: Rerank {
                servers: Vec::new(),
                top: 12,
                deadline: Duration::from_secs(13),
            },
            embeddings: Vec::new(),
            journal: Wanted {
                url: "postgres://docent@db.example/docent".parse().unwrap(),
                text: "full".parse().unwrap(),
                keep: Duration::from_hours(24 * 7),
            },
            gateway: Settings {
                locale: Language::Kazakh,
                max_message_bytes: 100_001,
                max_question_chars: 1,
                max_outbound_bytes: 20 << 10,
                max_head_bytes: 21 << 10,
                socket_buffer_bytes: usize::MAX,
                max_connections: 2,
                max_answers: 3,
                answer_deadline: Duration::from_secs(61),
                write_deadline: Duration::from_millis(1500),
                idle: Duration::from_secs(1),
                grace: Duration::from_secs(2),
                header_time: Duration::from_secs(3),
                messages_in_flight: 4,
                question_burst: 5,
                questions_per_minute: None,
                questions_per_minute_per_address: None,
                connections_per_address: usize::MAX,
                handshakes_per_second: Some(6),
                max_waiting: 7,
                lifetime: Duration::from_hours(1),
                drain_wait: Duration::from_secs(8),
                closes_per_second: 9,
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                origins: vec!["https://a.example".to_owned(), "http://b.example:81".to_owned()],
                sources: false,
                echo: false,
            },
        };
        let printed = changed.print();
        // A secret is not printed.
        for key in KEYS
            .iter()
            .filter(|key| (key.section, key.name) != ("desk", "token"))
        {
            assert!(
                printed
                    .lines()
                    .any(|line| line.starts_with(&format!("{} = ", key.name))),
                "{} did not change:\n{printed}",
                key.name
            );
        }
        let read = Config::parse(&printed).unwrap();
        assert_eq!(read.print(), printed);
    }

    #[test]
    fn what_is_printed_of_the_defaults_sets_nothing() {
        let printed = Config::default().print();
        assert!(
            printed
                .lines()
                .all(|line| line.is_empty() || line.starts_with(['#', '['])),
            "{printed}"
        );
        let unset = ["data", "token", "token_file", "certificate", "key", "words"];
        let mut uncommented = printed;
        for key in unset {
            uncommented = uncommented.replace(&format!("# {key} = \"…\""), "");
        }
        let uncommented = uncommented.replace("\n# ", "\n");
        let sets: Vec<&str> = uncommented.lines().filter(|line| line.contains(" = ")).collect();
        assert_eq!(sets.len(), KEYS.len() - unset.len() + SERVER_KEYS.len());
    }

    #[test]
    fn servers_are_read_in_their_order_and_printed_without_their_keys() {
        let written = "[chat]\njudge = false\n[[chat.server]]\nbase_url = \"http://a/v1\"\nmodel = \"m\"\napi_key = \"sk-1\"\n\
                       headers = { \"x-folder-id\" = \"b\" }\nextra_body = { a = { b = [1, true, 0.5, \"c\"] } }\nretries = 0\n\
                       [[chat.server]]\nbase_url = \"https://b/v1\"\napi_key_command = [\"token\", \"-x\"]\nauth_header = \"Authorization: Api-Key {key}\"\n\
                       [[rerank.server]]\nbase_url = \"http://c\"\n";
        let config = Config::parse(written).unwrap();
        assert_eq!(
            (
                config.chat.servers.len(),
                config.rerank.servers.len(),
                config.chat.judge
            ),
            (2, 1, false)
        );
        let printed = config.print();
        assert!(
            !printed.contains("sk-1") && printed.contains("# api_key is set"),
            "{printed}"
        );
        let again = Config::parse(&printed).unwrap();
        assert_eq!(again.chat.servers[1], config.chat.servers[1]);
        assert_eq!(
            again.print().replace("# api_key is set, and not shown\n", ""),
            printed.replace("# api_key is set, and not shown\n", "")
        );
        let faults = Config::parse(
            "[chat]\nserver = 1\n[[rerank.server]]\nbase_url = \"a\"\nmodle = 1\n[[chats.server]]\n",
        );
        assert_eq!(
            faults.unwrap_err(),
            [
                "docent.toml, line 2: `server` must be a list of tables, like [[chat.server]]",
                "docent.toml, line 4: `base_url` must be an address that begins with http:// or https://",
                "docent.toml, line 5: unknown key `modle` in [[rerank.server]]; `docent config` prints all keys",
                "docent.toml, line 6: unknown key `chats`; `docent config` prints all keys",
            ]
        );
    }

    #[test]
    fn every_fault_is_told_with_its_line_and_remedy() {
        let faults = Config::parse(
            "listne = \"x\"\nlocale = \"de\"\n[limits]\nanswers = 0\nmessage = 7\nnothing_like_it = 1\n",
        );
        assert_eq!(
            faults.unwrap_err(),
            [
                "docent.toml, line 1: unknown key `listne`; did you mean `listen`?",
                "docent.toml, line 2: `locale` must be \"ru\", \"kk\" or \"en\"",
                "docent.toml, line 4: `answers` must be a whole number above 0, or \"off\"",
                "docent.toml, line 5: `message` must be a size above 0, like \"64 KiB\", or \"off\"",
                "docent.toml, line 6: unknown key `nothing_like_it` in [limits]; `docent config` prints all keys",
            ]
        );
        let broken = Config::parse("listen = \n").unwrap_err();
        assert!(broken[0].starts_with("docent.toml, line 1: "), "{broken:?}");
    }
}
