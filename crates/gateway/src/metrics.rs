//! What is counted, in the `OpenMetrics` format that Prometheus reads.
//!
//! Owns the names of the series, which dashboards rely on. Counting takes no lock but in the histogram, which sees one value
//! for each question.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::recorder::Counts;

/// Why a handshake was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refused {
    /// All places are taken.
    Full,
    /// The address prefix has all its places.
    Address,
    /// Too many handshakes at once.
    Rate,
    /// The page's site is not on the list.
    Origin,
    /// The server is stopping.
    Draining,
    /// No agreement on TLS, or not in time.
    Tls,
}

/// What a message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    GetAssistants,
    SelectAssistant,
    Question,
    Feedback,
    Invalid,
}

/// Whether an answer helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Judgement {
    Yes,
    No,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The documents answered.
    Answered,
    /// The documents gave no exact answer, and the answer named places that may help.
    Offered,
    /// The documents gave no answer.
    Fallback,
    /// Nothing was asked: a greeting or thanks.
    Courtesy,
    /// Empty, too long, too often, without an assistant.
    Refused,
    /// The queue of questions was full.
    Busy,
    /// The answer took too long.
    TimedOut,
    /// The index or a model failed.
    Failed,
    /// The engine panicked over it.
    Panicked,
    /// The client left first.
    Abandoned,
}

/// Says how the values of a label are written.
macro_rules! written {
    ($label:ident: $($value:ident = $name:literal),+) => {
        impl $label {
            const ALL: &[Self] = &[$(Self::$value),+];
        }

        impl EncodeLabelValue for $label {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                let name = match self {
                    $(Self::$value => $name,)+
                };
                EncodeLabelValue::encode(&name, encoder)
            }
        }
    };
}

written!(Refused: Full = "full", Address = "address", Rate = "rate", Origin = "origin", Draining = "draining", Tls = "tls");
written!(Judgement: Yes = "yes", No = "no");
written!(Kind: GetAssistants = "get_assistants", SelectAssistant = "select_assistant", Question = "question", Feedback = "feedback", Invalid = "invalid");
written!(
    Ended: Answered = "answered", Offered = "offered", Fallback = "fallback", Courtesy = "courtesy", Refused = "refused",
    Busy = "busy", TimedOut = "timed_out", Failed = "failed", Panicked = "panicked", Abandoned = "abandoned"
);

macro_rules! labelled {
    ($set:ident, $label:ident, $value:ty) => {
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $set {
            $label: $value,
        }
    };
}

labelled!(ByReason, reason, Refused);
labelled!(ByType, r#type, Kind);
labelled!(ByOutcome, outcome, Ended);
labelled!(ByJudgement, helpful, Judgement);
labelled!(ByCode, code, u32);

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    /// Open sessions.
    pub(crate) connections: Gauge,
    /// Questions that wait for a place.
    pub(crate) waiting: Gauge,
    generation: Gauge,
    refused: Family<ByReason, Counter>,
    /// By the place of the kind among all.
    messages: Vec<Counter>,
    /// By the place of the outcome among all.
    answers: Vec<Counter>,
    closes: Family<ByCode, Counter>,
    feedback: Family<ByJudgement, Counter>,
    seconds: Histogram,
    /// What the recorder kept, and what it lost.
    recorded: Counter,
    unrecorded: Counter,
}

/// Bounds of the histogram: from a search in a small index to the deadline of an answer, in seconds.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 10.0, 20.0,
];

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("docent");
        let (connections, waiting, generation) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("connections", "Open WebSocket sessions", connections.clone());
        registry.register(
            "questions_waiting",
            "Questions that wait for a place",
            waiting.clone(),
        );
        registry.register(
            "index_generation",
            "Number of the index that answers",
            generation.clone(),
        );
        let refused = Family::<ByReason, Counter>::default();
        registry.register(
            "handshakes_refused",
            "Handshakes refused, by reason",
            refused.clone(),
        );
        let messages = Family::<ByType, Counter>::default();
        registry.register("messages", "Messages received, by type", messages.clone());
        let answers = Family::<ByOutcome, Counter>::default();
        registry.register("questions", "Questions ended, by outcome", answers.clone());
        let closes = Family::<ByCode, Counter>::default();
        registry.register(
            "closes",
            "Connections closed by the server, by code",
            closes.clone(),
        );
        let feedback = Family::<ByJudgement, Counter>::default();
        registry.register("feedback", "Answers judged by clients", feedback.clone());
        let seconds = Histogram::new(SECONDS);
        registry.register_with_unit(
            "answer",
            "Time from a question to its answer, its wait included",
            Unit::Seconds,
            seconds.clone(),
        );
        let (recorded, unrecorded) = (Counter::default(), Counter::default());
        registry.register(
            "journal_records_written",
            "Records written into the journal",
            recorded.clone(),
        );
        registry.register(
            "journal_records_lost",
            "Records that the journal had to give up",
            unrecorded.clone(),
        );
        // Every series is there from the start, so that the first event is seen as a change.
        for &reason in Refused::ALL {
            drop(refused.get_or_create(&ByReason { reason }));
        }
        for &helpful in Judgement::ALL {
            drop(feedback.get_or_create(&ByJudgement { helpful }));
        }
        for code in [1001, 1002, 1007, 1009, 1011] {
            drop(closes.get_or_create(&ByCode { code }));
        }
        let by_outcome = |outcome| answers.get_or_create(&ByOutcome { outcome }).clone();
        let by_kind = |kind| messages.get_or_create(&ByType { r#type: kind }).clone();
        Self {
            messages: Kind::ALL.iter().map(|&kind| by_kind(kind)).collect(),
            registry,
            connections,
            waiting,
            generation,
            refused,
            answers: Ended::ALL.iter().map(|&outcome| by_outcome(outcome)).collect(),
            closes,
            feedback,
            seconds,
            recorded,
            unrecorded,
        }
    }

    pub(crate) fn refused(&self, reason: Refused) {
        self.refused.get_or_create(&ByReason { reason }).inc();
    }

    pub(crate) fn message(&self, kind: Kind) {
        self.messages[kind as usize].inc();
    }

    pub(crate) fn ended(&self, outcome: Ended) {
        self.answers[outcome as usize].inc();
    }

    pub(crate) fn judged(&self, helpful: bool) {
        let helpful = if helpful { Judgement::Yes } else { Judgement::No };
        self.feedback.get_or_create(&ByJudgement { helpful }).inc();
    }

    pub(crate) fn took(&self, time: Duration) {
        self.seconds.observe(time.as_secs_f64());
    }

    pub(crate) fn closed(&self, code: u16) {
        self.closes.get_or_create(&ByCode { code: code.into() }).inc();
    }

    /// Writes all series.
    pub(crate) fn print(&self, generation: u64, records: Counts) -> Result<String, fmt::Error> {
        self.recorded.inner().store(records.written, Ordering::Relaxed);
        self.unrecorded.inner().store(records.lost, Ordering::Relaxed);
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The series that a text names: words of letters and underscores that begin as ours do.
    fn named(text: &str) -> Vec<&str> {
        let words = text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'));
        words.filter(|word| word.starts_with("docent_")).collect()
    }

    #[test]
    fn the_dashboard_shows_series_that_there_are() {
        let metrics = Metrics::new();
        // A histogram and a family without an event print no sample.
        metrics.took(Duration::from_millis(1));
        let printed = metrics.print(1, Counts::default()).unwrap();
        let there = named(&printed);
        let dashboard = include_str!("../../../deploy/grafana.json");
        let shown = named(dashboard);
        assert!(shown.len() > 10, "{shown:?}");
        for series in shown {
            assert!(there.contains(&series), "{series} is not in\n{printed}");
        }
        for (label, values) in [
            ("outcome", "answered|offered"),
            ("outcome", "answered|offered|fallback"),
        ] {
            assert!(dashboard.contains(&format!("{label}=~\\\"{values}\\\"")));
            for value in values.split('|') {
                assert!(printed.contains(&format!("{label}=\"{value}\"")), "{value}");
            }
        }
    }
}
