//! Questions, answers and their times by day, drawn on the server; under each drawing the same figures as a table.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::asked::{Day, Figures};
use super::unanswered::{choices, lately};
use super::words::{Words, texts};
use super::{Desk, Visit, figures};

/// Units of a drawing, whatever its size on the screen.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 60.0;

/// Groups that are drawn: the tail is on the page of the unanswered.
const GROUPS: usize = 10;

texts! {
    charts: "Статистика", "Статистика", "Charts";
    by_day: "Вопросы и ответы по дням", "Күндер бойынша сұрақтар мен жауаптар", "Questions and answers by day";
    latency_by_day: "Время ответа по дням", "Күндер бойынша жауап уақыты", "Time of an answer by day";
    by_group: "О чём спрашивали без ответа", "Жауапсыз не сұралды", "What was asked in vain";
    feedback_title: "Отзывы", "Пікірлер", "Feedback";
    helped: "помогло", "көмектесті", "helped";
    did_not_help: "не помогло", "көмектеспеді", "did not help";
    none_asked: "За это время ничего не спрашивали.", "Бұл уақытта ештеңе сұралмады.", "Nothing was asked in this time.";
    no_feedback: "Отзывов пока нет.", "Пікірлер әзірге жоқ.", "There is no feedback yet.";
    day: "День (UTC)", "Күн (UTC)", "Day (UTC)";
    asked_count: "Вопросов", "Сұрақтар", "Questions";
    answered_count: "Отвечено", "Жауап берілді", "Answered";
    answered_share: "Доля", "Үлесі", "Share";
    half_within: "Половина, мс", "Жартысы, мс", "Half within, ms";
    most_within: "95 из 100, мс", "100-ден 95-і, мс", "95 of 100, ms";
    at_most: "наибольшее", "ең көбі", "at most";
    table_of: "Те же числа таблицей", "Сол сандар кестеде", "The same figures as a table";
}

/// The page.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let Some(chosen) = lately(&visit, &desk) else {
        return visit.told(StatusCode::NOT_FOUND, words.no_journal());
    };
    let told = match desk.look(&visit, move |keeper| keeper.figures(chosen)).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    let body = html! {
        (choices(&visit, &desk, "charts", chosen))
        @match &told {
            None => section class="card" { p { (words.no_journal()) } },
            Some(told) => (drawings(words, told)),
        }
    };
    visit.page(words.charts(), Some("charts"), &body)
}

fn drawings(words: Words, told: &Figures) -> Markup {
    let asked: Vec<&Day> = told.days.iter().filter(|day| day.asked > 0).collect();
    html! {
        section class="card" aria-labelledby="by-day" {
            h2 id="by-day" { (words.by_day()) }
            @if asked.is_empty() { p class="empty" { (words.none_asked()) } } @else { (questions(words, &told.days, &asked)) }
        }
        @if !asked.is_empty() {
            section class="card" aria-labelledby="latency" {
                h2 id="latency" { (words.latency_by_day()) }
                (latency(words, &told.days, &asked))
            }
        }
        section class="card" aria-labelledby="groups" {
            h2 id="groups" { (words.by_group()) }
            (groups(words, told))
        }
        section class="card" aria-labelledby="feedback" {
            h2 id="feedback" { (words.feedback_title()) }
            @let (helped, not) = told.feedback;
            @if helped + not == 0 { p class="empty" { (words.no_feedback()) } } @else {
                svg class="thin" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect class="against" width="100" height="4" {}
                    rect class="bar" width=(drawn(helped as f64 / (helped + not) as f64 * 100.0)) height="4" {}
                }
                p { (words.helped()) ": " b { (words.number(helped)) } ", " (words.did_not_help()) ": " b { (words.number(not)) } }
            }
        }
    }
}

fn drawn(x: f64) -> String {
    format!("{x:.1}")
}

fn questions(words: Words, days: &[Day], asked: &[&Day]) -> Markup {
    let most = days.iter().map(|day| day.asked).max().unwrap_or(1).max(1) as f64;
    let step = WIDTH / days.len().max(1) as f64;
    html! {
        p class="soft" { span class="key whole" {} (words.asked_count()) " " span class="key part" {} (words.answered_count()) "; " (words.at_most()) " " (words.number(most as u64)) }
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            @for (nth, day) in days.iter().enumerate() {
                @for (class, count) in [("ground", day.asked), ("bar", day.answered)] {
                    @let height = count as f64 / most * HEIGHT;
                    rect class=(class) x=(drawn(nth as f64 * step + step * 0.1)) width=(drawn(step * 0.8)) y=(drawn(HEIGHT - height)) height=(drawn(height)) {}
                }
            }
        }
        details { summary { (words.table_of()) }
            table class="small" {
                thead { tr { th scope="col" { (words.day()) } th scope="col" { (words.asked_count()) } th scope="col" { (words.answered_count()) } th scope="col" { (words.answered_share()) } } }
                tbody { @for day in asked { tr {
                    th scope="row" { (date(day)) }
                    td class="figure" { (words.number(day.asked)) }
                    td class="figure" { (words.number(day.answered)) }
                    td class="figure" { (words.percent(day.answered as f32 / day.asked as f32)) }
                } } }
            }
        }
    }
}

fn latency(words: Words, days: &[Day], asked: &[&Day]) -> Markup {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let most = days
        .iter()
        .filter_map(|day| day.took)
        .map(|(_, most)| millis(most))
        .fold(0.1, f64::max);
    let step = WIDTH / days.len().max(1) as f64;
    html! {
        p class="soft" { span class="key whole" {} (words.most_within()) " " span class="key part" {} (words.half_within()) "; " (words.at_most()) " " (words.figure(most as f32)) }
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            @for (nth, day) in days.iter().enumerate() { @if let Some((half, most_of)) = day.took {
                @for (class, time) in [("ground", most_of), ("bar", half)] {
                    @let height = millis(time) / most * HEIGHT;
                    rect class=(class) x=(drawn(nth as f64 * step + step * 0.1)) width=(drawn(step * 0.8)) y=(drawn(HEIGHT - height)) height=(drawn(height)) {}
                }
            } }
        }
        details { summary { (words.table_of()) }
            table class="small" {
                thead { tr { th scope="col" { (words.day()) } th scope="col" { (words.half_within()) } th scope="col" { (words.most_within()) } } }
                tbody { @for day in asked { @if let Some((half, most_of)) = day.took { tr {
                    th scope="row" { (date(day)) }
                    td class="figure" { (words.figure(millis(half) as f32)) }
                    td class="figure" { (words.figure(millis(most_of) as f32)) }
                } } } }
            }
        }
    }
}

/// The table is the drawing: a bar beside each count.
fn groups(words: Words, told: &Figures) -> Markup {
    let most = told.groups.first().map_or(1, |group| group.count.max(1)) as f32;
    html! {
        @if told.groups.is_empty() { p class="empty" { (words.none_unanswered()) } } @else {
            table class="small evidence" {
                thead { tr { th scope="col" { (words.question()) } th scope="col" { (words.asked_count()) } td {} } }
                tbody { @for group in told.groups.iter().take(GROUPS) { tr {
                    th scope="row" { (group.examples.first().map_or("", |(text, _)| text)) }
                    td class="figure" { (words.number(group.count)) }
                    td { svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" { rect class="bar" width=(format!("{:.1}", group.count as f32 / most * 100.0)) height="8" {} } }
                } } }
            }
        }
    }
}

/// The day alone, ISO 8601.
fn date(day: &Day) -> String {
    figures::moment(day.begins).chars().take(10).collect()
}
