//! What an engine is opened with, as it crosses the boundary.

use super::commands::{Reader, Refusal};
use crate::core::{Options, Protocol, Protocols, ResetKey};
use crate::limits::{HEAD_BYTES_MAX, OPTIONS_MAX};

/// How many there are (u8), then of each its key (u8) and value (u32).
pub fn options(input: &mut Reader<'_>) -> Result<Options, Refusal> {
    let count = usize::from(input.u8()?);
    if count > OPTIONS_MAX {
        return Err(Refusal::Malformed);
    }
    let mut options = Options::default();
    for _ in 0..count {
        let key = input.u8()?;
        if !options.set(key, input.u32()?) {
            return Err(Refusal::Malformed);
        }
    }
    Ok(options)
}

/// With its length (u32); none is one of chance.
pub fn reset_key(input: &mut Reader<'_>) -> Result<ResetKey, Refusal> {
    match input.sized()? {
        [] => Ok(ResetKey::random()),
        bytes => ResetKey::new(bytes).ok_or(Refusal::Malformed),
    }
}

/// A list of: flags (u8: 1 served, 2 paths are moved from above, 4 datagrams are packets of flows),
/// head bytes (u8), and with their lengths (u32) ALPN, the ALPN to fall back on (empty for none),
/// certificate, key.
pub fn protocols(input: &mut Reader<'_>) -> Result<Protocols, Refusal> {
    let mut list = Vec::new();
    while !input.0.is_empty() {
        let flags = input.u8()?;
        let head_bytes = usize::from(input.u8()?);
        let alpn = input.sized()?.to_vec();
        let fallback = input.sized()?;
        let certificate = input.sized()?.to_vec();
        let key = input.sized()?.to_vec();
        let longest = alpn.len().max(fallback.len());
        if alpn.is_empty() || longest > 255 || head_bytes > HEAD_BYTES_MAX || flags > 7 {
            return Err(Refusal::Malformed);
        }
        let protocol = Protocol::new(alpn, certificate, key, flags & 1 != 0, head_bytes);
        let protocol = match fallback {
            [] => protocol,
            fallback => protocol.and_then(|protocol| protocol.with_fallback(fallback)),
        };
        let mut protocol = protocol.map_err(|_| Refusal::BadIdentity)?;
        protocol.moves_paths = flags & 2 != 0;
        protocol.carries_flows = flags & 4 != 0;
        list.push(protocol);
    }
    Protocols::new(list).map_err(|_| Refusal::BadIdentity)
}
