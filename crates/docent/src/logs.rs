//! What is written about the server's own doings, and how.
//!
//! Owns the form of the log. Invariant: nobody's words are in it, at any level that can be set; what is said of a question is
//! its number, its end and its time.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// What is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Warn,
    Info,
    Debug,
}

/// Says how the values of a setting are written.
macro_rules! written {
    ($setting:ident: $($value:ident = $name:literal),+) => {
        impl fmt::Display for $setting {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$value => $name,)+
                })
            }
        }

        impl FromStr for $setting {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($name => Ok(Self::$value),)+
                    _ => Err(()),
                }
            }
        }
    };
}

written!(Format: Text = "text", Json = "json");
written!(Level: Warn = "warn", Info = "info", Debug = "debug");

/// Begins to write the log on standard error.
pub(crate) fn begin(format: Format, level: Level) {
    let level = match level {
        Level::Warn => tracing::Level::WARN,
        Level::Info => tracing::Level::INFO,
        Level::Debug => tracing::Level::DEBUG,
    };
    // The libraries below tell what only their authors want to know.
    let levels = Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("docent", level);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        Format::Text => layer.boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(levels))
        .init();
}
