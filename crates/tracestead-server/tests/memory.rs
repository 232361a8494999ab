//! Bodies that become large when unpacked: refused, and memory stays flat. Alone in its process, as it measures that.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

mod support;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use support::{JSON, PROTOBUF, Running};

const UNPACKED_BYTES: u64 = 100 << 20;

fn zeros() -> impl Read {
    std::io::repeat(0).take(UNPACKED_BYTES)
}

fn gzip(mut bytes: impl Read) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut bytes, &mut encoder).unwrap();
    encoder.finish().unwrap()
}

fn zlib(mut bytes: impl Read) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut bytes, &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// Returns a line of `/proc/self/status` in MiB.
fn mebibytes(name: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<i64>().unwrap() / 1024
}

#[test]
fn bombs_are_refused_and_memory_stays_flat() {
    let server = Running::start(|_| ());
    // Unpacked it is within the limit, and made of as many refused spans as fit in a little.
    let mut many_spans = std::iter::once(0x0A).collect::<Vec<u8>>();
    let spans = [0x12, 0].repeat(1 << 19);
    let scope_spans = [&[0x12][..], &length(spans.len()), &spans].concat();
    many_spans.extend(length(scope_spans.len()));
    many_spans.extend(scope_spans);
    let spaces = std::io::repeat(b' ').take(60 << 20);
    let bombs = [
        ("gzip", PROTOBUF, gzip(zeros()), 413),
        ("zstd", PROTOBUF, zstd::encode_all(zeros(), 1).unwrap(), 413),
        ("deflate", PROTOBUF, zlib(zeros()), 413),
        ("gzip", JSON, gzip(zeros()), 413),
        ("gzip", JSON, gzip(spaces), 400),
        ("gzip", PROTOBUF, gzip(&many_spans[..]), 200),
    ];
    let before = mebibytes("VmRSS");
    let mut after = Vec::new();
    for _ in 0..4 {
        for (encoding, content_type, body, expected) in &bombs {
            let headers = [*content_type, ("content-encoding", *encoding)];
            let answer = server.ask("POST", "/v1/traces", &headers, body);
            assert_eq!(answer.status, *expected, "{encoding}: {}", answer.text());
        }
        after.push(mebibytes("VmRSS"));
    }
    let health = server.ask("GET", "/health", &[], b"");
    assert_eq!((health.status, health.header("content-type")), (200, Some("application/json")));
    assert_eq!(health.json()["status"], "ok");
    let highest = mebibytes("VmHWM");
    assert!(highest - before < 320, "from {before} MiB up to {highest} MiB");
    assert!(after[3] - after[0] < 40 && after[3] - before < 150, "from {before} MiB to {after:?} MiB");
    server.export(JSON, b"{}");
    let count = "SELECT COUNT(*) FROM tracestead_quarantine";
    let stopped = server.stop();
    let kept: i64 = stopped.database.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1, "the same nothing, once");
}

fn length(mut bytes: usize) -> Vec<u8> {
    let mut varint = Vec::new();
    while bytes > 0x7F {
        varint.push(u8::try_from(bytes & 0x7F).unwrap() | 0x80);
        bytes >>= 7;
    }
    varint.write_all(&[u8::try_from(bytes).unwrap()]).unwrap();
    varint
}
