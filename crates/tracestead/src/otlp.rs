//! Spans over OTLP/HTTP: to a tracestead server, and copies to any other endpoint.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, Response, StatusCode, Uri};

use crate::target::Sent;

const TIMEOUT: Duration = Duration::from_secs(10);
/// What an endpoint says is read up to here.
const MAX_ANSWER: u64 = 64 << 10;
/// No endpoint keeps us waiting longer than that, whatever it asks for.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// An endpoint that takes spans as protobuf over HTTP: Langfuse, Phoenix, a collector, a tracestead server.
///
/// As a copy ([`crate::TracingBuilder::copy_to`]) it gets what has been stored, after it was stored. Spans are compressed with
/// gzip. What the endpoint asks to have later (429, 502, 503, 504), and what does not reach it, is sent again; what it refuses
/// is counted and not sent again.
///
/// ```
/// use tracestead::OtlpExporter;
///
/// let phoenix = OtlpExporter::new("http://localhost:6006")?;
/// assert_eq!(phoenix.endpoint(), "http://localhost:6006/v1/traces");
///
/// let langfuse = OtlpExporter::new("https://cloud.langfuse.com/api/public/otel/v1/traces")?
///     .header("authorization", "Basic cGs6c2s=")?;
/// # Ok::<(), tracestead::InvalidEndpoint>(())
/// ```
#[derive(Debug, Clone)]
pub struct OtlpExporter {
    endpoint: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    agent: Agent,
}

/// An endpoint to which nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// It is no URL of HTTP.
    #[error("`{endpoint}` is no endpoint; write http://HOST:PORT or https://HOST/PATH")]
    Url {
        /// What was given.
        endpoint: String,
    },
    /// The header cannot be sent. Its value is not shown: it may be a key.
    #[error(
        "header `{name}` cannot be sent: names are letters, digits and dashes, values are printable ASCII"
    )]
    Header {
        /// The header.
        name: String,
    },
    /// A variable asks for something that is not there.
    #[error("OTEL_EXPORTER_OTLP_PROTOCOL is `{protocol}`; only http/protobuf is supported")]
    Protocol {
        /// What it asks for.
        protocol: String,
    },
}

impl OtlpExporter {
    /// Makes one for an endpoint. Without a path, OTLP's `/v1/traces` is meant.
    ///
    /// # Errors
    ///
    /// If it is no URL of HTTP.
    pub fn new(endpoint: impl Into<String>) -> Result<Self, InvalidEndpoint> {
        let endpoint = endpoint.into();
        let url: Uri = endpoint.parse().map_err(|_| InvalidEndpoint::Url { endpoint: endpoint.clone() })?;
        let is_http = matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some();
        if !is_http {
            return Err(InvalidEndpoint::Url { endpoint });
        }
        let has_path = !matches!(url.path(), "" | "/");
        let endpoint =
            if has_path { endpoint } else { format!("{}/v1/traces", endpoint.trim_end_matches('/')) };
        Ok(Self { endpoint, headers: Vec::new(), agent: agent(TIMEOUT) })
    }

    /// Adds a header to every request, such as a key.
    ///
    /// # Errors
    ///
    /// If it cannot be sent.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidEndpoint> {
        let error = || InvalidEndpoint::Header { name: name.to_owned() };
        let header_name = name.parse().map_err(|_| error())?;
        let mut value: HeaderValue = value.parse().map_err(|_| error())?;
        value.set_sensitive(true);
        self.headers.push((header_name, value));
        Ok(self)
    }

    /// Gives each request so much time; 10 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.agent = agent(timeout);
        self
    }

    /// Returns where spans are sent.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sends once. Blocks.
    pub(crate) fn send(&self, body: &[u8], spans: usize) -> Sent {
        let mut request = self
            .agent
            .post(&self.endpoint)
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "gzip");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let compressed = match gzip(body) {
            Ok(compressed) => compressed,
            Err(error) => return Sent::Never { error: error.to_string() },
        };
        match request.send(&compressed[..]) {
            Ok(mut answer) => {
                let said = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
                read(&answer, &said.unwrap_or_default(), spans)
            }
            Err(error) => Sent::Later { error: error.to_string(), pause: None },
        }
    }
}

fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        // A redirected POST would become a GET; and spans go where the user said, nowhere else.
        .max_redirects(0)
        .user_agent(concat!("tracestead/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn read<T>(answer: &Response<T>, said: &[u8], spans: usize) -> Sent {
    let status = answer.status();
    if status.is_success() {
        let partial = tracestead_otlp::decode_export_response(said);
        let refused = partial.rejected_spans.min(spans as u64);
        let reason = (refused > 0).then_some(partial.error_message);
        return Sent::Stored { refused, reason };
    }
    let error = format!("it answers {status}");
    let is_later = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    if is_later { Sent::Later { error, pause: retry_after(answer) } } else { Sent::Never { error } }
}

fn retry_after<T>(answer: &Response<T>) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_PAUSE))
}
