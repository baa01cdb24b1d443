//! The documents of every assistant: what became of each, and what to do about those that could not be read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use tokio::time::Instant;

use super::keeper::{Keeper, Progress, Record, Shelf, Shelves, State as DocumentState};
use super::words::Words;
use super::{Desk, SessionId, Visit, figures, query_of};
use crate::sources;

/// Documents on one page: what a browser lays out at once, and a person looks through.
const ROWS: usize = 100;

/// Warnings shown; a folder with more of them wants `docent status`.
const WARNINGS: usize = 20;

/// What the page shows of all documents.
struct Wanted {
    problems: bool,
    find: String,
    /// From 0.
    sheet: usize,
}

impl Wanted {
    fn of(visit: &Visit) -> Self {
        let sheet = visit.asked("page").and_then(|page| page.parse::<usize>().ok());
        Self {
            problems: visit.asked("show") == Some("problems"),
            find: visit.asked("find").unwrap_or_default().to_owned(),
            sheet: sheet.map_or(0, |page| page.saturating_sub(1)),
        }
    }

    fn takes(&self, record: &Record) -> bool {
        let named = self.find.is_empty() || record.name.to_lowercase().contains(&self.find.to_lowercase());
        named && (!self.problems || record.is_remarkable())
    }

    /// Returns the address of the same with another page, or another choice of documents.
    fn address(&self, problems: bool, sheet: usize) -> String {
        let mut query = query_of("./");
        if problems {
            query.append_pair("show", "problems");
        }
        if !self.find.is_empty() {
            query.append_pair("find", &self.find);
        }
        if sheet > 0 {
            query.append_pair("page", &(sheet + 1).to_string());
        }
        query.finish()
    }
}

/// The page.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let looked = desk
        .look(&visit, |keeper: &dyn Keeper| {
            Ok((keeper.shelves()?, keeper.progress()))
        })
        .await;
    match looked {
        Ok((shelves, progress)) => {
            let body = body(&visit, &shelves, progress);
            visit.page(visit.words.documents(), Some("./"), &body)
        }
        Err(response) => response,
    }
}

/// How far reading is, for the script; it does not count as using the session.
pub(super) async fn progress(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let known = SessionId::of(&headers).is_some_and(|id| desk.access.knows(&id, Instant::now()));
    if !known {
        return StatusCode::FORBIDDEN.into_response();
    }
    let now = desk.keeper.progress();
    let (done, of) = now.reading.unwrap_or_default();
    let json = format!(
        "{{\"generation\":{},\"reading\":{},\"done\":{done},\"of\":{of}}}",
        now.generation,
        now.reading.is_some()
    );
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, json).into_response()
}

fn body(visit: &Visit, shelves: &Shelves, now: Progress) -> Markup {
    let words = visit.words;
    let wanted = Wanted::of(visit);
    let all: usize = shelves.assistants.iter().map(|shelf| shelf.documents.len()).sum();
    let records = || shelves.assistants.iter().flat_map(|shelf| shelf.documents.iter());
    let problems = records().filter(|record| record.is_remarkable()).count();
    let taken = records().filter(|record| wanted.takes(record)).count();
    let sheets = taken.div_ceil(ROWS).max(1);
    let sheet = wanted.sheet.min(sheets - 1);
    let mut passed = 0;
    html! {
        (reading(words, now))
        @if now.failed { p class="notice bad" role="alert" { (words.reading_failed()) } }
        @if now.held { p class="notice bad" role="alert" { (words.reading_held()) } }
        div class="tools" {
            nav class="choice" aria-label=(words.show()) {
                a href=(wanted.address(false, 0)) aria-current=[(!wanted.problems).then_some("true")] { (words.all()) " " span class="count" { (words.number(all as u64)) } }
                a href=(wanted.address(true, 0)) aria-current=[wanted.problems.then_some("true")] { (words.problems()) " " span class={ "count" @if problems > 0 { " bad" } } { (words.number(problems as u64)) } }
            }
            form method="get" action="./" role="search" class="find" {
                @if wanted.problems { input type="hidden" name="show" value="problems"; }
                label class="unseen" for="find" { (words.find()) }
                input id="find" name="find" type="search" value=(wanted.find) placeholder=(words.find());
                button { (words.show()) }
            }
        }
        @if taken == 0 && (all > 0 || wanted.problems) {
            p class="empty card" { @if wanted.problems && problems == 0 { (words.all_well()) } @else { (words.none_found()) } }
        }
        @for shelf in &shelves.assistants {
            @let own: Vec<&Record> = shelf.documents.iter().filter(|record| wanted.takes(record)).collect();
            @let from = (sheet * ROWS).saturating_sub(passed).min(own.len());
            @let upto = ((sheet + 1) * ROWS).saturating_sub(passed).min(own.len());
            @if !own[from..upto].is_empty() || (!wanted.problems && wanted.find.is_empty() && sheet == 0 && shelf.documents.is_empty()) {
                (assistant(visit, shelf, &own[from..upto]))
            }
            @let () = passed += own.len();
        }
        @if sheets > 1 {
            nav class="sheets" aria-label=(words.sheets()) {
                @if sheet > 0 { a href=(wanted.address(wanted.problems, sheet - 1)) rel="prev" { (words.earlier()) } }
                span { (sheet + 1) " / " (sheets) }
                @if sheet + 1 < sheets { a href=(wanted.address(wanted.problems, sheet + 1)) rel="next" { (words.later()) } }
            }
        }
        @if !shelves.warnings.is_empty() {
            details class="card" {
                summary { (words.passed_over()) " (" (shelves.warnings.len()) ")" }
                ul lang="en" { @for warning in shelves.warnings.iter().take(WARNINGS) { li { (warning) } } }
            }
        }
    }
}

/// Tells how far reading is; without the script a link brings the page again.
fn reading(words: Words, now: Progress) -> Markup {
    let (done, of) = now.reading.unwrap_or_default();
    html! {
        div id="reading" class="reading" role="status" hidden[now.reading.is_none()] data-generation=(now.generation) data-text=(words.reading("{done}", "{of}")) {
            p { (words.reading(&done.to_string(), &of.to_string())) }
            progress value=(done) max=(of.max(1)) aria-label=(words.reading(&done.to_string(), &of.to_string())) {}
        }
        @if now.reading.is_some() {
            noscript { p { a href="./" { (words.refresh()) } } }
        }
    }
}

fn assistant(visit: &Visit, shelf: &Shelf, records: &[&Record]) -> Markup {
    let words = visit.words;
    let all = &shelf.documents;
    let passages: usize = all.iter().map(|record| record.passages as usize).sum();
    let problems = all.iter().filter(|record| record.is_remarkable()).count();
    let heading = format!("a{}", shelf.id);
    html! {
        section aria-labelledby=(heading) {
            div class="title" {
                div {
                    h2 id=(heading) { (shelf.name) }
                    p class="soft" {
                        (words.documents_counted(all.len())) ", " (words.passages_counted(passages))
                        @if problems > 0 { ", " b class="bad" { (words.problems_counted(problems)) } }
                    }
                }
                a class="button" href={ "upload?assistant=" (shelf.id) } { (words.add()) }
            }
            @if records.is_empty() {
                p class="empty card" { (words.no_documents()) }
            } @else {
                (table(visit, shelf, records))
            }
        }
    }
}

fn table(visit: &Visit, shelf: &Shelf, records: &[&Record]) -> Markup {
    let words = visit.words;
    html! {
        // Narrow screens lay the rows out as cards, which takes their meaning from elements but not from roles.
        table class="documents card" role="table" {
            thead role="rowgroup" {
                tr role="row" {
                    @for head in [words.document(), words.state(), words.passages(), words.sheets(), words.language(), words.changed(), words.size()] {
                        th role="columnheader" scope="col" { (head) }
                    }
                    th role="columnheader" scope="col" { span class="unseen" { (words.actions()) } }
                }
            }
            tbody role="rowgroup" { @for record in records { (row(visit, shelf, record)) } }
        }
    }
}

fn row(visit: &Visit, shelf: &Shelf, record: &Record) -> Markup {
    let words = visit.words;
    let shown = visit.desk.shared.settings.sources && record.passages > 0;
    let named = |page: &str| {
        let mut query = query_of(page);
        query.append_pair("assistant", &shelf.id.to_string());
        query.append_pair("document", &record.name);
        query.finish()
    };
    let there = record.state != DocumentState::Gone;
    html! {
        tr role="row" class=(kind(record.state)) {
            th role="rowheader" scope="row" class="name" {
                @if shown {
                    a href={ "../" (sources::place(shelf.id, &record.name)) "?lang=" (words.0.code()) } { (record.name) }
                } @else { (record.name) }
                @if let Some(format) = &record.format { " " span class="format" { (format) } }
                (trouble(words, record))
            }
            td role="cell" class="state" { span class="lamp" { (words.state_of(record.state)) } }
            td role="cell" class="figure" data-label=(words.passages()) { (words.number(record.passages.into())) }
            td role="cell" class="figure" data-label=(words.sheets()) { @if let Some(pages) = record.pages { (words.number(pages.into())) } @else { "—" } }
            td role="cell" data-label=(words.language()) { (record.language.as_deref().map_or("—", |code| words.language_name(code))) }
            td role="cell" data-label=(words.changed()) { @if let Some(time) = record.changed { time datetime=(figures::moment(time)) { (figures::date(time)) } } @else { "—" } }
            td role="cell" class="figure" data-label=(words.size()) { @if let Some(bytes) = record.bytes { (words.bytes(bytes)) } @else { "—" } }
            td role="cell" class="actions" {
                @if there {
                    a href=(named("upload")) aria-label={ (words.replace()) ": " (record.name) } { (words.replace()) }
                    " "
                    a class="danger" href=(named("delete")) aria-label={ (words.delete()) ": " (record.name) } { (words.delete()) }
                }
            }
        }
    }
}

/// The class of a state: its colour.
fn kind(state: DocumentState) -> &'static str {
    match state {
        DocumentState::Read => "fine",
        DocumentState::Partly => "partly",
        DocumentState::Failed => "failed",
        DocumentState::New | DocumentState::Changed | DocumentState::Gone => "waiting",
    }
}

/// Says what is wrong with a document and what to do about it.
fn trouble(words: Words, record: &Record) -> Markup {
    html! {
        @if let Some(failure) = &record.failure {
            @let (what, remedy) = words.failure(&failure.code);
            div class="trouble" {
                p { (what) }
                p { b { (words.remedy()) ": " } (remedy) }
                details { summary { (words.reader_says()) } p lang="en" { code { (failure.code) } ": " (failure.reason) } }
            }
        }
        @for (label, told) in [(words.lost(), &record.lost), (words.hidden(), &record.hidden), (words.mended(), &record.repaired)] {
            @if !told.is_empty() {
                details class="trouble" { summary { (label) } ul lang="en" { @for sentence in told { li { (sentence) } } } }
            }
        }
    }
}
