//! `[embeddings]`: the model of whole texts that the operator has.

use std::path::PathBuf;

use docent_index::Fusion;

use super::values::{count, quoted};
use super::{Key, Server};

/// A model and how it is used; off without a path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Embeddings {
    /// The model's directory, relative to the library.
    pub(crate) path: Option<PathBuf>,
    /// Servers that make the vectors where there is no path, in the order in which they are asked.
    pub(crate) servers: Vec<Server>,
    /// How many numbers their vectors have.
    pub(crate) dimensions: Option<usize>,
    /// What is said in place of the model's own files.
    pub(crate) model: docent_encoder::Settings,
    /// How the order by words and the order by nearness become one.
    pub(crate) fusion: Fusion,
}

pub(super) const KEYS: &[Key] = &[
    Key {
        section: "embeddings",
        name: "path",
        comment: "Directory of a model that turns texts into vectors, relative to the library and beside the assistants' folders,\n\
                  as sentence-transformers writes it (BERT and XLM-RoBERTa families: multilingual-e5, bge-m3, MiniLM).\n\
                  Passages that say the same in other words come up as well. Default: none; nothing is fetched.",
        show: |config| {
            let path = config.embeddings.path.as_ref();
            path.and_then(|path| quoted(path.display()))
        },
        set: |config, value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            let path = path.ok_or("a path, like \"/var/lib/docent/multilingual-e5-small\"")?;
            config.embeddings.path = Some(path.into());
            Ok(())
        },
    },
    Key {
        section: "embeddings",
        name: "dimensions",
        comment: "How many numbers a vector of [[embeddings.server]] has; `docent models check` tells. Not needed with a path.",
        show: |config| config.embeddings.dimensions.map(|count| count.to_string()),
        set: |config, value| {
            let mut dimensions = 0u32;
            count(value, &mut dimensions)?;
            config.embeddings.dimensions = Some(dimensions as usize);
            Ok(())
        },
    },
    Key {
        section: "embeddings",
        name: "query_prefix",
        comment: "What the model wants before a question, like \"query: \". Default: what its own files say, or nothing.",
        show: |config| config.embeddings.model.query_prefix.as_ref().and_then(quoted),
        set: |config, value| {
            let prefix = value.as_str().ok_or("a text, like \"query: \"")?;
            config.embeddings.model.query_prefix = Some(prefix.to_owned());
            Ok(())
        },
    },
    Key {
        section: "embeddings",
        name: "passage_prefix",
        comment: "What the model wants before a passage, like \"passage: \". Default: what its own files say, or nothing.",
        show: |config| config.embeddings.model.passage_prefix.as_ref().and_then(quoted),
        set: |config, value| {
            let prefix = value.as_str().ok_or("a text, like \"passage: \"")?;
            config.embeddings.model.passage_prefix = Some(prefix.to_owned());
            Ok(())
        },
    },
    Key {
        section: "embeddings",
        name: "max_tokens",
        comment: "After how many tokens a text is cut. Default: what the model's own files say. Fewer cost less and see less.",
        show: |config| config.embeddings.model.max_tokens.map(|most| most.to_string()),
        set: |config, value| {
            let mut most = 0u32;
            count(value, &mut most)?;
            config.embeddings.model.max_tokens = Some(most as usize);
            Ok(())
        },
    },
    Key {
        section: "embeddings",
        name: "fusion",
        comment: "How the order by words and the order by the model become one: \"sum\" adds the scores, \"rrf\" the places in both\n\
                  orders. On the development sets the sum finds more.",
        show: |config| {
            quoted(match config.embeddings.fusion {
                Fusion::Sum => "sum",
                Fusion::Rrf => "rrf",
            })
        },
        set: |config, value| {
            config.embeddings.fusion = match value.as_str() {
                Some("sum") => Fusion::Sum,
                Some("rrf") => Fusion::Rrf,
                _ => return Err("\"sum\" or \"rrf\""),
            };
            Ok(())
        },
    },
];
