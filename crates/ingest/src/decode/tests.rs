//! Every code page × language × kind of text × length.

use super::*;

const RUSSIAN: &str =
    "Дежурство начинается в семь часов вечера. Ключи хранятся у вахтёра, список - на двери.";
const KAZAKH: &str =
    "Қызметкерлердің еңбек демалысы жиырма төрт күнді құрайды, өтініш екі апта бұрын беріледі.";

fn kz1048(text: &str) -> Vec<u8> {
    let letters: Vec<(String, u8)> = (0..=255)
        .map(|byte| (CodePage::Kz1048.decode(&[byte]), byte))
        .collect();
    text.chars()
        .map(|c| {
            letters
                .iter()
                .find(|(letter, _)| *letter == c.to_string())
                .expect("in the code page")
                .1
        })
        .collect()
}

fn check(bytes: &[u8], name: &str, text: &str) {
    let decoded = decode(bytes, None).expect("text");
    assert_eq!((decoded.name, decoded.text.as_str()), (name, text));
}

#[test]
fn russian_is_read_from_every_code_page() {
    for encoding in [WINDOWS_1251, KOI8_R, IBM866, X_MAC_CYRILLIC, UTF_8] {
        check(&encoding.encode(RUSSIAN).0, encoding.name(), RUSSIAN);
    }
}

#[test]
fn one_short_word_is_enough_to_tell_the_common_code_pages_apart() {
    for encoding in [WINDOWS_1251, KOI8_R, IBM866] {
        check(&encoding.encode("Привет").0, encoding.name(), "Привет");
    }
}

#[test]
fn utf_16_needs_no_byte_order_mark() {
    let little: Vec<u8> = RUSSIAN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = RUSSIAN.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&little, "UTF-16LE", RUSSIAN);
    check(&big, "UTF-16BE", RUSSIAN);
    check(&[&[0xff, 0xfe], little.as_slice()].concat(), "UTF-16LE", RUSSIAN);
}

#[test]
fn kazakh_letters_tell_kz_1048_from_windows_1251() {
    check(&kz1048(KAZAKH), "KZ-1048", KAZAKH);
}

#[test]
fn a_false_declaration_is_not_believed() {
    let bytes = KOI8_R.encode("Пункт приёма работает во дворе каждый день").0;
    assert_eq!(decode(&bytes, Some("windows-1251")).expect("text").name, "KOI8-R");
}

#[test]
fn western_text_stays_western() {
    let text = "Le café est fermé à midi, désolé.";
    check(&WINDOWS_1252.encode(text).0, "windows-1252", text);
}

#[test]
fn bytes_of_a_program_are_not_text() {
    assert!(decode(&[0, 1, 2, 3, 255, 254, 7, 0, 9, 200], None).is_none());
}

const RUSSIAN_PROSE: &str = "Библиотека посёлка Озёрный открыта со вторника по воскресенье. Читатель получает билет по паспорту, \
дети до четырнадцати лет записываются вместе с родителями. На руки выдают не больше семи книг сроком на двадцать дней; \
срок можно продлить один раз, позвонив по телефону абонемента. За потерянное издание возвращают такое же или равноценное, \
которое выбирает заведующая. Редкие книги, подшивки газет и карты читают только в зале. Сумки и верхнюю одежду оставляют \
в гардеробе: администрация не отвечает за вещи, забытые на столах. Объявление о санитарном дне вывешивают заранее у входа. \
Щётки, ведро и хозяйственный ящик хранятся в чулане под лестницей, ключ у сторожа. Экскурсии для школьников ведёт \
методист, запись начинается в сентябре. Копировальный аппарат работает, пока есть бумага; юридическую справку можно \
заказать по почте. Если в зале шумно, дежурный вправе попросить выйти. Печь топят с октября, дрова привозит лесничество. ";

const KAZAKH_PROSE: &str = "Ауыл кітапханасы дүйсенбіден басқа күндері ашық. Оқырман билетті жеке куәлігі бойынша алады, ал он \
төрт жасқа дейінгі балалар ата-анасымен бірге жазылады. Қолға жеті кітаптан артық берілмейді, мерзімі жиырма күн; \
мерзімді бір рет ұзартуға болады. Жоғалған кітаптың орнына дәл сондай немесе құны бірдей басылым қайтарылады. Сирек \
кітаптар мен газет тігінділері тек оқу залында оқылады. Үй-жайда өрт шықса, қызметкерлер оқырмандарды далаға шығарып, \
өрт сөндірушілерді шақырады. Ғимараттың кілті күзетшіде сақталады. Әңгіме кештері бейсенбіде өтеді, келушілер алдын ала \
жазылуы тиіс. Өтініштерді меңгеруші екі күннің ішінде қарайды және жауабын хатпен жібереді. Һәм әрбір сұраққа түсінік беріледі. ";

const ENGLISH_PROSE: &str = "The reading room is open to anyone who has signed the visitors’ book — bring a pencil, not a pen. \
Boxes are fetched twice a day; ask before noon for the afternoon’s delivery. Photographs are allowed “for private study” \
and without flash. Coats, bags and umbrellas stay in the lockers – the deposit is £1 and comes back to you. Copies cost \
20 pence a sheet. The archivist’s decision on fragile papers is final… ";

const GERMAN_PROSE: &str = "Die Bücherei des Dorfes öffnet täglich außer montags um neun Uhr. Für die Ausleihe genügt ein \
gültiger Ausweis; Schüler zahlen keine Gebühr. Größere Bände müssen spätestens nach zwölf Tagen zurückgegeben werden, \
sonst fällt ein Säumniszuschlag an. Über längere Fristen entscheidet die Leiterin persönlich. ";

const FRENCH_PROSE: &str = "La bibliothèque du village est ouverte tous les jours, sauf le lundi, à partir de neuf heures. Les \
élèves ne paient pas d’inscription ; il suffit de présenter une pièce d’identité. Les ouvrages abîmés sont remplacés par \
l’emprunteur, après avis de la responsable. Où trouver les journaux reliés ? Au rez-de-chaussée, près de l’entrée. ";

const RUSSIAN_TABLE: &str = "№\tНаименование\tЕд.\tКол-во\tЦена\n1\tБумага А4\tпачка\t12\t410,00\n2\tСкрепки\tкор.\t30\t48,50\n\
3\tПапка-регистратор\tшт.\t25\t195,00\n4\tЖурнал учёта\tшт.\t4\t220,00\n5\tЩётка для доски\tшт.\t6\t75,90\nИтого\t\t\t77\t949,40\n";

const KAZAKH_TABLE: &str = "№\tАтауы\tӨлшемі\tСаны\tБағасы\n1\tҚағаз А4\tбума\t12\t410,00\n2\tҚыстырғыш\tқорап\t30\t48,50\n\
3\tЕсеп журналы\tдана\t4\t220,00\n4\tТақтаға арналған щётка\tдана\t6\t75,90\nБарлығы\t\t\t52\t754,40\n";

/// Returns the text of a language as bytes of a code page, or nothing when it lacks a letter.
fn encoded(page: &str, text: &str) -> Option<Vec<u8>> {
    match page {
        "UTF-16LE" => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "UTF-16BE" => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "KZ-1048" => Some(kz1048(text)),
        _ => {
            let (bytes, _, lacking) = Encoding::for_label(page.as_bytes()).expect("a name").encode(text);
            (!lacking).then(|| bytes.into_owned())
        }
    }
}

/// Returns which of the texts of a matrix come back wrong, with the length in characters.
fn wrong(pages: &[&str], texts: &[&str], lengths: &[usize]) -> Vec<String> {
    /// Places in the text from which samples are taken.
    const STARTS: usize = 8;
    let mut wrong = Vec::new();
    for text in texts {
        let endless: Vec<char> = text.chars().cycle().take(12_000).collect();
        for length in lengths {
            for start in (0..STARTS).map(|at| at * 71) {
                let sample: String = endless[start..start + length].iter().collect();
                for page in pages {
                    let Some(bytes) = encoded(page, &sample) else {
                        continue;
                    };
                    let got = decode(&bytes, None);
                    if got.as_ref().is_none_or(|got| got.text != sample) {
                        let name = got.map_or("none", |got| got.name);
                        wrong.push(format!(
                            "{length} {page} as {name}: {}",
                            &sample[..sample.floor_char_boundary(60)]
                        ));
                    }
                }
            }
        }
    }
    wrong
}

const CYRILLIC_PAGES: [&str; 8] = [
    "windows-1251",
    "KOI8-R",
    "IBM866",
    "x-mac-cyrillic",
    "ISO-8859-5",
    "UTF-8",
    "UTF-16LE",
    "UTF-16BE",
];

/// From 40 characters on everything must be right; shorter texts have too few letters to be sure of.
const LENGTHS: [usize; 7] = [40, 60, 100, 200, 500, 1500, 5000];

#[test]
fn russian_prose_tables_and_capitals_are_read_from_every_code_page() {
    let plain = RUSSIAN_PROSE.replace('«', "\"");
    let capitals = plain.to_uppercase();
    // No code page of DOS has the number sign elsewhere than here.
    let table = RUSSIAN_TABLE;
    let bad = wrong(&CYRILLIC_PAGES, &[&plain, &capitals, table], &LENGTHS);
    assert!(bad.is_empty(), "{}: {bad:#?}", bad.len());
}

#[test]
fn kazakh_prose_tables_and_capitals_are_read_from_every_code_page() {
    let capitals = KAZAKH_PROSE.to_uppercase();
    let pages = ["KZ-1048", "UTF-8", "UTF-16LE", "UTF-16BE"];
    let bad = wrong(&pages, &[KAZAKH_PROSE, &capitals, KAZAKH_TABLE], &LENGTHS);
    assert!(bad.is_empty(), "{}: {bad:#?}", bad.len());
}

#[test]
fn western_text_is_read_from_its_code_pages() {
    let pages = ["windows-1252", "UTF-8", "UTF-16LE", "UTF-16BE"];
    let capitals = GERMAN_PROSE.to_uppercase();
    let bad = wrong(
        &pages,
        &[ENGLISH_PROSE, GERMAN_PROSE, FRENCH_PROSE, &capitals],
        &LENGTHS,
    );
    assert!(bad.is_empty(), "{}: {bad:#?}", bad.len());
}

#[test]
fn a_false_declaration_loses_against_the_letters() {
    for (page, text) in [
        ("KOI8-R", RUSSIAN_PROSE),
        ("windows-1251", RUSSIAN_PROSE),
        ("KZ-1048", KAZAKH_PROSE),
    ] {
        let sample: String = text
            .chars()
            .filter(|c| !matches!(c, '«' | '»'))
            .take(120)
            .collect();
        let bytes = encoded(page, &sample).expect("in the code page");
        for declared in [
            "utf-8",
            "iso-8859-1",
            "windows-1252",
            "ibm866",
            "koi8-r",
            "windows-1251",
            "gbk",
        ] {
            let got = decode(&bytes, Some(declared)).expect("text");
            assert_eq!(got.text, sample, "{page} declared as {declared}");
        }
    }
}

#[test]
fn broken_bytes_cost_themselves_and_no_more() {
    let mut bytes = RUSSIAN_PROSE.as_bytes().to_vec();
    for at in [101, 400, 801, 1200] {
        bytes[at] = 0xff;
    }
    let got = decode(&bytes, None).expect("text");
    assert_eq!(got.name, "UTF-8");
    assert!((4..=8).contains(&got.replaced), "{}", got.replaced);
    let mut odd: Vec<u8> = RUSSIAN_PROSE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    odd.pop();
    assert_eq!(decode(&odd, None).expect("text").name, "UTF-16LE");
}

#[test]
fn the_older_cyrillic_page_of_dos_and_utf_32_are_read() {
    let upper: Vec<char> = IBM855.chars().collect();
    let byte = |c: char| match upper.iter().position(|letter| *letter == c) {
        Some(at) => at as u8 + 0x80,
        None => c as u8,
    };
    let dos: Vec<u8> = RUSSIAN_PROSE.chars().map(byte).collect();
    check(&dos, "IBM855", RUSSIAN_PROSE);
    let little: Vec<u8> = KAZAKH.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let big: Vec<u8> = KAZAKH.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    check(&little, "UTF-32", KAZAKH);
    check(&big, "UTF-32", KAZAKH);
    check(
        &[[0xff, 0xfe, 0, 0].as_slice(), &little].concat(),
        "UTF-32",
        KAZAKH,
    );
}

#[test]
fn accents_are_those_of_the_language() {
    for (page, text) in [
        (
            "windows-1254",
            "Kütüphane pazartesi dışında her gün açıktır. Ödünç alınan kitap yirmi gün sonra geri getirilir; \
             süre bir kez uzatılabilir. Çantalar ve şemsiyeler girişte bırakılır, görevli kayıp eşyadan sorumlu değildir.",
        ),
        (
            "windows-1250",
            "Knihovna je otevřena každý den kromě pondělí. Půjčené knihy se vracejí do dvaceti dnů; lhůtu lze jednou \
             prodloužit. Zavazadla a deštníky zůstávají v šatně, správce neručí za věci zapomenuté na stolech.",
        ),
        (
            "iso-8859-2",
            "A könyvtár hétfő kivételével minden nap nyitva van. A kikölcsönzött könyveket húsz napon belül kell \
             visszahozni; a határidőt egyszer lehet meghosszabbítani. Az esernyőket és a táskákat az őrnél hagyják.",
        ),
        (
            "iso-8859-15",
            "Le cœur du village bat à la bibliothèque : les œuvres complètes s’y trouvent à côté des manœuvres \
             d’été. La sœur de la gardienne tient le vœu de prêter sans frais, même à cinq € près."
                .replace('’', "'")
                .leak(),
        ),
    ] {
        let (bytes, _, lacking) = Encoding::for_label(page.as_bytes()).expect("a name").encode(text);
        assert!(!lacking, "{page}");
        assert_eq!(decode(&bytes, None).expect("text").text, text, "{page}");
    }
}
