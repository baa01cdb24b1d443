//! Answers with the help of models: what they are asked, for how long, and what goes out in their stead.
//!
//! Owns the order of steps — find, compare, find by other words, write, check — their deadlines and budgets. Leaves talking to models to
//! `docent-models`, and what may be believed of them to `docent-answer`.
//!
//! Invariants: nothing a model does or fails to do keeps a person from the answer that there is without it, by the deadline; a model is
//! asked only where the gate lets a passage through; dropped, an answer ends what was begun for it.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use docent_answer::{Account, Drafting, Fault, PROMPT_VERSION, Verdict, Written, judge, rewriting};
use docent_corpus::{Answer, Assistant, AssistantId, Interest, Question, Retrieval, RetrieveError};
use docent_gateway::{Asker, Part};
use docent_models::{Budget, Cache, Chat, ChatRequest, ModelError, Rerank, Shared, Taken};
use tokio::sync::{Semaphore, watch};

use crate::settings;

/// Passages that are found where nothing compares them: as many as the gate is used to.
const HITS: NonZeroUsize = NonZeroUsize::new(10).expect("10 is not 0");

/// Answers that are kept: some kilobytes each.
const KEPT: NonZeroUsize = NonZeroUsize::new(2_000).expect("2,000 is not 0");

/// Characters of text for a token, where no server has counted yet: Russian has some 2.2, English 3.5.
const CHARS_OF_A_TOKEN: u64 = 2;

/// Tokens of a question put into other words: three lines.
const REWRITTEN_TOKENS: u32 = 200;

/// Characters of a passage that are compared with a question: models of this kind read some 512 tokens.
const COMPARED_CHARS: usize = 1_200;

const DAY: Duration = Duration::from_hours(24);

/// Finds passages for a question, at most so many; blocks, and gives up when nobody waits.
pub(crate) type Find =
    Arc<dyn Fn(&str, NonZeroUsize, &Interest) -> Result<Retrieval, RetrieveError> + Send + Sync>;

/// One question to one state of the library.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    /// Which state.
    pub(crate) snapshot: u64,
    pub(crate) assistant: AssistantId,
    /// As it was typed.
    pub(crate) question: String,
}

impl Asked {
    /// Returns the same for all who type the same, blanks and case apart.
    fn key(&self) -> Self {
        let words: Vec<String> = self.question.split_whitespace().map(str::to_lowercase).collect();
        Self {
            question: words.join(" "),
            ..self.clone()
        }
    }
}

/// What models had to do with an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    /// Whether a model compared the passages with the question; none where it was not asked.
    pub(crate) compared: Option<Result<(), ModelError>>,
    /// The other words that were sought, the ones that found the passages first; none where it was not asked.
    pub(crate) other_words: Option<Result<Vec<String>, ModelError>>,
    /// How writing went; none where no model was asked.
    pub(crate) written: Option<Writing>,
}

impl Trace {
    /// Returns what it says in a word.
    pub(crate) fn part(&self) -> Part {
        match &self.written {
            None => Part::Unasked,
            Some(Writing::Passed(_)) => Part::Written,
            Some(Writing::Refused) => Part::Refused,
            Some(Writing::Rejected(_)) => Part::Rejected,
            Some(Writing::Failed(_)) => Part::Failed,
        }
    }
}

/// How writing went.
#[derive(Debug, Clone)]
pub(crate) enum Writing {
    /// The answer is the model's, sentences that did not stand left out.
    Passed(Vec<Fault>),
    /// The model found no answer in the passages.
    Refused,
    /// Nothing of it stood.
    Rejected(Vec<Fault>),
    /// It did not come.
    Failed(ModelError),
}

impl fmt::Display for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(faults) if faults.is_empty() => f.write_str("written by the model"),
            Self::Passed(faults) => write!(
                f,
                "written by the model, without {} of its sentences: {faults:?}",
                faults.len()
            ),
            Self::Refused => f.write_str("the model finds no answer in the passages"),
            Self::Rejected(faults) => write!(
                f,
                "nothing of what the model wrote stands in the passages: {faults:?}"
            ),
            Self::Failed(error) => write!(f, "no answer by the model: {error}"),
        }
    }
}

/// An answer with what models had to do with it.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) answer: Answer,
    pub(crate) trace: Trace,
}

/// What becomes of an answer.
pub(crate) type Outcomes = Result<Made, Arc<RetrieveError>>;

/// The models of a library and what they may do.
pub(crate) struct Writer {
    chat: Option<Chat>,
    rerank: Option<Rerank>,
    settings: settings::Chat,
    comparing: settings::Rerank,
    calls: Shared<Asked, Outcomes>,
    /// What is written, for those who watch it grow.
    texts: Mutex<HashMap<Asked, Weak<watch::Sender<String>>>>,
    kept: Cache<Asked, Answer>,
    budgets: Budgets,
    /// Searches at one time.
    places: Semaphore,
    /// Draws fences that no document can foresee.
    random: RandomState,
}

/// What a model's tokens are taken from.
struct Budgets {
    all: Option<Budget<()>>,
    assistants: Option<Budget<AssistantId>>,
    addresses: Option<Budget<std::net::IpAddr>>,
    connections: Option<Budget<u64>>,
}

/// Tokens taken for one call.
struct Spent {
    all: Option<Taken<()>>,
    assistant: Option<Taken<AssistantId>>,
    address: Option<Taken<std::net::IpAddr>>,
    connection: Option<Taken<u64>>,
}

impl Budgets {
    fn new(tokens: settings::Tokens) -> Self {
        const HOUR: Duration = Duration::from_hours(1);
        Self {
            all: tokens.a_day.map(|tokens| Budget::new(tokens.into(), DAY)),
            assistants: tokens
                .a_day_per_assistant
                .map(|tokens| Budget::new(tokens.into(), DAY)),
            addresses: tokens
                .a_day_per_address
                .map(|tokens| Budget::new(tokens.into(), DAY)),
            connections: tokens
                .an_hour_per_connection
                .map(|tokens| Budget::new(tokens.into(), HOUR)),
        }
    }

    /// Takes tokens from every budget that is concerned, or from none.
    fn take(&self, assistant: AssistantId, asker: Option<Asker>, tokens: u64) -> Result<Spent, ModelError> {
        let now = Instant::now();
        let mut spent = Spent {
            all: None,
            assistant: None,
            address: None,
            connection: None,
        };
        let taken = (|| {
            spent.connection = self
                .connections
                .as_ref()
                .zip(asker)
                .map(|(budget, asker)| budget.take(asker.connection, tokens, now))
                .transpose()?;
            let address = asker.and_then(|asker| asker.address);
            spent.address = self
                .addresses
                .as_ref()
                .zip(address)
                .map(|(budget, address)| budget.take(address, tokens, now))
                .transpose()?;
            spent.assistant = self
                .assistants
                .as_ref()
                .map(|budget| budget.take(assistant, tokens, now))
                .transpose()?;
            spent.all = self
                .all
                .as_ref()
                .map(|budget| budget.take((), tokens, now))
                .transpose()?;
            Ok(())
        })();
        match taken {
            Ok(()) => Ok(spent),
            Err(error) => {
                spent.settle(0);
                Err(error)
            }
        }
    }
}

impl Spent {
    fn settle(self, used: u64) {
        self.all.into_iter().for_each(|taken| taken.settle(used));
        self.assistant.into_iter().for_each(|taken| taken.settle(used));
        self.address.into_iter().for_each(|taken| taken.settle(used));
        self.connection.into_iter().for_each(|taken| taken.settle(used));
    }
}

/// Somebody who waits for a search, as long as it lives.
struct Waits(Interest);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.lose();
    }
}

impl Writer {
    /// Makes one of clients; nothing when there are none.
    pub(crate) fn new(
        chat: Option<Chat>,
        rerank: Option<Rerank>,
        settings: settings::Chat,
        comparing: settings::Rerank,
        searches: usize,
    ) -> Option<Self> {
        if chat.is_none() && rerank.is_none() {
            return None;
        }
        Some(Self {
            chat,
            rerank,
            kept: Cache::new(KEPT, settings.keep.min(30 * DAY)),
            budgets: Budgets::new(settings.tokens),
            settings,
            comparing,
            calls: Shared::new(),
            texts: Mutex::default(),
            places: Semaphore::new(searches.clamp(1, Semaphore::MAX_PERMITS)),
            random: RandomState::new(),
        })
    }

    /// Tells whether models have a part in an assistant's answers.
    pub(crate) fn serves(&self, assistant: AssistantId) -> bool {
        self.settings.assistants.is_empty() || self.settings.assistants.contains(&assistant.0)
    }

    /// Begins an answer; returns what may be shown of it as it grows, and the answer.
    pub(crate) fn begin(
        self: &Arc<Self>,
        asked: Asked,
        who: Assistant,
        asker: Option<Asker>,
        find: Find,
    ) -> (
        watch::Receiver<String>,
        impl Future<Output = Outcomes> + Send + 'static,
    ) {
        let key = asked.key();
        let text = self.text(&key);
        let shown = text.subscribe();
        let writer = self.clone();
        let answer = async move {
            if let Some(answer) = writer.kept.get(&key, Instant::now()) {
                let trace = Trace {
                    written: Some(Writing::Passed(Vec::new())),
                    ..Trace::default()
                };
                return Ok(Made { answer, trace });
            }
            let own = writer.clone();
            let kept_as = key.clone();
            let made = writer
                .calls
                .run(key, move || async move {
                    // A call before this one may have ended without an answer that is kept.
                    text.send_modify(String::clear);
                    own.make(asked, kept_as, &who, asker, find, &text).await
                })
                .await;
            writer.forget();
            made
        };
        (shown, answer)
    }

    /// Returns the text that grows for whoever asks this.
    fn text(&self, key: &Asked) -> Arc<watch::Sender<String>> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(key).and_then(Weak::upgrade) {
            return text;
        }
        let text = Arc::new(watch::Sender::new(String::new()));
        texts.insert(key.clone(), Arc::downgrade(&text));
        text
    }

    /// Forgets texts that nobody watches.
    fn forget(&self) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.retain(|_, text| text.strong_count() > 0);
    }

    /// Searches in a thread where that may take its time.
    async fn found(
        &self,
        question: &str,
        limit: NonZeroUsize,
        find: &Find,
    ) -> Result<Retrieval, Arc<RetrieveError>> {
        let lost = |error: &'static str| Arc::new(RetrieveError(error.into()));
        // Never closed.
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|_| lost("no place to search"))?;
        let waits = Waits(Interest::default());
        let (interest, find, question) = (waits.0.clone(), find.clone(), question.to_owned());
        let found = tokio::task::spawn_blocking(move || find(&question, limit, &interest)).await;
        found.map_err(|_| lost("the search panicked"))?.map_err(Arc::new)
    }

    async fn make(
        &self,
        asked: Asked,
        key: Asked,
        who: &Assistant,
        asker: Option<Asker>,
        find: Find,
        text: &watch::Sender<String>,
    ) -> Outcomes {
        let deadline = Instant::now() + self.settings.deadline.min(DAY);
        let mut trace = Trace::default();
        let question = Question {
            text: asked.question.clone(),
        };
        let mut account = self.account(who, &question, &find, deadline, &mut trace).await?;
        if account.verdict != Verdict::Answer
            && !account.idle
            && self.settings.rewrite
            && let Some(chat) = &self.chat
        {
            let until = deadline.min(Instant::now() + self.settings.rewrite_deadline.min(DAY));
            match self.other_words(chat, &question, who, asker, until).await {
                Err(error) => trace.other_words = Some(Err(error)),
                Ok(forms) => {
                    let better = self.best(&forms, who, &find, deadline, &mut trace).await?;
                    trace.other_words = Some(Ok(forms));
                    if let Some(better) =
                        better.filter(|better| better.evidence.answers() > account.evidence.answers())
                    {
                        account = better.found_for(&question);
                    }
                }
            }
        }
        let plain = |account: &Account| account.answer(who);
        let asks =
            account.verdict == Verdict::Answer || (account.verdict == Verdict::Offer && self.settings.judge);
        let Some(chat) = self.chat.as_ref().filter(|_| asks) else {
            return Ok(Made {
                answer: plain(&account),
                trace,
            });
        };
        let (written, writing) = self.write(chat, &account, who, asker, deadline, text).await;
        tracing::debug!(how = ?writing, "a model was asked for an answer");
        let answer = match (written, account.verdict) {
            (Some(Written::Answer(answer)), _) => {
                self.kept.put(key, answer.clone(), Instant::now());
                answer
            }
            // Its «no» is final where the documents may or may not answer; where they seem to, their places are shown without
            // a claim.
            (Some(Written::Refused), Verdict::Answer) => {
                account.offer(who).unwrap_or_else(|| plain(&account))
            }
            (Some(Written::Refused), _) => account.none(who),
            (Some(Written::Rejected) | None, _) => plain(&account),
        };
        trace.written = Some(writing);
        Ok(Made { answer, trace })
    }

    /// Finds, compares and judges.
    async fn account(
        &self,
        who: &Assistant,
        question: &Question,
        find: &Find,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Account, Arc<RetrieveError>> {
        let compares = self.rerank.as_ref();
        let limit = compares
            .and_then(|_| NonZeroUsize::new(self.comparing.top))
            .unwrap_or(HITS);
        let mut found = self.found(&question.text, limit.max(HITS), find).await?;
        found.hits.sort_by(|one, other| other.share.total_cmp(&one.share));
        if let Some(rerank) = compares.filter(|_| found.hits.len() > 1) {
            let texts: Vec<String> = found.hits.iter().map(compared).collect();
            let until = deadline.min(Instant::now() + self.comparing.deadline.min(DAY));
            let text = found
                .reading
                .as_ref()
                .map_or(&question.text, |reading| &reading.text);
            match rerank.score(text, &texts, until).await {
                Err(error) => trace.compared = Some(Err(error)),
                Ok(scores) => {
                    trace.compared = Some(Ok(()));
                    let mut order: Vec<usize> = (0..found.hits.len()).collect();
                    // Stable: what is alike keeps its order.
                    order.sort_by(|&one, &other| scores[other].total_cmp(&scores[one]));
                    found.hits = order
                        .into_iter()
                        .enumerate()
                        .map(|(place, at)| {
                            let mut hit = found.hits[at].clone();
                            hit.score = 1.0 / (place + 1) as f32;
                            hit
                        })
                        .collect();
                }
            }
        }
        let (who, question) = (who.clone(), question.clone());
        let judged = tokio::task::spawn_blocking(move || judge(&who, &question, found)).await;
        judged.map_err(|_| Arc::new(RetrieveError("judging panicked".into())))
    }

    /// Asks for the question in other words.
    async fn other_words(
        &self,
        chat: &Chat,
        question: &Question,
        who: &Assistant,
        asker: Option<Asker>,
        deadline: Instant,
    ) -> Result<Vec<String>, ModelError> {
        let asks = rewriting(&question.text);
        let request = ChatRequest {
            system: asks.system.to_owned(),
            user: asks.user.clone(),
            max_tokens: REWRITTEN_TOKENS,
            temperature: 0.0,
            schema: None,
        };
        let mut reply = String::new();
        self.talk(chat, &request, who, asker, deadline, |piece| {
            reply.push_str(piece);
            reply.len() > 4_000
        })
        .await?;
        Ok(asks.forms(&reply))
    }

    /// Returns what the best of other wordings found; it comes first among them then.
    async fn best(
        &self,
        forms: &[String],
        who: &Assistant,
        find: &Find,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Option<Account>, Arc<RetrieveError>> {
        let mut best: Option<Account> = None;
        for form in forms {
            let question = Question { text: form.clone() };
            let account = self.account(who, &question, find, deadline, trace).await?;
            let is_better = best
                .as_ref()
                .is_none_or(|best| account.evidence.answers() > best.evidence.answers());
            if account.verdict != Verdict::Fallback && is_better {
                best = Some(account);
            }
        }
        Ok(best)
    }

    /// Has an answer written and checks it as it comes.
    async fn write(
        &self,
        chat: &Chat,
        account: &Account,
        who: &Assistant,
        asker: Option<Asker>,
        deadline: Instant,
        text: &watch::Sender<String>,
    ) -> (Option<Written>, Writing) {
        let (mut chars, mut structured) = (self.settings.passages_chars, true);
        loop {
            let Some(brief) = account.brief(who, self.fence(), chars) else {
                return (None, Writing::Rejected(Vec::new()));
            };
            let request = ChatRequest {
                system: brief.system.clone(),
                user: brief.user.clone(),
                max_tokens: self.settings.max_tokens,
                temperature: 0.0,
                schema: structured.then(|| brief.schema.clone()),
            };
            let mut drafting = Drafting::new(&brief, account);
            let talked = self
                .talk(chat, &request, who, asker, deadline, |piece| {
                    let more = drafting.feed(piece);
                    if !more.is_empty() {
                        text.send_modify(|shown| shown.push_str(&more));
                    }
                    drafting.is_over()
                })
                .await;
            let began = !text.borrow().is_empty();
            match talked {
                // The prompt was too long for this model: half of it, once more and again.
                Err(ModelError::ContextExceeded { .. }) if chars > 1_000 && !began => {
                    chars /= 2;
                    continue;
                }
                // llama.cpp may fail in the middle of holding a model to a form: without one, once more.
                Err(ModelError::Overloaded { status: 500, .. }) if structured && !began => {
                    structured = false;
                    continue;
                }
                // What was shown stands, whatever became of the rest.
                Err(error) if !began => return (None, Writing::Failed(error)),
                Err(_) | Ok(()) => {}
            }
            let faults = drafting.faults().to_vec();
            let written = drafting.finish();
            let writing = match &written {
                Written::Answer(_) => Writing::Passed(faults),
                Written::Refused => Writing::Refused,
                Written::Rejected => Writing::Rejected(faults),
            };
            return (Some(written), writing);
        }
    }

    /// Talks to a model within the budgets; `take` gets each piece and tells when it has enough.
    async fn talk(
        &self,
        chat: &Chat,
        request: &ChatRequest,
        who: &Assistant,
        asker: Option<Asker>,
        deadline: Instant,
        mut take: impl FnMut(&str) -> bool,
    ) -> Result<(), ModelError> {
        let chars = (request.system.chars().count() + request.user.chars().count()) as u64;
        let spent = self.budgets.take(
            who.id,
            asker,
            chars / CHARS_OF_A_TOKEN + u64::from(request.max_tokens),
        )?;
        let mut reply = match chat.start(request, deadline).await {
            Ok(reply) => reply,
            Err(error) => {
                // Nothing was written; a server that refused charges nothing.
                spent.settle(0);
                return Err(error);
            }
        };
        let mut outcome = Ok(());
        while let Some(piece) = reply.next().await {
            match piece {
                Ok(piece) if take(&piece) => break,
                Ok(_) => {}
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if let Some(usage) = reply.usage() {
            spent.settle(usage.prompt + usage.completion);
        }
        outcome
    }

    /// Draws a number that nobody can foresee.
    fn fence(&self) -> u64 {
        // Keyed by the system's randomness (SipHash), over a counter that the clock stands for.
        self.random.hash_one((Instant::now(), PROMPT_VERSION))
    }
}

/// Returns a passage as it is compared with a question.
fn compared(hit: &docent_corpus::Hit) -> String {
    let passage = &hit.passage;
    let mut text = passage.title.to_string();
    for heading in &passage.headings {
        text.push_str(". ");
        text.push_str(heading);
    }
    for line in passage.lead.iter().chain(&passage.lines) {
        text.push('\n');
        text.push_str(&line.text);
    }
    match text.char_indices().nth(COMPARED_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
