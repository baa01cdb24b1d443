//! Writes the small models of the tests into a folder, for `tests/reference.py`.

#![allow(clippy::unwrap_used, reason = "what the tests use")]

use std::path::PathBuf;

#[path = "../tests/made/model.rs"]
mod model;

use model::{Family, Numbers};

fn main() {
    let folder: PathBuf = std::env::args_os().nth(1).expect("the folder is named").into();
    for (name, family) in [("bert", Family::Bert), ("roberta", Family::Roberta)] {
        model::write(&folder.join(name), family, Numbers::F32, 1);
    }
}
