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
use crate::logs::{Format, Level};
use crate::watch::Watching;

mod embeddings;
mod values;

pub(crate) use embeddings::Embeddings;
use values::{
    OFF, bytes, file, is_off, limit, number, pace, quoted, rate, size, small_limit, small_number, span, text,
    time,
};

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
    /// The model of whole texts.
    pub(crate) embeddings: Embeddings,
    /// The gateway's language and limits.
    pub(crate) gateway: Settings,
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
            check: Guard::Off,
            tls: Tls::default(),
            log_format: Format::Text,
            log_level: Level::Info,
            words: None,
            embeddings: Embeddings::default(),
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

/// Returns every key, in the order in which they are printed.
fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(embeddings::KEYS)
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
                let found = keys().find(|known| known.section == section && known.name == name);
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
        for (key, value) in table.get_ref() {
            let section: &str = key.get_ref();
            match value.get_ref().as_table() {
                Some(inner) if keys().any(|known| known.section == section) => {
                    for (key, value) in inner {
                        take(section, key, value);
                    }
                }
                _ => take("", key, value),
            }
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
        for key in keys() {
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
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Names an unknown key and the likeliest known one.
fn unknown(section: &str, name: &str) -> String {
    /// Below this likeness (Jaro-Winkler, 0 to 1) a guess would mislead.
    const LIKE: f64 = 0.75;
    let full = |key: &Key| match key.section {
        "" => key.name.to_owned(),
        section => format!("{section}.{}", key.name),
    };
    let like = |key: &&Key| strsim::jaro_winkler(key.name, name);
    let near = keys()
        .max_by(|one, other| like(one).total_cmp(&like(other)))
        .filter(|key| like(key) >= LIKE);
    let place = if section.is_empty() {
        String::new()
    } else {
        format!(" in [{section}]")
    };
    match near {
        Some(key) => format!("unknown key `{name}`{place}; did you mean `{}`?", full(key)),
        None => format!("unknown key `{name}`{place}; `docent config` prints all keys"),
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
            tls: Tls {
                certificate: Some("chain.pem".into()),
                key: Some("key.pem".into()),
            },
            log_format: Format::Json,
            log_level: Level::Debug,
            words: Some("words.tar".into()),
            embeddings: Embeddings {
                path: Some("model".into()),
                model: docent_encoder::Settings {
                    query_prefix: Some("query: ".to_owned()),
                    passage_prefix: Some("passage: ".to_owned()),
                    max_tokens: Some(100),
                },
                fusion: docent_index::Fusion::Rrf,
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
                echo: false,
            },
        };
        let printed = changed.print();
        for key in keys() {
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
        let unset = [
            "data",
            "certificate",
            "key",
            "words",
            "path",
            "query_prefix",
            "passage_prefix",
            "max_tokens",
        ];
        let mut uncommented = printed;
        for key in unset {
            uncommented = uncommented.replace(&format!("# {key} = \"…\""), "");
        }
        let uncommented = uncommented.replace("\n# ", "\n");
        let sets: Vec<&str> = uncommented.lines().filter(|line| line.contains(" = ")).collect();
        assert_eq!(sets.len(), keys().count() - unset.len());
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
