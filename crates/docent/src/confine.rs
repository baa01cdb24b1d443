//! What a process that reads documents gives up before it sees the first byte of one.
//!
//! Owns the limits that a child puts on itself, for good: memory, processor time, files, descriptors, no file but those it
//! holds open already (landlock and seccomp), no network, no other programs, no signals to others (seccomp), an end with its
//! parent. A kernel without one of them leaves the others.

use std::fs::File;
use std::io;
use std::time::Duration;

use rlimit::{Resource, getrlimit, setrlimit};

/// Address space: four times what the largest document known took.
pub(crate) const MEMORY_BYTES: u64 = 2 << 30;

/// Open files: the three standard streams and room for a library's own.
const DESCRIPTORS: u64 = 64;

/// Processor time for one file: thirteen times the longest law on a slow machine.
pub(crate) const PROCESSOR: Duration = Duration::from_secs(40);

/// Where a confined process puts what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Into a pipe: not one byte goes into a file.
    Pipe,
    /// Wherever the caller wants it, which may be a file of any size.
    Anywhere,
}

/// A process that has confined itself.
pub(crate) struct Confined {
    /// Its own account of the system, opened while it could still open files.
    account: Option<File>,
    /// Seconds of processor time that whoever started this process allows it in all.
    allowed: u64,
}

impl Confined {
    /// Allows [`PROCESSOR`] from now on: a child reads many files, and each has the same time.
    pub(crate) fn renew_processor_time(&self) {
        let Some(used) = self.processor_seconds() else {
            return;
        };
        let soft = (used + PROCESSOR.as_secs()).min(self.allowed);
        let _ = getrlimit(Resource::CPU).and_then(|(_, hard)| setrlimit(Resource::CPU, soft.min(hard), hard));
    }

    /// Returns how long this process has had the processor, rounded up.
    #[cfg(target_os = "linux")]
    fn processor_seconds(&self) -> Option<u64> {
        use std::os::unix::fs::FileExt as _;
        /// The unit of the account, the same on every Linux.
        const TICKS_PER_SECOND: u64 = 100;
        let mut account = [0; 512];
        let length = self.account.as_ref()?.read_at(&mut account, 0).ok()?;
        let text = String::from_utf8_lossy(&account[..length]);
        // Behind the name, which may hold spaces, are the state and ten numbers, then the two times.
        let (_, numbers) = text.rsplit_once(") ")?;
        let times = numbers.split(' ').skip(11).take(2);
        let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Some(ticks.div_ceil(TICKS_PER_SECOND))
    }

    #[cfg(not(target_os = "linux"))]
    fn processor_seconds(&self) -> Option<u64> {
        None
    }
}

/// Which walls hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Walls {
    /// No file can be opened.
    files: bool,
    /// No socket can be made and no program started.
    calls: bool,
}

/// Confines this process. Called before any other thread is started: threads inherit it, existing ones would not.
pub(crate) fn confine(output: Output) -> Confined {
    // A system that does not let itself be limited is no reason not to read; a stricter limit from outside stays.
    let limit = |what: Resource, most: u64| {
        let _ = getrlimit(what).and_then(|(soft, hard)| setrlimit(what, most.min(soft), most.min(hard)));
    };
    let confined = Confined {
        account: File::open("/proc/self/stat").ok(),
        allowed: getrlimit(Resource::CPU).map_or(u64::MAX, |(soft, _)| soft),
    };
    limit(Resource::AS, MEMORY_BYTES);
    limit(Resource::CORE, 0);
    limit(Resource::NOFILE, DESCRIPTORS);
    if output == Output::Pipe {
        limit(Resource::FSIZE, 0);
    }
    end_with_parent();
    #[cfg(target_os = "linux")]
    {
        // What it read is nobody's business: no core, no look into its memory, no rights by a program that has more.
        let _ = capctl::prctl::set_dumpable(false);
        let _ = capctl::prctl::set_no_new_privs();
    }
    confined.renew_processor_time();
    let _ = confine_thread();
    confined
}

/// Ends this process when the thread that started it does, so that a killed parent leaves no orphan.
pub(crate) fn end_with_parent() {
    #[cfg(target_os = "linux")]
    let _ = capctl::prctl::set_pdeathsig(Some(libc::SIGKILL));
}

/// Takes files, network and programs from this thread and those it starts.
fn confine_thread() -> Walls {
    let files = without_files().unwrap_or(false);
    let calls = without_calls().is_ok();
    Walls {
        files: files || calls,
        calls,
    }
}

#[cfg(target_os = "linux")]
fn without_files() -> Result<bool, landlock::RulesetError> {
    use landlock::{ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetStatus};
    // Rights that an older kernel does not know are left out of the rules by the library.
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// Calls that reading a document never needs and an intruder would.
#[cfg(target_os = "linux")]
const DENIED: [i64; 34] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_execve,
    libc::SYS_execveat,
    // Kernels before 5.13 and some containers have no landlock.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_truncate,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_userfaultfd,
];

/// The same under the names that only this kind of machine still has.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const DENIED_HERE: [i64; 6] = [
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
];
#[cfg(all(target_os = "linux", not(target_arch = "x86_64")))]
const DENIED_HERE: [i64; 0] = [];

#[cfg(target_os = "linux")]
fn without_calls() -> io::Result<()> {
    use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
    let unless_first_is = |number: u64| {
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, number)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map(|rule| vec![rule])
            .map_err(io::Error::other)
    };
    let mut denied: std::collections::BTreeMap<i64, Vec<SeccompRule>> = DENIED
        .iter()
        .chain(&DENIED_HERE)
        .map(|&call| (call, Vec::new()))
        .collect();
    // An abort is a signal to oneself; a limit of one's own is asked for with the number 0.
    denied.insert(libc::SYS_tgkill, unless_first_is(u64::from(std::process::id()))?);
    denied.insert(libc::SYS_prlimit64, unless_first_is(0)?);
    deny(denied)
}

/// Takes calls from this thread and those it starts, each under its conditions; one that is made all the same fails.
#[cfg(target_os = "linux")]
pub(crate) fn deny(calls: impl IntoIterator<Item = (i64, Vec<seccompiler::SeccompRule>)>) -> io::Result<()> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let machine = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let filter = SeccompFilter::new(
        calls.into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        machine,
    );
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

#[cfg(not(target_os = "linux"))]
fn without_files() -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(target_os = "linux"))]
fn without_calls() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_confined_thread_opens_no_file_no_socket_and_no_program() {
        let program = std::env::current_exe().unwrap();
        let seen = std::thread::spawn(move || {
            let confined = confine_thread();
            let denied = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
            (
                confined,
                std::fs::File::open(&program).err().is_some_and(denied),
                std::net::UdpSocket::bind("127.0.0.1:0").err().is_some_and(denied),
                std::process::Command::new(&program)
                    .spawn()
                    .err()
                    .is_some_and(denied),
            )
        });
        let (confined, no_file, no_socket, no_program) = seen.join().unwrap();
        assert!(confined.calls && no_socket && no_program, "{confined:?}");
        assert!(confined.files && no_file, "{confined:?}");
    }

    #[test]
    fn each_of_the_two_walls_holds_by_itself() {
        let program = std::env::current_exe().unwrap();
        let denied = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let path = program.clone();
        let by_calls = std::thread::spawn(move || {
            without_calls().unwrap();
            std::fs::File::open(&path).err().is_some_and(denied)
        });
        assert!(by_calls.join().unwrap());
        let by_landlock = std::thread::spawn(move || {
            // Kernels before 5.13, and some containers, have none; then files stay open to it, and it says so.
            let holds = without_files().unwrap_or(false);
            (holds, std::fs::File::open(&program).err().is_some_and(denied))
        });
        let (holds, no_file) = by_landlock.join().unwrap();
        assert_eq!(holds, no_file);
    }

    #[test]
    fn a_confined_thread_sends_no_signal_to_others() {
        let other = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let other = std::thread::spawn(move || {
            confine_thread();
            let mut other = other;
            let denied = other.kill().is_err();
            (other, denied)
        });
        let (mut other, denied) = other.join().unwrap();
        let lives = other.try_wait().unwrap().is_none();
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(denied && lives);
    }
}
