//! How bridges begin: each is given the stream or the TCP connection that it lacks.

use super::bridge::{Bridge, Connecting};
use super::bridges::{Bridges, Order};
use super::end::{no_stream, session_closed, stream_reset, tcp_reset, End};
use super::tokens;
use crate::core::{Core, OpenRefusal};
use crate::event::{BridgeEnd, Event, StreamCode};
use crate::handle::Handle;
use crate::limits::*;
use bytes::Bytes;
use mio::net::TcpStream;
use mio::{Interest, Registry};
use std::net::SocketAddr;
use std::time::Instant;

impl Bridges {
    /// Joins an accepted TCP connection with a new stream of the session.
    pub fn join_session(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        events: &mut Vec<Event>,
        now: Instant,
        order: Order,
        (tcp, session, head): (Option<TcpStream>, Handle, Bytes),
    ) {
        let lacks_tcp = tcp.is_none();
        let mut bridge = Bridge::new(order, tcp, None);
        bridge.upward.begin_with([head]);
        let Some(handle) = self.insert(core, bridge, events) else {
            return;
        };
        let end = match self.register(registry, handle) {
            Err(error) => Some(tcp_reset(&error)),
            Ok(()) if lacks_tcp => Some(End::new(BridgeEnd::Aborted, "")),
            Ok(()) => match core.open_delegated(session, handle) {
                Err(OpenRefusal::NotOpen) => Some(session_closed()),
                Err(OpenRefusal::TooMany) => Some(no_stream("too many wait for a stream")),
                Ok(()) => None,
            },
        };
        if let Some(end) = end {
            return self.end(core, handle, end, events);
        }
        if let Some(bridge) = self.table.get_mut(handle) {
            bridge.opening = Some(session);
            let deadline = Some(now + STREAM_OPEN_TIMEOUT);
            self.timers.arm(handle, &mut bridge.armed, deadline);
        }
    }

    /// Joins a stream with a connection to the first of the targets that accepts.
    pub fn join_target(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        events: &mut Vec<Event>,
        now: Instant,
        order: Order,
        (session, stream, targets): (Handle, Handle, Vec<SocketAddr>),
    ) {
        let connecting = Connecting {
            targets: targets.into(),
            deadline: now,
            last_error: String::new(),
        };
        let mut bridge = Bridge::new(order, None, Some(connecting));
        bridge.stream = Some(stream);
        let Some(handle) = self.insert(core, bridge, events) else {
            return;
        };
        match (core.delegate(stream, handle), self.table.get_mut(handle)) {
            (Some(brought), Some(bridge)) => {
                if let Some(code) = brought.broken {
                    return self.end(core, handle, stream_reset(code), events);
                }
                bridge.downward.stream_ended = brought.read_over;
                bridge.upward.begin_with(brought.unsent);
            }
            _ => {
                // Gone before we had it: with its session, or because the peer gave it up.
                let end = match core.is_open(session) {
                    true => stream_reset(StreamCode::Unspecified as u64),
                    false => session_closed(),
                };
                return self.end(core, handle, end, events);
            }
        }
        self.list(handle);
        self.connect_next(core, registry, events, handle, now);
    }

    fn insert(
        &mut self,
        core: &mut Core,
        bridge: Bridge,
        events: &mut Vec<Event>,
    ) -> Option<Handle> {
        let tag = bridge.tag;
        match self.table.insert(Box::new(bridge)) {
            Ok(handle) => {
                self.by_tag.insert(tag, handle);
                Some(handle)
            }
            Err(bridge) => {
                self.conclude(core, *bridge, End::new(BridgeEnd::TooMany, ""), events);
                None
            }
        }
    }

    fn register(&mut self, registry: &Registry, handle: Handle) -> std::io::Result<()> {
        let Some(tcp) = self.table.get_mut(handle).and_then(|b| b.tcp.as_mut()) else {
            return Ok(());
        };
        let _ = tcp.set_nodelay(true);
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(tcp, tokens::bridge(handle), both)
    }

    /// Tries the next target; ends the bridge when there is none.
    pub(super) fn connect_next(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        events: &mut Vec<Event>,
        handle: Handle,
        now: Instant,
    ) {
        loop {
            let Some(bridge) = self.table.get_mut(handle) else {
                return;
            };
            let Some(connecting) = &mut bridge.connecting else {
                return;
            };
            bridge.tcp = None;
            let Some(target) = connecting.targets.pop_front() else {
                let reason = std::mem::take(&mut connecting.last_error);
                let end = End::new(BridgeEnd::UnreachableTarget, reason);
                return self.end(core, handle, end, events);
            };
            connecting.deadline = now + TCP_CONNECT_TIMEOUT;
            let deadline = Some(connecting.deadline);
            match TcpStream::connect(target) {
                Ok(tcp) => {
                    bridge.tcp = Some(tcp);
                    self.timers.arm(handle, &mut bridge.armed, deadline);
                    match self.register(registry, handle) {
                        Ok(()) => return,
                        Err(error) => self.note_failure(handle, error.to_string()),
                    }
                }
                Err(error) => connecting.last_error = error.to_string(),
            }
        }
    }

    pub(super) fn note_failure(&mut self, handle: Handle, error: String) {
        let bridge = self.table.get_mut(handle);
        if let Some(connecting) = bridge.and_then(|bridge| bridge.connecting.as_mut()) {
            connecting.last_error = error;
        }
    }
}
