//! What the desk says, in the three languages side by side.
//!
//! A page of its own brings its own words: [`texts!`] takes them wherever they stand.

use std::time::Duration;

use docent_corpus::{Language, Repair};

use super::keeper::{Effect, Refused, State, Verdict};

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(pub(super) Language);

/// Defines methods of [`Words`]: a name, then the text in Russian, Kazakh and English.
macro_rules! texts {
    ($($name:ident: $russian:literal, $kazakh:literal, $english:literal;)*) => {
        impl $crate::desk::words::Words {
            $(pub(in $crate::desk) fn $name(self) -> &'static str {
                match self.0 {
                    docent_corpus::Language::Russian => $russian,
                    docent_corpus::Language::Kazakh => $kazakh,
                    docent_corpus::Language::English => $english,
                }
            })*
        }
    };
}
pub(super) use texts;

texts! {
    desk: "Рабочий стол", "Жұмыс үстелі", "Desk";
    pages: "Разделы", "Бөлімдер", "Pages";
    languages: "Язык", "Тіл", "Language";
    skip: "К содержанию", "Мазмұнға өту", "Skip to content";
    sign_in: "Войти", "Кіру", "Sign in";
    sign_out: "Выйти", "Шығу", "Sign out";
    sign_in_title: "Вход для хранителя документов", "Құжат сақтаушының кіруі", "Sign-in for the keeper of the documents";
    token: "Ключ доступа", "Қолжеткізу кілті", "Access key";
    token_hint: "Его задал тот, кто настраивал сервер: ключ desk.token.", "Оны серверді баптаған адам берген: desk.token кілті.", "Whoever set up the server chose it: the key desk.token.";
    wrong_token: "Ключ не подходит. Проверьте раскладку и лишние пробелы.", "Кілт сәйкес келмейді. Пернетақта орналасуын және артық бос орындарды тексеріңіз.", "That is not the key. Check the keyboard layout and stray spaces.";
    signed_out: "Вы вышли.", "Сіз шықтыңыз.", "You are signed out.";
    expired: "Вход истёк: войдите ещё раз.", "Сеанс аяқталды: қайта кіріңіз.", "Your session has ended: sign in again.";
    not_ours: "Запрос пришёл не с этой страницы и отклонён. Откройте рабочий стол заново и повторите.", "Сұрау бұл беттен келген жоқ және қабылданбады. Жұмыс үстелін қайта ашып, әрекетті қайталаңыз.", "The request did not come from this page and was refused. Open the desk again and repeat.";
    by_address: "Здесь рабочий стол открывается только по IP-адресу или как localhost. Чтобы открыть его по имени, задайте desk.token.", "Мұнда жұмыс үстелі тек IP мекенжайы немесе localhost арқылы ашылады. Атымен ашу үшін desk.token беріңіз.", "Here the desk opens by an IP address or as localhost only. To open it by a name, set desk.token.";
    gone: "Такой страницы нет", "Мұндай бет жоқ", "There is no such page";
    broken: "Не получилось", "Болмады", "That did not work";
    broken_text: "Сервер не смог показать страницу; подробности в его журнале. Попробуйте ещё раз через несколько секунд.", "Сервер бетті көрсете алмады; толық мәлімет оның журналында. Бірнеше секундтан кейін қайталап көріңіз.", "The server could not show the page; its log says why. Try again in a few seconds.";
    busy: "Сейчас слишком много запросов", "Қазір сұраулар тым көп", "Too many requests at the moment";
    back: "К документам", "Құжаттарға", "To the documents";

    documents: "Документы", "Құжаттар", "Documents";
    all: "Все", "Барлығы", "All";
    problems: "С замечаниями", "Ескертулері бар", "With problems";
    find: "Найти по имени", "Аты бойынша табу", "Find by name";
    show: "Показать", "Көрсету", "Show";
    refresh: "Обновить", "Жаңарту", "Refresh";
    none_found: "Таких документов нет.", "Мұндай құжаттар жоқ.", "There are no such documents.";
    no_documents: "Здесь пока нет документов. Добавьте первый.", "Мұнда әзірге құжат жоқ. Біріншісін қосыңыз.", "There are no documents yet. Add the first.";
    all_well: "Всё прочитано", "Бәрі оқылды", "All is read";
    document: "Документ", "Құжат", "Document";
    state: "Состояние", "Күйі", "State";
    passages: "Отрывки", "Үзінділер", "Passages";
    sheets: "Страницы", "Беттер", "Pages";
    language: "Язык", "Тілі", "Language";
    changed: "Изменён", "Өзгертілген", "Changed";
    size: "Размер", "Көлемі", "Size";
    actions: "Действия", "Әрекеттер", "Actions";
    replace: "Заменить", "Ауыстыру", "Replace";
    delete: "Удалить", "Жою", "Delete";
    add: "Добавить документ", "Құжат қосу", "Add a document";
    remedy: "Что сделать", "Не істеу керек", "What to do";
    reader_says: "Подробности (по-английски)", "Толық мәлімет (ағылшынша)", "Details";
    lost: "Часть не прочитана", "Бір бөлігі оқылмады", "A part could not be read";
    hidden: "Скрытый текст, в ответы не попадает", "Жасырын мәтін, жауаптарға кірмейді", "Hidden text, never part of an answer";
    mended: "Исправлено при чтении", "Оқу кезінде түзетілді", "Mended while reading";
    passed_over: "Пропущено в папке", "Қалтада өткізіп жіберілді", "Passed over in the folder";
    earlier: "Раньше", "Алдыңғы", "Earlier";
    later: "Дальше", "Келесі", "Later";
    reading_failed: "Последнее изменение папки не удалось принять: отвечает прежнее состояние. Причина в журнале сервера.", "Қалтаның соңғы өзгерісі қабылданбады: бұрынғы күйі жауап береді. Себебі сервер журналында.", "The last change of the folder could not be taken in: the state before answers. The server's log says why.";
    reading_held: "Контрольные вопросы не прошли, поэтому изменённые документы пока не отвечают.", "Бақылау сұрақтары өтпеді, сондықтан өзгертілген құжаттар әзірге жауап бермейді.", "The golden questions did not pass, so the changed documents do not answer yet.";

    upload_title: "Добавить документ", "Құжат қосу", "Add a document";
    replace_title: "Заменить документ", "Құжатты ауыстыру", "Replace a document";
    delete_title: "Удалить документ?", "Құжат жойылсын ба?", "Delete the document?";
    file: "Файл", "Файл", "File";
    assistant: "Ассистент", "Ассистент", "Assistant";
    upload: "Загрузить", "Жүктеу", "Upload";
    upload_hint: "Файл проверяется, прежде чем попасть в папку: если текст не прочесть, ничего не изменится.", "Файл қалтаға түскенге дейін тексеріледі: мәтіні оқылмаса, ештеңе өзгермейді.", "The file is checked before it gets into the folder: if its text cannot be read, nothing changes.";
    replace_hint: "Имя документа останется прежним, новый файл должен быть того же вида.", "Құжаттың аты өзгермейді, жаңа файл сол түрде болуы керек.", "The document keeps its name; the new file has to be of the same kind.";
    delete_text: "Файл будет стёрт из папки ассистента, и ответов по нему больше не будет. Вернуть его можно, только загрузив снова.", "Файл ассистенттің қалтасынан өшіріледі, ол бойынша жауап берілмейді. Оны тек қайта жүктеп қайтаруға болады.", "The file is erased from the assistant's folder, and nothing is answered from it any more. Only another upload brings it back.";
    cancel: "Отмена", "Болдырмау", "Cancel";
    keep: "Оставить", "Қалдыру", "Keep it";
    sending: "Отправляется…", "Жіберіліп жатыр…", "Sending…";
    checking: "Проверяется, это может занять до минуты…", "Тексеріліп жатыр, бір минутқа дейін созылуы мүмкін…", "Being checked; this may take up to a minute…";
    too_big_here: "Файл больше допустимого.", "Файл рұқсат етілгеннен үлкен.", "The file is larger than allowed.";

    trial: "Проверка", "Тексеру", "Try it";
    trial_lead: "Вопрос задаётся с теми же настройками, что и в чате. Ниже видно, почему ответ именно такой.", "Сұрақ чаттағы баптаулармен қойылады. Төменде жауаптың неге дәл осындай екені көрсетіледі.", "The question is asked with the very settings of the chat. Below you see why the answer is what it is.";
    question: "Вопрос", "Сұрақ", "Question";
    ask: "Спросить", "Сұрау", "Ask";
    answer: "Ответ", "Жауап", "Answer";
    sources: "Источники", "Дереккөздер", "Sources";
    why: "Почему так", "Неге бұлай", "Why";
    without_it: "Что сказали бы документы без него", "Онсыз құжаттар не айтар еді", "What the documents would have said without it";
    courtesy: "Это приветствие или благодарность: в документах ничего не искали.", "Бұл сәлемдесу немесе алғыс: құжаттардан ештеңе ізделмеді.", "This is a greeting or thanks: nothing was looked up.";
    p_answers: "Лучший отрывок отвечает на вопрос", "Ең жақсы үзінді сұраққа жауап береді", "The best passage answers";
    p_holds: "Ответ есть где-то в документах", "Жауап құжаттардың бір жерінде бар", "The documents hold the answer";
    needed_answer: "для ответа нужно", "жауап үшін қажет", "an answer needs";
    needed_offer: "для подсказки мест нужно", "орындарды ұсыну үшін қажет", "places that may help need";
    terms: "Что искали", "Не ізделді", "What was sought";
    term: "Слово", "Сөз", "Word";
    rarity: "Редкость", "Сиректігі", "Rarity";
    also: "также", "сондай-ақ", "also";
    in_passages: "В скольких отрывках", "Неше үзіндіде", "In how many passages";
    never: "нет в документах", "құжаттарда жоқ", "not in the documents";
    no_terms: "В вопросе нет слов, которые можно искать.", "Сұрақта іздеуге болатын сөз жоқ.", "The question holds no word that could be sought.";
    candidates: "Найденные отрывки", "Табылған үзінділер", "Passages found";
    no_candidates: "Ни один отрывок не найден.", "Бірде-бір үзінді табылмады.", "No passage was found.";
    score: "Балл", "Балл", "Score";
    share: "от лучшего возможного", "ең жақсы мүмкін үлестен", "of the best possible";
    lacks: "Не хватает", "Жетіспейді", "Lacks";
    above: "Только в заголовке", "Тек тақырыпта", "In the headings only";
    taught: "Подсказано хранителем: вопрос похож на", "Сақтаушы үйреткен: сұрақтың ұқсастығы", "Taught by the keeper: a question alike by";
    evidence: "Доводы", "Дәлелдер", "Evidence";
    value: "Сколько", "Қанша", "How much";
    adds: "За или против", "Жақтайды не қарсы", "For or against";
    quoted: "Что процитировал бы ответ", "Жауап нені дәйектер еді", "What an answer would quote";
    change: "Что изменило бы решение", "Шешімді не өзгертер еді", "What would have changed it";
    change_nothing: "В документах нет ничего похожего: добавьте документ с ответом.", "Құжаттарда ұқсас ештеңе жоқ: жауабы бар құжат қосыңыз.", "The documents have nothing like it: add a document with the answer.";
    change_idle: "Сообщение ничего не спрашивает у этих документов (болтовня, брань, просьба забыть правила или ни одного общего слова): строгость этого не изменит.", "Хабарлама бұл құжаттардан ештеңе сұрамайды (бос сөз, балағат, ережені ұмыту туралы өтініш немесе бірде-бір ортақ сөз жоқ): қатаңдық мұны өзгертпейді.", "The message asks nothing of these documents (small talk, an insult, a request to forget the rules, or no word in common): no strictness changes that.";
    change_missing: "В лучшем отрывке нет этих слов вопроса:", "Ең жақсы үзіндіде сұрақтың мына сөздері жоқ:", "The best passage lacks these words of the question:";
    change_lost: "Больше всего отнимают:", "Ең көп азайтатындар:", "Most is lost by:";
    change_hint: "Помогает: добавить документ, где ответ сказан словами вопроса; вписать замену слов в synonyms.txt; закрепить вопрос за отрывком в questions.jsonl.", "Көмектеседі: жауабы сұрақ сөздерімен айтылған құжат қосу; synonyms.txt файлына сөз алмастыруын жазу; questions.jsonl файлында сұрақты үзіндіге бекіту.", "What helps: a document that says it in the words of the question; a rule in synonyms.txt; the question taught in questions.jsonl.";
    models: "Что сделали модели", "Модельдер не істеді", "What models did";
    compared: "Отрывки стоят в порядке, который дала модель.", "Үзінділер модель берген ретпен тұр.", "The passages stand in the order of the model.";
    not_compared: "Модель не сравнила отрывки, порядок прежний:", "Модель үзінділерді салыстырмады, реті бұрынғыдай:", "The model did not compare the passages; the order stands:";
    other_words: "Искали ещё и другими словами:", "Басқа сөздермен де ізделді:", "Sought by other words as well:";
    other_words_none: "Других слов для поиска модель не нашла.", "Модель іздеуге басқа сөз таппады.", "The model found no other words to seek.";
    other_words_failed: "Других слов от модели не дождались:", "Модельден басқа сөз күтілмеді:", "Other words did not come from the model:";
    not_asked: "Написать ответ модель не просили.", "Модельден жауап жазу сұралмады.", "No model was asked to write.";
    written: "Ответ написан моделью и сверен с отрывками.", "Жауапты модель жазды, үзінділермен салыстырылды.", "The answer was written by the model and checked against the passages.";
    declined: "Модель прочла отрывки и ответа в них не нашла.", "Модель үзінділерді оқып, жауап таппады.", "The model read the passages and found no answer in them.";
    rejected: "Написанное моделью не подтвердилось отрывками, ушёл ответ без неё.", "Модель жазғаны үзінділермен расталмады, жауап онсыз кетті.", "What the model wrote does not stand in the passages; the answer without it went out.";
    model_failed: "Модель не ответила:", "Модель жауап бермеді:", "The model gave no answer:";
}

impl Words {
    pub(super) fn documents_counted(self, n: usize) -> String {
        self.counted(
            n,
            ["документ", "документа", "документов"],
            "құжат",
            ["document", "documents"],
        )
    }

    pub(super) fn passages_counted(self, n: usize) -> String {
        self.counted(
            n,
            ["отрывок", "отрывка", "отрывков"],
            "үзінді",
            ["passage", "passages"],
        )
    }

    pub(super) fn problems_counted(self, n: usize) -> String {
        self.counted(
            n,
            ["с замечаниями", "с замечаниями", "с замечаниями"],
            "ескертумен",
            ["with problems"; 2],
        )
    }

    pub(super) fn state_of(self, state: State) -> &'static str {
        let [russian, kazakh, english] = match state {
            State::Read => ["Прочитан", "Оқылды", "Read"],
            State::Partly => ["Прочитан частично", "Жартылай оқылды", "Partly read"],
            State::Failed => ["Не прочитан", "Оқылмады", "Not read"],
            State::New => ["Новый, ждёт чтения", "Жаңа, оқылуын күтуде", "New, to be read"],
            State::Changed => [
                "Изменён, ждёт чтения",
                "Өзгерген, оқылуын күтуде",
                "Changed, to be read",
            ],
            State::Gone => [
                "Удалён, уходит из ответов",
                "Жойылған, жауаптардан кетіп жатыр",
                "Deleted, leaving the answers",
            ],
        };
        self.one_of(russian, kazakh, english)
    }

    fn one_of(self, russian: &'static str, kazakh: &'static str, english: &'static str) -> &'static str {
        match self.0 {
            Language::Russian => russian,
            Language::Kazakh => kazakh,
            Language::English => english,
        }
    }

    /// Returns what is wrong with a file and what to do about it, by the reader's code.
    #[expect(clippy::too_many_lines, reason = "two texts in three languages for each code")]
    pub(super) fn failure(self, code: &str) -> (&'static str, &'static str) {
        let (what, remedy) = match code {
            "encrypted" => (
                [
                    "Файл закрыт паролем.",
                    "Файл құпиясөзбен жабылған.",
                    "The file is locked by a password.",
                ],
                [
                    "Сохраните копию без пароля и загрузите её.",
                    "Құпиясөзсіз көшірмесін сақтап, соны жүктеңіз.",
                    "Save a copy without the password and upload that.",
                ],
            ),
            "damaged" => (
                [
                    "Файл повреждён или обрывается.",
                    "Файл бүлінген немесе үзіліп қалған.",
                    "The file is damaged or cut short.",
                ],
                [
                    "Откройте его в программе, где он создан, и сохраните заново.",
                    "Оны жасалған бағдарламада ашып, қайта сақтаңыз.",
                    "Open it in its program and save it anew.",
                ],
            ),
            "too_big" => (
                [
                    "Файл слишком велик для чтения.",
                    "Файл оқу үшін тым үлкен.",
                    "The file is too large to be read.",
                ],
                [
                    "Разделите его на части.",
                    "Оны бөліктерге бөліңіз.",
                    "Split it into parts.",
                ],
            ),
            "timeout" => (
                [
                    "Чтение заняло слишком много времени.",
                    "Оқу тым ұзаққа созылды.",
                    "Reading took too long.",
                ],
                [
                    "Разделите файл на части или сохраните его заново.",
                    "Файлды бөліктерге бөліңіз немесе қайта сақтаңыз.",
                    "Split the file or save it anew.",
                ],
            ),
            "unsupported" => (
                [
                    "Такие файлы не читаются.",
                    "Мұндай файлдар оқылмайды.",
                    "Files of this kind are not read.",
                ],
                [
                    "Сохраните его как PDF, DOCX, XLSX, ODT или обычный текст.",
                    "Оны PDF, DOCX, XLSX, ODT немесе қарапайым мәтін ретінде сақтаңыз.",
                    "Save it as PDF, DOCX, XLSX, ODT or plain text.",
                ],
            ),
            "no_text" => (
                [
                    "В файле нет текста: он пуст, или это картинки.",
                    "Файлда мәтін жоқ: ол бос немесе суреттер.",
                    "The file holds no text: it is empty, or all pictures.",
                ],
                [
                    "Для сканов нужно распознавание (tesseract на сервере) или файл с текстовым слоем.",
                    "Скандар үшін тану (серверде tesseract) немесе мәтін қабаты бар файл керек.",
                    "Scans want recognition (tesseract on the server) or a file with a text layer.",
                ],
            ),
            "garbled_text" => (
                [
                    "Текст в файле испорчен: вместо букв — случайные знаки.",
                    "Файлдағы мәтін бүлінген: әріптердің орнында кездейсоқ таңбалар.",
                    "The text in the file is garbled: chance signs instead of letters.",
                ],
                [
                    "Сохраните документ заново из исходной программы, лучше как DOCX.",
                    "Құжатты бастапқы бағдарламадан қайта сақтаңыз, DOCX болғаны жөн.",
                    "Save it anew from the program it was made with, best as DOCX.",
                ],
            ),
            "denied" => (
                [
                    "Сервер не может открыть файл.",
                    "Сервер файлды аша алмайды.",
                    "The server cannot open the file.",
                ],
                [
                    "Попросите администратора дать docent право читать его.",
                    "Әкімшіден docent-ке оны оқу құқығын беруді сұраңыз.",
                    "Ask the administrator to let docent read it.",
                ],
            ),
            "busy" => (
                [
                    "Файл сейчас записывается.",
                    "Файл қазір жазылып жатыр.",
                    "The file is being written.",
                ],
                [
                    "Ничего делать не нужно: он будет прочитан, когда запись закончится.",
                    "Ештеңе істеудің қажеті жоқ: жазу аяқталғанда оқылады.",
                    "Nothing is to be done: it is read when that has ended.",
                ],
            ),
            _ => (
                ["Файл не прочитан.", "Файл оқылмады.", "The file was not read."],
                [
                    "Посмотрите подробности и попробуйте сохранить файл в другом виде.",
                    "Толық мәліметті қарап, файлды басқа түрде сақтап көріңіз.",
                    "See the details, and try to save the file as another kind.",
                ],
            ),
        };
        let pick = |[russian, kazakh, english]: [&'static str; 3]| self.one_of(russian, kazakh, english);
        (pick(what), pick(remedy))
    }

    /// Says why a change was not made.
    pub(super) fn refused(self, refused: &Refused) -> String {
        let [russian, kazakh, english] = match refused {
            Refused::Name => [
                "Такое имя файла не подходит: без косых черт, не с точки, и не имя служебного файла (assistant.toml, questions.jsonl, synonyms.txt, answers.toml).",
                "Мұндай файл аты жарамайды: қиғаш сызықсыз, нүктеден басталмайтын, қызметтік файл аты емес (assistant.toml, questions.jsonl, synonyms.txt, answers.toml) болуы керек.",
                "That file name will not do: no slashes, no leading dot, and not the name of a settings file (assistant.toml, questions.jsonl, synonyms.txt, answers.toml).",
            ],
            Refused::Ending(_) => [
                "Файлы с таким окончанием — не документы и не принимаются. Сохраните текст как PDF, DOCX, XLSX, ODT, HTML или TXT и загрузите его. Окончание:",
                "Мұндай жалғауы бар файлдар құжат емес, қабылданбайды. Мәтінді PDF, DOCX, XLSX, ODT, HTML немесе TXT ретінде сақтап, соны жүктеңіз. Жалғауы:",
                "Files that end so are no documents and are not taken. Save the text as PDF, DOCX, XLSX, ODT, HTML or TXT and upload that. The ending:",
            ],
            Refused::Disagrees(..) => [
                "Внутри файла не то, что обещает его имя, и он не принят. Откройте его: если это страница входа или сообщение об ошибке, скачайте сам документ заново; если документ верный, дайте файлу правильное окончание.",
                "Файлдың іші атында айтылғандай емес, ол қабылданбады. Оны ашып көріңіз: кіру беті немесе қате туралы хабар болса, құжаттың өзін қайта жүктеп алыңыз; құжат дұрыс болса, файлға дұрыс жалғау беріңіз.",
                "The file is not what its name says, and was not taken. Open it: if it is a sign-in page or an error message, download the document itself anew; if it is the right document, give the file its right ending.",
            ],
            Refused::Exists(_) => [
                "Документ с таким именем уже есть. Чтобы обновить его, нажмите «Заменить» в его строке.",
                "Мұндай атты құжат бар. Оны жаңарту үшін жолындағы «Ауыстыру» түймесін басыңыз.",
                "There is a document of that name. To renew it, choose “Replace” in its row.",
            ],
            Refused::Unknown => [
                "Такого ассистента или документа уже нет.",
                "Мұндай ассистент немесе құжат енді жоқ.",
                "That assistant or document is no longer there.",
            ],
            Refused::Shared => [
                "Этот документ принадлежит другому ассистенту и здесь только показан. Измените его там.",
                "Бұл құжат басқа ассистенттікі, мұнда тек көрсетілген. Оны сол жерде өзгертіңіз.",
                "This document is another assistant's and only shown here. Change it there.",
            ],
            Refused::OtherKind(_) => [
                "Новый файл другого вида. Нужно окончание:",
                "Жаңа файлдың түрі басқа. Қажетті жалғауы:",
                "The new file is of another kind. It has to end in:",
            ],
            Refused::TooBig(_) => [
                "Файл больше допустимого:",
                "Файл рұқсат етілгеннен үлкен:",
                "The file is larger than allowed:",
            ],
            Refused::Empty => [
                "Файл не выбран или пуст.",
                "Файл таңдалмаған немесе бос.",
                "No file was chosen, or it is empty.",
            ],
            Refused::Unread(unread) => {
                let (what, remedy) = self.failure(&unread.code);
                return format!("{what} {remedy}");
            }
            Refused::ReadOnly => [
                "Папку документов можно только читать: сервер не имеет права в неё писать. Положите файл в папку сами или попросите администратора дать docent право записи.",
                "Құжаттар қалтасы тек оқуға арналған: серверде жазу құқығы жоқ. Файлды қалтаға өзіңіз салыңыз немесе әкімшіден docent-ке жазу құқығын сұраңыз.",
                "The folder of documents can only be read: the server may not write to it. Put the file there yourself, or ask the administrator to let docent write.",
            ],
            Refused::Full => [
                "На диске сервера не осталось места.",
                "Сервер дискісінде орын қалмады.",
                "The server's disk is full.",
            ],
            Refused::BrokenOff => [
                "Загрузка оборвалась, ничего не изменилось. Попробуйте ещё раз.",
                "Жүктеу үзіліп қалды, ештеңе өзгерген жоқ. Қайталап көріңіз.",
                "The upload broke off; nothing has changed. Try again.",
            ],
            Refused::Failed => [
                "Сервер не смог выполнить это; подробности в его журнале. Ничего не изменилось.",
                "Сервер мұны орындай алмады; толық мәлімет журналында. Ештеңе өзгерген жоқ.",
                "The server could not do that; its log says why. Nothing has changed.",
            ],
        };
        let said = self.one_of(russian, kazakh, english);
        match refused {
            Refused::Exists(name) => format!("{name}: {said}"),
            Refused::Ending(ending) if ending.is_empty() => format!("{said} —"),
            Refused::Ending(ending) => format!("{said} .{ending}"),
            Refused::Disagrees(format, ending) => format!("{} ≠ .{ending}. {said}", self.kind_of(format)),
            Refused::OtherKind(ending) => format!("{said} {ending}"),
            Refused::TooBig(most) => format!("{said} {}.", self.bytes(*most)),
            _ => said.to_owned(),
        }
    }

    /// Names a kind of file by the name that readers give it.
    pub(super) fn kind_of(self, format: &str) -> String {
        match format {
            "text" => self
                .one_of("простой текст", "қарапайым мәтін", "plain text")
                .to_owned(),
            "html" => self
                .one_of("веб-страница (HTML)", "веб-бет (HTML)", "a web page (HTML)")
                .to_owned(),
            "picture" => self.one_of("картинка", "сурет", "a picture").to_owned(),
            "eml" | "msg" => self.one_of("письмо", "хат", "a mail message").to_owned(),
            other => other.to_uppercase(),
        }
    }

    /// Warns that a file that was taken is of another kind than its ending says.
    pub(super) fn really(self, format: &str) -> String {
        let kind = self.kind_of(format);
        match self.0 {
            Language::Russian => {
                format!("Обратите внимание: внутри — {kind}, окончание другое; прочитано по содержимому.")
            }
            Language::Kazakh => {
                format!("Назар аударыңыз: ішінде — {kind}, жалғауы басқа; мазмұны бойынша оқылды.")
            }
            Language::English => {
                format!("Mind: inside is {kind}, the ending says otherwise; it is read as what it is.")
            }
        }
    }

    /// Says how far a change has come; `deleted` for one that took a document away.
    pub(super) fn effect(self, effect: Effect, deleted: bool) -> &'static str {
        let [russian, kazakh, english] = match (effect, deleted) {
            (Effect::Live, false) => [
                "загружен и уже отвечает.",
                "жүктелді және жауап беріп жатыр.",
                "is uploaded and answers already.",
            ],
            (Effect::Live, true) => [
                "удалён, ответов по нему больше нет.",
                "жойылды, ол бойынша жауап берілмейді.",
                "is deleted; nothing is answered from it any more.",
            ],
            (Effect::Held, false) => [
                "загружен, но контрольные вопросы не прошли: пока отвечает прежнее состояние.",
                "жүктелді, бірақ бақылау сұрақтары өтпеді: әзірге бұрынғы күйі жауап береді.",
                "is uploaded, but the golden questions did not pass: the state before answers.",
            ],
            (Effect::Held, true) => [
                "удалён из папки, но контрольные вопросы не прошли: пока отвечает прежнее состояние.",
                "қалтадан жойылды, бірақ бақылау сұрақтары өтпеді: әзірге бұрынғы күйі жауап береді.",
                "is deleted from the folder, but the golden questions did not pass: the state before answers.",
            ],
            (Effect::Later, false) => [
                "загружен; чтение ещё идёт, ответы появятся, когда оно закончится.",
                "жүктелді; оқу жалғасуда, аяқталғанда жауап береді.",
                "is uploaded; reading goes on, and it answers when that has ended.",
            ],
            (Effect::Later, true) => [
                "удалён из папки; из ответов он уйдёт, когда закончится чтение изменений.",
                "қалтадан жойылды; өзгерістерді оқу аяқталғанда жауаптардан кетеді.",
                "is deleted from the folder; it leaves the answers when the change has been taken in.",
            ],
        };
        self.one_of(russian, kazakh, english)
    }

    pub(super) fn reading(self, done: &str, of: &str) -> String {
        match self.0 {
            Language::Russian => format!("Читаются изменения: {done} из {of}"),
            Language::Kazakh => format!("Өзгерістер оқылып жатыр: {of} ішінен {done}"),
            Language::English => format!("Reading what has changed: {done} of {of}"),
        }
    }

    pub(super) fn verdict(self, verdict: Verdict) -> &'static str {
        let [russian, kazakh, english] = match verdict {
            Verdict::Answer => ["Ответ дан", "Жауап берілді", "Answered"],
            Verdict::Offer => [
                "Точного ответа нет, предложены места",
                "Нақты жауап жоқ, орындар ұсынылды",
                "No exact answer; places that may help",
            ],
            Verdict::Fallback => [
                "Честный отказ: ответа нет",
                "Адал бас тарту: жауап жоқ",
                "Honest refusal: no answer",
            ],
        };
        self.one_of(russian, kazakh, english)
    }

    pub(super) fn repair(self, repair: Repair) -> &'static str {
        let [russian, kazakh, english] = match repair {
            Repair::Layout => ["раскладка", "пернетақта", "layout"],
            Repair::Transliteration => ["латиница", "латын әрпі", "transliteration"],
            Repair::Spacing => ["пробелы", "бос орындар", "spacing"],
            Repair::Spelling => ["опечатки", "қателер", "spelling"],
        };
        self.one_of(russian, kazakh, english)
    }

    pub(super) fn read_as(self, text: &str) -> String {
        match self.0 {
            Language::Russian => format!("Вопрос прочитан как «{text}»"),
            Language::Kazakh => format!("Сұрақ «{text}» деп оқылды"),
            Language::English => format!("The question was read as “{text}”"),
        }
    }

    pub(super) fn curated_from(self, line: usize) -> String {
        match self.0 {
            Language::Russian => {
                format!("Готовый ответ из answers.toml, строка {line}: документы не спрашивали.")
            }
            Language::Kazakh => {
                format!("answers.toml файлындағы дайын жауап, {line}-жол: құжаттардан сұралған жоқ.")
            }
            Language::English => {
                format!("A ready answer from answers.toml, line {line}: the documents were not asked.")
            }
        }
    }

    pub(super) fn page(self, page: u32) -> String {
        match self.0 {
            Language::Russian => format!("с. {page}"),
            Language::Kazakh => format!("{page}-бет"),
            Language::English => format!("p. {page}"),
        }
    }

    pub(super) fn withheld_above(self, at: f32) -> String {
        let at = self.figure(at);
        match self.0 {
            Language::Russian => format!("Ответ не прошёл бы при строгости выше {at}."),
            Language::Kazakh => format!("Қатаңдық {at} мәнінен жоғары болса, жауап өтпес еді."),
            Language::English => format!("A strictness above {at} would have withheld the answer."),
        }
    }

    pub(super) fn let_through(self, at: f32, set: f32) -> String {
        let (at, set) = (self.figure(at), self.figure(set));
        match self.0 {
            Language::Russian => format!("При строгости {at} вместо {set} лучший отрывок прошёл бы."),
            Language::Kazakh => format!("Қатаңдық {set} орнына {at} болса, ең жақсы үзінді өтер еді."),
            Language::English => {
                format!("A strictness of {at} instead of {set} would have let the best passage through.")
            }
        }
    }

    pub(super) fn left_out(self, n: usize) -> String {
        match self.0 {
            Language::Russian => format!("Не подтвердились и убраны предложения: {n}."),
            Language::Kazakh => format!("Расталмай алынып тасталған сөйлемдер: {n}."),
            Language::English => format!("Sentences that did not stand and were taken out: {n}."),
        }
    }

    pub(super) fn too_often(self, wait: Duration) -> String {
        let seconds = wait.as_secs() + 1;
        match self.0 {
            Language::Russian => format!("Слишком много попыток. Подождите {seconds} с и попробуйте снова."),
            Language::Kazakh => format!("Әрекеттер тым көп. {seconds} с күтіп, қайталап көріңіз."),
            Language::English => format!("Too many attempts. Wait {seconds} s and try again."),
        }
    }

    pub(super) fn upload_most(self, bytes: u64) -> String {
        match self.0 {
            Language::Russian => format!("Не больше {}.", self.bytes(bytes)),
            Language::Kazakh => format!("{} аспауы керек.", self.bytes(bytes)),
            Language::English => format!("At most {}.", self.bytes(bytes)),
        }
    }

    pub(super) fn language_name(self, code: &str) -> &'static str {
        match code {
            "ru" => self.one_of("русский", "орысша", "Russian"),
            "kk" => self.one_of("казахский", "қазақша", "Kazakh"),
            "en" => self.one_of("английский", "ағылшынша", "English"),
            _ => "—",
        }
    }

    /// Returns what a piece of evidence is, by the name that `docent why` gives it.
    pub(super) fn piece(self, name: &'static str) -> &'static str {
        let found = PIECES.iter().find(|piece| piece[0] == name);
        let [_, russian, kazakh, english] = found.copied().unwrap_or([name; 4]);
        self.one_of(russian, kazakh, english)
    }
}

/// What each piece of evidence is: its name, then in Russian, Kazakh and English.
#[rustfmt::skip]
const PIECES: [[&str; 4]; 25] = [
    ["share", "балл отрывка", "үзіндінің балы", "score of the passage"],
    ["share_above", "балл сверх 0,3: говорит меньше", "балдың 0,3-тен артығы: аз айтады", "score above 0.3, which tells less"],
    ["share_of_many", "балл при многих словах", "сөз көп болғандағы балл", "score for many words"],
    ["coverage", "слова вопроса в отрывке", "үзіндідегі сұрақ сөздері", "words of the question in the passage"],
    ["rare_coverage", "редкие слова в отрывке", "үзіндідегі сирек сөздер", "rare words in the passage"],
    ["held", "доля найденных слов", "табылған сөздердің үлесі", "share of the words it holds"],
    ["lost", "сколько значимого потеряно", "маңыздының қаншасы жоғалды", "how much of weight it lacks"],
    ["heading", "слова в заголовках", "тақырыптардағы сөздер", "words in the headings"],
    ["begins", "отрывок именно об этом", "үзінді дәл осы туралы", "what the passage is about"],
    ["subject", "отрывок с этого начинается", "үзінді осыдан басталады", "what its first words name"],
    ["together", "слова стоят рядом", "сөздер қатар тұр", "words stand together"],
    ["unseen", "слова, которых нет в документах", "құжаттарда жоқ сөздер", "words that no document has"],
    ["names_missing", "не хватает имён и названий", "аттар мен атаулар жетіспейді", "names that are missing"],
    ["known_missing", "не хватает имён, набранных с маленькой буквы", "кіші әріппен жазылған аттар жетіспейді", "names typed small that are missing"],
    ["numbers_missing", "не хватает чисел", "сандар жетіспейді", "numbers that are missing"],
    ["opening_missing", "первое слово может быть сказано иначе", "бірінші сөз басқаша айтылуы мүмкін", "the first word may be put otherwise"],
    ["mended", "исправленные слова вопроса", "сұрақтың түзетілген сөздері", "mended words of the question"],
    ["lead", "отрыв от второго места", "екінші орыннан айырма", "lead over the second place"],
    ["apart", "отрыв от остальных", "қалғандарынан айырма", "lead over the others"],
    ["elsewhere", "в другом месте слов не меньше", "басқа жерде де сөз көп", "another place has as many words"],
    ["common", "редкое слово есть и в других местах", "сирек сөз басқа жерде де бар", "others hold the rarest word"],
    ["common_pair", "два редких слова есть и в других местах", "екі сирек сөз басқа жерде де бар", "others hold the two rarest words"],
    ["terms", "число слов вопроса", "сұрақ сөздерінің саны", "number of words"],
    ["many", "длинный вопрос", "ұзақ сұрақ", "a long question"],
    ["rarity", "редкость слов", "сөздердің сиректігі", "rarity of the words"],
];
