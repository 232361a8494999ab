//! A folder of its own for each test, and the real program in it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) struct Workplace {
    folder: tempfile::TempDir,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracestead"));
        command.args(arguments).current_dir(self.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRACESTEAD_")) {
            command.env_remove(name);
        }
        command.env("COLUMNS", "120").envs(variables.iter().copied());
        command.output().unwrap()
    }

    /// What the command prints when it does what was asked.
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        text(&output.stdout)
    }

    pub(crate) fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        self.prints(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the command complains when it does not.
    pub(crate) fn complains(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn field<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}
