//! `ottla completions`: what a shell completes.

use std::io;

use clap_complete::Shell;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  ottla completions bash > /etc/bash_completion.d/ottla
  ottla completions zsh > \"${fpath[1]}/_ottla\"
  ottla completions fish > ~/.config/fish/completions/ottla.fish";

/// Write a script with which a shell completes commands and options
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

/// Writes the script for `command` to stdout.
pub fn run(args: &Args, mut command: clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "ottla", &mut script);
    Ok(io::Write::write_all(&mut io::stdout(), &script)?)
}
