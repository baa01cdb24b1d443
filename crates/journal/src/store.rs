//! The database: opening it, its tables, and everything that changes a row.
//!
//! One set of statements serves SQLite and PostgreSQL: numbers are BIGINT, placeholders are `$1`, times are whole numbers.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Once;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::AnyConnection;
use sqlx::any::AnyArguments;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};

use crate::entry::Entry;
use crate::place::Place;

/// The journal could not be opened, written or read. No text of a question and no password is in it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database file cannot be made.
    #[error("cannot make the journal {path}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// There is no journal to be read.
    #[error("there is no journal {path}: no question was asked yet")]
    None {
        /// The file that is not there.
        path: std::path::PathBuf,
    },
    /// The tables could not be made or brought up to date.
    #[error("cannot bring the tables of the journal up to date")]
    Tables(#[source] Box<MigrateError>),
    /// The database refuses or is not there.
    #[error("the database of the journal fails")]
    Database(#[from] sqlx::Error),
}

/// How long a connection may take: a server in the same house answers in milliseconds.
const CONNECT: Duration = Duration::from_secs(10);

/// SQLite: readers beside the writer; a commit survives the process but may be lost with the machine's power; what is erased is
/// overwritten.
pub(crate) const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000";

/// Makes the file of a journal, readable by its owner only.
fn make(path: &Path) -> Result<(), JournalError> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
    });
    made.map(drop).map_err(|source| JournalError::File {
        path: path.to_owned(),
        source,
    })
}

/// Tells the library which databases there are; once for the process.
pub(crate) fn drivers() {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(sqlx::any::install_default_drivers);
}

/// Whether a journal that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Make,
    Refuse,
}

/// Opens the database and brings its tables up to date.
pub(crate) async fn open(place: &Place, missing: Missing) -> Result<AnyConnection, JournalError> {
    drivers();
    if let Place::File(path) = place {
        if missing == Missing::Make {
            make(path)?;
        } else if !path.is_file() {
            return Err(JournalError::None { path: path.clone() });
        }
    }
    let options = place.options()?;
    let connecting = tokio::time::timeout(CONNECT, options.connect());
    let mut connection = connecting.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    if matches!(place, Place::File(_)) {
        sqlx::raw_sql(PRAGMAS).execute(&mut connection).await?;
    }
    let brought = tables(&mut connection).await;
    brought.map_err(|error| JournalError::Tables(Box::new(error)))?;
    Ok(connection)
}

/// Makes the tables, or brings them up to date; servers that begin at one moment wait for one another.
///
/// In a box and by `run_direct`: of the library's `run` the compiler cannot tell that it may move to another thread.
fn tables(
    connection: &mut AnyConnection,
) -> Pin<Box<dyn Future<Output = Result<(), MigrateError>> + Send + '_>> {
    let steps = [("asked", include_str!("store/1_asked.sql"))];
    let migrations = steps.into_iter().zip(1..).map(|((name, sql), version)| {
        let kind = MigrationType::Simple;
        Migration::new(version, name.into(), kind, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // Other things may live in the same database.
    migrator.dangerous_set_table_name("docent_journal_tables");
    Box::pin(async move { migrator.run_direct(None, connection, false).await })
}

/// Milliseconds since 1970; times before count as 1970.
pub(crate) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A judgement on an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) request: String,
    pub(crate) helpful: bool,
}

/// Rows of one statement: a message to the server costs more than a row, and 64 rows of seven values are far from the 32,766 values
/// that SQLite takes and the 65,535 of PostgreSQL.
const ROWS: usize = 64;

/// Writes questions and judgements in one transaction. A question that is there already stays as it is, so that a batch of which
/// nobody knows whether it arrived can be written again.
pub(crate) async fn write(
    connection: &mut AnyConnection,
    entries: &[Entry],
    judged: &[Judged],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for chunk in entries.chunks(ROWS) {
        let sql = insert(
            "asked (request, at_ms, assistant, question, outcome, took_us, model)",
            7,
            chunk.len(),
        );
        let mut query = query(sql, chunk.len());
        for one in chunk {
            query = query
                .bind(one.request.clone())
                .bind(millis(one.at))
                .bind(one.assistant.0)
                .bind(one.question.as_deref().map(writable))
                .bind(one.outcome.name())
                .bind(i64::try_from(one.took.as_micros()).unwrap_or(i64::MAX))
                .bind(one.model);
        }
        query.execute(&mut *transaction).await?;
    }
    let cited: Vec<_> = entries
        .iter()
        .flat_map(|one| {
            one.cited
                .iter()
                .zip(1_i64..)
                .map(|(cited, number)| (&one.request, number, cited))
        })
        .collect();
    for chunk in cited.chunks(ROWS) {
        let sql = insert("cited (request, number, document, section, page)", 5, chunk.len());
        let mut query = query(sql, chunk.len());
        for (request, number, cited) in chunk {
            query = query
                .bind((*request).clone())
                .bind(*number)
                .bind(writable(&cited.document))
                .bind(cited.section.as_deref().map(writable))
                .bind(cited.page.map(i64::from));
        }
        query.execute(&mut *transaction).await?;
    }
    for one in judged {
        sqlx::query("UPDATE asked SET helpful = $1 WHERE request = $2")
            .bind(i64::from(one.helpful))
            .bind(one.request.clone())
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// Full chunks are prepared once; the statement of a rest would push others out of the cache.
fn query(sql: String, rows: usize) -> Query<'static, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(sql)).persistent(rows == ROWS || rows == 1)
}

/// Writes the statement that puts in `rows` rows of `columns` values.
fn insert(into: &str, columns: usize, rows: usize) -> String {
    use std::fmt::Write;
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { "), (" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { ", " };
            let _ = write!(sql, "{comma}${}", row * columns + column);
        }
    }
    sql + ") ON CONFLICT DO NOTHING"
}

/// PostgreSQL keeps no zero character in a text.
fn writable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Takes out what was asked before a moment; returns how many questions.
pub(crate) async fn expire(connection: &mut AnyConnection, before: SystemTime) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM cited WHERE request IN (SELECT request FROM asked WHERE at_ms < $1)")
        .bind(millis(before))
        .execute(&mut *transaction)
        .await?;
    let gone = sqlx::query("DELETE FROM asked WHERE at_ms < $1")
        .bind(millis(before))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(gone.rows_affected())
}

/// Takes out one question; returns whether it was there. In SQLite the log of changes, which holds it as well, is emptied too.
pub(crate) async fn erase(connection: &mut AnyConnection, request: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("DELETE FROM cited WHERE request = $1")
        .bind(request.to_owned())
        .execute(&mut *transaction)
        .await?;
    let gone = sqlx::query("DELETE FROM asked WHERE request = $1")
        .bind(request.to_owned())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if connection.backend_name() == "SQLite" {
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(connection)
            .await?;
    }
    Ok(gone.rows_affected() > 0)
}
