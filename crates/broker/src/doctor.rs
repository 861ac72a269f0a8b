//! Looks for what would keep a broker from starting or from running well, and says what to do. Changes nothing: it makes
//! no file, takes no lock and sends no request.

mod data;
mod network;
mod system;

use std::fmt;

use host::Disk;

use crate::config::{Config, Loaded};
use crate::start::{Options, sources};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// A broker runs, but there is something to know.
    Warn,
    /// A broker does not start, or loses what it should keep.
    Fail,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Ok => "OK",
            Severity::Warn => "WARN",
            Severity::Fail => "FAIL",
        })
    }
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at, in one word or two.
    pub subject: &'static str,
    /// What was found.
    pub text: String,
    /// What to do about it; empty when nothing.
    pub advice: String,
}

impl Finding {
    fn ok(subject: &'static str, text: impl Into<String>) -> Finding {
        Finding { severity: Severity::Ok, subject, text: text.into(), advice: String::new() }
    }

    fn warn(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warn, subject, text: text.into(), advice: advice.into() }
    }

    fn fail(subject: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { severity: Severity::Fail, subject, text: text.into(), advice: advice.into() }
    }
}

/// Examines the machine and the settings that `ottla serve` would start with.
pub fn examine(options: &Options) -> Vec<Finding> {
    let disk = Disk::real();
    let loaded = sources(&disk, options).and_then(|sources| Ok(Config::load(&sources)?));
    let mut findings = Vec::new();
    match loaded {
        Ok(Loaded { config, warnings }) => {
            let named =
                options.config_file.as_ref().map_or("the defaults".to_owned(), |file| file.display().to_string());
            findings.push(Finding::ok("config", format!("{named}: understood, node.id={}", config.node_id.0)));
            findings.extend(
                warnings.into_iter().map(|text| Finding::warn("config", text, "remove the key, or correct it")),
            );
            let is_running = data::examine(&disk, &config, &mut findings);
            network::examine(&config, options.metrics.as_deref(), is_running, &mut findings);
            system::examine(&config, &mut findings);
        }
        Err(error) => {
            findings.push(Finding::fail("config", error.to_string(), "correct it; nothing else was looked at"))
        }
    }
    findings
}
