//! What the core is told of the world below it: that time passed unseen, and that packets could not
//! be sent. None of it ends a session; some of it shows sooner that one is dead.

use super::session::Phase;
use super::{list, Core};
use crate::event::{DialError, EndKind};
use crate::handle::Handle;
use crate::limits::*;
use std::time::{Duration, Instant};

impl Core {
    /// Nothing ran for as long as `slept`, the clock of the sessions included. Each open one is
    /// probed at once. Its peer has heard nothing of us meanwhile and will give it up when the idle
    /// timeout is over: a session that has heard nothing by then is over here, too.
    pub fn probe_all(&mut self, now: Instant, slept: Duration) {
        let time = IDLE_TIMEOUT.saturating_sub(slept).max(PROBE_TIMEOUT_MIN);
        for handle in self.sessions.handles() {
            let Some(session) = self.sessions.get_mut(handle) else {
                continue;
            };
            if session.phase == Phase::Open {
                session.connection.ping();
                session.probed = Some(session.connection.stats().udp_rx.datagrams);
                session.deadline = Some(now + time);
                list(&mut self.unsettled, &mut self.listed, session);
            }
        }
    }

    /// The time for the answer to a probe is over.
    pub(super) fn judge_probe(&mut self, now: Instant, handle: Handle) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        let heard = session.connection.stats().udp_rx.datagrams;
        if session.probed.take() == Some(heard) {
            self.end_as(EndKind::IdleTimeout, now, handle, 0, "");
        }
    }

    /// The system says that there is no way to the peer. That ends no session, for ways come and
    /// go, but it ends a dial.
    pub fn note_unreachable(&mut self, now: Instant, handle: Handle, reason: String) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if let (Phase::Handshaking, Some(tag)) = (session.phase, session.dial) {
            self.fail_dial(now, handle, tag, DialError::Unreachable, reason);
        }
    }

    /// The system does not let us send, perhaps only now: what a dial says that gets no answer.
    pub fn note_denied(&mut self, handle: Handle, reason: String) {
        if let Some(session) = self.sessions.get_mut(handle) {
            session.unreachable = Some(reason);
        }
    }

    /// The system would not send a packet of this size. If it was one of those that find out how
    /// large packets may be, its loss says enough. If not, the path has shrunk, and is measured
    /// anew from the size that every path must carry (1,200 bytes; RFC 9000, section 14).
    pub fn note_oversize(&mut self, now: Instant, handle: Handle, bytes: usize) {
        let Some(session) = self.sessions.get_mut(handle) else {
            return;
        };
        if bytes <= usize::from(session.connection.current_mtu())
            && bytes > usize::from(PACKET_BYTES_MIN)
        {
            session.connection.path_changed(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::World;
    use super::*;

    /// Cuts the path, lets the client sleep, and says after how long awake its session ended.
    fn end_after_sleep(slept: Duration) -> Duration {
        let mut world = World::connected();
        world.run(Duration::from_secs(1));
        world.is_cut = true;
        let woken = world.now;
        world.nodes[0].core.probe_all(woken, slept);
        while world.nodes[0].end().is_none() {
            assert!(world.now - woken < 2 * IDLE_TIMEOUT);
            world.run(Duration::from_millis(100));
        }
        let (kind, ..) = world.nodes[0].end().unwrap();
        assert_eq!(kind, EndKind::IdleTimeout);
        world.now - woken
    }

    #[test]
    fn the_idle_timeout_runs_on_while_the_machine_sleeps() {
        let second = Duration::from_secs(1);
        for (slept, left) in [(10, 20), (20, 10), (29, 3), (3_600, 3)] {
            let after = end_after_sleep(slept * second);
            assert!(after >= left * second && after <= (left + 1) * second);
        }
    }

    #[test]
    fn a_peer_that_answers_keeps_its_session() {
        for slept in [10, 3_600] {
            let mut world = World::connected();
            world.run(Duration::from_secs(1));
            let now = world.now;
            world.nodes[0]
                .core
                .probe_all(now, Duration::from_secs(slept));
            world.run(3 * IDLE_TIMEOUT);
            assert!(world.nodes.iter().all(|node| node.end().is_none()));
        }
    }

    #[test]
    fn a_peer_that_gave_the_session_up_says_so_at_once() {
        let mut world = World::connected();
        world.run(Duration::from_secs(1));
        world.is_cut = true;
        let (now, far) = (world.now, world.nodes[1].session());
        world.nodes[1].core.close_session(now, far, 0, "");
        world.run(Duration::from_secs(5));
        world.is_cut = false;
        let woken = world.now;
        let core = &mut world.nodes[0].core;
        core.probe_all(woken, Duration::from_secs(60));
        world.run(Duration::from_millis(100));
        let (kind, ..) = world.nodes[0].end().unwrap();
        assert_eq!(kind, EndKind::StatelessReset);
    }
}
