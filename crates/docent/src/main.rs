//! The command line: reads a library, answers, serves.
//!
//! Owns arguments and the wiring. Leaves every rule to the crates it wires.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]

mod answers;
mod arguments;
mod asked;
mod calibrate;
mod check;
mod confine;
mod conformance;
mod desk;
mod edits;
mod embeddings;
mod eval;
mod extract;
mod failure;
mod fit;
mod golden;
mod journal;
mod keeper;
mod lexicon;
mod library;
mod logs;
mod looks;
mod models;
mod ocr;
mod progress;
mod reader;
mod report;
mod serve;
mod settings;
mod status;
mod trial;
mod watch;
mod why;
mod writer;

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use docent_corpus::{AssistantId, Outcome, RetrieveError, Strictness};
use docent_gateway::Engine;

use arguments::{Arguments, Command, ModelsCommand, Order, Place, Switch};
use calibrate::{Calibration, Trial};
use check::Checked;
use desk::Desk;
use embeddings::Models;
use failure::Failure;
use journal::{Keeping, Report};
use keeper::Keeper;
use library::{Extent, Patience};
use logs::{Format, Level};
use settings::{Config, Tls};
use watch::{Watch, Watching};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// At most this many unreadable files are named when a server starts: the rest would push the address off the screen.
const WARNINGS_AT_START: usize = 10;

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let (format, level) = log_of(&command);
    logs::begin(format, level);
    match run(command) {
        Ok(code) => code,
        // The child has said why.
        Err(failure @ Failure::Child(_)) => failure.exit_code(),
        Err(failure) => {
            eprintln!("error: {failure}");
            let mut cause = failure.source();
            while let Some(deeper) = cause {
                eprintln!("caused by: {deeper}");
                cause = deeper.source();
            }
            if let Some(hint) = failure.hint() {
                eprintln!("hint: {hint}");
            }
            failure.exit_code()
        }
    }
}

/// Returns how a command writes its log; settings that cannot be read are told by the command itself.
fn log_of(command: &Command) -> (Format, Level) {
    let set = match command {
        Command::Serve {
            place, log_format, ..
        } => {
            let mut config = place.config().unwrap_or_default();
            config.log_format = log_format.unwrap_or(config.log_format);
            config
        }
        _ => Config::default(),
    };
    (set.log_format, set.log_level)
}

#[expect(clippy::too_many_lines, reason = "one short arm for each command")]
fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve {
            place,
            listen,
            locale,
            ready_file,
            admin,
            rate_limits,
            check,
            tls_certificate,
            tls_key,
            log_format: _,
            echo_route,
        } => {
            let mut config = place.config()?;
            config.gateway.echo = echo_route;
            // Like the data folder: the command line counts from where one stands, docent.toml from the library.
            let inside = |set: Option<PathBuf>| set.map(|path| place.library.join(path));
            config.tls = Tls {
                certificate: tls_certificate.or(inside(config.tls.certificate)),
                key: tls_key.or(inside(config.tls.key)),
            };
            config.admin = admin.or(config.admin);
            if rate_limits == Switch::Off {
                config.gateway.lift_rates();
            }
            config.listen = listen.unwrap_or(config.listen);
            config.gateway.locale = locale.unwrap_or(config.gateway.locale);
            config.check = check.unwrap_or(config.check);
            // Told before an hour of indexing.
            let certificates = serve::certificates(std::mem::take(&mut config.tls))?;
            let kept = config.desk.meant(&place.library, config.admin.is_some())?;
            let writer = models::writer(&config, &place.library)?;
            let begun = Instant::now();
            let data = place.data_folder(&config)?;
            let models = Arc::new(Models::default());
            let later = config.watch != Watching::Off;
            let opened = library::open_to_serve(&place.library, &data, &models, later)?;
            opened.report(begun, WARNINGS_AT_START);
            if !check::may_go_live(config.check, &opened, &data) {
                tracing::warn!("there is no state before at a start, so this one answers");
            }
            let desk = Arc::new(Desk::new(opened).with(writer));
            // Ended, its child included, when this arm is left.
            let looks = Arc::default();
            let watched = (place.library.as_path(), data.as_path());
            let watch = Watch::begin(
                watched,
                config.watch,
                config.check,
                desk.clone(),
                models,
                &looks,
                kept.is_some(),
            );
            let kept = kept.map(|(listener, settings)| {
                let stir = watch.as_ref().and_then(Watch::stir);
                let keeper = Keeper::new(
                    desk.clone(),
                    &place.library,
                    &data,
                    looks,
                    stir,
                    config.journal.clone(),
                );
                (listener, settings, keeper)
            });
            // Dropped after the last session has ended, which writes what waits.
            let keeping = Keeping::begin(&config.journal, &data)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let serving = serve::serve(desk, config, certificates, keeping.as_ref(), ready_file, kept);
            runtime.block_on(serving)?;
        }
        Command::Ask {
            place,
            question,
            assistant,
        } => {
            let config = place.config()?;
            let desk = Desk::new(place.open(&config)?).with(models::writer(&config, &place.library)?);
            let first = desk.assistants().first().map_or(AssistantId(1), |one| one.id);
            let id = assistant.map_or(first, AssistantId);
            let answer = match with_models(&desk, id, &question)? {
                Some(made) => made.answer,
                None => desk
                    .ask(id, &question)
                    .ok_or(Failure::UnknownAssistant(id))?
                    .map_err(Failure::Answer)?,
            };
            extract::print(&format!("{}\n", answer.text))?;
            if matches!(answer.outcome, Outcome::Fallback | Outcome::Offered) {
                return Ok(ExitCode::from(3));
            }
        }
        Command::Why {
            place,
            question,
            assistant,
            json,
            questions,
        } => {
            let config = place.config()?;
            let desk = Desk::new(place.open(&config)?).with(models::writer(&config, &place.library)?);
            let first = desk.assistants().first().map_or(AssistantId(1), |one| one.id);
            let id = assistant.map_or(first, AssistantId);
            let account = |question: &str| {
                let (who, account) = desk.account(id, question).ok_or(Failure::UnknownAssistant(id))?;
                Ok::<_, Failure>((who, account.map_err(Failure::Answer)?))
            };
            if let Some(path) = questions {
                for question in asked(&path)? {
                    let (who, account) = account(&question)?;
                    let curated = desk.curated(id, &question);
                    println!("{}", why::json(&who, &question, &account, curated.as_ref()));
                }
            }
            if let Some(question) = question {
                let (who, account) = account(&question)?;
                let curated = desk.curated(id, &question);
                if json {
                    println!("{:#}", why::json(&who, &question, &account, curated.as_ref()));
                } else {
                    if let Some((line, answer)) = &curated {
                        print!("{}", why::curated(*line, answer));
                    }
                    print!("{}", why::text(&who, &account));
                    if let Some(made) = with_models(&desk, id, &question)? {
                        print!("{}", why::models(&made));
                    }
                }
            }
        }
        Command::Calibrate {
            place,
            assistant,
            questions,
            report,
            write,
        } => calibrate(&place, assistant, questions, report, write)?,
        Command::Check {
            place,
            questions,
            json,
        } => {
            let opened = place.open(&place.config()?)?;
            let checked = Checked::of(&opened, questions.as_deref())?;
            if checked.asked == 0 {
                return Err(Failure::NoQuestions);
            }
            if json {
                println!("{:#}", checked.json());
            } else {
                print!("{}", checked.table());
            }
            if !checked.passed() {
                return Ok(ExitCode::from(8));
            }
        }
        Command::Index {
            place,
            anew,
            wait,
            child,
            words_first,
        } => {
            if child {
                confine::end_with_parent();
            }
            let begun = Instant::now();
            let data = place.data_folder(&place.config()?)?;
            let patience = if wait { Patience::Wait } else { Patience::GiveUp };
            let extent = if words_first { Extent::Words } else { Extent::Whole };
            let models = Models::default();
            library::index(&place.library, &data, anew, patience, extent, &models, child)?
                .report(begun, usize::MAX);
        }
        Command::Status { place, json } => {
            let data = place.data_folder(&place.config()?)?;
            let status = library::status(&place.library, &data)?;
            let told = if json {
                format!("{:#}\n", status.json())
            } else {
                status.table()
            };
            extract::print(&told)?;
        }
        Command::Report {
            place,
            since,
            assistant,
            format,
        } => {
            let config = place.config()?;
            let data = place.data_folder(&config)?;
            let since = since.map(|since| *since);
            let report = Report::of(&config.journal, &data, since, assistant.map(AssistantId))??;
            extract::print(&report.print(format))?;
        }
        Command::Journal {
            order: Order::Erase { place, id },
        } => {
            let config = place.config()?;
            let data = place.data_folder(&config)?;
            journal::erase(&config.journal, &data, &id)??;
            println!("erased: {id}");
        }
        Command::Assistants { place } => {
            let data = place.data_folder(&place.config()?)?;
            for one in docent_ingest::scan(&place.library, Some(&data))?.assistants {
                println!(
                    "{}\t{}\t{}\t{}",
                    one.assistant.id,
                    one.assistant.name,
                    one.assistant.description,
                    one.files.len()
                );
            }
        }
        Command::Eval {
            set,
            docs,
            without,
            queries,
            words,
            embeddings,
            fusion,
            run,
            answers,
        } => {
            let mut measured = eval::measure(&eval::Order {
                set: &set,
                docs: docs.as_deref(),
                without: without.as_deref(),
                queries: queries.as_deref(),
                words: words.as_deref(),
                embeddings: embeddings.as_deref(),
                fusion: fusion.into(),
                run: run.as_deref(),
                answers: answers.as_deref(),
            })?;
            print!("{}", measured.text());
        }
        Command::Extract {
            file,
            json,
            hidden,
            here: false,
        } => {
            let mut arguments = vec![OsStr::new("--"), file.as_os_str()];
            if json {
                arguments.insert(0, OsStr::new("--json"));
            }
            if hidden {
                arguments.insert(0, OsStr::new("--hidden"));
            }
            let code = reader::extract_apart(&arguments).map_err(|refusal| Failure::Apart {
                path: file.clone(),
                code: refusal.code,
                reason: refusal.reason,
            })?;
            return Ok(ExitCode::from(code));
        }
        Command::Extract {
            file,
            json,
            hidden,
            here: true,
        } => {
            let document = extract::read(&file)?;
            reader::print(if json {
                format!("{:#}\n", extract::json(&document))
            } else if hidden {
                extract::hidden(&document)
            } else {
                document.text
            })?;
        }
        Command::ReadWorker => reader::work()?,
        Command::OcrWorker { languages, mode } => return Err(ocr::work(&languages, &mode).into()),
        Command::Conformance {
            url,
            locale,
            timeout,
            ca,
        } => {
            if conformance::run(&url, locale, *timeout, &ca)? > 0 {
                return Ok(ExitCode::from(8));
            }
        }
        Command::Models {
            command: ModelsCommand::Check { library },
        } => {
            let (told, fine) = models::check(&Config::read(&library)?, &library)?;
            print!("{told}");
            if !fine {
                return Ok(ExitCode::from(8));
            }
        }
        Command::Config { library } => {
            let config = library
                .as_deref()
                .map_or_else(|| Ok(Config::default()), Config::read)?;
            print!("{}", config.print());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers with the help of models; nothing where they have no part.
fn with_models(desk: &Desk, assistant: AssistantId, question: &str) -> Result<Option<writer::Made>, Failure> {
    let Some((_, made)) = desk.begin(assistant, question, None) else {
        return Ok(None);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let made = runtime
        .block_on(made)
        .map_err(|error| Failure::Answer(RetrieveError(Box::new(error))))?;
    Ok(Some(made))
}

/// Asks an assistant's questions and shows what each strictness would make of them.
fn calibrate(
    place: &Place,
    assistant: Option<i64>,
    questions: Option<PathBuf>,
    report: Option<PathBuf>,
    write: Option<Strictness>,
) -> Result<(), Failure> {
    let opened = place.open(&place.config()?)?;
    let first = opened
        .library
        .assistants
        .first()
        .map_or(AssistantId(1), |one| one.assistant.id);
    let id = assistant.map_or(first, AssistantId);
    let found = opened
        .library
        .assistants
        .iter()
        .find(|one| one.assistant.id == id);
    let home = found.ok_or(Failure::UnknownAssistant(id))?.folder.clone();
    let own = home.join(golden::FILE);
    let questions = match questions {
        Some(file) => golden::read(&file)?,
        None if own.is_file() => golden::read(&own)?,
        None => Vec::new(),
    };
    let desk = Desk::new(opened);
    let mut trials = Vec::new();
    let mut who = None;
    for golden in questions {
        // What a question has taught it cannot test.
        if golden.teaches || golden.assistant.is_some_and(|other| AssistantId(other) != id) {
            continue;
        }
        let (assistant, account) = desk
            .account(id, &golden.question)
            .ok_or(Failure::UnknownAssistant(id))?;
        trials.push(Trial::of(golden, &assistant, &account.map_err(Failure::Answer)?));
        who = Some(assistant);
    }
    let Some(assistant) = who else {
        return Err(Failure::NoQuestions);
    };
    let calibration = Calibration { assistant, trials };
    print!("{}", calibration.text());
    if let Some(path) = report {
        std::fs::write(&path, report::html(&calibration)).map_err(|source| Failure::Report {
            path: path.clone(),
            source,
        })?;
        println!("written: {}", path.display());
    }
    if let Some(strictness) = write {
        let path = home.join("assistant.toml");
        calibrate::write(&path, strictness)?;
        println!("written: {}", path.display());
    }
    Ok(())
}

/// Reads the questions of a file, one in each line.
fn asked(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    let question = |line: &str| {
        let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
        let told = json
            .as_ref()
            .and_then(|json| json.get("question").or_else(|| json.get("text")));
        told.and_then(|told| told.as_str()).unwrap_or(line).to_owned()
    };
    Ok(text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(question)
        .collect())
}
