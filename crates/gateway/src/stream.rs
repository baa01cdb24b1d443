//! An answer in parts, for a client that asked for them.
//!
//! A quoted answer is there at once: its parts spare such a client a second way of reading. One that a model writes comes as it is
//! checked. Invariant: the parts joined are the answer's text.

use docent_protocol::{MessageId, Reply, ServerMessage};
use tokio::sync::watch;
use tungstenite::Message;

use crate::Shared;
use crate::session::send;
use crate::socket::Socket;

/// Characters of a part: a line on a screen. Shorter ones would cost more in heads of frames than they carry.
const PART_CHARS: usize = 80;

/// Cuts a text after white space into parts of a line or so.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begun, mut end, mut chars) = (0, 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        end += word.len();
        chars += word.chars().count();
        if chars >= PART_CHARS {
            parts.push(&text[begun..end]);
            (begun, chars) = (end, 0);
        }
    }
    if begun < end {
        parts.push(&text[begun..end]);
    }
    parts
}

/// An answer that grows while it is written, and how much of it the client has.
pub(crate) struct Growing {
    text: watch::Receiver<String>,
    shown: usize,
}

impl Growing {
    pub(crate) fn new(text: watch::Receiver<String>) -> Self {
        Self { text, shown: 0 }
    }

    /// Returns how many bytes the client has.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }
}

/// Waits until there is more to show; for ever where nothing grows.
///
/// # Cancel safety
///
/// What is not returned is returned by the next call.
pub(crate) async fn grown(growing: &mut Option<Growing>) -> String {
    let Some(growing) = growing else {
        return std::future::pending().await;
    };
    loop {
        {
            let text = growing.text.borrow_and_update();
            if let Some(more) = text.get(growing.shown..).filter(|more| !more.is_empty()) {
                growing.shown = text.len();
                return more.to_owned();
            }
        }
        if growing.text.changed().await.is_err() {
            // Whoever wrote it is done; the answer tells the rest.
            return std::future::pending().await;
        }
    }
}

/// Sends the parts of a reply that is an answer, of which the client has the first `shown` bytes; returns whether it took them.
pub(crate) async fn deltas(
    socket: &mut Socket,
    shared: &Shared,
    reply: &Reply,
    shown: usize,
    id: Option<&MessageId>,
) -> bool {
    let ServerMessage::Answer { message, .. } = &reply.message else {
        return true;
    };
    for part in parts(message.get(shown..).unwrap_or_default()) {
        if !delta(socket, shared, part.to_owned(), id).await {
            return false;
        }
    }
    true
}

/// Sends one part; returns whether the client took it.
pub(crate) async fn delta(
    socket: &mut Socket,
    shared: &Shared,
    message: String,
    id: Option<&MessageId>,
) -> bool {
    let delta = Reply {
        id: id.cloned(),
        message: ServerMessage::AnswerDelta { message },
    };
    send(socket, shared, Message::Text(delta.to_json().into())).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_between_words() {
        let text = "слово ".repeat(40);
        let cut = parts(&text);
        assert_eq!(cut.len(), 3);
        assert!(cut.iter().all(|part| part.ends_with(' ')));
        assert_eq!(parts(""), [""; 0]);
        assert_eq!(parts("Да."), ["Да."]);
    }

    proptest! {
        #[test]
        fn the_parts_joined_are_the_text(text in "(?s).{0,400}") {
            let cut = parts(&text);
            prop_assert!(cut.iter().all(|part| !part.is_empty()));
            prop_assert_eq!(cut.concat(), text);
        }
    }
}
