//! What is said of a key that nobody knows.

use super::{Key, keys};

/// Names an unknown key and the likeliest known one.
pub(super) fn unknown(section: &str, name: &str) -> String {
    /// Below this likeness (Jaro-Winkler, 0 to 1) a guess would mislead.
    const LIKE: f64 = 0.75;
    let full = |key: &Key| match key.section {
        "" => key.name.to_owned(),
        section => format!("{section}.{}", key.name),
    };
    let like = |key: &&Key| strsim::jaro_winkler(key.name, name);
    let near = keys()
        .max_by(|one, other| like(one).total_cmp(&like(other)))
        .filter(|key| like(key) >= LIKE);
    let place = if section.is_empty() {
        String::new()
    } else {
        format!(" in [{section}]")
    };
    match near {
        Some(key) => format!("unknown key `{name}`{place}; did you mean `{}`?", full(key)),
        None => format!("unknown key `{name}`{place}; `docent config` prints all keys"),
    }
}
