//! An answer in parts, for a client that asked for them.
//!
//! Answers are quoted, so all of an answer is there at once: the parts spare such a client a second way of reading, and it
//! sees the text grow. Invariant: the parts joined are the answer's text.

use docent_protocol::{MessageId, Reply, ServerMessage};
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

/// Sends the parts of a reply that is an answer; returns whether the client took them.
pub(crate) async fn deltas(
    socket: &mut Socket,
    shared: &Shared,
    reply: &Reply,
    id: Option<&MessageId>,
) -> bool {
    let ServerMessage::Answer { message, .. } = &reply.message else {
        return true;
    };
    for part in parts(message) {
        let delta = Reply {
            id: id.cloned(),
            message: ServerMessage::AnswerDelta {
                message: part.to_owned(),
            },
        };
        if !send(socket, shared, Message::Text(delta.to_json().into())).await {
            return false;
        }
    }
    true
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
