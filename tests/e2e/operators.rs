//! What operators see: metrics, health and readiness over HTTP, logs that change while the broker runs, the doctor, and what
//! shells complete.

pub mod cache;
mod doctor;
pub mod exposition;
pub mod http;
mod logs;
mod metrics;
mod ready;

use std::path::Path;
use std::process::Command;

use crate::batch::{self, Identity, Record};
use crate::harness::OTTLA;
use crate::tools::{available, output_of};

fn small_batch() -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of("a small record")])
}

#[test]
fn shells_get_their_completions() {
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef ottla"), ("fish", "complete -c ottla"), ("elvish", "edit:")]
    {
        let script = output_of(Command::new(OTTLA).args(["completions", shell]), b"");
        let text = String::from_utf8(script.clone()).unwrap();
        assert!(text.contains(sign) && text.contains("doctor") && text.contains("serve"), "{shell}: {text}");
        if shell == "bash" && available(Path::new("bash"), &["--version"]) {
            output_of(Command::new("bash").arg("-n"), &script);
        }
    }
}
