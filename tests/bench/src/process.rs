//! What the system tells about a process (Linux), and where it may run.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

/// Clock ticks per second of `/proc/<pid>/stat`; fixed on Linux for programs (man 5 proc).
const TICKS_PER_SECOND: u64 = 100;

/// Resident memory in bytes.
///
/// # Errors
/// When the process is gone, or the system is not Linux.
pub fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .context("no number")?
        .parse()?;
    Ok(kilobytes * 1024)
}

/// Resident memory of this process in bytes.
///
/// # Errors
/// When the system is not Linux.
pub fn own_resident_bytes() -> anyhow::Result<u64> {
    resident_bytes(std::process::id())
}

/// Time on a processor so far, in user and kernel mode, of all threads.
///
/// # Errors
/// When the process is gone, or the system is not Linux.
pub fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold blanks; what follows it does not.
    let (_, rest) = stat.rsplit_once(')').context("no name")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || -> anyhow::Result<u64> { Ok(fields.next().context("no field")?.parse()?) };
    Ok(Duration::from_millis(
        (ticks()? + ticks()?) * 1000 / TICKS_PER_SECOND,
    ))
}

/// Binds this process and its threads to one core, so that a server on another has that alone.
///
/// # Errors
/// When `taskset` is missing or refuses.
pub fn stay_on_core(core: usize) -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let done = Command::new("taskset")
        .args([
            "--all-tasks",
            "--cpu-list",
            "--pid",
            &core.to_string(),
            &own,
        ])
        .output()
        .context("taskset (util-linux)")?;
    ensure!(
        done.status.success(),
        "taskset: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// Lets this thread run only while nothing else wants its core (SCHED_IDLE).
///
/// # Errors
/// When `chrt` is missing or refuses.
pub fn give_way() -> anyhow::Result<()> {
    let own = std::fs::read_link("/proc/thread-self")?;
    let id = own.file_name().and_then(|name| name.to_str());
    idle(&["--idle", "--pid", "0", id.context("no thread")?])
}

/// The same for all threads of a process.
///
/// # Errors
/// When `chrt` is missing or refuses.
pub fn have_give_way(process: u32) -> anyhow::Result<()> {
    let id = process.to_string();
    idle(&["--all-tasks", "--idle", "--pid", "0", &id])
}

fn idle(args: &[&str]) -> anyhow::Result<()> {
    let done = Command::new("chrt")
        .args(args)
        .output()
        .context("chrt (util-linux)")?;
    ensure!(
        done.status.success(),
        "chrt: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// Fails early where so many sockets cannot be had.
///
/// # Errors
/// When the limit of open files is lower.
pub fn need_open_files(count: u64) -> anyhow::Result<()> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .context("no limit")?;
    let soft = line.split_whitespace().nth(3).context("no number")?;
    if soft.parse::<u64>().is_ok_and(|soft| soft < count) {
        bail!("only {soft} files may be open: run `ulimit -n {count}` first");
    }
    Ok(())
}
