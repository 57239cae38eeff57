//! All bridges of the engine: how they begin, who is served next, and how they end.
//!
//! Fair shares: those with something to do stand in one list, each is served a turn's worth and
//! goes to its end.

use super::bridge::{no_stream, session_closed, stream_reset, tcp_reset, Bridge, Connecting, End};
use super::rules::Rules;
use super::tcp::{reset_on_close, ReadBuffer};
use super::tokens;
use super::turn::Turn;
use crate::core::{Core, OpenRefusal, Timers, Wake, WakeCause};
use crate::event::{BridgeEnd, Event, StreamCode};
use crate::handle::{Arena, Handle};
use crate::limits::*;
use bytes::Bytes;
use mio::net::TcpStream;
use mio::{Interest, Registry};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

/// The numbers of bridges that began by a rule have this bit; their owner's have not.
const RULED: u32 = 1 << 31;

/// A bridge that is to begin: its number, and the rule that says so (0: its owner does).
#[derive(Clone, Copy)]
pub struct Order {
    pub tag: u32,
    pub rule: u32,
}

pub struct Bridges {
    /// Beside the bridges, because these are what it counts.
    pub rules: Rules,
    last_tag: u32,
    table: Arena<Box<Bridge>>,
    by_tag: FxHashMap<u32, Handle>,
    listed: VecDeque<Handle>,
    timers: Timers,
    buffer: ReadBuffer,
}

impl Bridges {
    pub fn new() -> Self {
        Self {
            rules: Rules::default(),
            last_tag: 0,
            table: Arena::new(BRIDGES_MAX),
            by_tag: FxHashMap::default(),
            listed: VecDeque::new(),
            timers: Timers::default(),
            buffer: ReadBuffer::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn has_work(&self) -> bool {
        !self.listed.is_empty()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// A number for a bridge that begins by a rule.
    pub fn new_tag(&mut self) -> u32 {
        loop {
            self.last_tag = self.last_tag.wrapping_add(1);
            let tag = RULED | self.last_tag;
            if !self.by_tag.contains_key(&tag) {
                return tag;
            }
        }
    }

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
    fn connect_next(
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

    fn note_failure(&mut self, handle: Handle, error: String) {
        let bridge = self.table.get_mut(handle);
        if let Some(connecting) = bridge.and_then(|bridge| bridge.connecting.as_mut()) {
            connecting.last_error = error;
        }
    }

    pub fn expire(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        events: &mut Vec<Event>,
        turn: &Turn,
    ) {
        let now = turn.began;
        while let Some(handle) = self.timers.pop_due(now) {
            let Some(bridge) = self.table.get_mut(handle) else {
                continue;
            };
            bridge.armed = None;
            if bridge.opening.is_some() {
                let end = no_stream("the peer allowed no stream in time");
                self.end(core, handle, end, events);
            } else {
                self.note_failure(handle, "no answer in time".to_owned());
                self.connect_next(core, registry, events, handle, now);
            }
            if turn.is_past(TURN_DEADLINES) {
                return;
            }
        }
    }

    /// The TCP socket of a bridge became ready for something.
    pub fn tcp_ready(
        &mut self,
        core: &mut Core,
        registry: &Registry,
        events: &mut Vec<Event>,
        now: Instant,
        (handle, event): (Handle, &mio::event::Event),
    ) {
        let Some(bridge) = self.table.get_mut(handle) else {
            return;
        };
        let Some(tcp) = &bridge.tcp else {
            return;
        };
        bridge.tcp_readable |= event.is_readable() || event.is_read_closed();
        bridge.tcp_writable |= event.is_writable() || event.is_write_closed();
        let failed = match tcp.take_error() {
            Ok(error) => error,
            Err(error) => Some(error),
        };
        if bridge.connecting.is_none() {
            if let Some(error) = failed {
                return self.end(core, handle, tcp_reset(&error), events);
            }
        } else if let Some(error) = failed {
            self.note_failure(handle, error.to_string());
            return self.connect_next(core, registry, events, handle, now);
        } else if tcp.peer_addr().is_ok() {
            bridge.connecting = None;
            self.timers.arm(handle, &mut bridge.armed, None);
        }
        self.list(handle);
    }

    /// Something happened to the stream of a bridge.
    pub fn stream_woke(&mut self, core: &mut Core, wake: Wake, events: &mut Vec<Event>) {
        let handle = wake.token;
        let Some(bridge) = self.table.get_mut(handle) else {
            // The bridge ended while its stream was being opened.
            if let WakeCause::Opened(stream) = wake.cause {
                core.abort_stream(stream, StreamCode::Cut as u64);
            }
            return;
        };
        match wake.cause {
            WakeCause::Opened(stream) => {
                bridge.stream = Some(stream);
                bridge.opening = None;
                self.timers.arm(handle, &mut bridge.armed, None);
            }
            WakeCause::Readable => bridge.stream_readable = true,
            WakeCause::Writable => bridge.stream_writable = true,
            WakeCause::Stopped(code) => {
                return self.end(core, handle, stream_reset(code), events);
            }
            WakeCause::SessionEnded => {
                bridge.stream = None;
                return self.end(core, handle, session_closed(), events);
            }
        }
        self.list(handle);
    }

    /// A turn's worth for each bridge that has something to do, until the turn has been long
    /// enough; the others are first in the next one.
    pub fn serve(&mut self, core: &mut Core, events: &mut Vec<Event>, turn: &Turn) {
        let mut left = BRIDGES_TURN_BYTES;
        for _ in 0..self.listed.len() {
            let Some(handle) = self.listed.pop_front() else {
                return;
            };
            let Some(bridge) = self.table.get_mut(handle) else {
                continue;
            };
            bridge.listed = false;
            let before = bridge.bytes_moved();
            let outcome = bridge.serve(core, &mut self.buffer);
            left = left.saturating_sub(bridge.bytes_moved() - before);
            match outcome {
                Ok(true) => self.list(handle),
                Ok(false) => {}
                Err(end) => self.end(core, handle, end, events),
            }
            if left == 0 || turn.is_past(TURN_BRIDGES) {
                return;
            }
        }
    }

    pub fn abort(&mut self, core: &mut Core, tag: u32, events: &mut Vec<Event>) {
        if let Some(&handle) = self.by_tag.get(&tag) {
            self.end(core, handle, End::new(BridgeEnd::Aborted, ""), events);
        }
    }

    pub fn abort_all(&mut self, core: &mut Core, events: &mut Vec<Event>) {
        for handle in self.table.handles() {
            self.end(core, handle, End::new(BridgeEnd::Aborted, ""), events);
        }
    }

    fn list(&mut self, handle: Handle) {
        if let Some(bridge) = self.table.get_mut(handle) {
            if !bridge.listed {
                bridge.listed = true;
                self.listed.push_back(handle);
            }
        }
    }

    fn end(&mut self, core: &mut Core, handle: Handle, end: End, events: &mut Vec<Event>) {
        let Some(mut bridge) = self.table.remove(handle) else {
            return;
        };
        self.by_tag.remove(&bridge.tag);
        self.timers.arm(handle, &mut bridge.armed, None);
        if let Some(session) = bridge.opening {
            core.cancel_delegated(session, handle);
        }
        self.conclude(core, *bridge, end, events);
    }

    /// Frees both sides, cleanly or not, and says so. Closing a socket takes it out of the poll.
    fn conclude(&mut self, core: &mut Core, bridge: Bridge, end: End, events: &mut Vec<Event>) {
        if let Some(stream) = bridge.stream {
            match code_of(end.kind) {
                None => core.release_stream(stream),
                Some(code) => core.abort_stream(stream, code as u64),
            }
        }
        if let Some(tcp) = bridge.tcp {
            if end.kind != BridgeEnd::Finished {
                reset_on_close(&tcp);
            }
        }
        if bridge.rule != 0 {
            self.rules.bridge_ended(bridge.rule);
        }
        events.push(Event::BridgeEnded {
            tag: bridge.tag,
            kind: end.kind,
            code: end.code,
            to_stream: bridge.upward.bytes(),
            to_tcp: bridge.downward.bytes(),
            reason: end.reason,
        });
    }
}

/// What the other end of the stream is told; nothing when both directions ended cleanly.
fn code_of(kind: BridgeEnd) -> Option<StreamCode> {
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
