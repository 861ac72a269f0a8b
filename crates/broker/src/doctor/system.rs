//! Limits of the process, the kernel and the control group.

use host::system;

use super::Finding;
use crate::config::Config;

/// Fewer descriptors than this are spent by a few hundred clients and partitions.
const DESCRIPTORS_MIN: u64 = 10_000;
/// Less memory than this leaves little page cache for fetches.
const MEMORY_MIN: u64 = 256 << 20;
/// A clock before this (2024) was never set.
const EPOCH_SECONDS_MIN: i64 = 1_704_067_200;

pub(super) fn examine(config: &Config, findings: &mut Vec<Finding>) {
    findings.push(descriptors(config));
    findings.push(clock());
    findings.push(kernel());
    if let Some((limit, file)) = system::memory_limit() {
        let text = format!("the control group allows {} MiB ({})", limit >> 20, file.display());
        findings.push(match limit < MEMORY_MIN {
            true => {
                Finding::warn("memory", text, "page cache counts too: fetches go to the disk; allow 512 MiB or more")
            }
            false => Finding::ok("memory", text),
        });
    }
    dirty(findings);
}

fn descriptors(config: &Config) -> Finding {
    // The broker raises the soft limit to the hard one by itself.
    let (soft, hard) = system::open_files_limits();
    let text = |limit: u64| {
        format!("{limit} files may be open (soft limit {})", soft.map_or("none".into(), |n| n.to_string()))
    };
    match hard {
        None => Finding::ok("descriptors", "no limit of open files"),
        Some(hard) if hard < DESCRIPTORS_MIN => {
            let advice = format!(
                "raise it (LimitNOFILE= in systemd, ulimit -Hn, --ulimit nofile): each connection needs one, max.connections is {}",
                config.max_connections
            );
            Finding::warn("descriptors", text(hard), advice)
        }
        Some(hard) => Finding::ok("descriptors", text(hard)),
    }
}

fn clock() -> Finding {
    let seconds = host::Clock::real().now_ms() / 1000;
    match seconds < EPOCH_SECONDS_MIN {
        true => {
            let text = format!("the clock says {seconds} seconds after 1970");
            Finding::fail("clock", text, "set it: retention and timestamps go by it; run chrony or systemd-timesyncd")
        }
        false => Finding::ok("clock", "the clock is set"),
    }
}

fn kernel() -> Finding {
    let release = system::read_text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let disk = host::Disk::real();
    if !disk.sync_filesystem_tells_errors() {
        let text = format!("Linux {release}: syncfs does not tell errors before 5.8");
        return Finding::warn(
            "kernel",
            text,
            "starts and new topics sync file by file, which is slow; use a newer kernel",
        );
    }
    match disk.cache_identity(std::path::Path::new("/")) {
        Ok(Some(_)) => Finding::ok("kernel", format!("Linux {release} has all that is used")),
        _ => {
            let text = format!("Linux {release}: statx tells no unique mounts before 6.8");
            Finding::warn("kernel", text, "after kill -9 logs are recovered as after a power cut, which takes longer")
        }
    }
}

/// Much dirty memory makes one sync take long.
fn dirty(findings: &mut Vec<Finding>) {
    let read = |name: &str| system::read_text(&format!("/proc/sys/vm/{name}")).ok()?.trim().parse::<u64>().ok();
    if let (Some(ratio), Some(background)) = (read("dirty_ratio"), read("dirty_background_ratio")) {
        let text = format!("vm.dirty_ratio={ratio}, vm.dirty_background_ratio={background}");
        let advice = "a sync may wait for gigabytes of others' writes; 20 and 5 are usual for a broker";
        findings.push(match ratio > 40 {
            true => Finding::warn("writeback", text, advice),
            false => Finding::ok("writeback", text),
        });
    }
}
