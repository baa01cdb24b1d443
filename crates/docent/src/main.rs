//! Turns a folder of documents into chat assistants that answer only from them.
fn main() {}
