//! A question with exactly the live settings, and why it ended as it did.
//!
//! The question comes by POST: addresses are kept in histories and in the logs of proxies, questions are not.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docent_corpus::{Answer, AssistantId};
use maud::{Markup, html};

use super::frame::Switch;
use super::keeper::{Candidate, Change, Evidence, Step, Stretch, Trial, Verdict, Why};
use super::words::Words;
use super::{Desk, Posted, Visit};
use crate::sources;

/// Lines of a passage that are shown at once: a passage has some ten, a table more.
const LINES: usize = 12;

/// Halves of the widest bar of evidence, in units of its drawing.
const HALF: f32 = 100.0;

/// The empty form.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let assistant = visit
        .asked("assistant")
        .and_then(|id| id.parse().ok())
        .map(AssistantId);
    let form = form(&visit, &desk, assistant, "");
    visit.page(visit.words.trial(), Some("try"), &form)
}

/// The form with what became of a question.
pub(super) async fn asked(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let words = visit.words;
    let question = posted.field("question").unwrap_or_default().trim();
    let assistant = posted
        .field("assistant")
        .and_then(|id| id.parse().ok())
        .map(AssistantId);
    let question: String = question
        .chars()
        .take(desk.shared.settings.max_question_chars)
        .collect();
    let form = form(visit, &desk, assistant, &question);
    let Some(assistant) = assistant.filter(|_| !question.is_empty()) else {
        let switch = Switch::Form("ask", "try");
        return visit.response_in(StatusCode::OK, words.trial(), Some("try"), switch, &form);
    };
    // A turn, then the answer; as long in all as a person would wait.
    let made = async {
        let place = desk.looks.clone().acquire_owned().await;
        let made = desk.keeper.ask(assistant, question).await;
        drop(place);
        made
    };
    let patience = desk
        .shared
        .settings
        .answer_deadline
        .saturating_add(Duration::from_secs(1));
    match tokio::time::timeout(patience, made).await {
        Ok(Ok(trial)) => {
            let body = html! { (form) (shown(visit, &desk, assistant, &trial)) };
            let switch = Switch::Form("ask", "try");
            visit.response_in(StatusCode::OK, words.trial(), Some("try"), switch, &body)
        }
        Ok(Err(trouble)) => visit.trouble(&trouble),
        Err(_) => visit.told(StatusCode::SERVICE_UNAVAILABLE, words.busy()),
    }
}

fn form(visit: &Visit, desk: &Desk, chosen: Option<AssistantId>, question: &str) -> Markup {
    let words = visit.words;
    let assistants = desk.shared.engine.assistants();
    html! {
        p class="lead" { (words.trial_lead()) }
        form class="card ask" id="ask" method="post" action="try" {
            (visit.proof())
            div {
                label for="assistant" { (words.assistant()) }
                select id="assistant" name="assistant" {
                    @for one in assistants.iter() { option value=(one.id) selected[chosen == Some(one.id)] { (one.name) } }
                }
            }
            div class="wide" {
                label for="question" { (words.question()) }
                textarea id="question" name="question" rows="2" required maxlength=(desk.shared.settings.max_question_chars.min(100_000)) { "\n" (question) }
            }
            button class="main" { (words.ask()) }
        }
    }
}

pub(super) fn shown(visit: &Visit, desk: &Desk, assistant: AssistantId, trial: &Trial) -> Markup {
    let words = visit.words;
    let linked = desk.shared.settings.sources;
    html! {
        section class="card" aria-labelledby="answer" {
            h2 id="answer" { (words.answer()) }
            (answer(words, assistant, &trial.answer, linked))
            @if let Some(line) = trial.curated {
                p { b { (words.curated_from(line)) } " " a href={ "answer?assistant=" (assistant) "&line=" (line) } { (words.change_it()) } }
            }
        }
        @if !trial.models.is_empty() {
            section class="card" aria-labelledby="models" {
                h2 id="models" { (words.models()) }
                ul { @for step in &trial.models { li { (told(words, step)) } } }
            }
        }
        @match &trial.why {
            None => section class="card" { p { (words.courtesy()) } },
            // What the documents would have said is no part of what is said.
            Some(why) if trial.curated.is_some() => details class="card" {
                summary { (words.without_it()) }
                (reasons(words, assistant, why, linked))
            },
            Some(why) => (reasons(words, assistant, why, linked)),
        }
    }
}

fn reasons(words: Words, assistant: AssistantId, why: &Why, linked: bool) -> Markup {
    html! {
        (verdict(words, why))
        (candidates(words, assistant, why, linked))
        (evidence(words, &why.evidence))
    }
}

fn answer(words: Words, assistant: AssistantId, answer: &Answer, linked: bool) -> Markup {
    html! {
        div class="answer" { @for part in answer.text.split("\n\n") { p { (part) } } }
        @if linked && !answer.sources.is_empty() {
            p class="soft" {
                (words.sources()) ": "
                @for source in &answer.sources {
                    a href={ "../" (sources::url(assistant, source)) } { "[" (source.number) "] " (source.title) } " "
                }
            }
        }
    }
}

/// Says what a model did.
fn told(words: Words, step: &Step) -> String {
    match step {
        Step::Compared => words.compared().to_owned(),
        Step::NotCompared(why) => format!("{} {why}", words.not_compared()),
        Step::OtherWords(forms) if forms.is_empty() => words.other_words_none().to_owned(),
        Step::OtherWords(forms) => format!("{} {}", words.other_words(), forms.join(" / ")),
        Step::NoOtherWords(why) => format!("{} {why}", words.other_words_failed()),
        Step::NotAsked => words.not_asked().to_owned(),
        Step::Written(0) => words.written().to_owned(),
        Step::Written(left_out) => format!("{} {}", words.written(), words.left_out(*left_out)),
        Step::Declined => words.declined().to_owned(),
        Step::Rejected => words.rejected().to_owned(),
        Step::Failed(why) => format!("{} {why}", words.model_failed()),
    }
}

fn verdict(words: Words, why: &Why) -> Markup {
    let class = match why.verdict {
        Verdict::Answer => "fine",
        Verdict::Offer => "partly",
        Verdict::Fallback => "failed",
    };
    html! {
        section class="card" aria-labelledby="why" {
            h2 id="why" { (words.why()) }
            p class=(class) { b class="lamp" { (words.verdict(why.verdict)) } }
            @if let Some(reading) = &why.reading {
                p { (words.read_as(&reading.text)) " ("
                    @for (nth, repair) in reading.repairs.iter().enumerate() { @if nth > 0 { ", " } (words.repair(*repair)) } ")" }
            }
            div class="odds" {
                (odds(words, words.p_answers(), why.answers, words.needed_answer()))
                (odds(words, words.p_holds(), why.holds, words.needed_offer()))
            }
            h3 { (words.change()) }
            (change(words, &why.change))
            h3 { (words.terms()) }
            @if why.terms.is_empty() { p { (words.no_terms()) } } @else {
                table class="small" {
                    thead { tr { th scope="col" { (words.term()) } th scope="col" { (words.rarity()) } th scope="col" { (words.in_passages()) } } }
                    tbody { @for term in &why.terms {
                        tr {
                            th scope="row" { (term.word)
                                @if !term.also.is_empty() { span class="soft" { " " (words.also()) ": "
                                    (term.also.iter().map(|wording| wording.join(" ")).collect::<Vec<_>>().join(", ")) } }
                            }
                            td class="figure" { (words.figure(term.idf)) }
                            td class="figure" { @if term.passages == 0 { span class="bad" { (words.never()) } } @else { (words.number(term.passages.into())) } }
                        }
                    } }
                }
            }
        }
    }
}

/// One probability with the least that is needed, as a bar with a stroke.
fn odds(words: Words, label: &str, (is, needed): (f32, f32), needs: &str) -> Markup {
    let class = if is >= needed { "fine" } else { "failed" };
    html! {
        div class=(class) {
            p { (label) ": " b { (words.percent(is)) } span class="soft" { ", " (needs) " " (words.percent(needed)) } }
            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect class="ground" width="100" height="8" {}
                rect class="bar" width=(drawn(is * 100.0)) height="8" {}
                rect class="needed" x=(drawn((needed * 100.0 - 0.3).max(0.0))) width="0.6" height="8" {}
            }
        }
    }
}

/// Returns a number as drawings want it, whatever the language.
fn drawn(x: f32) -> String {
    format!("{x:.1}")
}

fn change(words: Words, change: &Change) -> Markup {
    html! {
        @match change {
            Change::Nothing => p { (words.change_nothing()) },
            Change::Strictness(at) => p { (words.withheld_above(*at)) },
            Change::Idle => p { (words.change_idle()) },
            Change::Withheld { strictness: (at, set), missing, lost } => {
                p { (words.let_through(*at, *set)) }
                @if !missing.is_empty() { p { (words.change_missing()) " " b { (missing.join(", ")) } "." } }
                @if !lost.is_empty() {
                    p { (words.change_lost()) " " (lost.iter().map(|(name, by)| format!("{} ({})", words.piece(name), words.figure(*by))).collect::<Vec<_>>().join(", ")) "." }
                }
                p class="soft" { (words.change_hint()) }
            }
        }
    }
}

fn candidates(words: Words, assistant: AssistantId, why: &Why, linked: bool) -> Markup {
    html! {
        section class="card" aria-labelledby="found" {
            h2 id="found" { (words.candidates()) }
            @if why.candidates.is_empty() { p { (words.no_candidates()) } }
            @if let Some(quoted) = why.quoted.as_ref().filter(|_| why.verdict != Verdict::Answer) {
                details { summary { (words.quoted()) } div class="answer" { p { (quoted) } } }
            }
            ol class="found" {
                @for (nth, one) in why.candidates.iter().enumerate() { li { (candidate(words, assistant, one, linked, nth == 0)) } }
            }
        }
    }
}

fn candidate(words: Words, assistant: AssistantId, one: &Candidate, linked: bool, first: bool) -> Markup {
    let mut place = one.headings.join(" › ");
    if let Some(page) = one.page {
        if !place.is_empty() {
            place.push_str(", ");
        }
        place.push_str(&words.page(page));
    }
    html! {
        details open[first] {
            summary {
                b { (one.title) } " "
                span class="soft" { (words.score()) " " (words.figure(one.score)) ", " (words.percent(one.share)) " " (words.share()) }
                svg class="thin" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect class="ground" width="100" height="4" {}
                    rect class="bar" width=(drawn(one.share.clamp(0.0, 1.0) * 100.0)) height="4" {}
                }
            }
            p class="soft" {
                @if linked {
                    a href={ "../" (sources::place(assistant, &one.document)) "?version=" (one.version) "&at=" (one.range.start) "-" (one.range.end) "&lang=" (words.0.code()) "#quote" } { (one.document) }
                } @else { (one.document) }
                @if !place.is_empty() { " · " (place) }
            }
            @if let Some(likeness) = one.taught { p { (words.taught()) " " (words.percent(likeness)) "." } }
            div class="passage" { @for line in one.lines.iter().take(LINES) { p { (stretches(line)) } } @if one.lines.len() > LINES { p { "…" } } }
            @if !one.above.is_empty() { p { b { (words.above()) ": " } (one.above.join(", ")) } }
            @if !one.missing.is_empty() { p class="bad" { b { (words.lacks()) ": " } (one.missing.join(", ")) } }
        }
    }
}

pub(super) fn stretches(line: &[Stretch]) -> Markup {
    html! { @for one in line { @if one.sought { mark { (one.text) } } @else { (one.text) } } }
}

/// The pieces of evidence, as bars to the right for and to the left against.
fn evidence(words: Words, pieces: &[Evidence]) -> Markup {
    let most = pieces.iter().map(|piece| piece.adds.abs()).fold(0.5, f32::max);
    html! {
        @if !pieces.is_empty() {
            section class="card" aria-labelledby="evidence" {
                h2 id="evidence" { (words.evidence()) }
                table class="small evidence" {
                    thead { tr { th scope="col" { (words.evidence()) } th scope="col" { (words.value()) } th scope="col" colspan="2" { (words.adds()) } } }
                    tbody { @for piece in pieces {
                        @let length = piece.adds / most * HALF;
                        tr {
                            th scope="row" { (words.piece(piece.name)) }
                            td class="figure" { (words.figure(piece.value)) }
                            td class="figure" { (words.signed(piece.adds)) }
                            td { svg viewBox="-100 0 200 8" preserveAspectRatio="none" aria-hidden="true" {
                                rect class={ @if length < 0.0 { "against" } @else { "bar" } } x=(drawn(length.min(0.0))) width=(drawn(length.abs())) height="8" {}
                                rect class="needed" x="-0.5" width="1" height="8" {}
                            } }
                        }
                    } }
                }
            }
        }
    }
}
