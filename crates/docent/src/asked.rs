//! What the journal tells at the keeper's desk.
//!
//! Owns which days and groups are shown. Leaves the statements to the journal's own crate. A library without a journal, or one that has
//! none yet, has nothing to tell, which is no failure.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use docent_gateway::{Day, Figures, Group, Lately, Trouble};
use docent_journal::{Feedback, JournalError, Outcome, Reader, Scope};

use crate::journal::{Unread, Wanted, normal, reader, wait};

/// Wordings of a group: more ways to put one question are not read.
const EXAMPLES: usize = 5;

const DAY: Duration = Duration::from_hours(24);

/// Returns the first moment of the earliest day that is shown, and that of tomorrow, UTC.
fn span(lately: Lately, now: SystemTime) -> (SystemTime, SystemTime) {
    let today = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY.as_secs();
    let at = |day: u64| UNIX_EPOCH + DAY * day as u32;
    (
        at((today + 1).saturating_sub(u64::from(lately.days))),
        at(today + 1),
    )
}

fn scope(lately: Lately, now: SystemTime) -> Scope {
    let (since, until) = span(lately, now);
    Scope {
        since: Some(since),
        until: Some(until),
        assistant: lately.assistant,
    }
}

/// Returns the unanswered questions of a time, alike together, the largest group first.
pub(crate) fn groups(wanted: &Wanted, data: &Path, lately: Lately) -> Result<Option<Vec<Group>>, Trouble> {
    let scope = scope(lately, SystemTime::now());
    told(wait(async {
        let reader = reader(wanted, data).await?;
        grouped(&reader, scope).await
    }))
}

/// Returns the figures of a time.
pub(crate) fn figures(wanted: &Wanted, data: &Path, lately: Lately) -> Result<Option<Figures>, Trouble> {
    let now = SystemTime::now();
    let scope = scope(lately, now);
    told(wait(async {
        let reader = reader(wanted, data).await?;
        let counts = reader.days(scope).await?;
        let (since, until) = span(lately, now);
        let mut days = Vec::new();
        let mut begins = since;
        while begins < until {
            let count = |is: fn(Outcome) -> bool| -> u64 {
                let own = counts
                    .iter()
                    .filter(|day| day.begins == begins && is(day.outcome));
                own.map(|day| day.count).sum()
            };
            let answered = count(|outcome| outcome == Outcome::Answered);
            let asked = answered + count(Outcome::is_unanswered);
            let took = if asked == 0 {
                None
            } else {
                let day = Scope {
                    since: Some(begins),
                    until: Some(begins + DAY),
                    ..scope
                };
                reader
                    .latency(day)
                    .await?
                    .map(|latency| (latency.p50, latency.p95))
            };
            days.push(Day {
                begins,
                asked,
                answered,
                took,
            });
            begins += DAY;
        }
        let Feedback { helpful, unhelpful } = reader.feedback(scope).await?;
        Ok(Figures {
            days,
            feedback: (helpful, unhelpful),
            groups: grouped(&reader, scope).await?,
        })
    }))
}

async fn grouped(reader: &Reader, scope: Scope) -> Result<Vec<Group>, Unread> {
    let groups = reader.unanswered_groups(scope, EXAMPLES, &normal).await?;
    let shown = |group: docent_journal::Group| Group {
        count: group.count,
        offered: group.offered,
        last: group.last,
        examples: group.examples,
    };
    Ok(groups.into_iter().map(shown).collect())
}

fn told<T>(read: std::io::Result<Result<T, Unread>>) -> Result<Option<T>, Trouble> {
    match read.map_err(|error| Trouble::Library(Box::new(error)))? {
        Ok(told) => Ok(Some(told)),
        Err(Unread::Off | Unread::Journal(JournalError::None { .. })) => Ok(None),
        Err(error) => Err(Trouble::Library(Box::new(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docent_corpus::AssistantId;

    #[test]
    fn a_time_of_days_ends_with_today() {
        let lately = Lately {
            assistant: Some(AssistantId(1)),
            days: 7,
        };
        let (since, until) = span(lately, UNIX_EPOCH + DAY * 20 + Duration::from_hours(5));
        assert_eq!((since, until), (UNIX_EPOCH + DAY * 14, UNIX_EPOCH + DAY * 21));
    }
}
