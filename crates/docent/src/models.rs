//! The operator's models: from settings to clients, and `docent models check`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use docent_models::{Chat, Embeddings, Endpoint, ModelError, Prefixes, Probe, Rerank};

use crate::failure::{Failure, chain};
use crate::settings::{Config, Server, environment};
use crate::writer::Writer;

/// How long a model may take to say something at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns what helps with answers; nothing where the settings name no model for it.
pub(crate) fn writer(config: &Config, library: &Path) -> Result<Option<Writer>, Failure> {
    let chat = client("chat", &config.chat.servers, library, Chat::new)?;
    let rerank = client("rerank", &config.rerank.servers, library, Rerank::new)?;
    Ok(Writer::new(
        chat,
        rerank,
        config.chat.clone(),
        config.rerank.clone(),
        config.gateway.max_answers,
    ))
}

/// Makes the client of a section; nothing when it names no server.
fn client<T>(
    section: &'static str,
    servers: &[Server],
    library: &Path,
    make: impl FnOnce(Vec<Endpoint>) -> Result<T, ModelError>,
) -> Result<Option<T>, Failure> {
    if servers.is_empty() {
        return Ok(None);
    }
    let fault = |reason: String| Failure::Models { section, reason };
    let endpoints: Result<Vec<Endpoint>, String> = servers
        .iter()
        .map(|server| server.endpoint(library, &environment))
        .collect();
    make(endpoints.map_err(fault)?)
        .map(Some)
        .map_err(|error| fault(chain(&error)))
}

/// Returns the client of servers that make vectors.
pub(crate) fn embeddings(
    servers: &[Server],
    library: &Path,
    prefixes: Prefixes,
) -> Result<Embeddings, Failure> {
    let client = client("embeddings", servers, library, |endpoints| {
        Embeddings::new(endpoints, prefixes)
    })?;
    client.ok_or_else(|| Failure::Models {
        section: "embeddings",
        reason: "no server is named".to_owned(),
    })
}

/// Calls every configured model once; returns what is to be told, and whether all of them can be used.
pub(crate) fn check(config: &Config, library: &Path) -> Result<(String, bool), Failure> {
    let chat = client("chat", &config.chat.servers, library, Chat::new)?;
    let rerank = client("rerank", &config.rerank.servers, library, Rerank::new)?;
    let embeddings = match &config.embeddings.servers[..] {
        [] => None,
        servers => Some(self::embeddings(servers, library, Prefixes::default())?),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut text, mut fine) = (String::new(), true);
    let until = || Instant::now() + PATIENCE;
    let told = runtime.block_on(async {
        let mut told: Vec<(&str, &str, Vec<Probe>)> = Vec::new();
        if let Some(chat) = &chat {
            let purpose = match (config.chat.judge, config.chat.rewrite) {
                (true, true) => "writes answers, judges unclear ones, puts questions into other words",
                (true, false) => "writes answers, judges unclear ones",
                (false, true) => "writes answers, puts questions into other words",
                (false, false) => "writes answers",
            };
            told.push(("chat", purpose, chat.probe(until()).await));
        }
        if let Some(rerank) = &rerank {
            told.push((
                "rerank",
                "puts the passages found into order",
                rerank.probe(until()).await,
            ));
        }
        if let Some(embeddings) = &embeddings {
            told.push((
                "embeddings",
                "finds passages by meaning",
                embeddings.probe(until()).await,
            ));
        }
        told
    });
    for (section, purpose, probes) in told {
        for (nth, probe) in probes.into_iter().enumerate() {
            fine &= probe.error.is_none();
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "[{section}] {} {}: {purpose}{}",
                probe.endpoint,
                probe.model,
                if nth > 0 { ", when those before fail" } else { "" }
            );
            let _ = writeln!(text, "  {}", state(&probe));
        }
    }
    if let Some(path) = &config.embeddings.path {
        let begun = Instant::now();
        let opened = crate::embeddings::Models::default().of(library, &config.embeddings);
        let told = opened.and_then(|model| {
            let vector = model.map(|model| {
                model
                    .question("Сколько длится отпуск?")
                    .map(|_| model.dimension())
            });
            vector.transpose().map_err(|error| Failure::Models {
                section: "embeddings",
                reason: error.to_string(),
            })
        });
        let state = match told {
            Ok(dimension) => format!(
                "usable; {} dimensions, open and a question encoded in {:.2} s",
                dimension.unwrap_or_default(),
                begun.elapsed().as_secs_f64()
            ),
            Err(failure) => {
                fine = false;
                format!("cannot be used: {}", chain(&failure))
            }
        };
        let _ = writeln!(
            text,
            "[embeddings] {}: finds passages by meaning, in this process\n  {state}",
            path.display()
        );
    }
    if text.is_empty() {
        text.push_str("no model is configured: answers are quoted, and nothing is sent anywhere\n");
    }
    Ok((text, fine))
}

/// Says how a model is.
fn state(probe: &Probe) -> String {
    let took = format!("{:.2} s", probe.latency.as_secs_f64());
    if let Some(error) = &probe.error {
        let reached = if probe.reachable {
            "reachable, but cannot be used"
        } else {
            "not reachable"
        };
        return format!("{reached}: {} (after {took})", chain(error));
    }
    let mut told = format!("usable; took {took}");
    if let Some(first) = probe.first_token {
        let _ = write!(told, ", the first word after {:.2} s", first.as_secs_f64());
    }
    if let Some(tokens) = probe.tokens {
        let _ = write!(
            told,
            ", {:.1} tokens a second",
            tokens as f64 / probe.latency.as_secs_f64().max(0.001)
        );
    }
    if let Some(dimension) = probe.dimension {
        let _ = write!(told, ", {dimension} dimensions");
    }
    if let Some(example) = &probe.example {
        let _ = write!(
            told,
            "\n  example: {}",
            example.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    told
}
