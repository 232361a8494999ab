//! Compressed bodies: good, cut off, corrupt, and those that would become enormous.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use tracestead_otlp::{Compression, DecompressError, decompress};

const ALL: [Compression; 3] = [Compression::Gzip, Compression::Deflate, Compression::Zstd];

fn compress(compression: Compression, body: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Level::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(body, 1).unwrap(),
        Compression::Identity => body.to_vec(),
    }
}

fn body() -> Vec<u8> {
    (0..300_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect()
}

#[test]
fn bodies_come_back_up_to_the_limit() {
    let body = body();
    for compression in [Compression::Identity].into_iter().chain(ALL) {
        let compressed = Bytes::from(compress(compression, &body));
        let whole = decompress(compression, compressed.clone(), body.len()).unwrap();
        assert!(whole == body, "{compression:?}");
        let error = decompress(compression, compressed, body.len() - 1).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { limit_bytes } if limit_bytes == body.len() - 1));
    }
}

#[test]
fn several_members_or_frames_are_one_body() {
    for compression in [Compression::Gzip, Compression::Zstd] {
        let twice = [compress(compression, b"one "), compress(compression, b"two")].concat();
        assert_eq!(decompress(compression, twice.into(), 100).unwrap(), "one two");
    }
}

#[test]
fn deflate_may_lack_the_frame_of_zlib() {
    let mut encoder = DeflateEncoder::new(Vec::new(), Level::best());
    encoder.write_all(&body()).unwrap();
    let raw = encoder.finish().unwrap();
    assert!(decompress(Compression::Deflate, raw.into(), 10_000_000).unwrap() == body());
}

#[test]
fn bombs_stop_at_the_limit() {
    let limit_bytes = 1024 * 1024;
    for compression in ALL {
        let zeros = vec![0; 512 * 1024 * 1024];
        let bomb = compress(compression, &zeros);
        drop(zeros);
        assert!(bomb.len() < 4 * 1024 * 1024);
        let error = decompress(compression, bomb.into(), limit_bytes).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { .. }), "{compression:?}: {error}");
    }
}

#[test]
fn a_zstd_frame_that_asks_for_a_large_window_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&body()).unwrap();
    let error = decompress(Compression::Zstd, encoder.finish().unwrap().into(), 10_000_000).unwrap_err();
    assert!(matches!(error, DecompressError::Corrupt { .. }), "{error}");
}

#[test]
fn cut_off_or_corrupt_bodies_are_errors() {
    let body = b"a body of some length, a body of some length";
    for compression in ALL {
        let compressed = compress(compression, body);
        for length in 1..compressed.len() {
            let result = decompress(compression, Bytes::copy_from_slice(&compressed[..length]), 1000);
            assert!(
                matches!(result, Err(DecompressError::Corrupt { .. })),
                "{compression:?} cut at {length}"
            );
        }
        for at in 0..compressed.len() {
            let mut damaged = compressed.clone();
            damaged[at] ^= 0x55;
            let _ = decompress(compression, damaged.into(), 1000);
        }
        let error = decompress(compression, Bytes::from_static(b"{\"resourceSpans\":[]}"), 1000).unwrap_err();
        assert!(error.to_string().starts_with(&format!("body is not valid {}: ", compression.as_str())));
    }
}

#[test]
fn content_encodings_have_any_case() {
    let check =
        |header, expected| assert_eq!(Compression::from_content_encoding(header), expected, "{header}");
    check("", Some(Compression::Identity));
    check("identity", Some(Compression::Identity));
    check(" GZip ", Some(Compression::Gzip));
    check("x-gzip", Some(Compression::Gzip));
    check("deflate", Some(Compression::Deflate));
    check("zstd", Some(Compression::Zstd));
    check("br", None);
    check("gzip, gzip", None);
}
