//! Adding, replacing and deleting documents.
//!
//! Owns the way of a file from the browser to the [`Keeper`](super::Keeper): piece by piece through a short queue, so that an
//! upload holds kilobytes here, whatever its size.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use docent_corpus::AssistantId;
use maud::html;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::keeper::{Done, NewDocument, Refused};
use super::{Desk, Posted, Visit, query_of};

/// Pieces that wait for the disk: one is written while the next arrive.
const PIECES: usize = 4;

/// The longest pause in an upload, after which it counts as broken off.
const PAUSE: Duration = Duration::from_secs(30);

/// How long a refused file is read on: a browser shows the reason only when it was let finish.
const READ_ON: Duration = Duration::from_secs(30);

/// Bytes of a field that is no file: a name as long as file systems take, percent-encoded, with room.
const FIELD_BYTES: usize = 4 << 10;

/// Whose document it is, and which.
struct Named {
    assistant: AssistantId,
    document: Option<String>,
}

fn named(assistant: Option<&str>, document: Option<&str>) -> Option<Named> {
    Some(Named {
        assistant: AssistantId(assistant?.parse().ok()?),
        document: document.filter(|name| !name.is_empty()).map(ToOwned::to_owned),
    })
}

impl Named {
    fn address(&self) -> String {
        let mut query = query_of("upload");
        query.append_pair("assistant", &self.assistant.to_string());
        if let Some(document) = &self.document {
            query.append_pair("document", document);
        }
        query.finish()
    }

    fn assistant_name(&self, desk: &Desk) -> Option<String> {
        let assistants = desk.shared.engine.assistants();
        assistants
            .iter()
            .find(|one| one.id == self.assistant)
            .map(|one| one.name.clone())
    }
}

fn unknown(visit: &Visit) -> Response {
    visit.told(StatusCode::NOT_FOUND, &visit.words.refused(&Refused::Unknown))
}

/// The form for one more document, or for one in the place of another.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let Some(named) = named(visit.asked("assistant"), visit.asked("document")) else {
        return unknown(&visit);
    };
    let Some(name) = named.assistant_name(&desk) else {
        return unknown(&visit);
    };
    let (title, hint) = match named.document {
        None => (words.upload_title(), words.upload_hint()),
        Some(_) => (words.replace_title(), words.replace_hint()),
    };
    let body = html! {
        form class="card narrow" method="post" action="upload" enctype="multipart/form-data"
            data-most=(desk.upload_bytes) data-sending=(words.sending()) data-checking=(words.checking()) data-too-big=(words.too_big_here()) {
            (visit.proof())
            input type="hidden" name="assistant" value=(named.assistant);
            p { span class="soft" { (words.assistant()) ": " } b { (name) } }
            @if let Some(document) = &named.document {
                input type="hidden" name="document" value=(document);
                p { span class="soft" { (words.document()) ": " } b { (document) } }
            }
            label for="file" { (words.file()) }
            input id="file" name="file" type="file" required aria-describedby="file-hint";
            p class="hint" id="file-hint" { (hint) " " (words.upload_most(desk.upload_bytes)) }
            p class="hint busy" role="status" {}
            div class="row" { button class="main" { (words.upload()) } a class="button" href="./" { (words.cancel()) } }
        }
    };
    visit.page(title, None, &body)
}

/// What an upload says before its file.
#[derive(Default)]
struct Preface {
    proof: Option<String>,
    assistant: Option<String>,
    document: Option<String>,
}

/// Takes a file in.
pub(super) async fn upload(State(desk): State<Arc<Desk>>, visit: Visit, mut form: Multipart) -> Response {
    let mut preface = Preface::default();
    // Fields come in the order of the form, the file last.
    while let Ok(Ok(Some(field))) = timeout(PAUSE, form.next_field()).await {
        let place = match field.name() {
            Some("proof") => &mut preface.proof,
            Some("assistant") => &mut preface.assistant,
            Some("document") => &mut preface.document,
            Some("file") => return take(&desk, &visit, &preface, field).await,
            _ => break,
        };
        let Some(text) = short(field).await else { break };
        *place = Some(text);
    }
    let back = named(preface.assistant.as_deref(), preface.document.as_deref());
    refused(&visit, back.as_ref(), &Refused::BrokenOff)
}

/// Reads a field that is no file; nothing when it is too long or no text.
async fn short(mut field: Field<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = timeout(PAUSE, field.chunk()).await.ok()?.ok()? {
        if bytes.len() + piece.len() > FIELD_BYTES {
            return None;
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).ok()
}

async fn take(desk: &Arc<Desk>, visit: &Visit, preface: &Preface, field: Field<'_>) -> Response {
    if !visit.is_proven(preface.proof.as_deref()) {
        return visit.told(StatusCode::FORBIDDEN, visit.words.not_ours());
    }
    let Some(named) = named(preface.assistant.as_deref(), preface.document.as_deref()) else {
        return unknown(visit);
    };
    let Ok(place) = desk.uploads.clone().try_acquire_owned() else {
        return visit.leads(&named.address(), false, visit.words.busy().to_owned());
    };
    let new = NewDocument {
        assistant: named.assistant,
        file: field.file_name().unwrap_or_default().to_owned(),
        replaces: named.document.clone(),
        most_bytes: desk.upload_bytes,
    };
    let (give, pieces) = mpsc::channel(PIECES);
    let keeper = desk.keeper.clone();
    let put = tokio::task::spawn_blocking(move || {
        let _place = place;
        keeper.put(new, &mut Pieces::new(pieces))
    });
    pass_on(field, give).await;
    let done = put.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an upload could not be taken in");
        Err(Refused::Failed)
    });
    match done {
        Ok(done) => finished(visit, &done, false),
        Err(why) => refused(visit, Some(&named), &why),
    }
}

/// Hands the pieces of a file on; when they are no longer wanted, reads on for a while.
async fn pass_on(mut field: Field<'_>, give: mpsc::Sender<Piece>) {
    let mut until = None;
    loop {
        let wait = until.unwrap_or_else(|| Instant::now() + PAUSE);
        match timeout_at(wait, field.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                if until.is_none() && give.send(Piece::Bytes(bytes)).await.is_err() {
                    until = Some(Instant::now() + READ_ON);
                }
            }
            Ok(Ok(None)) => {
                // Nobody waits for the end of what was refused.
                let _ = give.send(Piece::End).await;
                return;
            }
            // Too slow, or broken off: the reader sees no end.
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// A part of a file on its way.
enum Piece {
    Bytes(Bytes),
    /// The file is whole.
    End,
}

/// The pieces as a file that is read.
struct Pieces {
    come: mpsc::Receiver<Piece>,
    at: Bytes,
    ended: bool,
}

impl Pieces {
    fn new(come: mpsc::Receiver<Piece>) -> Self {
        Self {
            come,
            at: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Pieces {
    /// Blocks until there is a piece. An upload that ends before its file does is an error.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at.is_empty() && !self.ended {
            match self.come.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.at = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.at.len().min(into.len());
        into[..count].copy_from_slice(&self.at.split_to(count));
        Ok(count)
    }
}

fn finished(visit: &Visit, done: &Done, deleted: bool) -> Response {
    let mut text = format!("{}: {}", done.name, visit.words.effect(done.effect, deleted));
    if let Some(format) = &done.really {
        text = format!("{text} {}", visit.words.really(format));
    }
    for (label, told) in [
        (visit.words.lost(), &done.lost),
        (visit.words.hidden(), &done.hidden),
    ] {
        if !told.is_empty() {
            text = format!("{text} {label}: {}", told.join(" "));
        }
    }
    visit.leads("./", true, text)
}

fn refused(visit: &Visit, named: Option<&Named>, why: &Refused) -> Response {
    let address = named.map_or_else(|| "./".to_owned(), Named::address);
    visit.leads(&address, false, visit.words.refused(why))
}

/// Asks once more before a document is deleted.
pub(super) async fn sure(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let Some(named) = named(visit.asked("assistant"), visit.asked("document")) else {
        return unknown(&visit);
    };
    let Some(document) = &named.document else {
        return unknown(&visit);
    };
    let Some(name) = named.assistant_name(&desk) else {
        return unknown(&visit);
    };
    let body = html! {
        form class="card narrow" method="post" action="delete" {
            (visit.proof())
            input type="hidden" name="assistant" value=(named.assistant);
            input type="hidden" name="document" value=(document);
            p { span class="soft" { (words.assistant()) ": " } b { (name) } }
            p { span class="soft" { (words.document()) ": " } b { (document) } }
            p { (words.delete_text()) }
            div class="row" { button class="main danger" { (words.delete()) } a class="button" href="./" { (words.keep()) } }
        }
    };
    visit.page(words.delete_title(), None, &body)
}

/// Deletes a document.
pub(super) async fn delete(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let named = named(posted.field("assistant"), posted.field("document"));
    let Some((assistant, document)) = named.and_then(|named| Some((named.assistant, named.document?))) else {
        return unknown(visit);
    };
    let deleted = desk
        .look(visit, move |keeper| Ok(keeper.delete(assistant, &document)))
        .await;
    match deleted {
        Ok(Ok(done)) => finished(visit, &done, true),
        Ok(Err(why)) => refused(visit, None, &why),
        Err(response) => response,
    }
}
