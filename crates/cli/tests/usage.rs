//! The command line without a broker: help, exit codes, hints.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests use the real files and sockets")]

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

fn ottla(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ottla"));
    command.args(arguments).env_remove("OTTLA_BOOTSTRAP").env_remove("OTTLA_LOG").stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn every_command_has_help_with_examples() {
    let commands: [&[&str]; 13] = [
        &[],
        &["serve"],
        &["topic"],
        &["topic", "create"],
        &["topic", "list"],
        &["topic", "describe"],
        &["topic", "alter"],
        &["topic", "delete"],
        &["topic", "delete-records"],
        &["produce"],
        &["consume"],
        &["log"],
        &["log", "dump"],
    ];
    for command in commands {
        let (code, stdout, _) = ottla(&[command, &["--help"]].concat());
        assert!(code == 0 && stdout.contains("Examples:"), "{command:?}: {stdout}");
    }
    assert!(ottla(&["--help"]).1.contains("Exit codes:"));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let wrong: [&[&str]; 11] = [
        &[],
        &["no-such-command"],
        &["topic", "create"],
        &["topic", "create", "t", "--partitions", "0"],
        &["topic", "alter", "t"],
        &["topic", "alter", "t", "--set", "no-value"],
        &["topic", "delete-records", "t", "--partition", "0", "--before", "-2"],
        &["consume", "t", "--from", "somewhere"],
        &["produce", "t", "--compression", "brotli"],
        &["topic", "list", "-b", "no-port"],
        &["serve", "--set", "no-value"],
    ];
    for arguments in wrong {
        let (code, stdout, stderr) = ottla(arguments);
        assert_eq!((code, &*stdout), (2, ""), "{arguments:?}");
        assert!(!stderr.is_empty());
    }
}

#[test]
fn a_closed_port_is_exit_code_3_with_a_hint() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for command in [&["topic", "list"][..], &["consume", "t"], &["produce", "t"]] {
        let (code, stdout, stderr) = ottla(&[command, &["--bootstrap", &closed]].concat());
        assert_eq!((code, &*stdout), (3, ""), "{stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines[0].starts_with(&format!("error: nobody listens at {closed}")), "{stderr}");
        assert!(lines[1].starts_with("hint: ") && lines.len() == 2, "{stderr}");
    }
}

#[test]
fn a_file_is_dumped_by_what_its_name_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("0.log"), []).unwrap();
    std::fs::write(path("1.log"), [0; 70]).unwrap();
    std::fs::write(path("0.txt"), []).unwrap();
    let dump = |name: &str| ottla(&["log", "dump", &path(name)]);
    assert_eq!(dump("0.log").0, 0);
    let (code, _, stderr) = dump("1.log");
    assert!(code == 1 && stderr.contains("damaged from byte 0"), "{stderr}");
    assert_eq!(dump("0.txt").0, 2);
    assert_eq!(dump("none.log").0, 1);
}
