use std::path::Path;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> DatabaseUrl {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn server(text: &str) -> ServerUrl {
    parse(text).server().unwrap().clone()
}

fn error(text: &str) -> String {
    match text.parse::<DatabaseUrl>() {
        Ok(url) => panic!("{text} is {url}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn urls_become_plain_forms() {
    let cases = [
        ("sqlite:tracestead.db", "sqlite:tracestead.db"),
        ("sqlite:/var/lib/t.db", "sqlite:/var/lib/t.db"),
        ("sqlite:///tmp/t.db", "sqlite:tmp/t.db"),
        ("sqlite:////tmp/t.db", "sqlite:/tmp/t.db"),
        ("sqlite+aiosqlite:///t.db", "sqlite:t.db"),
        ("sqlite:///my%20traces.db?check_same_thread=false", "sqlite:my traces.db"),
        ("sqlite:my%20traces.db?", "sqlite:my%20traces.db?"),
        // Agno's documentation has this one.
        ("postgresql+psycopg://ai:ai@localhost:5532/ai", "postgres://ai:***@localhost:5532/ai"),
        ("postgres://h", "postgres://h"),
        ("POSTGRES://H/D", "postgres://h/D"),
        ("postgresql://u@h:5432/d", "postgres://u@h/d"),
        ("postgresql+psycopg2://u:p@h/d?sslmode=require", "postgres://u:***@h/d?sslmode=require"),
        ("postgresql+asyncpg://u:p@h/d?ssl=verify-full", "postgres://u:***@h/d?sslmode=verify-full"),
        (
            "postgresql+psycopg_async://u:@h/d?application_name=a+b&schema=x",
            "postgres://u@h/d?schema=x&application_name=a%20b",
        ),
        ("postgres://u:p@[::1]:1/d", "postgres://u:***@[::1]:1/d"),
        ("postgres://u:p@/d?host=/run/postgresql", "postgres://u:***@localhost/d?host=/run/postgresql"),
        ("postgres://%2Frun%2Fpostgresql/d", "postgres://localhost/d?host=/run/postgresql"),
        ("postgres://:1/d", "postgres://localhost:1/d"),
        ("postgres://h1/d?host=h2:2&user=u&password=p", "postgres://u:***@h2:2/d"),
        ("postgres://u%40x:p@my_db/a%2Fb%20c", "postgres://u%40x:***@my_db/a%2Fb%20c"),
        ("mysql://root@h/shop", "mysql://root@h/shop"),
        ("mysql+pymysql://u:p@h:3307/d?charset=utf8mb4", "mysql://u:***@h:3307/d?charset=utf8mb4"),
        ("mysql+asyncmy://u:p@h/d?ssl_ca=/ca.pem", "mysql://u:***@h/d?sslmode=verify-ca&sslrootcert=/ca.pem"),
        ("mysql+aiomysql://u:p@h/?ssl-mode=VERIFY_IDENTITY", "mysql://u:***@h?sslmode=verify-full"),
        ("mysql+mysqlconnector://u@h?unix_socket=/run/m.sock", "mysql://u@h?unix_socket=/run/m.sock"),
        ("mariadb://:p@h/d?schema=traces", "mysql://:***@h/d?schema=traces"),
        ("mariadb+pymysql://u:p@h", "mysql://u:***@h"),
        ("clickhouse://h", "clickhouse://h"),
        ("clickhouse+http://u:p@h:8123/traces?cluster=c", "clickhouse://u:***@h/traces?cluster=c"),
        ("clickhouses://u:p@h/traces", "clickhouses://u:***@h/traces"),
        ("clickhouse+https://h:9443", "clickhouses://h:9443"),
        ("clickhousedb+connect://h:8443/d", "clickhouses://h/d"),
        ("clickhouse://h:8443?secure=false", "clickhouse://h:8443?secure=false"),
        ("clickhouse://h?protocol=https", "clickhouses://h"),
    ];
    for (text, plain) in cases {
        let url = parse(text);
        assert_eq!(url.to_string(), plain, "{text}");
        assert_eq!(format!("{url:?}"), format!("DatabaseUrl({plain})"));
        // What is shown is the same database again, but for a password.
        let password = url.server().and_then(|url| url.password.clone());
        let again = parse(plain);
        let again = match password {
            Some(password) => again.with_password(password.expose().to_owned()),
            None => again,
        };
        assert_eq!(again, url, "{text}");
    }
}

#[test]
fn passwords_are_read_as_sqlalchemy_reads_them() {
    let cases = [
        ("postgres://u:p@h/d", "u", "p", "h"),
        ("postgres://u:p%40a+b@h/d", "u", "p@a+b", "h"),
        ("postgres://u:100%@h/d", "u", "100%", "h"),
        ("postgres://u:p:q@h/d", "u", "p:q", "h"),
        ("postgres://u:p#s@h/d", "u", "p#s", "h"),
        ("postgres://u:p#s?s/x@h/d", "u", "p#s?s/x", "h"),
        ("postgres://u:p/x@h", "u", "p/x", "h"),
        ("postgres://u:/x@h", "u", "/x", "h"),
        ("postgres://u@x:p@h/d", "u@x", "p", "h"),
        ("postgres://u:p\n@h/d", "u", "p\n", "h"),
        // SQLAlchemy would look for a host named `ss@h`.
        ("postgres://u:p@ss@h/d", "u", "p@ss", "h"),
        ("postgres://u:p/w@ss@h/d", "u", "p/w@ss", "h"),
        ("postgres://u:@@h/d", "u", "@", "h"),
    ];
    for (text, user, password, host) in cases {
        let url = server(text);
        assert_eq!(url.user.as_deref(), Some(user), "{text}");
        assert_eq!(url.password.as_ref().map(Password::expose), Some(password), "{text}");
        assert_eq!(url.host, host, "{text}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let cases = [
        "postgres://u:s3cret@s/s3cret@h/d",
        "postgres://u:s3cret@s?s3cret@h/d",
        "postgres://u:12/s3cret@h/d",
        "postgres://u:12?s3cret@h/d",
        "postgres://u?s3cret@h/d",
        "postgres://u@x:s3cret/s3cret@h/d",
        "postgres://[::1]:1/d?application_name=s3cret@x",
    ];
    for text in cases {
        assert_eq!(text.parse::<DatabaseUrl>(), Err(UrlError::At), "{text}");
    }
    assert!(UrlError::At.to_string().contains("%40"));
}

#[test]
fn wrong_urls_say_what_is_expected() {
    let cases = [
        ("", "expected sqlite:PATH, postgres://USER@HOST/DATABASE, mysql://"),
        ("t.db", "expected sqlite:PATH"),
        ("ftp://x", "or clickhouse://"),
        ("clickhouse+x://h", "or clickhouse://"),
        ("sqlite:", "a database in memory would lose"),
        ("sqlite::memory:", "a database in memory would lose"),
        ("sqlite://", "a database in memory would lose"),
        ("sqlite:///", "a database in memory would lose"),
        ("sqlite:///:memory:", "a database in memory would lose"),
        ("sqlite://t.db", "expected three slashes"),
        ("sqlite:///file:t.db?mode=memory&uri=true", "without `file:`"),
        ("sqlite:///t.db?mode=ro", "unknown parameter `mode`; expected check_same_thread, timeout"),
        ("http://h:8123", "expected clickhouse://"),
        ("https://h", "clickhouses://"),
        ("clickhouse+native://h:9000/d", "over HTTP"),
        ("postgres:h/d", "expected `//` after the colon, as in postgres://"),
        ("postgres://h:x/d", "expected a port"),
        ("postgres://h:0/d", "expected a port"),
        ("postgres://h:65536/d", "expected a port"),
        ("postgres://h/d?port=x", "expected a port"),
        ("postgres://h1,h2/d", "expected one host"),
        ("postgres://::1/d", "expected"),
        ("postgres://[::1/d", "expected one host"),
        ("postgres://a b/d", "expected one host"),
        ("postgres://u:p@h#x/d", "expected one host"),
        ("postgres://h\n/d", "control characters"),
        ("postgres://h/d\n", "control characters"),
        ("postgres://h/d%00", "control characters"),
        ("postgres://u:%ff@h/d", "expected the password in percent-encoded UTF-8"),
        ("postgres://h/d?sslmod=require", "unknown parameter `sslmod`; expected schema, options, sslmode,"),
        ("postgres://h/d?unix_socket=/x", "unknown parameter `unix_socket`"),
        ("postgres://h/d?a+b=1", "unknown parameter in the URL; expected"),
        (
            "postgres://h/d?sslmode=on",
            "cannot use the value of parameter `sslmode`: expected disable, prefer,",
        ),
        ("postgres://h/d?schema=", "the name of a schema"),
        ("postgres://h/d?options=-cstatement_timeout%3D5", "write schema=SCHEMA"),
        ("postgres://h/d?options=-csearch_path%3Dx%20-cwork_mem%3D1", "write schema=SCHEMA"),
        ("mysql://h?ssl_disabled=perhaps", "expected true or false"),
        ("clickhouse://h/d?schema=x", "unknown parameter `schema`; expected secure, protocol, cluster,"),
        ("clickhouse://h/d?cluster=", "the name of a cluster"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.contains(expected) && error.contains("expected"), "{text}: {error}");
    }
}

#[test]
fn tables_are_where_agno_has_them() {
    let cases = [
        ("postgres://h/d", "ai"),
        ("postgres://h/d?schema=traces", "traces"),
        ("postgres://h/d?options=-csearch_path%3Dtraces,public", "traces"),
        ("postgres://h/d?options=-c+search_path%3D%22$user%22,My", "My"),
        ("postgres://h/d?schema=one&options=-csearch_path%3Dtwo", "one"),
        ("postgres://h/d?options=-csearch_path%3Dtwo&schema=one", "one"),
        ("mysql://h/shop", "ai"),
        ("mysql://h/shop?schema=shop", "shop"),
        ("clickhouse://h", "default"),
        ("clickhouse://h/traces", "traces"),
    ];
    for (text, schema) in cases {
        assert_eq!(parse(text).schema(), Some(schema), "{text}");
    }
    assert_eq!(parse("sqlite:t.db").schema(), None);
}

#[test]
fn encryption_is_what_drivers_make_of_the_same_words() {
    let cases = [
        ("postgres://h", Tls::Prefer),
        ("postgres://h?sslmode=allow", Tls::Prefer),
        ("postgres://h?sslmode=disable", Tls::Disable),
        ("postgres://h?ssl=true", Tls::Require),
        ("postgres://h?sslmode=verify-full&ssl=true", Tls::VerifyFull),
        ("postgres://h?sslmode=require&sslrootcert=/c", Tls::VerifyCa),
        ("postgres://h?sslrootcert=/c", Tls::VerifyCa),
        ("postgres://h?sslrootcert=system", Tls::VerifyFull),
        ("mysql://h?ssl_mode=REQUIRED", Tls::Require),
        ("mysql://h?ssl_disabled=True", Tls::Disable),
        ("mysql://h?ssl_verify_cert=true&ssl_verify_identity=true", Tls::VerifyFull),
        ("clickhouse://h", Tls::Disable),
        ("clickhouse://h:8443", Tls::VerifyFull),
        ("clickhouses://h", Tls::VerifyFull),
        ("clickhouse://h?secure=true", Tls::VerifyFull),
    ];
    for (text, tls) in cases {
        assert_eq!(server(text).tls, tls, "{text}");
    }
}

#[test]
fn clickhouse_is_asked_over_http() {
    assert_eq!(server("clickhouse://u:p@h/d").http_url(), "http://h:8123");
    assert_eq!(server("clickhouses://[::1]/d").http_url(), "https://[::1]:8443");
    assert_eq!(server("clickhouse://h?cluster=c").cluster(), Some("c"));
}

#[test]
fn kinds_have_names() {
    let urls = ["sqlite:t", "postgresql://h", "mariadb://h", "clickhouses://h"];
    assert_eq!(urls.map(|url| parse(url).kind()), ["sqlite", "postgres", "mysql", "clickhouse"]);
}

#[test]
fn a_password_may_come_later() {
    let url = parse("postgres://u@h/d");
    assert!(!url.has_password());
    let url = url.with_password("s3cret".to_owned());
    assert!(url.has_password());
    assert_eq!(url, parse("postgres://u:s3cret@h/d"));
    assert!(!format!("{url} {url:?} {:?}", url.server()).contains("s3cret"));
    let file = parse("sqlite:t.db");
    assert_eq!(file.clone().with_password("s3cret".to_owned()), file);
}

#[test]
fn one_place_has_many_names() {
    let same = [
        ("postgresql+psycopg://a:b@H:5432/d?schema=ai", "postgres://c@h/d?sslmode=require"),
        ("postgres://u@h", "postgres://h/u"),
        ("postgres://127.0.0.1/d", "postgres://[::1]/d"),
        ("mysql://h/a", "mariadb+pymysql://u:p@h/b"),
        ("mysql://h/a?schema=ai", "mysql://h"),
        ("clickhouse://h", "clickhouse://u:p@h/default?cluster=c"),
        ("sqlite:t.db", "sqlite:./t.db"),
    ];
    for (one, other) in same {
        assert!(parse(one).same_place(&parse(other)), "{one} {other}");
    }
    let different = [
        ("postgres://h/d", "postgres://h/e"),
        ("postgres://h/d", "postgres://h:5433/d"),
        ("postgres://h/d", "postgres://h/d?schema=x"),
        ("postgres://h/d", "mysql://h/d"),
        ("mysql://h/d", "mysql://h/d?schema=d"),
        ("clickhouse://h/a", "clickhouse://h/b"),
        ("sqlite:t.db", "sqlite:u.db"),
        ("sqlite:t.db", "postgres://h/t.db"),
    ];
    for (one, other) in different {
        assert!(!parse(one).same_place(&parse(other)), "{one} {other}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_the_file_it_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.db"), folder.path().join("b.db"));
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let url = |path: &Path| DatabaseUrl::Sqlite(path.to_owned());
    assert!(url(&file).same_place(&url(&link)));
    assert!(url(&folder.path().join("c.db")).same_place(&url(&folder.path().join("./c.db"))));
}

#[test]
fn messages_about_wrong_urls_have_no_password() {
    let cases = [
        ("postgres://u:s3cret@h/d", "postgres://u:***@h/d"),
        ("postgres://u:s3cret@h:x/d", "postgres://***"),
        ("postgre+x://u:s3cret@h/d", "postgre+x://***"),
        ("u:s3cret@h/d", "***"),
        ("u:s3cret://h", "***"),
        ("host=h password=s3cret", "***"),
        ("sqlite::memory:", "sqlite::memory:"),
        ("tmp/t.db", "tmp/t.db"),
        ("", ""),
    ];
    for (text, shown) in cases {
        assert_eq!(DatabaseUrl::redact(text), shown);
    }
}

/// Texts that look like URLs more often than not.
fn almost_urls() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec![
        "sqlite:",
        "postgres://",
        "postgresql+psycopg://",
        "mysql://",
        "mariadb+pymysql://",
        "clickhouse://",
        "clickhouses://",
        "http://",
        "",
    ]);
    (scheme, r"([a-z0-9@:/?#&=%\[\].,+\\ \n]|sslmode|schema|host|\PC){0,40}")
        .prop_map(|(scheme, rest)| format!("{scheme}{rest}"))
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = text.parse::<DatabaseUrl>();
        let _ = DatabaseUrl::redact(&text);
    }

    /// What is shown means the same database when it is read again.
    #[test]
    fn what_is_shown_is_read_again(text in almost_urls()) {
        let _ = DatabaseUrl::redact(&text);
        if let Ok(url) = text.parse::<DatabaseUrl>() {
            let again = url.to_string().parse::<DatabaseUrl>();
            let password = url.server().and_then(|url| url.password.clone());
            let again = again.map(|again| match password {
                Some(password) => again.with_password(password.expose().to_owned()),
                None => again,
            });
            prop_assert_eq!(again, Ok(url));
        }
    }

    /// However a password is spelt, nothing that was meant as one is shown, be the URL right or wrong.
    #[test]
    fn no_password_is_shown(
        scheme in prop::sample::select(vec!["postgres", "mysql+pymysql", "clickhouse", "oracle", "http"]),
        before in "[a-z0-9@:/?#&=%.]{0,6}",
        after in "[a-z0-9@:/?#&=%.]{0,6}",
        host in prop::sample::select(vec!["h/d", "h:1/d", "[::1]/d", "h:x", "", "h?sslmode=on", "h/d?application_name=x"]),
    ) {
        let text = format!("{scheme}://user:{before}S3CRET{after}@{host}");
        let shown = match text.parse::<DatabaseUrl>() {
            Ok(url) => format!("{url} {url:?} {:?}", url.server()),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.to_uppercase().contains("S3CRET"), "{text}: {shown}");
        let shown = DatabaseUrl::redact(&text);
        prop_assert!(!shown.to_uppercase().contains("S3CRET"), "{text}: {shown}");
    }
}
