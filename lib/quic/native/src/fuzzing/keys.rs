//! A peer that holds real keys and says what it likes: TLS as it is, around it packet keys that
//! change the frames before they protect them.

use super::choices::Choices;
use super::frames::tamper;
use bytes::BytesMut;
use quinn_proto::crypto::{
    ClientConfig, CryptoError, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey,
    ServerConfig, Session, UnsupportedVersion,
};
use quinn_proto::transport_parameters::TransportParameters;
use quinn_proto::{ConnectError, ConnectionId, Side, TransportError};
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a hostile peer behaves. Shared by all of its sessions.
pub struct Malice {
    pub choices: Choices,
    /// One packet in so many is changed; 0 changes none.
    pub rate: usize,
    pub tampered: u64,
    /// Changes the first message of TLS that is sent.
    pub hello: Option<fn(&mut Vec<u8>)>,
}

pub type Shared = Arc<Mutex<Malice>>;

pub fn lock(malice: &Shared) -> MutexGuard<'_, Malice> {
    malice.lock().unwrap_or_else(PoisonError::into_inner)
}

pub struct HostileConfig<T: ?Sized> {
    pub inner: Arc<T>,
    pub malice: Shared,
}

impl ClientConfig for HostileConfig<dyn ClientConfig> {
    fn start_session(
        self: Arc<Self>,
        version: u32,
        server_name: &str,
        params: &TransportParameters,
    ) -> Result<Box<dyn Session>, ConnectError> {
        let inner = self
            .inner
            .clone()
            .start_session(version, server_name, params)?;
        let malice = self.malice.clone();
        Ok(Box::new(HostileSession { inner, malice }))
    }
}

impl ServerConfig for HostileConfig<dyn ServerConfig> {
    fn initial_keys(
        &self,
        version: u32,
        dst_cid: &ConnectionId,
    ) -> Result<Keys, UnsupportedVersion> {
        let keys = self.inner.initial_keys(version, dst_cid)?;
        Ok(hostile_keys(keys, &self.malice))
    }

    fn retry_tag(&self, version: u32, orig_dst_cid: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.inner.retry_tag(version, orig_dst_cid, packet)
    }

    fn start_session(
        self: Arc<Self>,
        version: u32,
        params: &TransportParameters,
    ) -> Box<dyn Session> {
        let inner = self.inner.clone().start_session(version, params);
        let malice = self.malice.clone();
        Box::new(HostileSession { inner, malice })
    }
}

struct HostileSession {
    inner: Box<dyn Session>,
    malice: Shared,
}

impl Session for HostileSession {
    fn initial_keys(&self, dst_cid: &ConnectionId, side: Side) -> Keys {
        hostile_keys(self.inner.initial_keys(dst_cid, side), &self.malice)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.inner.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.inner.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        self.inner.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.inner.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.inner.is_handshaking()
    }

    fn read_handshake(&mut self, buf: &[u8]) -> Result<bool, TransportError> {
        self.inner.read_handshake(buf)
    }

    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        self.inner.transport_parameters()
    }

    fn write_handshake(&mut self, buf: &mut Vec<u8>) -> Option<Keys> {
        let keys = self.inner.write_handshake(buf);
        let hello = match buf.is_empty() {
            true => None,
            false => lock(&self.malice).hello.take(),
        };
        if let Some(change) = hello {
            change(buf);
        }
        let keys = keys?;
        Some(hostile_keys(keys, &self.malice))
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        let KeyPair { local, remote } = self.inner.next_1rtt_keys()?;
        let local = hostile_key(local, &self.malice);
        Some(KeyPair { local, remote })
    }

    fn is_valid_retry(&self, orig_dst_cid: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.inner.is_valid_retry(orig_dst_cid, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.inner.export_keying_material(output, label, context)
    }
}

fn hostile_keys(keys: Keys, malice: &Shared) -> Keys {
    let Keys { header, packet } = keys;
    let KeyPair { local, remote } = packet;
    let local = hostile_key(local, malice);
    Keys {
        header,
        packet: KeyPair { local, remote },
    }
}

fn hostile_key(inner: Box<dyn PacketKey>, malice: &Shared) -> Box<dyn PacketKey> {
    let malice = malice.clone();
    Box::new(HostileKey { inner, malice })
}

struct HostileKey {
    inner: Box<dyn PacketKey>,
    malice: Shared,
}

impl PacketKey for HostileKey {
    fn encrypt(&self, packet: u64, buf: &mut [u8], header_len: usize) {
        let end = buf.len() - self.inner.tag_len();
        let mut malice = lock(&self.malice);
        let rate = malice.rate;
        if rate != 0 && malice.choices.once_in(rate) {
            malice.tampered += 1;
            tamper(&mut malice.choices, &mut buf[header_len..end]);
        }
        drop(malice);
        self.inner.encrypt(packet, buf, header_len);
    }

    fn decrypt(
        &self,
        packet: u64,
        header: &[u8],
        payload: &mut BytesMut,
    ) -> Result<(), CryptoError> {
        self.inner.decrypt(packet, header, payload)
    }

    fn tag_len(&self) -> usize {
        self.inner.tag_len()
    }

    fn confidentiality_limit(&self) -> u64 {
        self.inner.confidentiality_limit()
    }

    fn integrity_limit(&self) -> u64 {
        self.inner.integrity_limit()
    }
}
