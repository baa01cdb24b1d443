//! A PostgreSQL server of a test's own: in a temporary folder, on a socket in it, ended with the test.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The user `nobody` of Debian: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

pub(crate) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    user: Option<u32>,
    child: Option<Child>,
}

impl Postgres {
    /// Starts a server; nothing, with a word about it, where none is installed, which fails in CI.
    pub(crate) fn begin() -> Option<Self> {
        let Some(programs) = programs() else {
            // Set by the runners of CI.
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed");
            eprintln!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("docent-pg").tempdir().unwrap();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let user = is_root.then_some(NOBODY);
        if let Some(user) = user {
            chown(folder.path(), Some(user), Some(user)).unwrap();
        }
        let mut server = Self {
            programs,
            folder,
            user,
            child: None,
        };
        let made = server
            .program("initdb")
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=docent",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.start();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    pub(crate) fn start(&mut self) {
        let child = self
            .program("postgres")
            .args(["-F", "-c", "listen_addresses=", "-D"])
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = Instant::now();
        while self.psql("postgres", "SELECT 1").is_none() {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "PostgreSQL did not get ready"
            );
            std::thread::yield_now();
        }
    }

    /// Stops the server without waiting for those who are connected.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let told = Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status();
            if !told.is_ok_and(|told| told.success()) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }

    /// Runs a statement; nothing when it fails.
    pub(crate) fn psql(&self, database: &str, statement: &str) -> Option<String> {
        let told = self
            .program("psql")
            .args(["-X", "-A", "-t", "-U", "docent", "-h"])
            .arg(self.folder.path())
            .args(["-d", database, "-c", statement])
            .output()
            .unwrap();
        told.status
            .success()
            .then(|| String::from_utf8(told.stdout).unwrap().trim().to_owned())
    }

    /// Returns the address of a new, empty database.
    pub(crate) fn database(&self, name: &str) -> String {
        self.psql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://docent@{host}/{name}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Finds the programs of the newest version: Debian keeps the server's out of the PATH.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| {
            let version = version.ok()?;
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .collect();
    found.sort();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let newest = found.pop().map(|(_, path)| path);
    let complete = |folder: &Path| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    std::env::split_paths(&paths)
        .chain(newest)
        .find(|folder| complete(folder))
}
