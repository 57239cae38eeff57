//! New connections and streams: bridged at once where a rule says how, handed up where none does.

use super::bridges::Order;
use super::rules::Verdict;
use super::tcp::reset_on_close;
use super::turn::Turn;
use super::{ledger, DataPlane};
use crate::event::{Event, StreamCode};
use crate::limits::TURN_ARRIVALS;
use std::time::Instant;

impl DataPlane {
    /// Takes the connections that wait at the listeners.
    pub(super) fn accept(&mut self, now: Instant) {
        let (core, rules) = (&self.core, &mut self.bridges.rules);
        let ledger = &mut ledger(now, &self.shared, &mut self.faults);
        let accepted = self.listeners.accept(ledger, &mut self.events, |listener| {
            rules.route(core, listener)
        });
        for (socket, verdict) in accepted {
            match verdict {
                Verdict::Ask => {}
                Verdict::Refuse => reset_on_close(&socket),
                Verdict::Bridge { rule, to } => {
                    let tag = self.announce(rule, to.session);
                    let order = Order { tag, rule };
                    let (core, registry) = (&mut self.core, self.poll.registry());
                    let parts = (Some(socket), to.session, to.head);
                    self.bridges
                        .join_session(core, registry, &mut self.events, now, order, parts);
                }
            }
        }
    }

    /// Takes the streams that peers opened and whose head is complete.
    pub(super) fn place_arrivals(&mut self, turn: &Turn) {
        let now = turn.began;
        self.arrivals.extend(self.core.take_arrivals());
        while let Some(arrival) = self.arrivals.pop_front() {
            // One that was given up meanwhile is not worth a word.
            if !self.core.has_stream(arrival.stream) {
                continue;
            }
            match self.bridges.rules.serve(arrival.session, &arrival.head) {
                Verdict::Ask => self.core.hand_up(&arrival),
                Verdict::Refuse => {
                    let code = StreamCode::TooMany as u64;
                    self.core.abort_stream(arrival.stream, code);
                }
                Verdict::Bridge { rule, to } => {
                    let tag = self.announce(rule, arrival.session);
                    let order = Order { tag, rule };
                    let (core, registry) = (&mut self.core, self.poll.registry());
                    let parts = (arrival.session, arrival.stream, to.to_vec());
                    self.bridges
                        .join_target(core, registry, &mut self.events, now, order, parts);
                }
            }
            if turn.is_past(TURN_ARRIVALS) {
                return;
            }
        }
    }

    /// Says that a bridge begins by a rule; its number.
    fn announce(&mut self, rule: u32, session: u32) -> u32 {
        let tag = self.bridges.new_tag();
        self.events.push(Event::BridgeBegan { tag, rule, session });
        tag
    }

    /// Says how often rules refused, once per turn.
    pub(super) fn tell_refusals(&mut self) {
        let refusals = self.bridges.rules.take_refusals();
        let events = refusals
            .into_iter()
            .map(|(rule, count)| Event::RuleRefused { rule, count });
        self.events.extend(events);
    }
}
