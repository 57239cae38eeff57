//! Why a bridge is over, and what the other end of its stream is told.

use crate::event::{BridgeEnd, StreamCode};
use std::io;

pub struct End {
    pub kind: BridgeEnd,
    /// The error code of a stream that the peer reset.
    pub code: u64,
    pub reason: String,
}

impl End {
    pub fn new(kind: BridgeEnd, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            kind,
            code: 0,
            reason,
        }
    }
}

pub fn stream_reset(code: u64) -> End {
    End {
        code,
        ..End::new(BridgeEnd::StreamReset, "")
    }
}

pub fn session_closed() -> End {
    End::new(BridgeEnd::SessionClosed, "")
}

/// The stream could not be had, though the session is open.
pub fn no_stream(reason: &str) -> End {
    End::new(BridgeEnd::StreamReset, reason)
}

pub fn tcp_reset(error: &io::Error) -> End {
    End::new(BridgeEnd::TcpReset, error.to_string())
}

/// What the other end of the stream is told; nothing when both directions ended cleanly.
pub fn code_of(kind: BridgeEnd) -> Option<StreamCode> {
    Some(match kind {
        BridgeEnd::Finished => return None,
        BridgeEnd::TcpReset => StreamCode::TcpReset,
        BridgeEnd::UnreachableTarget => StreamCode::NoAnswer,
        BridgeEnd::Aborted => StreamCode::Cut,
        BridgeEnd::TooMany => StreamCode::TooMany,
        // The peer has said why itself, or there is no stream any more.
        BridgeEnd::StreamReset | BridgeEnd::SessionClosed => StreamCode::Unspecified,
    })
}
