//! Reads a body within the limit and the budget.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::budget::Reservation;
use super::refusal::Refusal;

/// A sender that needs longer than this for one export is not sending any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// Returns the whole body; `limit_bytes` is that of the body as it arrives.
pub(super) async fn read(
    body: Body,
    limit_bytes: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    tokio::time::timeout(PATIENCE, collect(body, limit_bytes, reservation))
        .await
        .map_err(|_| Refusal::TooSlow)?
}

async fn collect(
    mut body: Body,
    limit_bytes: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::CutOff)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > limit_bytes {
            return Err(Refusal::TooLarge { limit_bytes });
        }
        reservation.grow(data.len()).map_err(|_| Refusal::Busy)?;
        // Most bodies are one frame, which then is not copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(first.len() + data.len());
                all.extend_from_slice(&first);
                first = Bytes::new();
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
