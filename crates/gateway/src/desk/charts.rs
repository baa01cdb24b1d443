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
    share_by_day: "Доля отвеченных по дням", "Күндер бойынша жауап берілгендердің үлесі", "Share answered by day";
    whole_time: "За всё это время", "Осы уақыттың бәрінде", "In all of this time";
    key_asked: "спросили", "сұралды", "asked";
    key_answered: "из них отвечено по документам", "оның ішінде құжаттармен жауап берілді", "of these answered from the documents";
    key_share: "доля отвеченных от спрошенных в этот день", "сол күні сұралғандардан жауап берілгендердің үлесі", "share of the day’s questions that were answered";
    key_half: "половина ответов готова за это время", "жауаптардың жартысы осы уақытта дайын", "half of the answers took no longer";
    key_most: "95 ответов из 100 готовы за это время", "100 жауаптың 95-і осы уақытта дайын", "95 of 100 answers took no longer";
    millis: "мс", "мс", "ms";
    table_of: "Те же числа таблицей", "Сол сандар кестеде", "The same figures as a table";
}

/// The page.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let Some(chosen) = lately(&visit, &desk, true) else {
        return visit.told(StatusCode::NOT_FOUND, words.no_journal());
    };
    let told = match desk.look(&visit, move |keeper| keeper.figures(chosen)).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    let body = html! {
        (choices(&visit, &desk, "charts", chosen, true))
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
            section class="card" aria-labelledby="share" {
                h2 id="share" { (words.share_by_day()) }
                (share(words, &told.days, &asked))
            }
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

/// Returns the least even number of 1, 2 or 5 times a power of ten, doubled where it must be, that is no less: the middle of a scale is then
/// a number that people read.
fn scale(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let step = steps
        .into_iter()
        .find(|step| step * power >= most)
        .unwrap_or(10.0);
    (step * power).max(2.0)
}

/// One drawing of days: what is drawn of each, the lower last; the scale in three labels; what the colours mean.
struct Plot<'a> {
    days: &'a [Day],
    /// The end of the scale.
    top: f64,
    /// The scale from its end to its begin.
    labels: [String; 3],
    /// Class of a key and what it means.
    legend: &'a [(&'a str, &'a str)],
}

impl Plot<'_> {
    /// Draws; `bars` returns class and height of each bar of a day, `told` what a pointer is told.
    fn shown<const N: usize>(
        &self,
        words: Words,
        bars: impl Fn(&Day) -> Option<[(&'static str, f64); N]>,
        told: impl Fn(&Day) -> String,
    ) -> Markup {
        let step = WIDTH / self.days.len().max(1) as f64;
        let ends = [
            self.days.first(),
            self.days.get(self.days.len() / 2),
            self.days.last(),
        ];
        html! {
            ul class="legend" { @for (class, meaning) in self.legend { li { span class={ "key " (class) } {} (meaning) } } }
            div class="plot" aria-hidden="true" {
                div class="scale" { @for label in &self.labels { span { (label) } } }
                svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" {
                    @for part in 0..=4 { @let y = drawn(HEIGHT * f64::from(part) / 4.0); line class="grid" x1="0" x2=(WIDTH) y1=(y) y2=(y) {} }
                    @for (nth, day) in self.days.iter().enumerate() { @if let Some(bars) = bars(day) {
                        @for (class, of) in bars {
                            @let height = (of / self.top).clamp(0.0, 1.0) * HEIGHT;
                            rect class=(class) x=(drawn(nth as f64 * step + step * 0.1)) width=(drawn(step * 0.8)) y=(drawn(HEIGHT - height)) height=(drawn(height)) { title { (told(day)) } }
                        }
                    } }
                }
                div class="dates" { @for day in ends.into_iter().flatten() { span { (words.short_day(&date(day))) } } }
            }
        }
    }
}

fn questions(words: Words, days: &[Day], asked: &[&Day]) -> Markup {
    let top = scale(days.iter().map(|day| day.asked).max().unwrap_or(1) as f64);
    let plot = Plot {
        days,
        top,
        labels: [top, top / 2.0, 0.0].map(|one| words.number(one as u64)),
        legend: &[("whole", words.key_asked()), ("part", words.key_answered())],
    };
    let counts = |day: &Day| Some([("ground", day.asked as f64), ("bar", day.answered as f64)]);
    let told = |day: &Day| {
        format!(
            "{}: {} / {}",
            words.short_day(&date(day)),
            words.number(day.answered),
            words.number(day.asked)
        )
    };
    html! {
        (plot.shown(words, counts, told))
        details { summary { (words.table_of()) }
            table class="small days" {
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

/// The share that was answered, of days on which anything was asked; its figures are in the table of the questions.
fn share(words: Words, days: &[Day], asked: &[&Day]) -> Markup {
    let of = |day: &Day| day.answered as f64 / day.asked as f64;
    let plot = Plot {
        days,
        top: 1.0,
        labels: [1.0, 0.5, 0.0].map(|one| words.percent(one)),
        legend: &[("part", words.key_share())],
    };
    let bars = |day: &Day| (day.asked > 0).then(|| [("ground thin", 1.0), ("bar", of(day))]);
    let told = |day: &Day| {
        format!(
            "{}: {}",
            words.short_day(&date(day)),
            words.percent(of(day) as f32)
        )
    };
    let (all, answered) = asked.iter().fold((0, 0), |(all, answered), day| {
        (all + day.asked, answered + day.answered)
    });
    html! {
        p { (words.whole_time()) ": " b { (words.percent(answered as f32 / all.max(1) as f32)) } " (" (words.number(answered)) " / " (words.number(all)) ")" }
        (plot.shown(words, bars, told))
    }
}

fn latency(words: Words, days: &[Day], asked: &[&Day]) -> Markup {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let took = days.iter().filter_map(|day| day.took);
    let top = scale(took.map(|(_, most)| millis(most)).fold(0.0, f64::max));
    let plot = Plot {
        days,
        top,
        labels: [top, top / 2.0, 0.0].map(|one| format!("{} {}", words.number(one as u64), words.millis())),
        legend: &[("part", words.key_half()), ("whole", words.key_most())],
    };
    let times = |day: &Day| {
        day.took
            .map(|(half, most)| [("ground", millis(most)), ("bar", millis(half))])
    };
    let told = |day: &Day| {
        day.took.map_or_else(String::new, |(half, most)| {
            let [half, most] = [half, most].map(|time| words.figure(millis(time) as f32));
            format!(
                "{}: {half} / {most} {}",
                words.short_day(&date(day)),
                words.millis()
            )
        })
    };
    html! {
        (plot.shown(words, times, told))
        details { summary { (words.table_of()) }
            table class="small days" {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_an_even_number_that_holds_all() {
        for (most, end) in [
            (0.0, 2.0),
            (1.0, 2.0),
            (3.0, 4.0),
            (7.0, 8.0),
            (11.0, 20.0),
            (45.0, 60.0),
            (99.0, 100.0),
            (130.0, 200.0),
        ] {
            assert!((scale(most) - end).abs() < 1e-9, "{most}: {}", scale(most));
        }
    }
}
