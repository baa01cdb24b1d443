//! What an operator asks of the journal: how much was answered, how fast, from what, and what was not.
//!
//! The same statements serve both databases. Everything is read at the moment of asking; nothing is kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use docent_corpus::AssistantId;
use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, Executor, Row};

use crate::entry::Outcome;
use crate::groups::{Group, Unanswered, group};
use crate::place::Place;
use crate::store::{self, JournalError, Missing, PRAGMAS, millis};

/// Connections of a reader: an operator's page asks a few things at one time.
const CONNECTIONS: u32 = 2;

/// Unanswered questions that are grouped at most, the latest: more than anyone reads, and grouped in a fraction of a second.
const MOST_GROUPED: i64 = 20_000;

/// Which questions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope {
    /// Asked at this moment or later.
    pub since: Option<SystemTime>,
    /// Asked before this moment.
    pub until: Option<SystemTime>,
    /// Asked of this assistant.
    pub assistant: Option<AssistantId>,
}

/// The condition that a scope sets; its values are `$1` to `$4`.
const WITHIN: &str = "at_ms >= $1 AND at_ms < $2 AND ($3 = 0 OR assistant = $4)";

impl Scope {
    fn bind(self, sql: &str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(sqlx::AssertSqlSafe(sql.replace("WITHIN", WITHIN)))
            .bind(self.since.map_or(i64::MIN, millis))
            .bind(self.until.map_or(i64::MAX, millis))
            .bind(i64::from(self.assistant.is_some()))
            .bind(self.assistant.map_or(0, |id| id.0))
    }
}

/// One day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its first moment.
    pub begins: SystemTime,
    /// How a question ended.
    pub outcome: Outcome,
    /// How many did.
    pub count: u64,
}

/// How long answers took; courtesies, refusals and questions that somebody gave up are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    /// The slowest.
    pub max: Duration,
    /// How many there are.
    pub count: u64,
}

/// A single question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// By which it can be erased.
    pub request: String,
    /// When it was asked.
    pub at: SystemTime,
    /// Of whom.
    pub assistant: AssistantId,
    /// Its text as it was kept.
    pub question: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// Whether it helped, where somebody said so.
    pub helpful: Option<bool>,
}

/// How often a document was quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUse {
    /// Whose document.
    pub assistant: AssistantId,
    /// Path of the document inside the assistant's folder.
    pub document: String,
    /// The section, as a reader would cite it.
    pub section: Option<String>,
    /// The first page of it that was quoted.
    pub page: Option<u32>,
    /// Answers that quoted it.
    pub answers: u64,
}

/// What people said of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feedback {
    /// They helped.
    pub helpful: u64,
    /// They did not.
    pub unhelpful: u64,
}

/// Reads a journal, beside whoever writes it.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: AnyPool,
    place: Place,
}

impl Reader {
    /// Opens a journal that is there, and brings its tables up to date.
    ///
    /// # Errors
    ///
    /// When there is none, or its database cannot be used.
    pub async fn open(place: Place) -> Result<Self, JournalError> {
        // Also brings an older journal up to date.
        drop(store::open(&place, Missing::Refuse).await?);
        let is_file = matches!(place, Place::File(_));
        let options = place.options()?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if is_file {
                        connection.execute(PRAGMAS).await?;
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool, place })
    }

    /// Returns how many questions ended in each way, the best way first.
    ///
    /// # Errors
    ///
    /// When the database fails; so for all that follow.
    pub async fn outcomes(&self, scope: Scope) -> Result<Vec<(Outcome, u64)>, JournalError> {
        let sql = "SELECT outcome, COUNT(*) FROM asked WHERE WITHIN GROUP BY outcome";
        let rows = scope.bind(sql).fetch_all(&self.pool).await?;
        let mut counts = Vec::new();
        for row in rows {
            counts.push((outcome(&row, 0)?, count(&row, 1)?));
        }
        counts.sort_unstable();
        Ok(counts)
    }

    /// Returns how often models had which part in an answer, most often first; nothing where they have none.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn models(&self, scope: Scope) -> Result<Vec<(String, u64)>, JournalError> {
        let sql = "SELECT model, COUNT(*) FROM asked WHERE WITHIN AND model IS NOT NULL GROUP BY model ORDER BY 2 DESC, 1";
        let rows = scope.bind(sql).fetch_all(&self.pool).await?;
        let mut counts = Vec::new();
        for row in rows {
            counts.push((row.try_get::<String, _>(0)?, count(&row, 1)?));
        }
        Ok(counts)
    }

    /// Returns the same for each day on which something was asked, the earliest first.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn days(&self, scope: Scope) -> Result<Vec<Day>, JournalError> {
        /// Milliseconds of a day.
        const DAY: u64 = 86_400_000;
        let sql = "SELECT at_ms / 86400000 AS day, outcome, COUNT(*) FROM asked WHERE WITHIN GROUP BY at_ms / 86400000, outcome";
        let mut days = Vec::new();
        for row in scope.bind(sql).fetch_all(&self.pool).await? {
            days.push(Day {
                begins: UNIX_EPOCH + Duration::from_millis(count(&row, 0)? * DAY),
                outcome: outcome(&row, 1)?,
                count: count(&row, 2)?,
            });
        }
        days.sort_unstable_by_key(|day| (day.begins, day.outcome));
        Ok(days)
    }

    /// Returns how long answers took; nothing when there are none.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn latency(&self, scope: Scope) -> Result<Option<Latency>, JournalError> {
        let sql =
            "SELECT COUNT(*) FROM asked WHERE WITHIN AND outcome IN ('answered', 'offered', 'fallback')";
        let all = count(&scope.bind(sql).fetch_one(&self.pool).await?, 0)?;
        if all == 0 {
            return Ok(None);
        }
        Ok(Some(Latency {
            p50: self.rank(scope, all, 50).await?,
            p95: self.rank(scope, all, 95).await?,
            max: self.rank(scope, all, 100).await?,
            count: all,
        }))
    }

    /// Returns the time that so many of a hundred answers did not exceed (nearest rank).
    async fn rank(&self, scope: Scope, all: u64, percent: u64) -> Result<Duration, JournalError> {
        let sql = "SELECT took_us FROM asked WHERE WITHIN AND outcome IN ('answered', 'offered', 'fallback') \
                   ORDER BY took_us LIMIT 1 OFFSET $5";
        let place = (all * percent).div_ceil(100).max(1) - 1;
        let row = scope
            .bind(sql)
            .bind(place.cast_signed())
            .fetch_optional(&self.pool)
            .await?;
        // Rows may have gone since they were counted.
        let micros = row.map_or(Ok(0), |row| count(&row, 0))?;
        Ok(Duration::from_micros(micros))
    }

    /// Returns the questions that took longest, the slowest first.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn slow(&self, scope: Scope, most: u32) -> Result<Vec<Asked>, JournalError> {
        self.first_by("took_us", scope, most).await
    }

    /// Returns the latest questions, the last first.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn latest(&self, scope: Scope, most: u32) -> Result<Vec<Asked>, JournalError> {
        self.first_by("at_ms", scope, most).await
    }

    /// Returns the questions with most of a column.
    async fn first_by(&self, column: &str, scope: Scope, most: u32) -> Result<Vec<Asked>, JournalError> {
        let sql = format!(
            "SELECT request, at_ms, assistant, question, outcome, took_us, helpful FROM asked WHERE WITHIN \
             ORDER BY {column} DESC, request LIMIT $5"
        );
        let rows = scope
            .bind(&sql)
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(asked).collect()
    }

    /// Returns the sections quoted most often.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn sources(&self, scope: Scope, most: u32) -> Result<Vec<SourceUse>, JournalError> {
        let sql = "SELECT assistant, document, section, MIN(page), COUNT(DISTINCT asked.request) FROM asked \
                   JOIN cited ON cited.request = asked.request WHERE WITHIN \
                   GROUP BY assistant, document, section ORDER BY 5 DESC, document, section LIMIT $5";
        let rows = scope
            .bind(sql)
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        let mut sources = Vec::new();
        for row in rows {
            sources.push(SourceUse {
                assistant: AssistantId(row.try_get(0)?),
                document: row.try_get(1)?,
                section: row.try_get(2)?,
                page: row.try_get::<Option<i64>, _>(3)?.map(|page| page as u32),
                answers: count(&row, 4)?,
            });
        }
        Ok(sources)
    }

    /// Returns what people said of answers.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn feedback(&self, scope: Scope) -> Result<Feedback, JournalError> {
        let sql = "SELECT helpful, COUNT(*) FROM asked WHERE WITHIN AND helpful IS NOT NULL GROUP BY helpful";
        let mut feedback = Feedback::default();
        for row in scope.bind(sql).fetch_all(&self.pool).await? {
            match row.try_get::<i64, _>(0)? {
                0 => feedback.unhelpful = count(&row, 1)?,
                _ => feedback.helpful = count(&row, 1)?,
            }
        }
        Ok(feedback)
    }

    /// Returns the questions to which the documents gave no exact answer, the latest first; those without text are left out.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn unanswered(&self, scope: Scope) -> Result<Vec<Unanswered>, JournalError> {
        let sql = "SELECT question, outcome, at_ms, request FROM asked WHERE WITHIN \
                   AND outcome IN ('offered', 'fallback') AND question IS NOT NULL ORDER BY at_ms DESC, request LIMIT $5";
        let rows = scope.bind(sql).bind(MOST_GROUPED).fetch_all(&self.pool).await?;
        let mut unanswered = Vec::new();
        for row in rows {
            unanswered.push(Unanswered {
                question: row.try_get(0)?,
                offered: outcome(&row, 1)? == Outcome::Offered,
                at: moment(&row, 2)?,
                request: row.try_get(3)?,
            });
        }
        Ok(unanswered)
    }

    /// Returns the same put together by likeness, the largest group first, with at most `examples` wordings of each; `normal` gives
    /// the normal forms of a text's words.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn unanswered_groups(
        &self,
        scope: Scope,
        examples: usize,
        normal: &(dyn Fn(&str) -> Vec<String> + Sync),
    ) -> Result<Vec<Group>, JournalError> {
        Ok(group(
            self.unanswered(scope).await?,
            &|text| normal(text),
            examples,
        ))
    }

    /// Takes a question out of the journal; tells whether it was there.
    ///
    /// # Errors
    ///
    /// As [`Reader::outcomes`].
    pub async fn erase(&self, request: &str) -> Result<bool, JournalError> {
        let mut connection = store::open(&self.place, Missing::Refuse).await?;
        Ok(store::erase(&mut connection, request).await?)
    }
}

fn asked(row: &AnyRow) -> Result<Asked, JournalError> {
    Ok(Asked {
        request: row.try_get(0)?,
        at: moment(row, 1)?,
        assistant: AssistantId(row.try_get(2)?),
        question: row.try_get(3)?,
        outcome: outcome(row, 4)?,
        took: Duration::from_micros(count(row, 5)?),
        helpful: row.try_get::<Option<i64>, _>(6)?.map(|helpful| helpful != 0),
    })
}

fn count(row: &AnyRow, column: usize) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

fn moment(row: &AnyRow, column: usize) -> Result<SystemTime, sqlx::Error> {
    Ok(UNIX_EPOCH + Duration::from_millis(count(row, column)?))
}

/// A newer docent may write outcomes that this one does not know.
fn outcome(row: &AnyRow, column: usize) -> Result<Outcome, sqlx::Error> {
    let name: String = row.try_get(column)?;
    name.parse()
        .map_err(|error: crate::UnknownOutcome| sqlx::Error::Decode(Box::new(error)))
}
