//! From a question and its hits to an answer with sources, or the honest fallback.
