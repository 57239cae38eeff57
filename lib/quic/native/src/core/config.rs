//! What a connection is configured with: one transport configuration for the Internet, one for
//! loopback, where packets may be larger.

use super::congestion::BoundedCubicConfig;
use super::options::Options;
use super::tls::{server_config, Protocol};
use crate::limits::*;
use quinn_proto::{
    ClientConfig, EndpointConfig, MtuDiscoveryConfig, ServerConfig, TransportConfig, VarInt,
};
use std::net::IpAddr;
use std::sync::Arc;

/// The protocols in force, and what follows from them.
pub struct Protocols {
    list: Vec<Protocol>,
    options: Options,
    internet: Option<Arc<ServerConfig>>,
    loopback: Option<Arc<ServerConfig>>,
}

impl Protocols {
    pub fn new(list: Vec<Protocol>, options: Options) -> Result<Self, rustls::Error> {
        let crypto = server_config(&list)?;
        let server = |far: bool| {
            crypto.clone().map(|crypto| {
                let mut config = ServerConfig::with_crypto(crypto);
                config.transport_config(transport(far, options));
                Arc::new(config)
            })
        };
        let internet = server(true);
        let loopback = server(false);
        Ok(Self {
            list,
            options,
            internet,
            loopback,
        })
    }

    pub fn get(&self, alpn: &[u8]) -> Option<&Protocol> {
        self.list.iter().find(|protocol| protocol.alpn == alpn)
    }

    pub fn server(&self, remote: IpAddr) -> Option<Arc<ServerConfig>> {
        match is_loopback(remote) {
            true => self.loopback.clone(),
            false => self.internet.clone(),
        }
    }

    pub fn client(&self, alpn: &[u8], remote: IpAddr) -> Option<ClientConfig> {
        let mut config = ClientConfig::new(self.get(alpn)?.client.clone());
        config.transport_config(transport(!is_loopback(remote), self.options));
        Some(config)
    }
}

pub fn endpoint_config() -> Arc<EndpointConfig> {
    let mut config = EndpointConfig::default();
    config
        .max_udp_payload_size(UDP_PAYLOAD_MAX)
        .expect("the size is one that RFC 9000 allows");
    // The fixed bit tells QUIC from our raw packets on the same socket; RFC 9287 would clear it.
    config.grease_quic_bit(false);
    Arc::new(config)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn transport(far: bool, options: Options) -> Arc<TransportConfig> {
    let mtu = if far { MTU_INTERNET } else { MTU_LOOPBACK };
    let mtu = options.packet_bytes_max.unwrap_or(mtu);
    let mut discovery = MtuDiscoveryConfig::default();
    discovery.upper_bound(mtu);
    let mut config = TransportConfig::default();
    let idle = IDLE_TIMEOUT.try_into().expect("30 s fit a varint");
    config
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_PER_PEER_MIN))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(SESSION_WINDOW_UNADMITTED))
        .send_window(SEND_WINDOW_MIN)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BYTES))
        .datagram_send_buffer_size(DATAGRAM_SEND_BYTES)
        .mtu_discovery_config(Some(discovery))
        .congestion_controller_factory(Arc::new(BoundedCubicConfig {
            // Ten packets (RFC 9002, section 7.2) of the size that discovery will find.
            initial_window: (u64::from(mtu) * 10).max(14_720),
        }));
    Arc::new(config)
}
