//! What a connection is configured with: one transport configuration for the Internet, one for
//! loopback, where packets may be larger.

use super::congestion::BoundedFactory;
use super::options::Options;
use super::paths::Made;
use super::reset::ResetKey;
use super::tls::{server_config, Protocol};
use crate::limits::*;
use crate::qlog::Qlog;
use crate::way;
use quinn_proto::{
    ClientConfig, EndpointConfig, MtuDiscoveryConfig, ServerConfig, TransportConfig, VarInt,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The protocols in force, and what follows from them.
pub struct Protocols {
    list: Vec<Protocol>,
    /// For those who dial us; none if no protocol is served.
    pub(crate) server: Option<Arc<ServerConfig>>,
}

impl Protocols {
    pub fn new(list: Vec<Protocol>) -> Result<Self, rustls::Error> {
        let server =
            server_config(&list)?.map(|crypto| Arc::new(ServerConfig::with_crypto(crypto)));
        Ok(Self { list, server })
    }

    pub fn get(&self, alpn: &[u8]) -> Option<&Protocol> {
        self.list.iter().find(|protocol| protocol.alpn == alpn)
    }

    pub fn server(&self, transport: Arc<TransportConfig>) -> Option<Arc<ServerConfig>> {
        let mut config = ServerConfig::clone(self.server.as_ref()?);
        config.transport_config(transport);
        Some(Arc::new(config))
    }

    pub fn client(&self, alpn: &[u8], transport: Arc<TransportConfig>) -> Option<ClientConfig> {
        let mut config = ClientConfig::new(self.get(alpn)?.client.clone());
        config.transport_config(transport);
        Some(config)
    }
}

/// How connections move their bytes: what is the same for all protocols of an engine.
pub struct Transports {
    pub options: Options,
    internet: Arc<TransportConfig>,
    loopback: Arc<TransportConfig>,
    qlog: Option<Qlog>,
}

impl Transports {
    /// `qlog`: what takes the traces of all connections, if they are wanted.
    pub fn new(options: Options, qlog: Option<Qlog>) -> Self {
        Self {
            options,
            internet: Arc::new(transport(true, options)),
            loopback: Arc::new(transport(false, options)),
            qlog,
        }
    }

    /// The largest packets that peers elsewhere may find out to send.
    pub fn far_bytes_max(&self) -> usize {
        usize::from(self.options.packet_bytes_max.unwrap_or(MTU_INTERNET))
    }

    /// For an attempt of others that nobody has looked at yet.
    pub fn any(&self) -> Arc<TransportConfig> {
        self.internet.clone()
    }

    /// For a connection that begins now.
    pub fn begin(&self, now: Instant, inbound: bool, remote: SocketAddr) -> Arc<TransportConfig> {
        let far = !way::is_loopback(remote);
        let qlog = self.qlog.as_ref();
        match qlog.and_then(|qlog| qlog.begin(inbound, remote, now)) {
            Some(stream) => {
                let mut config = transport(far, self.options);
                config.qlog_stream(Some(stream));
                Arc::new(config)
            }
            None if far => self.internet.clone(),
            None => self.loopback.clone(),
        }
    }
}

/// `made` hears of each connection ID that is made.
pub fn endpoint_config(key: &ResetKey, made: &Made) -> Arc<EndpointConfig> {
    let mut config = EndpointConfig::new(Arc::new(key.tokens()));
    let ids = key.ids(made);
    config
        .cid_generator(move || Box::new(ids.clone()))
        .max_udp_payload_size(UDP_PAYLOAD_MAX)
        .expect("the size is one that RFC 9000 allows");
    // The fixed bit tells QUIC from our raw packets on the same socket; RFC 9287 would clear it.
    config.grease_quic_bit(false);
    Arc::new(config)
}

fn transport(far: bool, options: Options) -> TransportConfig {
    let mtu = if far { MTU_INTERNET } else { MTU_LOOPBACK };
    let mtu = options.packet_bytes_max.unwrap_or(mtu);
    let mut discovery = MtuDiscoveryConfig::default();
    discovery.upper_bound(mtu);
    let mut config = TransportConfig::default();
    let idle = IDLE_TIMEOUT.try_into().expect("30 s fit a varint");
    config
        .max_idle_timeout(Some(idle))
        .initial_rtt(INITIAL_RTT)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_UNADMITTED))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(SESSION_WINDOW_UNADMITTED))
        .send_window(SEND_WINDOW_MIN)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BYTES))
        .datagram_send_buffer_size(DATAGRAM_SEND_BYTES)
        .mtu_discovery_config(Some(discovery))
        .congestion_controller_factory(Arc::new(BoundedFactory {
            congestion: options.congestion,
            // Ten packets (RFC 9002, section 7.2) of the size that discovery will find.
            initial_window: (u64::from(mtu) * 10).max(14_720),
        }));
    config
}
