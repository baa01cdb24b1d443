//! Fits the weights of the gate: reads evidence and labels, prints weights, AUROC, calibration and what thresholds let through.
//!
//! Called with pairs `EVIDENCE LABELS`; EVIDENCE is what `docent eval --answers` writes or `docent why --questions` prints, LABELS a
//! folder with `queries.jsonl` and `qrels.tsv` or a file of questions with `gold` and `must_contain`. EVALUATION.md says how. `--without NAME` leaves a piece of
//! evidence out, to see what it is worth.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a tool for developers: it ends at the first thing it does not understand"
)]
#![allow(
    clippy::needless_range_loop,
    clippy::float_cmp,
    reason = "matrices are read by row and column; equal ranks are equal to the bit"
)]

#[path = "shared/families.rs"]
mod families;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use families::families;

/// Pulls weights towards 0: more takes from pieces whose values are small, less changes nothing.
const L2: f64 = 0.4;

/// Newton's method needs no more steps from 0.
const STEPS: usize = 15;

const FOLDS: usize = 5;

/// How much a question of a set counts, for the two models. Whether an answer is right is learned most from laws, few and
/// nearest to the product. Whether the documents hold an answer is learned from sets with holes, where that is known;
/// English and Kazakh are kept from pulling the weights away from Russian, in which most questions are asked. Sets made by
/// `holes` ask the same questions again of other documents: a half for each.
fn weight(set: &str) -> [f64; 2] {
    if is_made(set) {
        [0.5, 0.5]
    } else if set.ends_with("ru-holes") {
        [1.0, 1.0]
    } else if set.ends_with("-holes") {
        [0.25, 0.1]
    } else {
        [2.0, 0.5]
    }
}

/// Tells whether a set was made by `holes`: it has a seed before its ending, as in `xquad-ru-a-holes`.
fn is_made(set: &str) -> bool {
    set.contains("-ru-") && !set.ends_with("ru-holes")
}

/// The set that another one was made from, to be left out with it.
fn origin(set: &str) -> &str {
    set.split_once("-ru-").map_or(set, |(name, _)| name)
}

/// What a model is to tell of a question.
type Truth = fn(&Case) -> bool;

/// One question.
struct Case {
    set: String,
    kind: String,
    seen: Vec<f64>,
    /// The best passage answers.
    answers: bool,
    /// The documents hold the answer.
    holds: bool,
    /// How much it counts.
    weight: [f64; 2],
    /// Which of the folds it is in, with all questions that share its words or a document.
    fold: usize,
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Case, ё, white space, dashes and quotes do not matter.
fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace('ё', "е");
    let mut out = String::new();
    for word in text.split_whitespace() {
        out.push(' ');
        out.extend(word.chars().map(|letter| match letter {
            '‐'..='―' | '−' => '-',
            '«' | '»' | '“' | '”' | '„' => '"',
            other => other,
        }));
    }
    out
}

fn told(candidate: &str, wanted: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|one| told(candidate, one)),
        one => candidate.contains(plain(one.as_str().unwrap()).trim()),
    }
}

/// Tells whether the best passage answers, and of what kind the question is.
fn label(question: &Value, line: &Value, grades: &HashSet<(String, String)>) -> (bool, bool, String) {
    let answerable = question["answerable"] == true;
    let kind = question["kind"]
        .as_str()
        .unwrap_or("answerable")
        .replace("topic", "")
        .replace("off", "offtopic");
    let candidate = plain(line["candidate"].as_str().unwrap_or_default());
    let right = if let Some(must) = question["must_contain"].as_array() {
        must.iter().all(|one| told(&candidate, one))
    } else {
        let best = line["passages"][0]["doc_id"].as_str().unwrap_or_default();
        let id = question["id"].as_str().unwrap().to_owned();
        let strings: Vec<&Value> = question["answers"].as_array().into_iter().flatten().collect();
        // Strings over a line long are texts, of which no answer quotes the whole.
        let short = !strings.is_empty()
            && strings
                .iter()
                .all(|one| one.as_str().unwrap().chars().count() < 80);
        if short {
            strings.iter().any(|one| told(&candidate, one))
        } else {
            grades.contains(&(id, best.to_owned()))
        }
    };
    (answerable && right, answerable, kind)
}

/// Returns which documents answer which questions; nothing when there is no such file.
fn grades(folder: &Path) -> HashSet<(String, String)> {
    let qrels = std::fs::read_to_string(folder.join("qrels.tsv")).unwrap_or_default();
    let grades = qrels.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        let pair = (cells.next()?.to_owned(), cells.next()?.to_owned());
        cells.next().is_some_and(|grade| grade != "0").then_some(pair)
    });
    grades.collect()
}

/// The set without holes, whose file names the documents that were taken out as well.
fn whole(folder: &Path) -> PathBuf {
    let name = folder.to_str().unwrap();
    PathBuf::from(name.strip_suffix("-holes").unwrap_or(name))
}

/// Gives each case its fold, by the family of its question.
fn part(cases: &mut [Case], linked: &[(String, Vec<String>)]) {
    let family = families(linked);
    for (case, (id, _)) in cases.iter_mut().zip(linked) {
        let hash = family[id.as_str()].bytes().fold(0_usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        case.fold = hash % FOLDS;
    }
}

/// Reads the questions of every pair with their evidence.
fn read(pairs: &[String], names: &[&str], without: &HashSet<String>) -> Vec<Case> {
    let (mut cases, mut linked) = (Vec::new(), Vec::new());
    for pair in pairs.chunks(2) {
        let [evidence, labels] = pair else {
            panic!("EVIDENCE and LABELS come in pairs");
        };
        let labels = Path::new(labels);
        let (questions, grades, links) = if labels.is_dir() {
            let known = grades(labels);
            let links: HashSet<(String, String)> = known.union(&grades(&whole(labels))).cloned().collect();
            (lines(&labels.join("queries.jsonl")), known, links)
        } else {
            (lines(labels), HashSet::new(), HashSet::new())
        };
        let mut documents: HashMap<&str, Vec<String>> = HashMap::new();
        for (question, document) in &links {
            documents.entry(question).or_default().push(document.clone());
        }
        let set = labels.file_stem().unwrap().to_str().unwrap().to_owned();
        let key = |line: &Value, names: [&str; 2]| -> String {
            let mut keys = names.iter().filter_map(|name| line[name].as_str());
            keys.next().unwrap().to_owned()
        };
        let seen = lines(Path::new(evidence)).into_iter();
        // A log names its questions by id, an account by their words.
        let seen: HashMap<String, Value> = seen
            .map(|line| (key(&line, ["query_id", "question"]), line))
            .collect();
        let weight = weight(&set);
        for question in &questions {
            let line = seen
                .get(&key(question, ["id", "id"]))
                .or_else(|| seen.get(&key(question, ["question", "text"])));
            let line = line.unwrap_or_else(|| panic!("{set}: no evidence of {question}"));
            let evidence = line["evidence"].as_object().unwrap();
            let seen = names.iter().map(|name| {
                if without.contains(*name) {
                    0.0
                } else {
                    evidence[*name].as_f64().unwrap()
                }
            });
            let (answers, holds, kind) = label(question, line, &grades);
            let id = question["id"].as_str().unwrap();
            let mut links = documents.get(id).cloned().unwrap_or_default();
            links.push(plain(
                question["text"]
                    .as_str()
                    .or(question["question"].as_str())
                    .unwrap(),
            ));
            linked.push((id.to_owned(), links));
            cases.push(Case {
                set: set.clone(),
                kind,
                seen: seen.collect(),
                answers,
                holds,
                weight,
                fold: 0,
            });
        }
    }
    part(&mut cases, &linked);
    cases
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut without = HashSet::new();
    while let Some(at) = arguments.iter().position(|one| one == "--without") {
        without.insert(arguments.remove(at + 1));
        arguments.remove(at);
    }
    let names = docent_answer::Evidence::default().parts().map(|part| part.name);
    let cases = read(&arguments, &names, &without);
    let all: Vec<&Case> = cases.iter().collect();
    let mut fitted = Vec::new();
    let mut held_out = Vec::new();
    let models: [(&str, Truth); 2] = [("answers", |case| case.answers), ("holds", |case| case.holds)];
    for (model, (name, truth)) in models.into_iter().enumerate() {
        fitted.push(fit(&all, truth, model));
        println!("\n== {name}");
        // Questions of one fold are judged by weights that have seen neither them nor their documents.
        let mut folded = vec![0.0; cases.len()];
        for fold in 0..FOLDS {
            let others: Vec<&Case> = cases.iter().filter(|case| case.fold != fold).collect();
            let weights = fit(&others, truth, model);
            for (case, judged) in cases.iter().zip(&mut folded) {
                if case.fold == fold {
                    *judged = judge(&weights, case);
                }
            }
        }
        report(&cases, &folded, truth, model);
        let sets = cases.iter().map(|case| case.set.as_str());
        let sets: BTreeSet<&str> = sets.filter(|set| !is_made(set)).collect();
        print!("trained without the set:");
        for set in sets {
            let others: Vec<&Case> = cases
                .iter()
                .filter(|case| origin(&case.set) != origin(set))
                .collect();
            let weights = fit(&others, truth, model);
            let scored: Vec<(f64, bool)> = cases
                .iter()
                .filter(|case| case.set == set)
                .map(|case| (judge(&weights, case), truth(case)))
                .collect();
            print!(" {set} {:.3}", auroc(&scored));
        }
        println!();
        held_out.push(folded);
    }
    thresholds(&cases, &held_out);
    println!(
        "\nconst ANSWERS_BIAS: f32 = {:.2};\nconst HOLDS_BIAS: f32 = {:.2};",
        fitted[0][0], fitted[1][0]
    );
    for (at, name) in names.iter().enumerate() {
        let quoted = format!("\"{name}\",");
        let value = match *name {
            "share_above" | "share_of_many" | "rare_coverage" | "many" => format!("|seen| seen.{name}(),"),
            name => format!("|seen| seen.{name},"),
        };
        println!(
            "    Weight {{ name: {quoted:<18} value: {value:<30} answers: {:>5.2}, holds: {:>5.2} }},",
            fitted[0][at + 1],
            fitted[1][at + 1]
        );
    }
}

fn judge(weights: &[f64], case: &Case) -> f64 {
    let odds: f64 = weights[0]
        + weights[1..]
            .iter()
            .zip(&case.seen)
            .map(|(weight, seen)| weight * seen)
            .sum::<f64>();
    1.0 / (1.0 + (-odds).exp())
}

/// Logistic regression with an L2 penalty by Newton's method; the constant term is not pulled.
fn fit(cases: &[&Case], truth: Truth, model: usize) -> Vec<f64> {
    let size = cases[0].seen.len() + 1;
    let mut weights = vec![0.0; size];
    for _ in 0..STEPS {
        let (mut slope, mut bend) = (vec![0.0; size], vec![vec![0.0; size]; size]);
        for case in cases {
            let chance = judge(&weights, case);
            let off = case.weight[model] * (f64::from(u8::from(truth(case))) - chance);
            let seen = |at: usize| if at == 0 { 1.0 } else { case.seen[at - 1] };
            for row in 0..size {
                slope[row] += off * seen(row);
                for column in 0..size {
                    bend[row][column] +=
                        case.weight[model] * chance * (1.0 - chance) * seen(row) * seen(column);
                }
            }
        }
        for at in 1..size {
            slope[at] -= L2 * weights[at];
            bend[at][at] += L2;
        }
        bend[0][0] += 1e-9;
        for (weight, step) in weights.iter_mut().zip(solve(bend, slope)) {
            *weight += step;
        }
    }
    weights
}

/// Gauss's elimination with pivots.
fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for at in 0..size {
        let pivot = (at..size)
            .max_by(|&one, &other| rows[one][at].abs().total_cmp(&rows[other][at].abs()))
            .unwrap();
        rows.swap(at, pivot);
        right.swap(at, pivot);
        for below in at + 1..size {
            let times = rows[below][at] / rows[at][at];
            for column in at..size {
                let above = rows[at][column];
                rows[below][column] -= times * above;
            }
            right[below] -= times * right[at];
        }
    }
    for at in (0..size).rev() {
        for column in at + 1..size {
            right[at] -= rows[at][column] * right[column];
        }
        right[at] /= rows[at][at];
    }
    right
}

/// The chance that a true case is judged higher than a false one.
fn auroc(scored: &[(f64, bool)]) -> f64 {
    let mut sorted: Vec<_> = scored.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut sum, mut at) = (0.0, 0.0, 0);
    while at < sorted.len() {
        let same = sorted[at..]
            .iter()
            .take_while(|one| one.0 == sorted[at].0)
            .count();
        let truths = sorted[at..at + same].iter().filter(|one| one.1).count() as f64;
        let falses = same as f64 - truths;
        sum += truths * (below + falses / 2.0);
        below += falses;
        at += same;
    }
    sum / (below * (sorted.len() as f64 - below)).max(1.0)
}

fn report(cases: &[Case], judged: &[f64], truth: Truth, model: usize) {
    let scored = |wanted: &dyn Fn(&Case) -> bool| -> Vec<(f64, bool)> {
        let chosen = cases.iter().zip(judged).filter(|(case, _)| wanted(case));
        chosen.map(|(case, judged)| (*judged, truth(case))).collect()
    };
    let answerable: Vec<(f64, bool)> = cases
        .iter()
        .zip(judged)
        .filter(|(case, _)| case.set.ends_with("ru-holes"))
        .map(|(case, judged)| (*judged, case.holds))
        .collect();
    println!(
        "AUROC of answerable against not, Russian sets: {:.4}",
        auroc(&answerable)
    );
    println!("AUROC, {FOLDS} folds; all, against near, against off-topic");
    let russian = |case: &Case| case.set.ends_with("ru-holes");
    let sets = cases.iter().map(|case| case.set.as_str());
    let mut sets: BTreeSet<&str> = sets.filter(|set| !is_made(set)).collect();
    sets.extend(["(Russian sets)", "(made of them)"]);
    for set in &sets {
        let within = |case: &Case| match *set {
            "(Russian sets)" => russian(case),
            "(made of them)" => is_made(&case.set),
            set => case.set == set,
        };
        let against = |kind: &str| {
            auroc(&scored(&|case| {
                within(case) && (truth(case) || case.kind == kind)
            }))
        };
        println!(
            "  {set:<18} {:.3} {:.3} {:.3}",
            auroc(&scored(&within)),
            against("near"),
            against("offtopic")
        );
    }
    println!("calibration: judged, true, questions");
    for bin in 0..10 {
        let (low, high) = (f64::from(bin) / 10.0, f64::from(bin + 1) / 10.0);
        let inside: Vec<(f64, bool, f64)> = cases
            .iter()
            .zip(judged)
            .filter(|(case, judged)| !is_made(&case.set) && (low..high).contains(*judged))
            .map(|(case, judged)| (*judged, truth(case), case.weight[model]))
            .collect();
        let weight: f64 = inside.iter().map(|one| one.2).sum();
        if weight > 0.0 {
            let mean = inside.iter().map(|one| one.0 * one.2).sum::<f64>() / weight;
            let part = inside.iter().filter(|one| one.1).map(|one| one.2).sum::<f64>() / weight;
            println!("  {low:.1}–{high:.1}  {mean:.2}  {part:.2}  {}", inside.len());
        }
    }
}

/// Prints what each threshold of an answer lets through: right among all answerable, wrong among answered, and false answers by kind.
fn thresholds(cases: &[Case], held_out: &[Vec<f64>]) {
    let mut sets: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, case) in cases.iter().enumerate() {
        if !is_made(&case.set) {
            sets.entry(&case.set).or_default().push(at);
        }
    }
    let mut sets: Vec<_> = sets.into_iter().collect();
    sets.sort();
    for (label, judged) in ["answers", "holds"].iter().zip(held_out) {
        println!(
            "\nthresholds on `{label}`: let through of answerable, right of answerable, wrong of those let through, near, off-topic"
        );
        for (set, places) in &sets {
            for threshold in [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7] {
                let through: Vec<usize> = places
                    .iter()
                    .copied()
                    .filter(|&at| judged[at] >= threshold)
                    .collect();
                let share = |of: &dyn Fn(&Case) -> bool, part: &dyn Fn(&Case) -> bool| {
                    let all = places.iter().filter(|&&at| of(&cases[at])).count().max(1);
                    through
                        .iter()
                        .filter(|&&at| of(&cases[at]) && part(&cases[at]))
                        .count() as f64
                        / all as f64
                };
                let answered = through.iter().filter(|&&at| cases[at].holds).count();
                let right = through.iter().filter(|&&at| cases[at].answers).count();
                println!(
                    "  {set:<18} {threshold:.2}  {:.2} {:.2} {:.2}  {:.2} {:.2}",
                    share(&|case| case.holds, &|_| true),
                    share(&|case| case.holds, &|case| case.answers),
                    (answered - right) as f64 / answered.max(1) as f64,
                    share(&|case| case.kind == "near", &|_| true),
                    share(&|case| case.kind == "offtopic", &|_| true),
                );
            }
        }
    }
}
