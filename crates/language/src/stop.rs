//! Words that carry no subject: never indexed, or not sought in a question.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words too common to tell passages apart.
const STOP: &str = " а без бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще же за здесь и из или им их к ко когда который которая которое которые которых которого которой кто ли либо мне мы на над надо наш не него нее нет ни них но ну о об однако он она они оно от очень по под при про с со та так также такой там те тем то того тоже той только том ты у уже хотя чего чей чем что чтобы чье чья эта эти этих это этого этой этом этот я меня мой моя мое мои свой своя свои себя \
 a an and are as at be but by for from had has have he her his i if in into is it its my of on or our she so such that the their them then there these they this to was we were will with you your do does did \
 және мен пен бен да де та те үшін бұл осы сол ол олар біз сіз мың бір қай не немесе ма ме ба бе па пе деп бойынша ";

/// Words that shape a question without saying what it is about.
const QUESTION: &str = " как какая какие какой какое каких какую каком какого какими сколько скольки почему зачем куда откуда можно нужно нужен нужна нужны надо должен должна должны могу может хочу подскажите скажите расскажите пожалуйста здравствуйте добрый день привет чего ли быть положено положен положены интересует вопрос возле около вокруг вдоль мимо насчет ради сквозь \
 what which who whom how when where why can could may should please tell me much many \
 қалай қанша қайда қашан қандай кім неше бола болады керек айтыңызшы калай канша кайда кашан \
 қайсы қайсысы қайдан кімнің кімге кімді кімнен кіммен кімдер ненің нені неден немен неге нешінші неліктен қаншама қандайлар дегеніміз \
 деген аталады аталған атайды болған болды болып табылады табылатын табыңыз атаңыз көрсетіңіз анықтаңыз туралы еді екен бар жоқ жатады жататын ";

/// The words of a list; looked up for every word of every document.
fn set(list: &'static str) -> HashSet<&'static str> {
    list.split_whitespace().collect()
}

static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| set(STOP));
static QUESTION_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| set(QUESTION));

/// Tells whether a normalised word is never worth indexing.
pub(crate) fn is_stop(word: &str) -> bool {
    word.len() <= MAX_BYTES && STOP_WORDS.contains(word)
}

/// Tells whether a normalised word only shapes the question.
pub(crate) fn is_question(word: &str) -> bool {
    word.len() <= MAX_BYTES && QUESTION_WORDS.contains(word)
}

/// No listed word is longer: a cheap way out for most words.
const MAX_BYTES: usize = 26;
