//! What is written about the program is compared with the program.

use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "docent {arguments:?} failed");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_and_option_of_the_readmes_exists() {
    let all = printed(&["--help"]);
    for file in ["README.md", "README.ru.md"] {
        let text = read(file);
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| {
                line.strip_prefix("docent ")
                    .or_else(|| line.strip_prefix("cargo run --release -- "))
            })
            .collect();
        assert!(lines.len() >= 6, "{file} shows {} commands", lines.len());
        for line in lines {
            let command = line.split(' ').next().unwrap();
            assert!(
                all.contains(&format!("\n  {command} ")),
                "{file}: no command `{command}`"
            );
            let help = printed(&[command, "--help"]);
            let options = line.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
            for option in options.filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{file}: `{command}` has no {option}");
            }
        }
    }
}

#[test]
fn the_sample_settings_are_what_config_prints() {
    assert_eq!(
        read("examples/library/docent.toml"),
        printed(&["config"]),
        "renew it: docent config > examples/library/docent.toml"
    );
}

#[test]
fn both_readmes_show_the_same_commands() {
    let commands = |file| -> Vec<String> {
        let text: String = read(file);
        text.lines()
            .filter_map(|line| {
                line.strip_prefix("docent ")?
                    .split(' ')
                    .next()
                    .map(ToOwned::to_owned)
            })
            .collect()
    };
    assert_eq!(commands("README.md"), commands("README.ru.md"));
}
