//! Which of a connection's questions a judgement is about.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use docent_protocol::MessageId;

/// Questions that can be named by their `id`: a page shows about as many answers before its reader scrolls for long.
const NAMED: usize = 64;

/// The last questions that had an `id`, by a hash of it: ids may be long, and there are many connections.
///
/// Takes no memory before the first question with an `id`, and 1 KB at most.
#[derive(Default)]
pub(crate) struct Recent(VecDeque<(u64, u32)>);

impl Recent {
    /// Notes a question by its number.
    pub(crate) fn asked(&mut self, id: Option<&MessageId>, question: u32) {
        if let Some(id) = id {
            if self.0.len() == NAMED {
                self.0.pop_front();
            }
            self.0.push_back((hash(id), question));
        }
    }

    /// Returns the question that a judgement with this `id` means: the last that had it, else the last of all; nothing when none was
    /// asked.
    pub(crate) fn meant(&self, id: Option<&MessageId>, last: u32) -> Option<u32> {
        let named = id.map(hash);
        let found = self.0.iter().rev().find(|(hash, _)| Some(*hash) == named);
        found
            .map(|&(_, question)| question)
            .or((last > 0).then_some(last))
    }
}

fn hash(id: &MessageId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgement_means_the_question_with_its_id_or_else_the_last() {
        let id = |number| MessageId::Integer(number);
        let mut recent = Recent::default();
        assert_eq!(recent.meant(Some(&id(1)), 0), None);
        recent.asked(Some(&id(1)), 1);
        recent.asked(None, 2);
        recent.asked(Some(&id(1)), 3);
        recent.asked(Some(&MessageId::Text("1".to_owned())), 4);
        assert_eq!(recent.meant(Some(&id(1)), 5), Some(3));
        assert_eq!(recent.meant(Some(&MessageId::Text("1".to_owned())), 5), Some(4));
        assert_eq!(recent.meant(Some(&id(7)), 5), Some(5));
        assert_eq!(recent.meant(None, 5), Some(5));
    }

    #[test]
    fn only_the_last_questions_are_remembered() {
        let mut recent = Recent::default();
        for number in 0..1_000 {
            recent.asked(Some(&MessageId::Integer(number)), number as u32 + 1);
        }
        assert_eq!(recent.0.len(), NAMED);
        assert_eq!(recent.meant(Some(&MessageId::Integer(999)), 2_000), Some(1_000));
        assert_eq!(recent.meant(Some(&MessageId::Integer(0)), 2_000), Some(2_000));
    }
}
