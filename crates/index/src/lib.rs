//! Stores passages and finds those most likely to answer a question.
