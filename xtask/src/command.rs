//! Running other programs, aloud.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{self, Stdio};
use std::thread;

use crate::{Failure, Outcome, places};

/// A program to run, by default in the root of the checkout.
pub(crate) struct Command {
    inner: process::Command,
    shown: String,
}

impl Command {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let shown = program.as_ref().to_string_lossy().into_owned();
        let mut inner = process::Command::new(program);
        inner.current_dir(places::root());
        Self { inner, shown }
    }

    /// The cargo that runs this task.
    pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Self::new(program);
        "cargo".clone_into(&mut command.shown);
        command.args(arguments)
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.inner.arg(argument);
        }
        self
    }

    pub(crate) fn dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.inner.current_dir(directory);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Runs it to its end; any status but 0 is a failure.
    pub(crate) fn run(mut self) -> Outcome {
        println!("$ {}", self.shown);
        let status = self.inner.status().map_err(|error| self.cannot_start(&error))?;
        self.judge(status)
    }

    /// Runs it without a word and returns what it wrote to its standard output.
    pub(crate) fn output(mut self) -> Result<Vec<u8>, Failure> {
        let output = self.inner.output().map_err(|error| self.cannot_start(&error))?;
        match self.judge(output.status) {
            Ok(()) => Ok(output.stdout),
            Err(failure) => Err(format!("{failure}\n{}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// Runs it to its end, shows what it writes, and gives every line of it to `lines` too.
    pub(crate) fn run_and_read(mut self, lines: &mut Vec<String>) -> Outcome {
        println!("$ {}", self.shown);
        self.inner.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.inner.spawn().map_err(|error| self.cannot_start(&error))?;
        let stdout = child.stdout.take().map(|stream| thread::spawn(|| show(stream)));
        let stderr = child.stderr.take().map(|stream| thread::spawn(|| show(stream)));
        for reader in [stdout, stderr].into_iter().flatten() {
            lines.extend(reader.join().unwrap_or_default());
        }
        let status = child.wait().map_err(|error| self.cannot_start(&error))?;
        self.judge(status)
    }

    /// Starts it, with pipes for its standard input and output; what it says on standard error is shown.
    pub(crate) fn spawn(mut self) -> Result<process::Child, Failure> {
        println!("$ {}", self.shown);
        self.inner.stdin(Stdio::piped()).stdout(Stdio::piped());
        self.inner.spawn().map_err(|error| self.cannot_start(&error))
    }

    fn judge(&self, status: process::ExitStatus) -> Outcome {
        if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", self.shown)) }
    }

    fn cannot_start(&self, error: &std::io::Error) -> Failure {
        format!("cannot run `{}`: {error}", self.shown)
    }
}

/// Copies a stream to the terminal line by line and returns the lines. Bytes that are no UTF-8 are replaced.
fn show(stream: impl Read) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        println!("{line}");
        lines.push(line);
    }
    lines
}
