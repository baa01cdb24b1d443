//! What is masked in texts of one's own, a line each: `DOCENT_TEXTS=FILE cargo test -p docent-journal --test it texts -- --ignored --nocapture`.

use docent_journal::privacy::redact;

/// Lines shown: enough to see of what kind they are.
const SHOWN: usize = 60;

#[test]
#[ignore = "wants a file"]
fn texts_of_a_file_are_masked_where_it_is_shown() {
    let file = std::env::var_os("DOCENT_TEXTS").expect("DOCENT_TEXTS names a file");
    let text = std::fs::read_to_string(file).unwrap();
    let (mut all, mut masked) = (0, 0);
    for line in text.lines() {
        all += 1;
        let after = redact(line);
        if after != line {
            masked += 1;
            if masked <= SHOWN {
                let around: Vec<String> = after
                    .match_indices('[')
                    .filter(|(at, _)| {
                        [
                            "[phone]",
                            "[e-mail]",
                            "[IIN]",
                            "[SNILS]",
                            "[INN]",
                            "[passport]",
                            "[card]",
                        ]
                        .iter()
                        .any(|mark| after[*at..].starts_with(mark))
                    })
                    .map(|(at, _)| {
                        let from = after[..at].char_indices().rev().nth(30).map_or(0, |(at, _)| at);
                        after[from..].chars().take(70).collect()
                    })
                    .collect();
                println!("{}", around.join(" … "));
            }
        }
    }
    println!("{masked} of {all} lines have something masked");
}
