//! Commands, applied one after the other in the order in which they were given.

use super::address::for_socket;
use super::bridges::Order;
use super::{Command, DataPlane};
use crate::event::Event;
use crate::limits::SHUTDOWN_TIMEOUT;
use crate::way::{self, Way};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

impl DataPlane {
    pub(super) fn apply(&mut self, now: Instant, command: Command) {
        let core = &mut self.core;
        match command {
            Command::SetProtocols(protocols) => core.set_protocols(*protocols),
            Command::Dial {
                tag,
                remote,
                alpn,
                timeout,
            } => match for_socket(remote, self.udp.is_v6) {
                Some(remote) => core.dial(now, tag, remote, &alpn, timeout),
                None => core.refuse_dial(tag, "this socket has no IPv6"),
            },
            Command::CancelDial { tag } => core.cancel_dial(now, tag),
            Command::TakeSession(session) => core.take_session(session),
            Command::Admit(session) => core.admit(session),
            Command::AdmitNarrow(session) => core.admit_narrow(session),
            Command::SetPath { session, to } => {
                if let Some(to) = for_socket(to, self.udp.is_v6) {
                    core.set_path(now, session, to);
                    self.favour_socket(to);
                }
            }
            Command::CloseSession {
                session,
                code,
                reason,
            } => core.close_session(now, session, code, &reason),
            Command::SendDatagram { session, bytes } => core.send_datagram(session, bytes),
            Command::SendRaw { to, bytes } => {
                self.shared.raw_queued.fetch_sub(1, Relaxed);
                self.send_raw(now, to, &bytes);
            }
            Command::OpenSocket { tag } => self.open_socket(tag),
            Command::CloseSocket { number } => self.sockets.close(number),
            Command::OpenRelay {
                number,
                leg,
                counts,
            } => self.open_relay(number, &leg, counts),
            Command::Carry {
                number,
                legs,
                bytes_per_second,
                counts,
            } => {
                let legs = legs.each_ref();
                self.carry_between(now, number, legs, bytes_per_second, counts);
            }
            Command::LimitCarried {
                number,
                bytes_per_second,
            } => self.relays.set_limit(now, number, bytes_per_second),
            Command::CloseRelay { number } => self.close_relay(number),
            Command::OpenStream { session, tag } => core.open_stream(session, tag),
            Command::CancelOpen { session, tag } => core.cancel_open(session, tag),
            Command::GrantRead { stream, bytes } => core.grant_read(stream, bytes),
            Command::Write { stream, bytes } => core.write_stream(stream, bytes),
            Command::Finish(stream) => core.finish_stream(stream),
            Command::AbortStream { stream, code } => core.abort_stream(stream, code),
            Command::Listen { tag, address } => {
                let registry = self.poll.registry();
                self.listeners
                    .listen(registry, tag, address, &mut self.events);
            }
            Command::CloseListener(listener) => self.listeners.close(listener),
            Command::TakeConnection(connection) => self.listeners.take(connection),
            Command::ResetConnection(connection) => self.listeners.reset(connection),
            Command::BridgeToSession {
                tag,
                connection,
                session,
                head,
            } => {
                let parts = (self.listeners.remove(connection), session, head);
                let registry = self.poll.registry();
                let order = Order { tag, rule: 0 };
                self.bridges
                    .join_session(core, registry, &mut self.events, now, order, parts);
            }
            Command::BridgeToTcp {
                tag,
                session,
                stream,
                targets,
            } => {
                let registry = self.poll.registry();
                let order = Order { tag, rule: 0 };
                let parts = (session, stream, targets);
                self.bridges
                    .join_target(core, registry, &mut self.events, now, order, parts);
            }
            Command::AbortBridge { tag } => self.bridges.abort(core, tag, &mut self.events),
            Command::Route {
                tag,
                listener,
                route,
                bridges_max,
            } => self
                .bridges
                .rules
                .add_route(tag, listener, route, bridges_max),
            Command::Serve {
                tag,
                service,
                bridges_max,
            } => self.bridges.rules.add_service(tag, service, bridges_max),
            Command::Allow { rule, session } => self.bridges.rules.allow(core, rule, session),
            Command::WithdrawRule { tag } => {
                self.tell_refusals();
                self.bridges.rules.withdraw(tag);
                self.events.push(Event::RuleWithdrawn { rule: tag });
            }
            Command::KeepGate(is_kept) => core.keep_gate(is_kept),
            Command::AnswerAttempt { attempt, verdict } => {
                core.answer_attempt(now, attempt, verdict);
            }
            Command::Flows(command) => {
                let registry = self.poll.registry();
                self.flows.apply(core, registry, command, &mut self.events);
            }
            Command::Shutdown { reason } => {
                self.bridges.abort_all(core, &mut self.events);
                self.flows.close_all();
                self.listeners.close_all();
                core.shut_gate();
                core.close_all(now, &reason);
                self.closes_by = Some(now + SHUTDOWN_TIMEOUT);
            }
        }
    }
    fn open_socket(&mut self, tag: u32) {
        let (registry, main) = (self.poll.registry(), self.udp.local_address());
        let event = match self.sockets.open(registry, main, self.udp.offload) {
            Ok((number, port)) => Event::SocketOpened { tag, number, port },
            Err((error, reason)) => Event::SocketFailed { tag, error, reason },
        };
        self.events.push(event);
    }

    /// A session goes over a way: an extra socket under it is to carry as much as the main one.
    pub(super) fn favour_socket(&mut self, address: SocketAddr) {
        if let Some(Way::Socket { number, .. }) = way::read(address) {
            self.sockets.favour(number);
        }
    }
}
