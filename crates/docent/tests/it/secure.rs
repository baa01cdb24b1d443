//! TLS and the log of the real program.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rcgen::generate_simple_self_signed;

use crate::{library, talk_at};

/// Writes a self-made certificate and its key.
fn put(folder: &Path) {
    let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

pub(crate) fn docent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Ends the program when the test does.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Serves a library with further arguments; the log goes into a file of the folder.
    pub(crate) fn begin(library: &Path, folder: &Path, arguments: &[&str]) -> Self {
        let ready = folder.join("ready");
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_docent"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .arg("--data")
            .arg(folder.join("index"))
            .args(arguments)
            .arg(library)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut running = Self {
            child,
            address: String::new(),
        };
        let begun = Instant::now();
        loop {
            let address = std::fs::read_to_string(&ready).unwrap_or_default();
            if address.contains(':') {
                running.address = address;
                return running;
            }
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "the server did not get ready"
            );
            std::thread::yield_now();
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
}

#[test]
fn the_protocol_is_kept_under_tls_and_a_new_certificate_is_taken_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path());
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let arguments = ["--tls-certificate", chain, "--tls-key", key];
    let running = Running::begin(&library(), folder.path(), &arguments);
    let url = format!("wss://{}/ws/assistant", running.address);
    let kept = docent(&["conformance", &url, "--ca", chain, "--timeout", "30s"]);
    let told = String::from_utf8_lossy(&kept.stdout);
    assert_eq!(kept.status.code(), Some(0), "{told}");
    assert!(!told.contains("FAIL"), "{told}");

    let old = folder.path().join("old.pem");
    std::fs::rename(chain, &old).unwrap();
    put(folder.path());
    running.signal("HUP");
    let trusts = |ca: &str| {
        // Whoever is not believed gives no list; the rest is no matter here.
        let tried = docent(&["conformance", &url, "--ca", ca, "--timeout", "30s"]);
        !String::from_utf8_lossy(&tried.stderr).contains("no list of assistants")
    };
    let waited = Instant::now();
    while trusts(old.to_str().unwrap()) {
        assert!(
            waited.elapsed() < Duration::from_mins(1),
            "the old certificate is shown"
        );
    }
    assert!(trusts(chain));
}

#[test]
fn files_that_are_no_pair_end_the_start_with_a_name_and_a_remedy() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(one.path());
    put(other.path());
    let (chain, key) = (one.path().join("chain.pem"), other.path().join("key.pem"));
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let library = library();
    let library = library.to_str().unwrap();
    let refused = docent(&["serve", library, "--tls-certificate", chain, "--tls-key", key]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(4), "{told}");
    for part in [
        "error: TLS cannot be offered",
        key,
        "does not belong to the first certificate",
        "hint: ",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let half = docent(&["serve", library, "--tls-certificate", chain]);
    let told = String::from_utf8_lossy(&half.stderr);
    assert_eq!(half.status.code(), Some(4), "{told}");
    assert!(
        told.contains("but no key") && told.contains("hint: set both"),
        "{told}"
    );
}

#[tokio::test]
async fn the_log_has_a_number_for_each_question_and_nobodys_words() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library");
    std::fs::create_dir(&library).unwrap();
    std::fs::write(library.join("график.txt"), "Центр открыт с 9 до 18 часов.").unwrap();
    let settings = "[log]\nformat = \"json\"\nlevel = \"debug\"\n[limits]\noutbound = \"200 B\"\n";
    std::fs::write(library.join("docent.toml"), settings).unwrap();
    let mut running = Running::begin(&library, folder.path(), &[]);
    let long = format!(
        r#"{{"type":"question","question":"{}"}}"#,
        "пустозвон ".repeat(500)
    );
    let said = [
        r#"{"type":"select_assistant","assistant_id":1}"#,
        r#"{"type":"question","question":"Когда открыт центр, пустозвон?"}"#,
        // Its reply is longer than may be, which is told in the log.
        r#"{"type":"question","question":"Когда открыт центр, пустозвон?","id":"пустозвон","sources":true}"#,
        r#"{"type":"пустозвон"}"#,
        r#"{"пустозвон"#,
        &long,
    ];
    let replies = talk_at(&running.address, &said).await;
    running.signal("TERM");
    running.child.wait().unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("пустозвон"), "{log}");
    assert!(log.contains("longer than limits.outbound"), "{replies:?} {log}");
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let asked: Vec<_> = lines
        .filter(|line| line["message"] == "a question ended")
        .collect();
    assert_eq!(asked.len(), 2, "{log}");
    let numbers: Vec<&str> = asked
        .iter()
        .map(|line| line["request"].as_str().unwrap())
        .collect();
    assert!(
        numbers[0].ends_with("-1") && numbers[1].ends_with("-2"),
        "{numbers:?}"
    );
    assert!(
        asked
            .iter()
            .all(|line| line["took_ms"].is_u64() && line["outcome"].is_string()),
        "{log}"
    );
}
