//! What the user typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, value_parser};

use crate::commands::show::When;
use crate::config::amounts::{age, size};

/// Observability for AI agents that lives in your own database.
#[derive(Debug, Parser)]
#[command(name = "tracestead", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take traces, keep them, and show them in a page
    Serve(Serve),
    /// List traces, or show one as a tree
    Traces(Traces),
    /// List spans
    Spans(Spans),
    /// Read stored spans again: after new prices, or with a newer tracestead
    ///
    /// Spans are kept as they came; what was understood of them is made anew. It may be stopped and run again at any time, and a
    /// server may run on the same file. That server prices new calls as it did until it is started again.
    Rebuild(Rebuild),
    /// Delete old traces, or whatever is one user's
    ///
    /// Without --older-than, --max-size or --user, the rules of the configuration decide: `[[retention]]` and
    /// `database.max_size`, which a server applies by itself. Only traces go; sessions, runs, approvals and the audit log stay. It
    /// may be stopped and run again at any time, and a server may run on the same database.
    Prune(Prune),
    /// Bring the tables of all databases to this version, and fill what is missing in their rows
    ///
    /// `tracestead serve` does the same when it starts. Tables and columns are only added, while others go on writing; what Agno wrote
    /// stays as it is. It may be stopped and run again at any time.
    Migrate(Migrate),
    /// Copy everything from one database into another, of whatever kind, and compare both
    ///
    /// It may be stopped and run again at any time: it goes on where it was, and what is there already is not written twice.
    /// The source is only read. Servers may go on writing to both; what came behind the back of a copy is found by the
    /// next one. Exits with 1 if anything is missing or different in the end.
    Copy(Copy),
    /// Start a server on a temporary database and fill it with agent runs to look at
    Demo(Demo),
    /// Check the configuration, the database and the ports
    Doctor(Doctor),
    /// Show the configuration
    Config(Config),
    /// Print the OpenAPI document of the REST API
    #[command(hide = true)]
    Openapi,
}

/// Where settings come from, for every command.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Source {
    /// The database, such as sqlite:tracestead.db
    #[arg(long, value_name = "URL")]
    pub(crate) db: Option<String>,
    /// The configuration file; tracestead.toml if there is one
    #[arg(long, value_name = "FILE", env = "TRACESTEAD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Change nothing in the database: no tables, no columns, no traces
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Where to serve the page, REST and OTLP; port 0 takes a free one [default: 127.0.0.1:7777]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Where to take OTLP/HTTP as well, or `off` [default: 127.0.0.1:4318]
    #[arg(long, value_name = "ADDR|off")]
    pub(crate) otlp_http: Option<String>,
    /// Where to take OTLP/gRPC, or `off` [default: 127.0.0.1:4317]
    #[arg(long, value_name = "ADDR|off")]
    pub(crate) otlp_grpc: Option<String>,
    /// Listen where other machines can read everything, without asking who they are
    #[arg(long)]
    pub(crate) insecure_no_auth: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Traces {
    #[command(subcommand)]
    pub(crate) show: Option<TracesCommand>,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Only those with this status
    #[arg(long, value_name = "STATUS", value_parser = ["OK", "ERROR"], ignore_case = true)]
    pub(crate) status: Option<String>,
    /// Only those of this session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Only those of this user
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// Only those of this agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Only those of this team
    #[arg(long, value_name = "ID")]
    pub(crate) team: Option<String>,
    /// Only those of this workflow
    #[arg(long, value_name = "ID")]
    pub(crate) workflow: Option<String>,
    /// Only those of this run
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
    /// Only those whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only those that started since: 15m, 3h, 7d, or an ISO 8601 time
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<When>,
    /// Only those that started before: 15m, 3h, 7d (ago), or an ISO 8601 time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<When>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TracesCommand {
    /// Show one trace as a tree with durations, tokens and errors
    Show {
        /// The trace, or at least four digits of the beginning of its id
        id: String,
        #[command(flatten)]
        source: Source,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Spans {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Only those of this trace; the beginning of its id will do
    #[arg(long, value_name = "ID")]
    pub(crate) trace: Option<String>,
    /// Only those of this type: AGENT, TEAM, WORKFLOW, STEP, LLM, TOOL, ...
    #[arg(long = "type", value_name = "TYPE", value_parser = span_types(), ignore_case = true, hide_possible_values = true)]
    pub(crate) span_type: Option<String>,
    /// Only those with this status
    #[arg(long, value_name = "STATUS", value_parser = ["UNSET", "OK", "ERROR"], ignore_case = true)]
    pub(crate) status: Option<String>,
    /// Only those with this name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Print JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

fn span_types() -> [&'static str; 14] {
    tracestead_model::SpanType::ALL.map(tracestead_model::SpanType::as_str)
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["costs", "facts", "rollups"]).required(true).multiple(true)))]
#[expect(clippy::struct_excessive_bools, reason = "flags that may be combined")]
pub(crate) struct Rebuild {
    #[command(flatten)]
    pub(crate) source: Source,
    /// What calls cost, by the prices of the configuration and the price list; costs that spans report stay
    #[arg(long)]
    pub(crate) costs: bool,
    /// Everything that is read from spans: who ran, models, tokens, costs and the rest
    #[arg(long)]
    pub(crate) facts: bool,
    /// The sums over the hours
    #[arg(long)]
    pub(crate) rollups: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The database to copy from; one that Agno made will do
    // Read later: clap would repeat a wrong URL with its password.
    #[arg(long, value_name = "URL")]
    pub(crate) from: String,
    /// The database to copy to; what it lacks is made
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// A file with the password of the first
    #[arg(long, value_name = "FILE")]
    pub(crate) from_password_file: Option<PathBuf>,
    /// A file with the password of the second
    #[arg(long, value_name = "FILE")]
    pub(crate) to_password_file: Option<PathBuf>,
    /// Do not compare them
    #[arg(long, conflicts_with = "verify_only")]
    pub(crate) no_verify: bool,
    /// Compare them only, and write nothing
    #[arg(long)]
    pub(crate) verify_only: bool,
    /// The configuration file, for your own prices; tracestead.toml if there is one
    #[arg(long, value_name = "FILE", env = "TRACESTEAD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Change and make nothing, and print the SQL that would be run; exits with 4 if there is any
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave the rows to a server, which fills them in the background
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) no_wait: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Delete nothing, and say what would go and how much that is; exits with 4 if there is any
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Traces that ended longer ago than this: 12h, 30d, 8w
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Duration>,
    /// Of these, only those with this status
    #[arg(long, value_name = "STATUS", value_parser = ["OK", "ERROR"], ignore_case = true, requires = "older_than")]
    pub(crate) status: Option<String>,
    /// Of these, only those of this agent
    #[arg(long, value_name = "ID", requires = "older_than")]
    pub(crate) agent: Option<String>,
    /// Of these, only those from this environment
    #[arg(long, value_name = "NAME", requires = "older_than")]
    pub(crate) environment: Option<String>,
    /// Of these, only those with this tag
    #[arg(long, value_name = "TAG", requires = "older_than")]
    pub(crate) tag: Option<String>,
    /// The oldest traces, until the database is no larger than this: 10GB, 512MiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Everything of this user, whatever its age, in the traces of others too
    #[arg(long, value_name = "ID", conflicts_with_all = ["older_than", "max_size"])]
    pub(crate) user: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to serve the page; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7777")]
    pub(crate) listen: SocketAddr,
    /// Keep the runs in this database instead of a temporary one
    // Read later: clap would repeat a wrong URL with its password.
    #[arg(long, value_name = "URL")]
    pub(crate) db: Option<String>,
    /// The same seed makes the same runs
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Send what has happened so far and end, without serving
    #[arg(long, requires = "db")]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting, its value and where it comes from
    Print {
        #[command(flatten)]
        serve: Serve,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
