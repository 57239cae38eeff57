//! Every bound of the engine, each with its unit and its reason. What a peer can make us hold is
//! bounded by one of these.

use std::time::Duration;

/// A session that neither peer is heard on for this long is over.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// A third of the idle timeout: two lost keep-alives in a row end nothing.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How long an attempt to reach us may take to complete its handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a session whose handshake is complete may wait for the verdict.
pub const VERDICT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a session that is over answers late packets. QUIC would take three times a timeout that
/// follows the round trip (RFC 9000, section 10.2), and a peer who acknowledges late makes that
/// minutes.
pub const CLOSING_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a peer is told of the end who does not say that he knows: the first interval, which
/// doubles, so that the last packet is gone after 310 ms.
pub const FAREWELL_INTERVAL: Duration = Duration::from_millis(10);
pub const FAREWELLS_MAX: u32 = 6;
/// How long an engine that is shut down waits for peers to say that they know: longer than they are
/// told, and too short to be waited for.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(350);
/// More than QUIC has left then, however long the peer held its acknowledgements back: a century.
pub const CLOSING_LEFT_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);
/// How long one TCP target may take to accept.
pub const TCP_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to leave a listener alone after the system had no descriptor for a connection.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The secret that tells a node's own connection IDs after a restart, in bytes: as strong as what it
/// is derived from.
pub const RESET_KEY_BYTES: usize = 32;
/// Sessions of one engine, those still closing included.
pub const SESSIONS_MAX: usize = 16_384;
/// Attempts to reach us whose handshake or verdict is outstanding; more are refused.
pub const HALF_OPEN_MAX: usize = 1_024;
/// As many are outstanding in calm; beyond them, addresses are to be proved first.
pub const HALF_OPEN_CALM: usize = 64;
/// How long an attempt waits for its verdict: many turns of JavaScript, and less than a client
/// takes to send its first packet again.
pub const VERDICT_ON_ATTEMPT: Duration = Duration::from_millis(50);
/// Attempts that wait for their verdict, and how many of them from addresses that are not proved.
/// Each keeps its first packet.
pub const ATTEMPTS_WAITING_MAX: usize = 128;
pub const ATTEMPTS_UNPROVED_MAX: usize = 96;
/// Further bytes that come for an attempt while it waits, and for all of them.
pub const ATTEMPT_BYTES: u64 = 4 * 1024;
pub const ATTEMPT_BYTES_TOTAL: u64 = 128 * 1024;
/// What one who asks to prove his address gets back is good for so long.
pub const RETRY_TOKEN_LIFETIME: Duration = Duration::from_secs(15);
/// Attempts from addresses that are not proved, and answers to packets of no session, are counted
/// in windows of this length.
pub const ANSWER_WINDOW: Duration = Duration::from_millis(250);
/// Attempts from addresses that are not proved that JavaScript is asked about in a window: a flood
/// must not keep it busy.
pub const ATTEMPTS_ASKED_PER_WINDOW: u16 = 256;
/// Answers in a window, at about 20 µs each, and to one source.
pub const ANSWERS_PER_WINDOW: u16 = 1_024;
pub const ANSWERS_PER_SOURCE: u16 = 16;
/// Slots that sources share in the count of their answers.
pub const ANSWER_SLOTS: usize = 1_024;
/// Sessions dialled to us that nobody took yet; while as many wait, attempts are refused.
pub const SESSIONS_WAITING_MAX: usize = 256;
/// The certificates that a peer shows, together, in bytes: a membership makes one of some 700, and
/// those above look at no more than 8,192.
pub const CERTIFICATES_BYTES_MAX: usize = 16_384;
/// Bidirectional streams that one peer may have open at a time, at first and at most. Each that is
/// allowed takes memory, open or not, so the limit grows once more than half of it is in use: a
/// peer that opens streams one after the other never meets it below the maximum.
pub const STREAMS_PER_PEER_MIN: u32 = 100;
pub const STREAMS_PER_PEER_MAX: u32 = 16_384;
/// The same before the verdict: what waits on a stream with gaps can keep 32 KB of packets.
pub const STREAMS_UNADMITTED: u32 = 8;
/// Streams of one session accepted before others have their turn.
pub const STREAMS_ACCEPTED_PER_STEP: usize = 1_024;
/// Changes of connection IDs in one step; a session with more is ended. QUIC issues eight at a time,
/// but a packet has room to retire thousands, and QUIC keeps the memory that it noted them in.
pub const ID_CHANGES_PER_STEP: usize = 1_024;
/// What may happen on a session in one step before its verdict; QUIC keeps the memory here as well.
pub const EVENTS_UNADMITTED_PER_STEP: usize = 1_024;
/// Requests to open a stream that wait for the peer to allow one, per session.
pub const OPENS_WAITING_MAX: usize = 16_384;
/// How long a bridge waits for the peer to allow its stream.
pub const STREAM_OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest head of a stream that is gathered before the stream is reported.
pub const HEAD_BYTES_MAX: usize = 64;
/// Bytes of a control stream that may wait for its reader.
pub const READ_CREDIT_MAX: u32 = 65_536;
/// Bytes of a control stream that its writer may have on the way to QUIC.
pub const WRITE_CREDIT: u32 = 262_144;

/// What the stages of one turn may take of it, each counted from the turn's beginning: the shares
/// of those before are over by then. A turn is to take less than 5 ms of the processor, and the
/// last step of a stage, the longest of which is a handshake's, comes on top.
pub const TURN_COMMANDS: Duration = Duration::from_micros(700);
pub const TURN_RECEIVE: Duration = Duration::from_micros(1_600);
pub const TURN_DEADLINES: Duration = Duration::from_micros(1_900);
pub const TURN_SETTLE: Duration = Duration::from_micros(2_400);
pub const TURN_ARRIVALS: Duration = Duration::from_micros(2_600);
pub const TURN_WAKES: Duration = Duration::from_micros(2_800);
pub const TURN_FLOWS: Duration = Duration::from_micros(3_000);
pub const TURN_BRIDGES: Duration = Duration::from_micros(3_300);
pub const TURN_ANSWERS: Duration = Duration::from_micros(3_600);
pub const TURN_FLUSH: Duration = Duration::from_micros(4_000);
pub const TURN_CARRY: Duration = Duration::from_micros(4_400);

/// TCP connections accepted by one listener that nobody took yet; further ones are reset.
pub const CONNECTIONS_WAITING_MAX: usize = 1_024;
/// Connections accepted from one listener in one turn, so that a flood of them delays nobody.
pub const ACCEPTS_PER_TURN: usize = 64;
/// Bridges of one engine.
pub const BRIDGES_MAX: usize = 65_536;
/// Rules of one engine. Their owner makes one for each listener and each served port; there are no
/// more ports than this.
pub const RULES_MAX: usize = 131_072;
/// TCP targets tried for one bridge.
pub const TARGETS_MAX: usize = 16;
/// Bytes that a bridge moves in one direction in one turn before the next bridge has its turn.
pub const BRIDGE_TURN_BYTES: usize = 256 * 1024;
/// Bytes that all bridges move in one turn: packets and commands must not wait longer for it.
pub const BRIDGES_TURN_BYTES: u64 = 4 * 1024 * 1024;
/// Trains of packets that a session sends before the next one has its turn, and all sessions
/// before other things have theirs.
pub const TRAINS_PER_SESSION: usize = 8;
pub const TRAINS_PER_TURN: usize = 64;

/// Records waiting for JavaScript beyond which datagrams and raw packets stay below and rules are
/// suspended (each short tunnel leaves two records), in bytes.
pub const OUTBOX_SOFT_MAX: usize = 4 * 1024 * 1024;
/// Raw packets that wait while JavaScript is behind; the oldest goes first.
pub const RAW_WAITING_MAX: usize = 256;
/// The longest raw packet that is handed up or sent.
pub const RAW_BYTES_MAX: usize = 2_048;
/// Raw packets that JavaScript may have on the way to the socket; more are lost.
pub const RAW_QUEUED_MAX: u32 = 1_024;
/// Answers to packets of no connection (refusals, resets) that wait for the socket.
pub const RESPONSES_MAX: usize = 256;

/// What one stream may have unread: 80 MB/s over a path of 100 ms.
pub const STREAM_WINDOW: u32 = 8 * 1024 * 1024;
/// What a session may have unread before its verdict: a stranger can make us hold no more.
pub const SESSION_WINDOW_UNADMITTED: u32 = 128 * 1024;
/// What a session may have unread besides what lies with readers who are behind.
pub const SESSION_WINDOW: u32 = 4 * STREAM_WINDOW;
/// How long a reader takes less than there is before he counts as behind: what he leaves unread is
/// no longer taken from the others of his session. Then how many such readers a session may have:
/// more of them would hold up the others, so that what a session may have unread has a bound.
pub const BEHIND_AFTER: Duration = Duration::from_millis(250);
pub const READERS_BEHIND_MAX: u32 = 16;
/// What a session may have sent and unacknowledged: small where the path is short, because then it
/// stays in the processor's cache; more in proportion to the round-trip time.
pub const SEND_WINDOW_MIN: u64 = 1024 * 1024;
pub const SEND_WINDOW_NEAR: u64 = 4 * 1024 * 1024;
pub const SEND_WINDOW_MAX: u64 = 16 * 1024 * 1024;
/// What light streams of a session may have sent and unacknowledged beyond its send window, so that
/// they need not wait for a transfer that fills it.
pub const SEND_WINDOW_RESERVE: u64 = 1024 * 1024;
/// A stream is light up to so many of the bytes that its session wrote of late.
pub const LIGHT_STREAM_BYTES: u64 = 64 * 1024;
/// Bytes per second that the send window is sized for.
pub const SEND_WINDOW_RATE: f64 = 160e6;
/// Where congestion control stops growing: nothing is lost on a fast and short path, and it would
/// never. What the shortest round trip carries at this rate (bytes per second) is in flight, so
/// that the rest does not queue at the receiver and fall out of the processors' caches; a window
/// on a short path leaves time to wake up.
pub const CONGESTION_RATE: f64 = 2.5e9;
pub const CONGESTION_WINDOW_NEAR: u64 = 512 * 1024;
pub const CONGESTION_WINDOW_MAX: u64 = SEND_WINDOW_MAX;

/// Datagrams received and not yet handed up, in bytes per session; the oldest goes first.
pub const DATAGRAM_RECEIVE_BYTES: usize = 256 * 1024;
/// The same before the verdict: a few requests.
pub const DATAGRAM_EARLY_BYTES: usize = 16 * 1024;
/// Datagrams queued and not yet sent, in bytes per session.
pub const DATAGRAM_SEND_BYTES: usize = 256 * 1024;

/// The largest QUIC packet that we take (RFC 9000, section 18.2): more than path MTU discovery finds
/// anywhere.
pub const UDP_PAYLOAD_MAX: u16 = 16_384;
/// Larger ones are taken only on sessions that were admitted, on loopback or where an engine was told
/// to expect them: a packet is taken whole, and 16 KB of one-byte frames take QUIC 15 ms, while 1,400
/// bytes of them take it half of one.
pub const PACKET_BYTES_ORDINARY: usize = 2_048;
/// Larger packets of one session that wait for its verdict: path MTU discovery has begun by then.
pub const PACKETS_HELD_MAX: usize = 2;
/// Where path MTU discovery stops: Ethernet less the headers of IPv6 and UDP.
pub const MTU_INTERNET: u16 = 1_452;
/// Where it stops on loopback: four such packets fill one segmented send.
pub const MTU_LOOPBACK: u16 = 16_300;
/// Where an engine may be told to stop instead. No path of QUIC's carries less than the first (RFC
/// 9000, section 14); more than the second leaves no room for trains.
pub const PACKET_BYTES_MIN: u16 = 1_200;
pub const PACKET_BYTES_MAX: u16 = MTU_LOOPBACK;
/// Options that an engine is opened with: each key once, and room for more.
pub const OPTIONS_MAX: usize = 16;
/// What one train has of the path's rate where that is not loopback: a queue on the way takes it, and
/// a timer of the system's can wait for the next.
pub const TRAIN_TIME: Duration = Duration::from_millis(1);
/// How late a train that waited may go without a loss of rate: a busy machine's threads have their
/// turns some milliseconds late, and QUIC's pacing bounds what leaves then.
pub const TRAIN_LATE_MAX: Duration = Duration::from_millis(5);
/// How much faster QUIC sends than its window in each round trip (RFC 9002, section 7.7).
pub const PACING_GAIN: f64 = 1.25;
/// Bytes in one segmented send: the longest UDP payload over IPv4 is 65,507.
pub const TRAIN_BYTES_MAX: usize = 65_500;

/// Trains whose buffers others may have a part of, 64 KB each: as much as transfers of full speed
/// leave with readers for a moment. While so many are out, packets are copied one by one.
pub const TRAINS_LENT_MAX: usize = 256;

/// What we ask the system for as socket buffers, in bytes. It grants what it will.
pub const SOCKET_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// How long sending or receiving rests after the system failed at it: from the first to the second,
/// doubling with each failure in a row. Long enough for a queue to drain, too short to be missed.
pub const FAULT_PAUSE_MIN: Duration = Duration::from_millis(1);
pub const FAULT_PAUSE_MAX: Duration = Duration::from_millis(64);
/// How often in a row packets find the system short of memory before they count as lost.
pub const SHORTAGES_MAX: u32 = 8;
/// Echoes of earlier packets (`ECONNREFUSED`) taken in a row before that counts as a failure.
pub const ECHOES_MAX: u32 = 16;
/// The same for getting back a socket that broke: the port may be taken for a while.
pub const REBIND_PAUSE_MIN: Duration = Duration::from_millis(100);
pub const REBIND_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long packets go one by one after the system refused to segment: another route or device may
/// be able to.
pub const SEGMENTATION_RETRY: Duration = Duration::from_secs(60);
/// Between two reports of one kind of fault.
pub const FAULT_REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// How long the thread rests at most before it looks whether the machine slept.
pub const SLEEP_CHECK: Duration = Duration::from_secs(2);
/// A look that comes later than this was kept from coming by sleep.
pub const SLEEP_MIN: Duration = Duration::from_secs(5);
/// How long a peer has at least to answer after a sleep: a network comes up and three probes go.
pub const PROBE_TIMEOUT_MIN: Duration = Duration::from_secs(3);

/// The longest reason of an end that is sent or reported, in bytes.
pub const REASON_BYTES_MAX: usize = 256;

/// Traces that one start of an engine leaves behind, bytes of each, and bytes on the way to the
/// disk: a gigabyte in all, and no more memory than a busy second fills.
pub const QLOG_FILES_MAX: usize = 64;
pub const QLOG_FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
pub const QLOG_QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The secret that the two ends of a session share, in bytes: what HMAC-SHA256 makes good use of.
pub const SESSION_SECRET_BYTES: usize = 32;

/// Connection IDs of a session that are known for its own when they come from elsewhere: several
/// times what a peer may hold at once (`active_connection_id_limit` is 5).
pub const SESSION_IDS_KEPT_MAX: usize = 32;

/// Between two reports that packets of a session come from elsewhere; each costs a probe.
pub const STRAY_PAUSE: Duration = Duration::from_millis(200);

/// The round trip that is assumed of a path of which nothing is known: what is lost of a handshake is
/// sent again after three of them. RFC 9002 (section 6.2.2) would like 333 ms, for TCP's sake; as in
/// Chromium, Firefox and quic-go it is less, so that a loss costs 300 ms instead of a second. A path
/// that takes longer sees a packet or two of a handshake twice, which QUIC does not take for loss.
pub const INITIAL_RTT: Duration = Duration::from_millis(100);
/// From a change of path to the second ping over it, and then twice as long each time, as long as
/// none is answered: QUIC's own timer may have grown to a minute while nothing came.
pub const PING_PAUSE_MIN: Duration = Duration::from_millis(50);
/// After so long a pause the path is left to QUIC's timer.
pub const PING_PAUSE_MAX: Duration = Duration::from_secs(4);

/// Extra sockets of one engine: two attempts to get through a strict NAT at the same time.
pub const EXTRA_SOCKETS_MAX: u16 = 512;

/// Ends of relayed flows, flows carried between others, and numbers to tell them by.
pub const RELAYED_WAYS_MAX: usize = 4_096;
pub const CARRIED_FLOWS_MAX: usize = 1_024;
pub const RELAY_NUMBER_MAX: u32 = (1 << 20) - 1;
/// Bytes per second that a carried flow may be given.
pub const CARRIED_RATE_MIN: f64 = 1_024.0;
pub const CARRIED_RATE_MAX: f64 = 1e10;
/// Words of 64 packets that are remembered of each leg, so that none passes twice: more than two
/// trains may overtake each other by, and at least the 1,024 that others may count on.
pub const RELAY_WINDOW_WORDS: usize = 32;
/// What may wait in one direction of a carried flow, in time at its rate: later is worse than lost.
pub const RELAY_QUEUE: Duration = Duration::from_millis(50);
/// The same in bytes, whatever the rate, so that one fast flow does not take the room of the others.
pub const RELAY_LANE_MAX: usize = 4 * 1024 * 1024;
/// What may leave at once after a rest, and what one train has of it.
pub const RELAY_BURST: Duration = Duration::from_millis(5);
pub const RELAY_TRAIN: Duration = Duration::from_millis(1);
/// Bytes that wait in all carried flows together, and what a train takes beside its packets.
pub const RELAY_WAITING_MAX: usize = 32 * 1024 * 1024;
pub const RELAY_TRAIN_COST: usize = 256;
/// Buffers of trains that are kept for the next ones.
pub const RELAY_SPARE_MAX: usize = 32;
/// Trains that are carried for others in one turn, after our own have had theirs.
pub const RELAY_TRAINS_PER_TURN: usize = 32;

/// A flow in which no packet goes either way for so long is over: the programs that use UDP say
/// something twice a minute at least where they want to be remembered (RFC 4787, section 4.3).
pub const FLOW_IDLE: Duration = Duration::from_secs(60);
/// Local ports of flows, and services: there are no more ports than this.
pub const FLOW_PORTS_MAX: usize = 65_536;
/// Flows of one local port; then the one that was silent for longest makes room. A resolver takes a
/// port for each question and is done with it within a second.
pub const FLOWS_PER_PORT_MAX: usize = 1_024;
/// The same of all local ports: a flow here is two entries in tables.
pub const FLOWS_LOCAL_MAX: usize = 16_384;
/// Flows that one session may have at our services, and all together. Each takes a descriptor.
pub const FLOWS_PER_SESSION_MAX: usize = 1_024;
pub const FLOWS_SERVED_MAX: usize = 4_096;
/// The longest UDP payload over IPv4.
pub const FLOW_PACKET_BYTES_MAX: usize = 65_507;
/// Parts of one packet: the longest in datagrams of the smallest path, 1,200 bytes.
pub const FLOW_PARTS_MAX: usize = 64;
/// How long a packet waits for its other parts, which were sent in one go.
pub const FLOW_PARTS_TIMEOUT: Duration = Duration::from_secs(1);
/// Packets of one session that wait for parts, and what they and those of all sessions together may
/// take, in bytes. The oldest of the session goes first, and where all have too much, the newest.
pub const FLOW_PARTIALS_PER_SESSION: usize = 64;
pub const FLOW_PARTS_BYTES_PER_SESSION: usize = 512 * 1024;
pub const FLOW_PARTS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Packets read from one socket, or taken from sessions, before others have their turn.
pub const FLOW_PACKETS_PER_STEP: usize = 32;
