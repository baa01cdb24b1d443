//! Whether the settings fit the machine.
//!
//! Owns the sums: what the limits allow at once, beside what the system gives this process. A doubt is told at the start,
//! when somebody looks, instead of in the night when the limit is reached.

use docent_gateway::Settings;

/// Descriptors beside the connections: the index, the journal of the system, page loads, handshakes under way.
const SPARE_DESCRIPTORS: u64 = 1_200;

/// Memory of one open connection that is idle, the kernel's part included (measured: 7.3 KB and 4.7 KB).
const CONNECTION_BYTES: u64 = 12 << 10;

/// What TLS adds to it: keys and buffers (measured: 12.6 KB in all beside 4.2 KB without, on 1,000 connections).
const TLS_BYTES: u64 = 9 << 10;

/// Returns what the settings promise and this machine cannot hold, a sentence each.
pub(crate) fn doubts(settings: &Settings, tls: bool) -> Vec<String> {
    let mut doubts = Vec::new();
    let wanted = (settings.max_connections as u64).saturating_add(SPARE_DESCRIPTORS);
    if let Some(given) = raised_descriptors(wanted).filter(|&given| given < wanted) {
        doubts.push(format!(
            "limits.connections = {} needs {wanted} open files, the system gives {given}: raise its limit (ulimit -n, \
             LimitNOFILE=) or set connections to {}",
            settings.max_connections,
            given.saturating_sub(SPARE_DESCRIPTORS).max(1)
        ));
    }
    let each = CONNECTION_BYTES + if tls { TLS_BYTES } else { 0 };
    let wanted = (settings.max_connections as u64).saturating_mul(each);
    if let Some(given) = memory().filter(|&given| given < wanted) {
        doubts.push(format!(
            "limits.connections = {} needs up to {} MiB of memory, the machine has {} MiB: set connections to {}",
            settings.max_connections,
            wanted >> 20,
            given >> 20,
            given / 2 / each
        ));
    }
    doubts
}

/// Raises the soft limit of open files as far as it may be and is wanted; returns what holds.
fn raised_descriptors(wanted: u64) -> Option<u64> {
    const NOFILE: rlimit::Resource = rlimit::Resource::NOFILE;
    let (soft, hard) = rlimit::getrlimit(NOFILE).ok()?;
    let aim = wanted.min(hard);
    if soft < aim && rlimit::setrlimit(NOFILE, aim, hard).is_ok() {
        return Some(aim);
    }
    Some(soft)
}

/// Returns the memory of this machine, or of the control group that this process is in.
fn memory() -> Option<u64> {
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    let all = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kibibytes << 10)
    });
    group.into_iter().chain(all).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_beyond_the_machine_are_told_and_modest_ones_are_not() {
        let of = |connections| {
            let settings = Settings {
                max_connections: connections,
                ..Settings::default()
            };
            doubts(&settings, true)
        };
        assert_eq!(of(10), [""; 0]);
        let told = of(1_000_000_000_000);
        assert!(told.iter().any(|doubt| doubt.contains("open files")), "{told:?}");
        assert!(told.iter().any(|doubt| doubt.contains("memory")), "{told:?}");
    }
}
