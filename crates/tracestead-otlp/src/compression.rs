//! Compressed bodies, made large again within a limit.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// What is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// The largest window (as a power of two) a zstd frame may ask for: 8 MiB, what RFC 8878 asks of decoders. A frame that
/// asks for more is refused before the memory is taken.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    Identity,
    /// RFC 1952, of one or several members.
    Gzip,
    /// RFC 1950 (zlib) as HTTP means it, or RFC 1951 without zlib's frame as some send.
    Deflate,
    /// RFC 8878, of one or several frames.
    Zstd,
}

impl Compression {
    /// Returns the compression for the value of a `Content-Encoding` header. An unknown one, or several one on another,
    /// is `None` (HTTP 415).
    #[must_use]
    pub fn from_content_encoding(header: &str) -> Option<Self> {
        match header.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the name as in a `Content-Encoding` header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }
}

/// A body that cannot be decompressed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// It is larger than allowed (HTTP 413). How large is not known: reading stops at the limit.
    #[error("body is larger than {limit_bytes} bytes after decompression")]
    TooLarge {
        /// The limit it went past.
        limit_bytes: usize,
    },
    /// It is not what its header says, or is cut off (HTTP 400).
    #[error("body is not valid {}: {source}", compression.as_str())]
    Corrupt {
        /// What it should be.
        compression: Compression,
        /// What the decoder says.
        source: io::Error,
    },
}

/// Returns `body` decompressed, if that is no more than `limit_bytes`.
///
/// An uncompressed body is returned as it is, without a copy. Of a compressed one no more than the limit and 64 KiB is
/// ever held (while the buffer grows, up to twice that for a moment), however much it would become.
pub fn decompress(
    compression: Compression,
    body: Bytes,
    limit_bytes: usize,
) -> Result<Bytes, DecompressError> {
    let corrupt = |source| DecompressError::Corrupt { compression, source };
    let read = |decoder: &mut dyn Read| read_to_limit(decoder, body.len(), limit_bytes);
    let decompressed = match compression {
        Compression::Identity if body.len() <= limit_bytes => return Ok(body),
        Compression::Identity => Ok(None),
        Compression::Gzip => read(&mut MultiGzDecoder::new(&body[..])),
        Compression::Deflate if has_zlib_header(&body) => read(&mut ZlibDecoder::new(&body[..]))
            .or_else(|error| read(&mut DeflateDecoder::new(&body[..])).map_err(|_| error)),
        Compression::Deflate => read(&mut DeflateDecoder::new(&body[..])),
        Compression::Zstd => zstd_decoder(&body).and_then(|mut decoder| read(&mut decoder)),
    };
    match decompressed {
        Ok(Some(bytes)) => Ok(bytes.into()),
        Ok(None) => Err(DecompressError::TooLarge { limit_bytes }),
        Err(error) => Err(corrupt(error)),
    }
}

/// Reads all of `decoder`; `None` if that is more than `limit_bytes`.
fn read_to_limit(
    decoder: &mut dyn Read,
    compressed_bytes: usize,
    limit_bytes: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut out = Vec::with_capacity(compressed_bytes.saturating_mul(4).min(limit_bytes));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(Some(out)),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if length > limit_bytes - out.len() {
            return Ok(None);
        }
        if length > out.capacity() - out.len() {
            let wanted = (out.capacity() * 2).clamp(out.len() + length, limit_bytes);
            out.reserve_exact(wanted - out.len());
        }
        out.extend_from_slice(&chunk[..length]);
    }
}

/// Says whether the first two bytes are zlib's. Raw deflate can begin so by chance (1 in about 500).
fn has_zlib_header(body: &[u8]) -> bool {
    match *body {
        [method, flags, ..] => method & 0x0F == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31),
        _ => false,
    }
}

fn zstd_decoder(body: &[u8]) -> io::Result<zstd::Decoder<'static, &[u8]>> {
    let mut decoder = zstd::Decoder::with_buffer(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}
