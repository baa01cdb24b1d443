//! The session against a model of what the protocol says, and against texts that nobody should send.
//!
//! `DOCENT_STEPS=1000000` asks for another number of random steps than a test's second is worth, `DOCENT_SEED` for others.

#![allow(
    clippy::disallowed_methods,
    reason = "a long run is asked for by whoever starts the tests"
)]

use docent_corpus::Assistant;
use docent_protocol::ServerMessage as Said;

use super::*;
use crate::{Engine, Gateway, Settings};

/// What a length of text is worth in the model: short enough to be passed often.
const LONGEST: usize = 12;

/// Assistants that come and go; each answers with its own number, so that no answer passes for another's.
#[derive(Default)]
struct Library(std::sync::Mutex<Vec<i64>>);

impl Library {
    fn has(&self, id: i64) -> bool {
        self.0.lock().unwrap().contains(&id)
    }
}

impl Engine for Library {
    fn assistants(&self) -> Arc<[Assistant]> {
        let ids = self.0.lock().unwrap();
        ids.iter()
            .map(|&id| Assistant::new(AssistantId(id), format!("Помощник {id}")))
            .collect()
    }

    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError> {
        if !self.has(assistant.0) {
            return Err(EngineError::UnknownAssistant);
        }
        match question {
            "сбой" => Err(EngineError::Unavailable("out of order".into())),
            "беда" => panic!("this panic is part of the test"),
            _ => Ok(Answer {
                text: format!("{}: {question}", assistant.0),
                outcome: Outcome::Answered,
                sources: Vec::new(),
            }),
        }
    }

    fn at_once(&self, _: AssistantId, question: &str) -> Option<Result<Answer, EngineError>> {
        match question {
            "спасибо" => Some(Ok(Answer {
                text: "пожалуйста".to_owned(),
                outcome: Outcome::Courtesy,
                sources: Vec::new(),
            })),
            // Once in the middle of things, and again on its way to an answer.
            "беда" => panic!("this panic is part of the test"),
            _ => None,
        }
    }

    fn generation(&self) -> u64 {
        1
    }
}

/// Even and repeatable: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

/// A server without sockets.
fn shared(engine: Arc<Library>) -> Arc<Shared> {
    let mut settings = Settings {
        max_question_chars: LONGEST,
        ..Settings::default()
    };
    settings.lift_rates();
    Gateway::new(engine, settings).shared
}

fn client(shared: &Shared, number: u64) -> Client {
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    Client {
        selected: None,
        place: shared.admission.enter(here, Instant::now()).unwrap(),
        number,
        questions: 0,
        recent: Recent::default(),
        until: None,
        leaving: false,
        allowance: None,
    }
}

/// The reply to one message, as it goes over the wire.
async fn said(message: Message, client: &mut Client, shared: &Shared) -> String {
    match step(message, client, shared) {
        None => panic!("a message without a reply"),
        Some(Step::Ready(text)) => text.to_string(),
        Some(Step::Reply(reply)) => reply.to_json(),
        Some(Step::Ask(mut asked)) => {
            let id = asked.id.take();
            Reply {
                id,
                ..ask(asked, None, shared).await
            }
            .to_json()
        }
    }
}

/// What the model expects of a reply.
enum Expected {
    /// Exactly this.
    Said(Said),
    /// An error that names this.
    Names(&'static str),
}

/// The protocol in a few lines: the number of the assistant that is selected, and nothing else.
#[derive(Default)]
struct Model {
    selected: Option<i64>,
}

fn sorry(text: &str) -> Expected {
    Expected::Said(Said::Error {
        message: text.to_owned(),
    })
}

impl Model {
    /// Makes a message and says what has to come back.
    fn step(&mut self, random: &mut Random, library: &Library) -> (Message, Expected) {
        let mark = random.of(&["", r#","id":7"#, r#","id":"м""#, r#","other":[{}]"#]);
        let text = |body: &str| Message::text(format!("{{{body}{mark}}}"));
        match random.below(10) {
            0 => {
                let assistants = library
                    .assistants()
                    .iter()
                    .map(|one| AssistantEntry {
                        id: one.id.0,
                        name: one.name.clone(),
                        description: one.description.clone(),
                    })
                    .collect();
                let expected = Expected::Said(Said::AssistantList { assistants });
                (text(r#""type":"get_assistants""#), expected)
            }
            1 | 2 => {
                let id = *random.of(&[0, 1, 2, 3, 4]);
                let written = match random.below(3) {
                    0 => id.to_string(),
                    1 => format!("\"{id}\""),
                    _ => format!("{id}.0"),
                };
                let expected = if library.has(id) {
                    self.selected = Some(id);
                    Expected::Said(Said::Success {
                        message: format!("Ассистент выбран: Помощник {id}"),
                    })
                } else {
                    sorry("Ассистент не найден")
                };
                let body = format!(r#""type":"select_assistant","assistant_id":{written}"#);
                (text(&body), expected)
            }
            3 => {
                let wrong = random.of(&["1.5", "true", "null", "[1]", "\"один\"", "{}"]);
                let body = format!(r#""type":"select_assistant","assistant_id":{wrong}"#);
                (text(&body), Expected::Names("assistant_id"))
            }
            4 => {
                let wrong = random.of(&[
                    r#""type":"question""#,
                    r#""type":"question","question":1"#,
                    r#""question":null,"type":"question""#,
                ]);
                (text(wrong), Expected::Names("question"))
            }
            5 => {
                let wrong = random.of(&[r#""type":"ask""#, r#""type":7"#, r#""question":"?""#]);
                (text(wrong), Expected::Names("get_assistants"))
            }
            6 => {
                let wrong = *random.of(&["", "{", "[]", "7", "{\"type\":\"question\",}", "нет"]);
                (Message::text(wrong), Expected::Names("JSON"))
            }
            7 => (
                Message::binary(b"{\"type\":\"get_assistants\"}".to_vec()),
                Expected::Names("JSON"),
            ),
            _ => {
                let asked = *random.of(&[
                    "когда?",
                    "ещё раз",
                    "сбой",
                    "беда",
                    "спасибо",
                    "",
                    " \u{200b}\u{feff}",
                    "это длиннее, чем можно",
                    "ровно двенад",
                ]);
                let expected = match self.selected {
                    None => Expected::Names("select_assistant"),
                    Some(_) if asked.trim_matches([' ', '\u{200b}', '\u{feff}']).is_empty() => {
                        sorry("Пустой вопрос")
                    }
                    Some(_) if asked == "спасибо" => Expected::Said(Said::Answer {
                        message: "пожалуйста".to_owned(),
                        sources: None,
                    }),
                    Some(_) if asked.chars().count() > LONGEST => Expected::Names("22 символов"),
                    Some(id) if !library.has(id) => sorry("Ассистент не найден"),
                    Some(_) if matches!(asked, "сбой" | "беда") => Expected::Names("номер запроса"),
                    Some(id) => Expected::Said(Said::Answer {
                        message: format!("{id}: {asked}"),
                        sources: None,
                    }),
                };
                (
                    text(&format!(r#""type":"question","question":"{asked}""#)),
                    expected,
                )
            }
        }
    }
}

/// Eight sessions side by side, whose assistants the operator takes away and brings back.
#[tokio::test]
async fn a_session_does_what_the_model_does_whatever_the_order() {
    let steps = from_environment("DOCENT_STEPS", 30_000);
    let seed = from_environment("DOCENT_SEED", 20_260);
    // The engine's panics are meant; a thousand backtraces would hide the one that is not.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.to_string().contains("part of the test") {
            told(panic);
        }
    }));
    let mut random = Random(seed);
    let library = Arc::new(Library::default());
    let shared = shared(library.clone());
    let mut sessions: Vec<(Client, Model)> = (0..8)
        .map(|number| (client(&shared, number), Model::default()))
        .collect();
    for at in 0..steps {
        if random.below(50) == 0 {
            *library.0.lock().unwrap() = (0..4).filter(|_| random.below(3) > 0).collect();
        }
        let place = random.below(sessions.len());
        if random.below(200) == 0 {
            // Whoever comes back has nothing selected.
            sessions[place] = (client(&shared, at), Model::default());
        }
        let (client, model) = &mut sessions[place];
        let (message, expected) = model.step(&mut random, &library);
        let marked = message.to_text().ok().and_then(|text| Incoming::parse(text).id);
        let reply = said(message.clone(), client, &shared).await;
        let expected = match expected {
            Expected::Said(message) => Reply { id: marked, message }.to_json(),
            Expected::Names(what) => {
                let read = Reply::from_json(&reply).unwrap();
                let named = matches!(&read.message, Said::Error { message } if message.contains(what));
                assert!(
                    named && read.id == marked,
                    "step {at} of seed {seed}: {message} gave {reply}"
                );
                continue;
            }
        };
        assert_eq!(reply, expected, "step {at} of seed {seed}: {message}");
    }
}

/// Any text, and messages broken in many ways: one reply each, of a size that the message bounds, and the session goes on.
#[tokio::test]
async fn no_text_is_without_a_reply_and_no_reply_is_without_a_bound() {
    let steps = from_environment("DOCENT_STEPS", 30_000);
    let seed = from_environment("DOCENT_SEED", 20_260);
    let mut random = Random(seed);
    let library = Arc::new(Library::default());
    *library.0.lock().unwrap() = vec![1];
    let shared = shared(library);
    let mut client = client(&shared, 1);
    let seeds = [
        r#"{"type":"get_assistants"}"#,
        r#"{"type":"select_assistant","assistant_id":1}"#,
        r#"{"type":"question","question":"Можно ли?","sources":true,"id":"а\u0001"}"#,
        r#"{"type":"question","question":"\ud83d\ude00 \ud800","id":9223372036854775807}"#,
        "[[[[[[{\"type\":1e400}]]]]]]",
    ];
    let pieces = [
        "\"",
        "\\u0000",
        "\\ud800",
        "{",
        "[",
        "}",
        "]",
        ",",
        "e9",
        "\u{1}",
        "я",
        "\u{1f600}",
        "null",
    ];
    for at in 0..steps {
        let mut letters: Vec<char> = random.of(&seeds).chars().collect();
        for _ in 0..=random.below(6) {
            let place = random.below(letters.len() + 1);
            match random.below(4) {
                0 if place < letters.len() => drop(letters.remove(place)),
                1 => drop(letters.splice(place..place, random.of(&pieces).chars())),
                2 => {
                    let letter = char::from_u32(random.next() as u32 % 0x11_0000).unwrap_or('?');
                    letters.insert(place, letter);
                }
                _ => {
                    let from = random.below(letters.len() + 1).min(place);
                    let again = letters[from..place].repeat(1 + random.below(20));
                    letters.splice(place..place, again);
                }
            }
        }
        let text: String = letters.into_iter().collect();
        let reply = said(Message::text(text.clone()), &mut client, &shared).await;
        // A mark comes back as it came, in which a letter takes up to six bytes; all else has words of its own.
        assert!(
            reply.len() <= 6 * text.len() + 600,
            "step {at} of seed {seed}: {} bytes for {text}",
            reply.len()
        );
        assert!(
            Reply::from_json(&reply).is_ok(),
            "step {at} of seed {seed}: {text} gave {reply}"
        );
    }
}
