//! The operator's models: from settings to clients, and `docent models check`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_corpus::{
    Assistant, AssistantId, BlockKind, ByteRange, Line, Passage, Question, Retriever as _, Strictness,
    Version,
};
use docent_index::Index;
use docent_models::{Chat, Embeddings, Endpoint, ModelError, Prefixes, Probe, Rerank};

use crate::failure::{Failure, chain};
use crate::settings::{Config, Server, environment};
use crate::writer::{Asked, Find, Writer, Writing};

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

/// What a model that writes is tried on.
const PASSAGE: &str = "Ежегодный оплачиваемый отпуск составляет 28 календарных дней.";
const QUESTION: &str = "Сколько длится ежегодный оплачиваемый отпуск?";

/// Has the model write one answer in earnest; returns how that went, and nothing where it was not asked.
async fn tried(writer: Writer) -> Result<Option<Writing>, Failure> {
    let passage = Passage {
        document: "example.txt".into(),
        title: "Отпуск".into(),
        version: Version([0; 16]),
        date: None,
        section: 0,
        headings: Vec::new(),
        lead: Vec::new(),
        range: ByteRange::new(0, PASSAGE.len()),
        lines: vec![Line {
            kind: BlockKind::Paragraph,
            range: ByteRange::new(0, PASSAGE.len()),
            page: None,
            text: PASSAGE.to_owned(),
        }],
    };
    let lost = |error: &dyn std::error::Error| Failure::Models {
        section: "chat",
        reason: chain(error),
    };
    let index = Index::build([passage]).map_err(|error| lost(&error))?;
    let find: Find = Arc::new(move |text, limit, _| {
        let text = text.to_owned();
        index.retrieve(&Question { text }, limit)
    });
    let mut who = Assistant::new(AssistantId(0), "");
    who.strictness = Strictness::Open;
    let asked = Asked {
        snapshot: 0,
        assistant: who.id,
        question: QUESTION.to_owned(),
    };
    let (_, made) = Arc::new(writer).begin(asked, who, None, find);
    let made = made.await.map_err(|error| lost(&*error))?;
    Ok(made.trace.written)
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
    let wrote = match writer(config, library)? {
        Some(writer) if chat.is_some() && told.iter().all(|(_, _, probes)| probes.iter().all(is_fine)) => {
            runtime.block_on(tried(writer))?
        }
        _ => None,
    };
    for (section, purpose, probes) in told {
        for (nth, probe) in probes.into_iter().enumerate() {
            fine &= is_fine(&probe);
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "[{section}] {} {}: {purpose}{}",
                probe.endpoint,
                probe.model,
                if nth > 0 { ", when those before fail" } else { "" }
            );
            let _ = writeln!(text, "  {}", state(&probe));
            if let (Some(dimension), Some(set)) = (probe.dimension, config.embeddings.dimensions)
                && dimension != set
            {
                fine = false;
                let _ = writeln!(
                    text,
                    "  cannot be used: its vectors have {dimension} numbers, [embeddings] says {set}; set dimensions = {dimension}"
                );
            }
        }
        if let Some(wrote) = wrote.as_ref().filter(|_| section == "chat") {
            let _ = writeln!(text, "  tried on «{QUESTION}» with «{PASSAGE}»: {wrote}");
            if !matches!(wrote, Writing::Passed(_)) {
                fine = false;
                text.push_str(
                    "  a model that does not manage this will seldom write an answer that passes: the quoted ones go out\n",
                );
            }
        }
    }
    if let Some(path) = &config.embeddings.path {
        let (told, usable) = in_process(path, config, library);
        text.push_str(&told);
        fine &= usable;
    }
    if text.is_empty() {
        text.push_str("no model is configured: answers are quoted, and nothing is sent anywhere\n");
    }
    Ok((text, fine))
}

/// Opens the model of a directory and has it encode a question; returns what is to be told, and whether it can be used.
fn in_process(path: &Path, config: &Config, library: &Path) -> (String, bool) {
    let mut fine = true;
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
    let told = format!(
        "[embeddings] {}: finds passages by meaning, in this process\n  {state}\n",
        path.display()
    );
    (told, fine)
}

fn is_fine(probe: &Probe) -> bool {
    probe.error.is_none()
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
