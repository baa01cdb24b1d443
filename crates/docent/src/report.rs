//! The page that `docent calibrate` writes: the figures of the terminal as a picture that can be sent to somebody.
//!
//! Invariants: one file without scripts, fonts or pictures from elsewhere; every text from the library or the questions is
//! escaped.

use std::fmt::Write as _;

use docent_answer::Verdict;
use docent_corpus::Strictness;

use crate::calibrate::{Calibration, NAMED, Rate, Row};
use crate::library::counted;

/// Makes a text safe between tags and inside double quotes.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

const STYLE: &str = "\
:root{--ink:#1d2430;--soft:#5c6675;--line:#dfe4ea;--card:#fff;--page:#f5f7f9;--false:#c2410c;--lost:#1d4ed8;--good:#15803d}\
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#9aa5b4;--line:#2d3642;--card:#1a2029;--page:#12171e;--false:#fb923c;\
--lost:#7aa5ff;--good:#4ade80}}\
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:60rem;margin:0 auto;padding:2.5rem 1rem}h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:0 0 .75rem}\
p{margin:.4rem 0;color:var(--soft)}section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem;\
margin-top:1.25rem;overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.45rem .6rem;\
border-top:1px solid var(--line);vertical-align:top}th{border:0;color:var(--soft);font-weight:600;font-size:.85rem}\
td.n{white-space:nowrap;font-variant-numeric:tabular-nums}small{color:var(--soft)}tr.now td{font-weight:600}\
.false{color:var(--false)}.lost{color:var(--lost)}.good{color:var(--good)}svg{width:100%;height:auto;display:block}\
svg text{fill:var(--soft);font:12px system-ui,sans-serif}";

/// Returns the page.
pub(crate) fn html(calibration: &Calibration) -> String {
    let who = &calibration.assistant;
    let name = safe(&who.name);
    let none = calibration
        .trials
        .iter()
        .filter(|trial| trial.golden.must_fall_back)
        .count();
    let best = calibration.best();
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{name}: strictness</title><style>{STYLE}</style></head><body><main>\
         <h1>{name}</h1><p>{} that the documents answer, {none} that they do not.</p>\n",
        counted((calibration.trials.len() - none) as u64, "question")
    );
    let _ = writeln!(
        out,
        "<section><h2>Both mistakes at each strictness</h2>{}\
         <p><span class=\"false\">False answers</span>: the documents do not answer, docent does. \
         <span class=\"lost\">Refused or wrong</span>: the documents answer, docent does not, or with the wrong place. \
         The bands hold the true rate in 95 of 100 cases.</p></section>",
        picture(&calibration.scale(), best.needed)
    );
    out.push_str(
        "<section><h2>What each would do</h2><table><thead><tr><th>Strictness</th><th>From probability</th><th>False answers</th>\
         <th>Refused</th><th>Wrong of answered</th></tr></thead><tbody>\n",
    );
    let mut rows: Vec<(String, Row)> = NAMED
        .iter()
        .map(|(name, strictness)| ((*name).to_owned(), calibration.row(*strictness)))
        .collect();
    if let Strictness::At(_) = who.strictness {
        rows.push(("number".to_owned(), calibration.row(who.strictness)));
    }
    rows.push(("fewest mistakes".to_owned(), best));
    for (name, row) in rows {
        let now = row.strictness == who.strictness;
        let _ = writeln!(
            out,
            "<tr{}><td>{name}{}</td><td class=\"n\">{:.2}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            if now { " class=\"now\"" } else { "" },
            if now { " <small>(in force)</small>" } else { "" },
            row.needed,
            rate(row.false_answers),
            rate(row.refused),
            rate(row.wrong)
        );
    }
    out.push_str(
        "</tbody></table></section>\n<section><h2>Each question</h2><table><thead><tr><th>Question</th><th>Answer likely</th>\
         <th>In the documents</th><th>careful</th><th>balanced</th><th>open</th></tr></thead><tbody>\n",
    );
    for trial in &calibration.trials {
        let must_fall_back = trial.golden.must_fall_back;
        let _ = write!(
            out,
            "<tr><td>{} <small>{}{}</small></td><td class=\"n\">{:.0}%</td><td class=\"n\">{:.0}%</td>",
            safe(&trial.golden.question),
            safe(&trial.golden.name),
            if must_fall_back { ", must fall back" } else { "" },
            trial.answers * 100.0,
            Calibration::holds(trial) * 100.0
        );
        for end in Calibration::ends(trial) {
            let (class, word) = match (end, must_fall_back) {
                (Verdict::Answer, true) => ("false", "false answer"),
                (Verdict::Answer, false) if trial.right => ("good", "right"),
                (Verdict::Answer, false) => ("false", "wrong"),
                (Verdict::Offer, true) => ("good", "places"),
                (Verdict::Offer, false) => ("lost", "places"),
                (Verdict::Fallback, true) => ("good", "refused"),
                (Verdict::Fallback, false) => ("lost", "refused"),
            };
            let _ = write!(out, "<td class=\"{class}\">{word}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></section></main></body></html>\n");
    out
}

fn rate(rate: Rate) -> String {
    if rate.of == 0 {
        return "–".to_owned();
    }
    let (low, high) = rate.interval();
    format!(
        "{:.0}% <small>{} of {}, {:.0}–{:.0}%</small>",
        rate.share() * 100.0,
        rate.count,
        rate.of,
        low * 100.0,
        high * 100.0
    )
}

/// Draws both rates with their ranges over the strictness.
fn picture(scale: &[Row], best: f32) -> String {
    let (left, top, width, height) = (44.0, 12.0, 640.0, 240.0);
    let x = |needed: f32| left + f64::from(needed) * width;
    let y = |share: f64| top + (1.0 - share) * height;
    let mut out = format!(
        "<svg viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"Both error rates over the strictness\">",
        left + width + 16.0,
        top + height + 36.0
    );
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let _ = write!(
            out,
            "<line x1=\"{left}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"var(--line)\"/><text x=\"4\" y=\"{:.1}\">{:.0}%</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{share:.2}</text>",
            left + width,
            y(share),
            y(share),
            y(share) + 4.0,
            share * 100.0,
            left + share * width,
            top + height + 20.0
        );
    }
    let lost = |row: &Row| Rate {
        count: row.right.of - row.right.count,
        of: row.right.of,
    };
    let false_answers = |row: &Row| row.false_answers;
    let rates: [fn(&Row) -> Rate; 2] = [false_answers, lost];
    for (colour, of) in ["false", "lost"].into_iter().zip(rates) {
        let upper = scale.iter().map(|row| (x(row.needed), y(of(row).interval().1)));
        let lower = scale
            .iter()
            .rev()
            .map(|row| (x(row.needed), y(of(row).interval().0)));
        let line = scale.iter().map(|row| (x(row.needed), y(of(row).share())));
        let _ = write!(
            out,
            "<polygon points=\"{}\" fill=\"var(--{colour})\" opacity=\".13\"/><polyline points=\"{}\" fill=\"none\" \
             stroke=\"var(--{colour})\" stroke-width=\"2.5\"/>",
            points(upper.chain(lower)),
            points(line)
        );
    }
    let _ = write!(
        out,
        "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{top}\" y2=\"{1:.1}\" stroke=\"var(--soft)\" stroke-dasharray=\"4 4\"/></svg>",
        x(best),
        top + height
    );
    out
}

fn points(of: impl Iterator<Item = (f64, f64)>) -> String {
    of.map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use docent_corpus::{Assistant, AssistantId};

    #[test]
    fn a_name_cannot_bring_tags_into_the_page() {
        let page = html(&Calibration {
            assistant: Assistant::new(AssistantId(1), "<script>alert('x')</script>\" onload=\""),
            trials: Vec::new(),
        });
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
        assert!(page.ends_with("</html>\n"));
    }
}
