//! Images, audio and files within messages: recognised, sized, and kept out of previews.

use serde_json::{Map, Value as Json, json};

/// Lines of base64 have 64 or 76 characters.
const LEAST_LINE_CHARS: usize = 60;

/// What stands before the data of a URL.
const DATA_URL: &str = ";base64,";

/// Runs of base64 shorter than this may be words, ids or hashes.
const LEAST_ENCODED_CHARS: usize = 200;

/// Returns the part for media at `url`, which may hold the data itself (`data:image/png;base64,…`).
pub(super) fn media(modality: &str, url: &str, mime_type: Option<&str>) -> Json {
    match data_url(url) {
        Some((mime_type, content)) => blob(modality, Some(mime_type), content),
        None => json!({"type": "uri", "modality": modality, "mime_type": mime_type, "uri": url}),
    }
}

/// Returns the part for media given as base64 text.
pub(super) fn blob(modality: &str, mime_type: Option<&str>, content: &str) -> Json {
    json!({
        "type": "blob",
        "modality": modality,
        "mime_type": mime_type,
        "size_bytes": decoded_size(content),
        "content": content,
    })
}

/// Adds the size to a `blob` part that came in the GenAI conventions' own form.
pub(super) fn sized(mut part: Map<String, Json>) -> Json {
    if let Some(content) = part.get("content").and_then(Json::as_str) {
        let size_bytes = decoded_size(content);
        part.insert("size_bytes".to_owned(), size_bytes.into());
    }
    Json::Object(part)
}

/// Returns the modality of a media type: `image`, `audio`, `video` or `document`.
pub(super) fn modality(mime_type: &str) -> &'static str {
    match mime_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    }
}

/// Returns media type and base64 text of a `data:` URL.
pub(super) fn data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}

/// Returns how many bytes base64 text stands for.
fn decoded_size(content: &str) -> usize {
    let chars = content.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
    chars / 4 * 3 + (chars % 4) * 3 / 4
}

/// Writes the first `most` characters of `text`, with `[image/png, 12 kB]` in the place of encoded media, and whether
/// there was more.
pub(super) fn without_media(text: &str, most: usize) -> (String, bool) {
    let mut shown = String::new();
    let mut chars = 0;
    let mut rest = text;
    while !rest.is_empty() {
        if chars >= most {
            return (shown, true);
        }
        let run = encoded_run(rest);
        if shown.ends_with(DATA_URL) || looks_encoded(&rest.as_bytes()[..run]) {
            let label = label(&mut shown, &rest[..run]);
            chars = shown.chars().count() + label.chars().count();
            shown.push_str(&label);
            rest = &rest[run..];
            if run > 0 {
                continue;
            }
        }
        // Whatever is no run is copied whole, together with the character that ended it.
        let end = run + rest[run..].chars().next().map_or(0, char::len_utf8);
        for character in rest[..end].chars() {
            if chars >= most {
                return (shown, true);
            }
            shown.push(character);
            chars += 1;
        }
        rest = &rest[end..];
    }
    (shown, false)
}

/// Returns what stands for a run of base64, and takes the head of its `data:` URL back from `shown`.
fn label(shown: &mut String, run: &str) -> String {
    let size = decoded_size(run);
    let size = if size < 10_000 { format!("{size} B") } else { format!("{} kB", size / 1000) };
    let head = shown.rfind("data:").filter(|at| shown.ends_with(DATA_URL) && shown.len() - at < 100);
    match head {
        Some(at) => {
            let mime_type = shown[at + 5..shown.len() - DATA_URL.len()].to_owned();
            shown.truncate(at);
            format!("[{mime_type}, {size}]")
        }
        None => format!("[base64, {size}]"),
    }
}

/// Says whether a run of base64's characters is more than a long word: encoded bytes mix letters of both cases and digits.
fn looks_encoded(run: &[u8]) -> bool {
    let Some(sample) = run.get(..LEAST_ENCODED_CHARS) else { return false };
    let has = |is: fn(&u8) -> bool| sample.iter().any(is);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

/// Returns how long the run of base64 is with which `text` begins: over the ends of its lines too, as mail and Python
/// break it, and as JSON and URLs escape it.
fn encoded_run(text: &str) -> usize {
    const ESCAPED: &[&str] = &["\\n", "\\r", "\\/", "%2B", "%2F", "%3D", "\r\n", "\n"];
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut line = 0;
    while end < bytes.len() {
        if is_base64(bytes[end]) {
            end += 1;
            line += 1;
            continue;
        }
        let Some(escape) = ESCAPED.iter().find(|escape| bytes[end..].starts_with(escape.as_bytes())) else {
            break;
        };
        let ends_line = !escape.ends_with('/') && !escape.starts_with('%');
        // Words of a list have lines, too, but short ones.
        if (ends_line && line < LEAST_LINE_CHARS)
            || !bytes.get(end + escape.len()).copied().is_some_and(is_base64)
        {
            break;
        }
        end += escape.len();
        if ends_line {
            line = 0;
        }
    }
    end
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_is_recognised_and_sized() {
        let part = media("image", "data:image/png;base64,iVBORw0KGgo=", None);
        assert_eq!(
            (part["type"].as_str(), part["mime_type"].as_str(), part["size_bytes"].as_u64()),
            (Some("blob"), Some("image/png"), Some(8))
        );
        assert_eq!(media("image", "https://example.com/a.png", None)["type"], "uri");
    }

    #[test]
    fn previews_hold_no_media() {
        let data = "Ab0+".repeat(10_000);
        let text = format!("see data:image/png;base64,{data} and {data} é");
        let (shown, has_more) = without_media(&text, 100);
        assert_eq!(shown, "see [image/png, 30 kB] and [base64, 30 kB] é");
        assert!(!has_more);
        let small = without_media("a data:audio/wav;base64,AAAA b", 100).0;
        assert_eq!(small, "a [audio/wav, 3 B] b");
        let line = "Ab0+/9".repeat(12);
        for end in ["\n", "\r\n", "\\n"] {
            let wrapped = vec![line.as_str(); 20].join(end);
            let shown = without_media(&format!("a {wrapped} b"), 200).0;
            assert!(shown.starts_with("a [base64, 1") && shown.ends_with(" B] b"), "{shown}");
        }
        let list = "Word1\n".repeat(100);
        assert_eq!(without_media(&list, 1000).0, list);
        let words = "x".repeat(300) + " " + &"0123456789abcdef".repeat(20);
        assert_eq!(without_media(&words, 1000).0, words, "long words and hashes are no media");
        let (shown, has_more) = without_media(&"wörter ".repeat(100), 10);
        assert_eq!((shown.as_str(), has_more), ("wörter wör", true));
    }
}
