//! The database servers that tests share: one of each kind that tracestead knows, empty and on a free port.
//!
//! Python starts them (`tests/servers`), since the end-to-end tests need to start and kill servers as well. They run until we
//! close the standard input of that program, so they end with us, however we end.

use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::command::Command;
use crate::{Failure, Outcome, places, tools};

/// Servers that run until this is dropped.
pub(crate) struct Databases {
    child: Child,
    /// Names and values of environment variables, by which tests find them.
    urls: Vec<(String, String)>,
}

impl Databases {
    /// Starts what the environment does not name already, and returns when all of it answers.
    pub(crate) fn start() -> Result<Self, Failure> {
        Self::start_with(&[])
    }

    /// Starts servers that wait for the disk at each commit, for measuring.
    pub(crate) fn start_durable() -> Result<Self, Failure> {
        Self::start_with(&["--durable"])
    }

    fn start_with(arguments: &[&str]) -> Result<Self, Failure> {
        let mut child = Command::new(tools::python()?)
            .args(["-m", "servers"])
            .args(arguments)
            .dir(places::python_tests())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(|error| format!("cannot read what the database servers say: {error}"))?;
        }
        let urls = read_urls(&line);
        let databases = Self { child, urls };
        if databases.urls.is_empty() {
            return Err("the database servers did not start; what they said stands above".to_owned());
        }
        Ok(databases)
    }

    /// The command, told where the servers are.
    pub(crate) fn known_to(&self, command: Command) -> Command {
        self.urls.iter().fold(command, |command, (name, url)| command.env(name, url))
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            println!("xtask: cannot wait for the database servers to end: {error}");
        }
    }
}

/// `cargo xtask databases`.
pub(crate) fn serve() -> Outcome {
    let mut databases = Databases::start()?;
    for (name, url) in &databases.urls {
        println!("export {name}='{url}'");
    }
    println!("# until Ctrl-C");
    // Waiting would close it, and that is the sign to stop.
    let input = databases.child.stdin.take();
    let ended = databases.child.wait();
    drop(input);
    ended.map(drop).map_err(|error| format!("cannot wait for the database servers: {error}"))
}

/// Reads an object of JSON whose values are URLs. They have no quotes and no backslashes: there is nothing to unescape.
fn read_urls(line: &str) -> Vec<(String, String)> {
    let texts: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    texts.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_in_order() {
        let pair = |name: &str, url: &str| (name.to_owned(), url.to_owned());
        assert_eq!(
            read_urls("{\"A\": \"postgres://u:p@127.0.0.1:1/d?x=1\", \"B\": \"mysql://\"}\n"),
            [pair("A", "postgres://u:p@127.0.0.1:1/d?x=1"), pair("B", "mysql://")]
        );
        assert_eq!(read_urls(""), []);
    }
}
