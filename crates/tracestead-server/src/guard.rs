//! Keeps other people's web pages out.
//!
//! A page on the internet can make a browser ask `http://127.0.0.1:7777`, and by DNS rebinding even read the answer. Such
//! requests name a foreign `Host`: only addresses, `localhost` and configured names are answered. Machines that are not
//! browsers send what they like, so an open bind needs authentication all the same.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;

pub(crate) async fn refuse_foreign_hosts(State(app): State<App>, request: Request, next: Next) -> Response {
    let from_header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 says it in the address itself.
    let host = from_header.map(str::to_owned).or_else(|| request.uri().authority().map(ToString::to_string));
    if host.is_none_or(|host| is_known(&host, &app.about.allowed_hosts)) {
        return next.run(request).await;
    }
    let text = "this host name is not known here; add it to `allowed_hosts` in the configuration\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

fn is_known(host: &str, allowed: &[String]) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok()
        || allowed.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_localhost_and_configured_names_are_known() {
        let allowed = ["traces.example.com".to_owned()];
        for host in
            ["127.0.0.1:7777", "localhost", "LOCALHOST:1", "[::1]:7777", "10.0.0.5", "traces.example.com:443"]
        {
            assert!(is_known(host, &allowed), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:7777", ""] {
            assert!(!is_known(host, &allowed), "{host}");
        }
    }
}
