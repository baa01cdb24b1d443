//! What a process that reads documents gives up before it sees the first byte of one.
//!
//! Owns the limits that a child puts on itself, for good: memory, descriptors, no file but those it holds
//! open already (landlock), no network and no other programs (seccomp). A kernel without one of them leaves the others.

use std::io;

/// Address space: four times what the largest document known took.
const MEMORY_BYTES: u64 = 2 << 30;

/// Open files: the three standard streams and room for a library's own.
const DESCRIPTORS: u64 = 64;

/// How much of the confinement holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confined {
    /// No file can be opened.
    pub(crate) files: bool,
    /// No socket can be made and no program started.
    pub(crate) calls: bool,
}

/// Confines this process. Called before any other thread is started: threads inherit it, existing ones would not.
pub(crate) fn confine() -> Confined {
    use rlimit::{Resource, setrlimit};
    // A system that does not let itself be limited is no reason not to read.
    let _ = setrlimit(Resource::AS, MEMORY_BYTES, MEMORY_BYTES);
    let _ = setrlimit(Resource::CORE, 0, 0);
    let _ = setrlimit(Resource::NOFILE, DESCRIPTORS, DESCRIPTORS);
    confine_thread()
}

/// Takes files, network and programs from this thread and those it starts.
fn confine_thread() -> Confined {
    Confined {
        files: without_files().unwrap_or(false),
        calls: without_calls().is_ok(),
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

#[cfg(target_os = "linux")]
fn without_calls() -> io::Result<()> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    /// Calls that reading a document never needs and an intruder would.
    const DENIED: [i64; 17] = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_io_uring_setup,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_keyctl,
        libc::SYS_userfaultfd,
    ];
    let denied = DENIED.iter().map(|&call| (call, Vec::new())).collect();
    let machine = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let filter = SeccompFilter::new(
        denied,
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
        // Kernels before 5.13, and some containers, have no landlock; then files stay open to it, and it says so.
        assert_eq!(no_file, confined.files);
    }
}
