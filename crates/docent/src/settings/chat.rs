//! `[chat]` and `[rerank]`: what models may do with questions, passages and answers.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::values::{count, number, pace, rate, small_number, span, time, truth};
use super::{Key, Server};

/// `[chat]`: models that write answers and find other words for a question.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    /// In the order in which they are asked; none for no model.
    pub(crate) servers: Vec<Server>,
    /// The assistants that it is for; all when empty.
    pub(crate) assistants: Vec<i64>,
    /// When the quoted answer goes out in place of one that is not there yet.
    pub(crate) deadline: Duration,
    /// Characters of passages that a model gets to read.
    pub(crate) passages_chars: usize,
    /// Tokens of a reply.
    pub(crate) max_tokens: u32,
    /// Whether it is asked where the documents may or may not answer.
    pub(crate) judge: bool,
    /// Whether it finds other words for a question for which little was found.
    pub(crate) rewrite: bool,
    /// How long finding those words may take.
    pub(crate) rewrite_deadline: Duration,
    /// How long an answer is kept for the same question.
    pub(crate) keep: Duration,
    /// Tokens a day: of all, of an assistant, of an address; and an hour of a connection.
    pub(crate) tokens: Tokens,
}

/// How many tokens may be used; none for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) a_day: Option<u32>,
    pub(crate) a_day_per_assistant: Option<u32>,
    pub(crate) a_day_per_address: Option<u32>,
    pub(crate) an_hour_per_connection: Option<u32>,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            assistants: Vec::new(),
            deadline: Duration::from_secs(15),
            passages_chars: 12_000,
            max_tokens: 700,
            judge: true,
            rewrite: true,
            rewrite_deadline: Duration::from_secs(5),
            keep: Duration::from_hours(24),
            tokens: Tokens {
                a_day: None,
                a_day_per_assistant: None,
                a_day_per_address: None,
                an_hour_per_connection: Some(200_000),
            },
        }
    }
}

/// `[rerank]`: models that compare a question with passages.
#[derive(Debug, Clone)]
pub(crate) struct Rerank {
    /// In the order in which they are asked; none for no model.
    pub(crate) servers: Vec<Server>,
    /// How many passages are compared.
    pub(crate) top: usize,
    /// How long that may take; past it the order stands.
    pub(crate) deadline: Duration,
}

impl Default for Rerank {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            top: 30,
            deadline: Duration::from_secs(3),
        }
    }
}

pub(super) const KEYS: &[Key] = &[
    Key {
        section: "chat",
        name: "assistants",
        comment: "Numbers of the assistants for which a model writes, like [1, 2]; an empty list for all.",
        show: |config| Some(format!("{:?}", config.chat.assistants)),
        set: |config, value| {
            let numbers = value.as_array().and_then(|list| {
                let number = |one: &Spanned<DeValue<'_>>| {
                    let number = one.get_ref().as_integer()?;
                    i64::from_str_radix(number.as_str(), number.radix()).ok()
                };
                list.iter().map(number).collect::<Option<Vec<_>>>()
            });
            config.chat.assistants = numbers.ok_or("a list of numbers, like [1, 2]")?;
            Ok(())
        },
    },
    Key {
        section: "chat",
        name: "deadline",
        comment: "How long an answer by a model may take; then the quoted one goes out. Below limits.answer_time.",
        show: |config| span(config.chat.deadline),
        set: |config, value| time(value, &mut config.chat.deadline),
    },
    Key {
        section: "chat",
        name: "passages_chars",
        comment: "Characters of passages that go to the model, the best first: some 2.2 of Russian make a token, so the default fits into a\n\
                  context of 8,192 tokens with the reply.",
        show: |config| number(config.chat.passages_chars),
        set: |config, value| count(value, &mut config.chat.passages_chars),
    },
    Key {
        section: "chat",
        name: "max_tokens",
        comment: "Tokens of a reply: five sentences with their quotations.",
        show: |config| small_number(config.chat.max_tokens),
        set: |config, value| count(value, &mut config.chat.max_tokens),
    },
    Key {
        section: "chat",
        name: "judge",
        comment: "Whether the model is asked where the documents may or may not hold the answer, and its «no» is final; false leaves\n\
                  those questions with the places that may help.",
        show: |config| Some(config.chat.judge.to_string()),
        set: |config, value| truth(value, &mut config.chat.judge),
    },
    Key {
        section: "chat",
        name: "rewrite",
        comment: "Whether the model puts a question into the documents' terms when little was found for its own.",
        show: |config| Some(config.chat.rewrite.to_string()),
        set: |config, value| truth(value, &mut config.chat.rewrite),
    },
    Key {
        section: "chat",
        name: "rewrite_deadline",
        comment: "How long that may take; then the question is left as it is.",
        show: |config| span(config.chat.rewrite_deadline),
        set: |config, value| time(value, &mut config.chat.rewrite_deadline),
    },
    Key {
        section: "chat",
        name: "keep",
        comment: "How long an answer is kept for the same question to the same documents.",
        show: |config| span(config.chat.keep),
        set: |config, value| time(value, &mut config.chat.keep),
    },
    Key {
        section: "chat",
        name: "tokens_a_day",
        comment: "Tokens that all questions of a day may use, or \"off\"; past it answers are quoted.",
        show: |config| rate(config.chat.tokens.a_day),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day),
    },
    Key {
        section: "chat",
        name: "tokens_a_day_per_assistant",
        comment: "The same for each assistant.",
        show: |config| rate(config.chat.tokens.a_day_per_assistant),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day_per_assistant),
    },
    Key {
        section: "chat",
        name: "tokens_a_day_per_address",
        comment: "The same for each IPv4 address or IPv6 /64; loopback is not counted.",
        show: |config| rate(config.chat.tokens.a_day_per_address),
        set: |config, value| pace(value, &mut config.chat.tokens.a_day_per_address),
    },
    Key {
        section: "chat",
        name: "tokens_an_hour_per_connection",
        comment: "Tokens that one connection may use in an hour: some fifty questions.",
        show: |config| rate(config.chat.tokens.an_hour_per_connection),
        set: |config, value| pace(value, &mut config.chat.tokens.an_hour_per_connection),
    },
    Key {
        section: "rerank",
        name: "top",
        comment: "How many of the passages found are compared with the question.",
        show: |config| number(config.rerank.top),
        set: |config, value| count(value, &mut config.rerank.top),
    },
    Key {
        section: "rerank",
        name: "deadline",
        comment: "How long comparing may take; past it the order stands.",
        show: |config| span(config.rerank.deadline),
        set: |config, value| time(value, &mut config.rerank.deadline),
    },
];
