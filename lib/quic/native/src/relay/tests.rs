//! Ends and carriers under honest and hostile packets, on virtual time.

use super::*;
use crate::fuzzing::Choices;
use std::time::Duration;

const RATE: f64 = 1e6;
const FLOW: u32 = 7;

/// A leg whose directions are told and keyed by one byte each.
fn leg(session: Handle, send: u8, receive: u8) -> LegKeys {
    LegKeys {
        session,
        send_tag: [send; TAG_BYTES],
        send_key: [send; KEY_BYTES],
        receive_tag: [receive; TAG_BYTES],
        receive_key: [receive; KEY_BYTES],
    }
}

/// One end, with the bytes of its leg.
fn end(send: u8, receive: u8) -> Relays {
    let mut relays = Relays::default();
    assert!(relays.open(FLOW, &leg(1, send, receive), Arc::default()));
    relays
}

struct Carrier {
    relays: Relays,
    counts: Arc<RelayCounts>,
    now: Instant,
}

impl Carrier {
    fn new(rate: f64, legs: [&LegKeys; 2]) -> Self {
        let (mut relays, counts) = (Relays::default(), Arc::<RelayCounts>::default());
        let now = Instant::now();
        assert!(relays.carry(now, FLOW, legs, rate, counts.clone()));
        Self {
            relays,
            counts,
            now,
        }
    }

    /// Between an end that sends by 1 and hears by 2, and one that sends by 3 and hears by 4.
    fn between_ends(rate: f64) -> Self {
        Self::new(rate, [&leg(1, 2, 1), &leg(2, 4, 3)])
    }

    fn receive(&mut self, packet: &[u8]) {
        let mut packet = packet.to_vec();
        let received = self
            .relays
            .receive(self.now, &mut packet, None, 64, |_| true);
        assert!(!matches!(received, Received::Opened(..)));
    }

    /// What may go now, as packets.
    fn pass(&mut self) -> Vec<(Handle, Vec<u8>)> {
        let mut passed = Vec::new();
        while let Some(due) = self.relays.next(self.now) {
            let packets = due.train.bytes.chunks(due.train.stride);
            passed.extend(packets.map(|packet| (due.session, packet.to_vec())));
            self.relays.sent(due);
        }
        passed
    }

    fn counts(&self) -> [usize; 3] {
        self.counts.read().map(|count| count as usize)
    }
}

fn seal(end: &mut Relays, packet: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    assert!(end.seal(FLOW, packet, packet.len(), &mut sealed));
    sealed
}

/// What an end makes of a packet.
fn open(end: &mut Relays, packet: &[u8]) -> Option<Vec<u8>> {
    let mut packet = packet.to_vec();
    let received = end.receive(Instant::now(), &mut packet, None, 64, |_| true);
    (received == Received::Opened(1, FLOW)).then(|| packet[HEADER_BYTES..].to_vec())
}

#[test]
fn packets_go_from_end_to_end_both_ways_and_the_carrier_sees_none() {
    let (mut near, mut far) = (end(1, 2), end(3, 4));
    let mut carrier = Carrier::between_ends(RATE);
    for (count, length) in [1, 34, 1_200, 1_452].into_iter().enumerate() {
        let packet = vec![0x40 | count as u8; length];
        carrier.receive(&seal(&mut near, &packet));
        let passed = carrier.pass();
        assert_eq!((passed.len(), passed[0].0), (1, 2));
        assert_eq!(open(&mut far, &passed[0].1), Some(packet.clone()));
        assert_eq!(open(&mut far, &passed[0].1), None, "a second time");
        carrier.receive(&seal(&mut far, &packet));
        let passed = carrier.pass();
        assert_eq!((passed.len(), passed[0].0), (1, 1));
        assert_eq!(open(&mut near, &passed[0].1), Some(packet));
        carrier.now += Duration::from_millis(100);
    }
    assert_eq!(carrier.counts(), [8, 2 * (1 + 34 + 1_200 + 1_452), 0]);
}

#[test]
fn trains_stay_trains() {
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(1e9));
    let mut sealed = Vec::new();
    let train = vec![0x40; 40 * 1_200 + 700];
    assert!(near.seal(FLOW, &train, 1_200, &mut sealed));
    for packet in sealed.chunks(1_200 + HEADER_BYTES) {
        carrier.receive(packet);
    }
    // One that is longer than the last begins another one.
    carrier.receive(&seal(&mut near, &[0x40; 900]));
    let first = carrier.relays.next(carrier.now).unwrap();
    assert_eq!(first.train.stride, 1_200 + HEADER_BYTES);
    assert_eq!(first.train.packets, 41);
    assert_eq!(first.train.bytes.len(), sealed.len());
    assert_eq!(first.train.payload(), train.len());
    let second = carrier.relays.next(carrier.now).unwrap();
    assert_eq!((second.train.stride, second.train.packets), (931, 1));
    // What the socket has no room for is first the next time.
    carrier.relays.put_back(carrier.now, first);
    carrier.relays.sent(second);
    let again = carrier.relays.next(carrier.now).unwrap();
    assert_eq!(again.train.packets, 41);
}

#[test]
fn whatever_a_carrier_does_to_packets_an_end_gets_them_once_and_whole() {
    let mut choices = Choices::seeded(0x0bad);
    let (mut near, mut far) = (end(1, 2), end(3, 4));
    let mut carrier = Carrier::between_ends(1e9);
    let (mut recorded, mut arrived) = (Vec::<Vec<u8>>::new(), Vec::new());
    for number in 0..3_000_u32 {
        let packet = [&[0x40][..], &number.to_be_bytes()].concat();
        carrier.receive(&seal(&mut near, &packet));
        let mut passed = carrier.pass();
        let (_, genuine) = passed.pop().unwrap();
        recorded.push(genuine);
        // Any of the last hundred, as it is or damaged, or another leg's.
        for _ in 0..3 {
            let back = choices.below(recorded.len().min(100));
            let mut packet = recorded[recorded.len() - 1 - back].clone();
            match choices.below(5) {
                0 => packet[choices.below(36)] ^= 1 << choices.below(8),
                1 => packet.truncate(choices.below(36)),
                2 => packet.push(0),
                _ => {}
            }
            arrived.extend(open(&mut far, &packet));
            // The carrier itself takes none of them for one of an end's.
            carrier.receive(&packet);
            assert!(carrier.pass().is_empty());
        }
    }
    let all = arrived.len();
    assert!(all > 2_000, "{all} arrived");
    assert!(arrived
        .iter()
        .all(|packet| packet.len() == 5 && packet[0] == 0x40));
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), all, "one came twice");
    assert_eq!(carrier.counts()[0], 3_000);
}

#[test]
fn a_carrier_passes_nothing_altered_repeated_or_within_another_frame() {
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(RATE));
    let genuine = seal(&mut near, &[0x40; 50]);
    for bit in 0..8 * genuine.len() {
        let mut flipped = genuine.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        carrier.receive(&flipped);
    }
    for length in 0..genuine.len() {
        carrier.receive(&genuine[..length]);
    }
    let frame = seal(&mut near, &genuine);
    carrier.receive(&frame);
    assert!(carrier.pass().is_empty());
    carrier.receive(&genuine);
    carrier.receive(&genuine);
    assert_eq!(carrier.pass().len(), 1);
    // Those of an unknown leg are nobody's to count.
    let unknown = 8 * (1 + TAG_BYTES) + HEADER_BYTES + 1;
    let tried = 9 * genuine.len() + 2;
    assert_eq!(carrier.counts()[2], tried - unknown);
}

#[test]
fn frames_that_circle_between_two_carriers_do_so_at_their_rate() {
    let mut one = Carrier::new(RATE, [&leg(1, 9, 1), &leg(2, 2, 8)]);
    let mut other = Carrier::new(RATE, [&leg(1, 7, 2), &leg(2, 1, 6)]);
    let mut near = end(1, 2);
    // What comes around must be new each time, or the first round is the last.
    let back = &mut other.relays.flows.get_mut(&FLOW).unwrap().legs[1];
    back.sealer.skip_to(1_000_000);
    for _ in 0..1_000 {
        one.receive(&seal(&mut near, &[0x40; 1_000]));
    }
    let (begin, mut passes) = (one.now, 0);
    while one.now - begin < Duration::from_secs(2) {
        for (_, packet) in one.pass() {
            passes += packet.len();
            other.receive(&packet);
        }
        for (_, packet) in other.pass() {
            one.receive(&packet);
        }
        one.now += Duration::from_millis(1);
        other.now = one.now;
        let most = (RATE * RELAY_QUEUE.as_secs_f64()) as usize + 64 * RELAY_TRAIN_COST;
        assert!(one.relays.waiting <= most && other.relays.waiting <= most);
    }
    let rate = passes as f64 / 2.0;
    assert!(rate < 1.05 * RATE, "{rate} bytes per second");
    // It is the rate that bounds them, not that they die out.
    assert!(passes > 100_000, "{passes} bytes");
    assert!(one.counts()[2] > 900);
}

#[test]
fn a_flow_has_its_rate_and_a_short_queue() {
    for rate in [CARRIED_RATE_MIN, 1e5, 1e7] {
        let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(rate));
        let (begin, mut offered, mut passed) = (carrier.now, 0, 0);
        for _ in 0..2_000 {
            for _ in 0..(rate as usize / 100_000).max(1) {
                carrier.receive(&seal(&mut near, &[0x40; 1_200]));
                offered += 1;
            }
            let packets = carrier.pass();
            passed += packets.len();
            carrier.now += Duration::from_millis(1);
        }
        let size = 1_200 + HEADER_BYTES;
        let seconds = (carrier.now - begin).as_secs_f64();
        let most = (rate * (seconds + RELAY_BURST.as_secs_f64())) as usize + 2 * size;
        assert!(passed * size <= most, "{passed} at {rate}");
        assert!(
            (passed + 2) * size >= (0.9 * rate * seconds) as usize,
            "{passed} at {rate}"
        );
        let waits = ((rate * RELAY_QUEUE.as_secs_f64()) as usize).max(size);
        let [packets, _, dropped] = carrier.counts();
        assert!(carrier.relays.waiting <= waits + (waits / size + 1) * RELAY_TRAIN_COST);
        assert_eq!(packets, passed);
        let left = offered - passed - dropped;
        assert!(left * size <= waits, "{left} wait");
    }
}

#[test]
fn another_limit_holds_from_that_moment() {
    let size = 1_200 + HEADER_BYTES;
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(1e6));
    let mut passed = 0;
    for rate in [1e6, 1e5, 1e7, CARRIED_RATE_MIN, 1e7] {
        carrier.relays.set_limit(carrier.now, FLOW, rate);
        let begin = carrier.now;
        let mut bytes = 0;
        while carrier.now - begin < Duration::from_secs(1) {
            for _ in 0..10 {
                carrier.receive(&seal(&mut near, &[0x40; 1_200]));
            }
            let packets = carrier.pass();
            passed += packets.len();
            bytes += packets.len() * size;
            let waits = ((rate * RELAY_QUEUE.as_secs_f64()) as usize).max(size);
            assert!(carrier.relays.waiting <= waits + (waits / size + 1) * RELAY_TRAIN_COST);
            carrier.now += Duration::from_millis(1);
        }
        // A train of the rate before may be the first that goes.
        let most = (rate * (1.0 + RELAY_BURST.as_secs_f64())) as usize + 10 * size;
        assert!(bytes <= most, "{bytes} bytes at {rate}");
        let least = (0.9 * rate) as usize;
        assert!(bytes + 2 * size >= least, "{bytes} bytes at {rate}");
        assert_eq!(carrier.counts()[0], passed);
    }
    carrier.relays.close(FLOW);
    assert_eq!(carrier.relays.waiting, 0);
    assert!(carrier.relays.next(carrier.now).is_none());
}

#[test]
fn a_higher_limit_wakes_what_waits_and_a_lower_one_drops_what_would_wait_too_long() {
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(CARRIED_RATE_MIN));
    let mut offer = |carrier: &mut Carrier, count: usize| {
        for _ in 0..count {
            carrier.receive(&seal(&mut near, &[0x40; 1_200]));
        }
    };
    offer(&mut carrier, 1);
    assert_eq!(carrier.pass().len(), 1);
    offer(&mut carrier, 1);
    assert!(carrier.pass().is_empty(), "the first one is not paid yet");
    carrier.relays.set_limit(carrier.now, FLOW, 1e7);
    assert!(carrier.relays.next_deadline().unwrap() < carrier.now + Duration::from_millis(1));
    carrier.now += Duration::from_millis(1);
    assert_eq!(carrier.pass().len(), 1);
    // As many as fit; trains of ten milliseconds' worth at the next rate.
    offer(&mut carrier, 400);
    let [_, _, before] = carrier.counts();
    for _ in 0..100 {
        carrier.relays.set_limit(carrier.now, FLOW, 1e5);
    }
    let [_, _, dropped] = carrier.counts();
    assert!(dropped > before + 300, "{} dropped", dropped - before);
    assert!(carrier.relays.waiting < 20_000);
    carrier.now += Duration::from_secs(1);
    assert!(!carrier.pass().is_empty(), "the latest goes");
    // Nobody's flow, and an end.
    carrier.relays.set_limit(carrier.now, FLOW + 1, 1e5);
    let mut end = end(1, 2);
    end.set_limit(carrier.now, FLOW, 1e5);
    assert!(end.next_deadline().is_none());
}

#[test]
fn what_waited_too_long_for_the_socket_is_dropped_and_the_latest_goes() {
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(RATE));
    let mut offer = |carrier: &mut Carrier, first: u8| {
        let packet = vec![first; 1_200];
        carrier.receive(&seal(&mut near, &packet));
    };
    for _ in 0..20 {
        offer(&mut carrier, 0x40);
    }
    // The socket was full for a while.
    carrier.now += RELAY_QUEUE + Duration::from_millis(1);
    offer(&mut carrier, 0x41);
    let passed = carrier.pass();
    assert_eq!(passed.len(), 1);
    let mut far = end(3, 4);
    assert_eq!(open(&mut far, &passed[0].1).unwrap()[0], 0x41);
    assert_eq!(carrier.counts(), [1, 1_200, 20]);
    assert_eq!(carrier.relays.waiting, 0);
    // One that is alone goes however late, or a slow flow would pass none.
    offer(&mut carrier, 0x42);
    carrier.now += Duration::from_secs(2);
    assert_eq!(carrier.pass().len(), 1);
}

#[test]
fn the_lanes_of_all_flows_have_one_bound_and_free_all_they_took() {
    let (mut relays, now) = (Relays::default(), Instant::now());
    let mut ends = Vec::new();
    for number in 1..=CARRIED_FLOWS_MAX as u32 {
        let tag = |kind: u8| {
            let mut tag = [kind; TAG_BYTES];
            tag[..4].copy_from_slice(&number.to_be_bytes());
            tag
        };
        let keys = |session, kind| LegKeys {
            send_tag: tag(kind + 1),
            receive_tag: tag(kind),
            ..leg(session, kind + 1, kind)
        };
        let (a, b) = (keys(number, 1), keys(number + 100_000, 3));
        let counts = Arc::default();
        assert!(relays.carry(now, number, [&a, &b], CARRIED_RATE_MAX, counts));
        ends.push(Sealer::new(a.receive_tag, &a.receive_key));
    }
    let refused = [&leg(1, 91, 92), &leg(2, 93, 94)];
    assert!(!relays.carry(now, 5_000_000, refused, RATE, Arc::default()));
    for round in 0..40 {
        for sealer in &mut ends {
            let mut packet = Vec::new();
            assert!(sealer.seal(&[0x40 | round; 1_400], &mut packet));
            relays.receive(now, &mut packet, None, 64, |_| true);
        }
    }
    assert!(relays.waiting > RELAY_WAITING_MAX - 2_000);
    assert!(relays.waiting <= RELAY_WAITING_MAX + RELAY_TRAIN_COST);
    for number in 1..=CARRIED_FLOWS_MAX as u32 {
        let session = number + 100_000 * (number % 2);
        assert_eq!(relays.session_ended(session), [number]);
    }
    assert!(relays.next(now).is_none());
    assert_eq!((relays.waiting, relays.carried), (0, 0));
    assert!(relays.by_tag.is_empty() && relays.flows.is_empty() && relays.listed.is_empty());
}

#[test]
fn a_leg_over_a_relayed_path_hears_nothing() {
    let (mut near, mut carrier) = (end(1, 2), Carrier::between_ends(RATE));
    let mut packet = seal(&mut near, b"@");
    let (relays, now) = (&mut carrier.relays, carrier.now);
    relays.receive(now, &mut packet.clone(), None, 64, |session| session != 1);
    assert!(relays.next(now).is_none());
    relays.receive(now, &mut packet, None, 64, |session| session == 1);
    assert!(relays.next(now).is_some());
    assert_eq!(carrier.counts()[2], 1);
}

#[test]
fn numbers_and_tags_are_used_once_at_a_time() {
    let mut relays = end(1, 2);
    assert!(!relays.open(FLOW, &leg(1, 3, 4), Arc::default()));
    assert!(!relays.open(8, &leg(1, 3, 2), Arc::default()));
    let now = Instant::now();
    let double = [&leg(1, 3, 4), &leg(2, 5, 4)];
    assert!(!relays.carry(now, 8, double, RATE, Arc::default()));
    assert_eq!(relays.carrier_of(FLOW), Some(1));
    relays.close(FLOW);
    assert_eq!(relays.carrier_of(FLOW), None);
    assert!(relays.carry(
        now,
        FLOW,
        [&leg(1, 3, 2), &leg(2, 5, 4)],
        RATE,
        Arc::default()
    ));
    // A carried flow is no way of ours.
    assert_eq!(relays.carrier_of(FLOW), None);
    assert!(!relays.seal(FLOW, b"@", 1, &mut Vec::new()));
}
