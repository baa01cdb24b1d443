//! `docent.toml`: what the operator may set, with the default and the reason of each key.
//!
//! Owns the one table from which settings are read and `docent config` is printed, so that the two cannot part. Two
//! shapes: the file as written (checked key by key, every fault told with its line), and [`Config`] as meant.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use docent_gateway::Settings;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::Guard;
use crate::journal::Wanted;
use crate::logs::{Format, Level};
use crate::watch::Watching;

mod chat;
pub(crate) mod desk;
mod embeddings;
mod general;
mod limits;
pub(crate) mod servers;
mod unknown;
mod values;

pub(crate) use chat::{Chat, Rerank, Tokens};
use desk::DeskSection;
pub(crate) use embeddings::Embeddings;
use servers::SERVER;
pub(crate) use servers::Server;
use unknown::unknown;

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
    /// The model of whole texts.
    pub(crate) embeddings: Embeddings,
    /// What is kept of the questions, and where.
    pub(crate) journal: Wanted,
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
            desk: DeskSection::default(),
            check: Guard::Off,
            tls: Tls::default(),
            log_format: Format::Text,
            log_level: Level::Info,
            words: None,
            chat: Chat::default(),
            rerank: Rerank::default(),
            embeddings: Embeddings::default(),
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

/// Returns every key, in the order in which they are printed.
fn keys() -> impl Iterator<Item = &'static Key> {
    [general::KEYS, embeddings::KEYS, chat::KEYS, limits::KEYS]
        .into_iter()
        .flatten()
}

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
                Some(inner) if keys().any(|known| known.section == section) => {
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
            let last = keys().filter(|other| other.section == section).last();
            if last.is_some_and(|last| last.name == key.name) {
                self.print_servers(section, &mut lines);
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use docent_corpus::Language;

    use super::servers::SERVER_KEYS;
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
            embeddings: Embeddings {
                path: Some("model".into()),
                model: docent_encoder::Settings {
                    query_prefix: Some("query: ".to_owned()),
                    passage_prefix: Some("passage: ".to_owned()),
                    max_tokens: Some(100),
                },
                fusion: docent_index::Fusion::Rrf,
                servers: Vec::new(),
                dimensions: Some(384),
            },
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
        for key in keys().filter(|key| (key.section, key.name) != ("desk", "token")) {
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
            "token",
            "token_file",
            "certificate",
            "key",
            "words",
            "path",
            "dimensions",
            "query_prefix",
            "passage_prefix",
            "max_tokens",
        ];
        let mut uncommented = printed;
        for key in unset {
            uncommented = uncommented.replace(&format!("# {key} = \"…\""), "");
        }
        let uncommented = uncommented.replace("\n# ", "\n");
        let sets: Vec<&str> = uncommented
            .lines()
            .filter(|line| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')))
            .collect();
        assert_eq!(sets.len(), keys().count() - unset.len() + SERVER_KEYS.len());
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
