//! `[[chat.server]]`, `[[rerank.server]]`, `[[embeddings.server]]`: servers of models, in the order in which they are asked.
//!
//! Owns what may be said of a server, and where its key comes from. Invariant: a key is never printed, and the environment's key goes
//! only to the server that the environment names or to the one it is made for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use docent_models::{Endpoint, Key as ModelKey, Secret};
use toml::Spanned;
use toml::de::DeValue;

use super::values::{count, file, number, quoted, span, time};
use super::{Config, Read};

/// The names by which SDKs of this kind of server look for its address and key.
pub(crate) const BASE_URL: &str = "OPENAI_BASE_URL";
pub(crate) const API_KEY: &str = "OPENAI_API_KEY";

/// For whom that key is made when no address is set.
const ITS_HOST: &str = "https://api.openai.com/v1";

/// The tables of a section that name servers.
pub(super) const SERVER: &str = "server";

/// How long a key of a command is good: those of `GigaChat` live half an hour.
const KEY_LIFETIME: Duration = Duration::from_mins(25);

/// Text that is not for anybody's eyes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

/// One server as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Server {
    pub(crate) base_url: Option<String>,
    pub(crate) model: String,
    api_key: Option<Hidden>,
    api_key_env: Option<String>,
    api_key_file: Option<PathBuf>,
    api_key_command: Vec<String>,
    api_key_lifetime: Duration,
    auth_header: String,
    headers: Vec<(String, String)>,
    extra_body: serde_json::Map<String, serde_json::Value>,
    ca_file: Option<PathBuf>,
    connect_time: Duration,
    first_token_time: Duration,
    idle_time: Duration,
    total_time: Duration,
    retries: u32,
    concurrency: usize,
}

impl Default for Server {
    fn default() -> Self {
        let usual = Endpoint::new("", "");
        Self {
            base_url: None,
            model: String::new(),
            api_key: None,
            api_key_env: None,
            api_key_file: None,
            api_key_command: Vec::new(),
            api_key_lifetime: KEY_LIFETIME,
            auth_header: usual.auth_header,
            headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            ca_file: None,
            connect_time: usual.connect_timeout,
            first_token_time: usual.first_token_timeout,
            idle_time: usual.idle_timeout,
            total_time: usual.total_timeout,
            retries: usual.max_retries,
            concurrency: usual.concurrency,
        }
    }
}

/// One key of a server.
pub(super) struct ServerKey {
    pub(super) name: &'static str,
    pub(super) comment: &'static str,
    pub(super) show: fn(&Server) -> Option<String>,
    pub(super) set: fn(&mut Server, &DeValue<'_>) -> Read<'static>,
}

pub(super) const SERVER_KEYS: &[ServerKey] = &[
    ServerKey {
        name: "base_url",
        comment: "Address up to the version, like \"http://127.0.0.1:11434/v1\". Default: OPENAI_BASE_URL of the environment.",
        show: |server| server.base_url.as_ref().and_then(quoted),
        set: |server, value| {
            let url = value
                .as_str()
                .filter(|url| url.starts_with("http://") || url.starts_with("https://"));
            server.base_url = Some(
                url.ok_or("an address that begins with http:// or https://")?
                    .to_owned(),
            );
            Ok(())
        },
    },
    ServerKey {
        name: "model",
        comment: "Name of the model, as the server knows it.",
        show: |server| quoted(&server.model),
        set: |server, value| {
            value
                .as_str()
                .ok_or("a name, like \"qwen3:8b\"")?
                .clone_into(&mut server.model);
            Ok(())
        },
    },
    ServerKey {
        name: "api_key",
        comment: "The key itself; never printed. Better one of the next three. Without any of the four, OPENAI_API_KEY of the environment\n\
                  goes to the server that OPENAI_BASE_URL names and to api.openai.com, and to no other.",
        show: |_| None,
        set: |server, value| {
            server.api_key = Some(Hidden(value.as_str().ok_or("a text")?.to_owned()));
            Ok(())
        },
    },
    ServerKey {
        name: "api_key_env",
        comment: "Name of the environment variable that holds the key.",
        show: |server| server.api_key_env.as_ref().and_then(quoted),
        set: |server, value| {
            let name = value.as_str().filter(|name| !name.is_empty());
            server.api_key_env = Some(name.ok_or("the name of a variable")?.to_owned());
            Ok(())
        },
    },
    ServerKey {
        name: "api_key_file",
        comment: "File that holds the key, relative to the library; read again when it changes. Keep it out of the documents.",
        show: |server| {
            server
                .api_key_file
                .as_ref()
                .and_then(|path| quoted(path.display()))
        },
        set: |server, value| file(value, &mut server.api_key_file),
    },
    ServerKey {
        name: "api_key_command",
        comment: "Program with its arguments that prints the key, like [\"/usr/local/bin/gigachat-token\"], for keys that do not live long.",
        show: |server| (!server.api_key_command.is_empty()).then(|| list(&server.api_key_command)),
        set: |server, value| {
            let listed = value.as_array().and_then(|list| {
                list.iter()
                    .map(|one| one.get_ref().as_str().map(str::to_owned))
                    .collect::<Option<Vec<_>>>()
            });
            server.api_key_command = listed
                .filter(|list| !list.is_empty())
                .ok_or("a list: a program and its arguments")?;
            Ok(())
        },
    },
    ServerKey {
        name: "api_key_lifetime",
        comment: "How long what the command prints is good.",
        show: |server| span(server.api_key_lifetime),
        set: |server, value| time(value, &mut server.api_key_lifetime),
    },
    ServerKey {
        name: "auth_header",
        comment: "Where the key goes; YandexGPT wants \"Authorization: Api-Key {key}\".",
        show: |server| quoted(&server.auth_header),
        set: |server, value| {
            let header = value
                .as_str()
                .filter(|header| header.contains(':') && header.contains("{key}"));
            header
                .ok_or("a header with {key} in it, like \"Authorization: Bearer {key}\"")?
                .clone_into(&mut server.auth_header);
            Ok(())
        },
    },
    ServerKey {
        name: "headers",
        comment: "Further headers, like { \"x-folder-id\" = \"b1g…\" }.",
        show: |server| {
            let pairs: Vec<String> = server
                .headers
                .iter()
                .map(|(name, value)| format!("{} = {}", text(name), text(value)))
                .collect();
            Some(braced(&pairs))
        },
        set: |server, value| {
            let table = value.as_table().and_then(|table| {
                let pair = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                    Some((name.get_ref().to_string(), value.get_ref().as_str()?.to_owned()))
                };
                table.iter().map(pair).collect::<Option<Vec<_>>>()
            });
            server.headers = table.ok_or("a table of texts, like { \"x-folder-id\" = \"b1g…\" }")?;
            Ok(())
        },
    },
    ServerKey {
        name: "extra_body",
        comment: "Further fields of the request, like { chat_template_kwargs = { enable_thinking = false } }, which qwen3 wants; an empty\n\
                  text takes a field out: { max_tokens = \"\", max_completion_tokens = 700 }.",
        show: |server| Some(inline(&serde_json::Value::Object(server.extra_body.clone()))),
        set: |server, value| match json(value) {
            Some(serde_json::Value::Object(body)) => {
                server.extra_body = body;
                Ok(())
            }
            _ => Err("a table, like { temperature = 0.2 }"),
        },
    },
    ServerKey {
        name: "ca_file",
        comment: "File of certificates (PEM) to trust beside the system's, relative to the library.",
        show: |server| server.ca_file.as_ref().and_then(|path| quoted(path.display())),
        set: |server, value| file(value, &mut server.ca_file),
    },
    ServerKey {
        name: "connect_time",
        comment: "How long connecting may take.",
        show: |server| span(server.connect_time),
        set: |server, value| time(value, &mut server.connect_time),
    },
    ServerKey {
        name: "first_token_time",
        comment: "How long the first token may take.",
        show: |server| span(server.first_token_time),
        set: |server, value| time(value, &mut server.first_token_time),
    },
    ServerKey {
        name: "idle_time",
        comment: "How long a token may take after the one before.",
        show: |server| span(server.idle_time),
        set: |server, value| time(value, &mut server.idle_time),
    },
    ServerKey {
        name: "total_time",
        comment: "How long one attempt may take in all.",
        show: |server| span(server.total_time),
        set: |server, value| time(value, &mut server.total_time),
    },
    ServerKey {
        name: "retries",
        comment: "Repetitions after failures that may pass (no connection, 408, 409, 429, 5xx); 0 for none.",
        show: |server| Some(server.retries.to_string()),
        set: |server, value| {
            let read = value
                .as_integer()
                .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
            server.retries = read
                .filter(|&retries| retries <= 10)
                .ok_or("a whole number up to 10")?;
            Ok(())
        },
    },
    ServerKey {
        name: "concurrency",
        comment: "Calls at one time; others wait for a place.",
        show: |server| number(server.concurrency),
        set: |server, value| count(value, &mut server.concurrency),
    },
];

impl Server {
    /// Tells whether a key stands in the settings themselves.
    pub(super) fn has_own_key(&self) -> bool {
        self.api_key.is_some()
    }

    /// Returns what a client of models needs; `environment` reads a variable, relative paths count from the library.
    ///
    /// # Errors
    ///
    /// What is missing, for a person.
    pub(crate) fn endpoint(
        &self,
        library: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Endpoint, String> {
        let (base_url, is_its) = match (&self.base_url, environment(BASE_URL)) {
            (Some(url), its) => (
                url.clone(),
                url.starts_with(ITS_HOST) || its.as_ref() == Some(url),
            ),
            (None, Some(url)) => (url, true),
            (None, None) => {
                return Err(format!(
                    "base_url is not set, and {BASE_URL} is not in the environment"
                ));
            }
        };
        let key = match self {
            Self {
                api_key: Some(Hidden(key)),
                ..
            } => ModelKey::Text(Secret::new(key)),
            Self {
                api_key_file: Some(path),
                ..
            } => ModelKey::File(library.join(path)),
            Self {
                api_key_command: command,
                ..
            } if !command.is_empty() => ModelKey::Command {
                program: PathBuf::from(&command[0]),
                args: command[1..].to_vec(),
                lifetime: self.api_key_lifetime,
            },
            Self {
                api_key_env: Some(name),
                ..
            } => {
                let key = environment(name)
                    .ok_or_else(|| format!("{name} (api_key_env) is not in the environment"))?;
                ModelKey::Environment(Secret::new(&key))
            }
            _ if is_its => {
                environment(API_KEY).map_or(ModelKey::None, |key| ModelKey::Environment(Secret::new(&key)))
            }
            _ => ModelKey::None,
        };
        let mut endpoint = Endpoint::new(base_url.trim_end_matches('/'), &self.model);
        endpoint.key = key;
        endpoint.auth_header.clone_from(&self.auth_header);
        endpoint.headers.clone_from(&self.headers);
        // TOML has no null, by which a client takes a field out.
        let taken_out = |value: &serde_json::Value| {
            if value == "" {
                serde_json::Value::Null
            } else {
                value.clone()
            }
        };
        endpoint.extra_body = self
            .extra_body
            .iter()
            .map(|(name, value)| (name.clone(), taken_out(value)))
            .collect();
        endpoint.ca_file = self.ca_file.as_ref().map(|path| library.join(path));
        endpoint.connect_timeout = self.connect_time;
        endpoint.first_token_timeout = self.first_token_time;
        endpoint.idle_timeout = self.idle_time;
        endpoint.total_timeout = self.total_time;
        endpoint.max_retries = self.retries;
        endpoint.concurrency = self.concurrency;
        Ok(endpoint)
    }
}

fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[String]) -> String {
    let listed: Vec<String> = texts.iter().map(|one| text(one)).collect();
    format!("[{}]", listed.join(", "))
}

fn braced(pairs: &[String]) -> String {
    if pairs.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", pairs.join(", "))
    }
}

/// Writes JSON as a value of TOML on one line; null, which TOML has not, as an empty text.
fn inline(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", text(name), inline(value)))
                .collect();
            braced(&pairs)
        }
        serde_json::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        serde_json::Value::String(one) => text(one),
        serde_json::Value::Null => text(""),
        other => other.to_string(),
    }
}

/// Reads a value of TOML as JSON; nothing for dates and numbers that JSON has not.
fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => serde_json::Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.into(),
        DeValue::Float(number) => serde_json::Number::from_f64(number.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(values) => values
            .iter()
            .map(|one| json(one.get_ref()))
            .collect::<Option<Vec<_>>>()?
            .into(),
        DeValue::Table(table) => {
            let pair = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                Some((name.get_ref().to_string(), json(value.get_ref())?))
            };
            serde_json::Value::Object(table.iter().map(pair).collect::<Option<_>>()?)
        }
    })
}

impl Config {
    /// Returns where the servers of a section are; nothing when it has none.
    pub(super) fn servers(section: &str) -> Option<fn(&mut Self) -> &mut Vec<Server>> {
        match section {
            "chat" => Some(|config| &mut config.chat.servers),
            "rerank" => Some(|config| &mut config.rerank.servers),
            "embeddings" => Some(|config| &mut config.embeddings.servers),
            _ => None,
        }
    }

    /// Reads `[[chat.server]]` and its like.
    pub(super) fn take_servers(
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
        for one in list {
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

    pub(super) fn print_servers(&self, section: &str, lines: &mut Vec<String>) {
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
    fn the_environments_key_goes_only_where_it_belongs() {
        let key_for = |url: Option<&str>, base: Option<&str>| {
            let server = Server {
                base_url: url.map(str::to_owned),
                ..Server::default()
            };
            let environment = |name: &str| match name {
                API_KEY => Some("sk-its".to_owned()),
                BASE_URL => base.map(str::to_owned),
                _ => None,
            };
            server
                .endpoint(Path::new("lib"), &environment)
                .map(|endpoint| format!("{} {:?}", endpoint.base_url, endpoint.key))
        };
        assert_eq!(
            key_for(Some("http://127.0.0.1:8080/v1/"), None).unwrap(),
            "http://127.0.0.1:8080/v1 no key"
        );
        assert_eq!(
            key_for(Some("https://api.openai.com/v1"), None).unwrap(),
            "https://api.openai.com/v1 key from the environment"
        );
        assert_eq!(
            key_for(None, Some("http://a/v1")).unwrap(),
            "http://a/v1 key from the environment"
        );
        assert_eq!(
            key_for(Some("http://b/v1"), Some("http://a/v1")).unwrap(),
            "http://b/v1 no key"
        );
        assert!(key_for(None, None).unwrap_err().contains(BASE_URL));
    }

    #[test]
    fn an_empty_text_takes_a_field_out() {
        let server = Server {
            base_url: Some("http://a/v1".to_owned()),
            extra_body: serde_json::from_str(r#"{"max_tokens": "", "max_completion_tokens": 7}"#).unwrap(),
            ..Server::default()
        };
        let endpoint = server.endpoint(Path::new("lib"), &|_| None).unwrap();
        assert!(
            endpoint.extra_body["max_tokens"].is_null() && endpoint.extra_body["max_completion_tokens"] == 7
        );
    }

    #[test]
    fn a_key_is_in_no_debug_text() {
        let server = Server {
            api_key: Some(Hidden("sk-secret".to_owned())),
            ..Server::default()
        };
        assert!(!format!("{server:?}").contains("secret"));
    }
}
