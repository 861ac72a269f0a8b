//! The JVM in which Kafka's tools run, see `Driver.java`.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::kafka::java;

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/words/Driver.java");

/// Instead of an exit code: the tool has ended its JVM, and that has the code.
const LEFT: i32 = -1;

/// A JVM that runs tools one after the other. Dropping it ends it.
pub struct Driver {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// How a tool ended and what it wrote.
pub struct Ended {
    /// The exit code.
    pub status: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Driver {
    /// Starts a JVM. None where there is none.
    pub fn start() -> Option<Driver> {
        let mut java = java()?;
        java.args(["-Xmx320m", DRIVER]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = java.spawn().unwrap();
        let commands = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Some(Driver { process, commands, answers })
    }

    /// Runs the tool of this class to its end.
    pub fn run(&mut self, class: &str, arguments: &[String], input: &str) -> Ended {
        let mut frame = Vec::new();
        put_i32(&mut frame, arguments.len() + 1);
        put_text(&mut frame, class);
        arguments.iter().for_each(|argument| put_text(&mut frame, argument));
        put_text(&mut frame, input);
        self.commands.write_all(&frame).unwrap();
        self.commands.flush().unwrap();
        let Some(status) = self.number() else { panic!("the JVM ended with {class} {arguments:?}") };
        let mut ended = Ended { status, stdout: self.text(), stderr: self.text() };
        if status == LEFT {
            ended.status = self.process.wait().unwrap().code().expect("it left by itself");
            *self = Driver::start().expect("there was one before");
        }
        ended
    }

    fn number(&mut self) -> Option<i32> {
        let mut bytes = [0; 4];
        self.answers.read_exact(&mut bytes).ok().map(|()| i32::from_be_bytes(bytes))
    }

    fn text(&mut self) -> String {
        let mut bytes = vec![0; usize::try_from(self.number().expect("a whole answer")).unwrap()];
        self.answers.read_exact(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn put_i32(frame: &mut Vec<u8>, number: usize) {
    frame.extend(i32::try_from(number).unwrap().to_be_bytes());
}

fn put_text(frame: &mut Vec<u8>, text: &str) {
    put_i32(frame, text.len());
    frame.extend(text.as_bytes());
}
