//! The end of a turn for those above: numbers, and records of what happened.

use super::DataPlane;
use crate::event::Event;
use crate::limits::OUTBOX_SOFT_MAX;
use std::sync::atomic::Ordering::Relaxed;

impl DataPlane {
    /// Hands up what happened. Datagrams and raw packets, which may be lost, stay here while the
    /// caller is far behind; everything else is bounded by credits and by what is open.
    pub(super) fn publish(&mut self) {
        let counters = &self.shared.counters;
        let sessions = self.core.session_count() as u64;
        counters.sessions.store(sessions, Relaxed);
        let streams = self.core.stream_count() as u64;
        counters.streams.store(streams, Relaxed);
        let bridges = self.bridges.len() as u64;
        counters.bridges.store(bridges, Relaxed);
        counters.sockets.store(self.sockets.len() as u64, Relaxed);
        counters.publish_attempts(self.core.attempt_counts());
        // Set first and taken back, so that a caller who takes records meanwhile wakes us.
        self.shared.held_back.store(true, Relaxed);
        let room = OUTBOX_SOFT_MAX.saturating_sub(self.shared.outbox_bytes());
        self.core.allow_datagrams(room);
        self.bridges.rules.is_suspended = room == 0;
        self.tell_refusals();
        self.faults.publish(&self.shared.counters);
        self.events.extend(self.faults.take_events());
        self.events.extend(self.core.take_events());
        if room > 0 {
            let raw = self.raw.drain(..);
            self.events
                .extend(raw.map(|(from, bytes)| Event::Raw { from, bytes }));
        }
        if room > 0 && !self.core.holds_datagrams() {
            self.shared.held_back.store(false, Relaxed);
        }
        if self.events.is_empty() {
            return;
        }
        let events = std::mem::take(&mut self.events);
        for event in &events {
            self.note_session(event);
        }
        self.shared.publish(|records| {
            for event in &events {
                crate::abi::encode(event, records);
            }
        });
    }

    /// The caller may ask for a session's gauge from the moment he hears of it until its end.
    fn note_session(&mut self, event: &Event) {
        match event {
            Event::SessionUp {
                session, remote, ..
            } => {
                self.favour_socket(*remote);
                if let Some(gauge) = self.core.gauge(*session) {
                    self.shared.add_gauge(*session, gauge);
                }
            }
            Event::SessionEnded { session, .. } => {
                self.shared.remove_gauge(*session);
                self.close_relays_of(*session);
                self.bridges.rules.session_ended(*session);
                self.flows.session_ended(*session);
            }
            _ => {}
        }
    }
}
