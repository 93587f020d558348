//! What the figures were had on.

use std::process::Command;
use std::{fs, thread};

/// A machine and its compiler; what cannot be found out is "unknown".
#[derive(Debug)]
pub struct Machine {
    /// The processor's own name.
    pub processor: String,
    /// Threads it runs at once, as far as this process may use them.
    pub cores: usize,
    /// The operating system's kernel.
    pub kernel: String,
    /// Processes that wanted to run in the last minute, when the measurement began: above 0 others were busy too.
    pub load: String,
    /// The compiler on the path.
    pub rustc: String,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn this() -> Self {
        Self {
            processor: file("/proc/cpuinfo", processor),
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: file("/proc/sys/kernel/osrelease", |text| Some(text.trim().to_owned())),
            load: file("/proc/loadavg", |text| text.split_whitespace().next().map(str::to_owned)),
            rustc: rustc().unwrap_or_else(unknown),
        }
    }
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn file(path: &str, read: impl FnOnce(&str) -> Option<String>) -> String {
    fs::read_to_string(path).ok().and_then(|text| read(&text)).unwrap_or_else(unknown)
}

fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_is_the_model_name() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Processor\nstepping\t: 2\n";
        assert_eq!(processor(cpuinfo).as_deref(), Some("Intel(R) Xeon(R) Processor"));
    }
}
