//! All bridges of the engine: who is served next, what wakes them, and how they end. How they begin
//! stands in joining.rs.
//!
//! Fair shares: those with something to do stand in one list, each is served a turn's worth and
//! goes to its end.

use super::bridge::Bridge;
use super::end::{code_of, no_stream, session_closed, stream_reset, tcp_reset, End};
use super::rules::Rules;
use super::tcp::{reset_on_close, ReadBuffer};
use super::turn::Turn;
use crate::core::{Core, Timers, Wake, WakeCause};
use crate::event::{BridgeEnd, Event, StreamCode};
use crate::handle::{Arena, Handle};
use crate::limits::*;
use mio::Registry;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
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
    pub(super) table: Arena<Box<Bridge>>,
    pub(super) by_tag: FxHashMap<u32, Handle>,
    listed: VecDeque<Handle>,
    pub(super) timers: Timers,
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

    /// What was to be there by now: a stream, a TCP connection, or a reader who keeps up.
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
            } else if bridge.connecting.is_some() {
                self.note_failure(handle, "no answer in time".to_owned());
                self.connect_next(core, registry, events, handle, now);
            } else {
                self.watch_reader(core, handle, now);
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
            let outcome = bridge.serve(core, &mut self.buffer, turn.began);
            left = left.saturating_sub(bridge.bytes_moved() - before);
            self.watch_reader(core, handle, turn.began);
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

    /// Tells the core of a reader who has been behind for long, and when he has caught up.
    fn watch_reader(&mut self, core: &mut Core, handle: Handle, now: Instant) {
        let Some(bridge) = self.table.get_mut(handle) else {
            return;
        };
        let due = bridge.behind_since.map(|since| since + BEHIND_AFTER);
        let is_behind = due.is_some_and(|due| due <= now);
        if let (Some(stream), true) = (bridge.stream, is_behind || due.is_none()) {
            core.note_behind(stream, is_behind);
        } else if bridge.armed.is_none() {
            // Left armed when he catches up: most do, again and again.
            self.timers.arm(handle, &mut bridge.armed, due);
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

    pub(super) fn list(&mut self, handle: Handle) {
        if let Some(bridge) = self.table.get_mut(handle) {
            if !bridge.listed {
                bridge.listed = true;
                self.listed.push_back(handle);
            }
        }
    }

    pub(super) fn end(
        &mut self,
        core: &mut Core,
        handle: Handle,
        end: End,
        events: &mut Vec<Event>,
    ) {
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
    pub(super) fn conclude(
        &mut self,
        core: &mut Core,
        bridge: Bridge,
        end: End,
        events: &mut Vec<Event>,
    ) {
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
