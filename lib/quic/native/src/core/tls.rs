//! TLS 1.3 with Ed25519 certificates on both sides and nothing else: no older version, no other
//! signature, no resumption, no tickets, no early data.
//!
//! A certificate of any content is accepted here, because who the peer may be is decided above;
//! what TLS proves is that the peer holds the certificate's key.

use crate::limits::CERTIFICATES_BYTES_MAX;
use quinn_proto::crypto::{
    self,
    rustls::{QuicClientConfig, QuicServerConfig},
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{ring, verify_tls13_signature, CryptoProvider};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, ServerConfig,
    SignatureScheme,
};
use std::sync::Arc;

/// One application protocol and what we show for it.
pub struct Protocol {
    pub alpn: Vec<u8>,
    pub serve: bool,
    pub head_bytes: usize,
    /// Whether the paths of its sessions are moved from above, and not by QUIC.
    pub moves_paths: bool,
    /// Whether the datagrams of its sessions are packets of flows, which never come up.
    pub carries_flows: bool,
    pub client: Arc<dyn crypto::ClientConfig>,
    pub(super) identity: Arc<CertifiedKey>,
}

impl Protocol {
    /// Fails when certificate and key are not a pair of Ed25519.
    pub fn new(
        alpn: Vec<u8>,
        certificate: Vec<u8>,
        private_key: Vec<u8>,
        serve: bool,
        head_bytes: usize,
    ) -> Result<Self, Error> {
        let key = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(private_key))?;
        let identity = CertifiedKey::new(vec![CertificateDer::from(certificate)], key);
        identity.keys_match()?;
        let identity = Arc::new(identity);
        let client = client_config(&[&alpn], identity.clone())?;
        Ok(Self {
            alpn,
            serve,
            head_bytes,
            moves_paths: false,
            carries_flows: false,
            client,
            identity,
        })
    }

    /// Whoever is dialled with this protocol and does not speak it may take the other one, for
    /// which the same identity is shown.
    pub fn with_fallback(mut self, alpn: &[u8]) -> Result<Self, Error> {
        self.client = client_config(&[&self.alpn, alpn], self.identity.clone())?;
        Ok(self)
    }
}

fn client_config(
    alpns: &[&[u8]],
    identity: Arc<CertifiedKey>,
) -> Result<Arc<dyn crypto::ClientConfig>, Error> {
    let config = QuicClientConfig::try_from(tls_client(alpns, identity)?);
    Ok(Arc::new(config.map_err(|e| Error::General(e.to_string()))?))
}

/// The configuration for those who dial us, or none if no protocol is served. Where a client
/// offers several protocols, the first of ours wins.
pub fn server_config(protocols: &[Protocol]) -> Result<Option<Arc<QuicServerConfig>>, Error> {
    let served: Vec<_> = protocols.iter().filter(|protocol| protocol.serve).collect();
    if served.is_empty() {
        return Ok(None);
    }
    let config = QuicServerConfig::try_from(tls_server(&served)?);
    let config = config.map_err(|e| Error::General(e.to_string()))?;
    Ok(Some(Arc::new(config)))
}

fn tls_server(served: &[&Protocol]) -> Result<ServerConfig, Error> {
    let alpns = served.iter().map(|protocol| protocol.alpn.clone());
    let identities = served
        .iter()
        .map(|protocol| (protocol.alpn.clone(), protocol.identity.clone()));
    let resolver = IdentityByAlpn(identities.collect());
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(AnyCertificate))
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = alpns.collect();
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// The server chooses among the protocols by its own order.
pub(super) fn tls_client(
    alpns: &[&[u8]],
    identity: Arc<CertifiedKey>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_client_cert_resolver(Arc::new(OneIdentity(identity)));
    config.alpn_protocols = alpns.iter().map(|alpn| alpn.to_vec()).collect();
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    // Peers are known by their keys; a name would only tell observers something.
    config.enable_sni = false;
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    use ring::cipher_suite::*;
    let mut provider = ring::default_provider();
    // The order in which we offer and choose. AES-128 first: ten rounds instead of fourteen for
    // every byte of a tunnel, and no weaker than the Ed25519 keys and X25519 exchanges around it.
    provider.cipher_suites = vec![
        TLS13_AES_128_GCM_SHA256,
        TLS13_AES_256_GCM_SHA384,
        TLS13_CHACHA20_POLY1305_SHA256,
    ];
    Arc::new(provider)
}

/// Must choose as rustls chooses the protocol: the first of ours that the client offers. Where
/// none matches, rustls ends the handshake before any identity is shown.
#[derive(Debug)]
struct IdentityByAlpn(Vec<(Vec<u8>, Arc<CertifiedKey>)>);

impl ResolvesServerCert for IdentityByAlpn {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offered: Vec<&[u8]> = hello.alpn().map(Iterator::collect).unwrap_or_default();
        let chosen = self
            .0
            .iter()
            .find(|(alpn, _)| offered.contains(&alpn.as_slice()));
        chosen
            .or(self.0.first())
            .map(|(_, identity)| identity.clone())
    }
}

#[derive(Debug)]
struct OneIdentity(Arc<CertifiedKey>);

impl ResolvesClientCert for OneIdentity {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        schemes
            .contains(&SignatureScheme::ED25519)
            .then(|| self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct AnyCertificate;

impl AnyCertificate {
    /// What is far larger than any membership goes no further.
    fn check_size(leaf: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Result<(), Error> {
        let bytes = chain.iter().fold(leaf.len(), |sum, next| sum + next.len());
        match bytes <= CERTIFICATES_BYTES_MAX {
            true => Ok(()),
            false => Err(Error::General(format!(
                "{bytes} bytes of certificates, more than {CERTIFICATES_BYTES_MAX}"
            ))),
        }
    }

    fn verify(
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signature.scheme != SignatureScheme::ED25519 {
            return Err(PeerIncompatible::NoSignatureSchemesInCommon.into());
        }
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Self::check_size(leaf, chain)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::verify(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Self::check_size(leaf, chain)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::verify(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::new_identity;
    use rustls::quic::{ClientConnection, Connection, ServerConnection, Version};

    fn protocol() -> Protocol {
        let (certificate, key) = new_identity();
        Protocol::new(b"test/1".to_vec(), certificate, key, true, 0).unwrap()
    }

    /// Runs a handshake to its end; gives what went wrong at the server.
    fn server_error(client: ClientConfig) -> Option<Error> {
        let server = Arc::new(tls_server(&[&protocol()]).unwrap());
        let server = ServerConnection::new(server, Version::V1, vec![]).unwrap();
        let name = "peer.invalid".try_into().unwrap();
        let client = ClientConnection::new(Arc::new(client), Version::V1, name, vec![]).unwrap();
        let (mut client, mut server) = (Connection::from(client), Connection::from(server));
        for _ in 0..16 {
            // A flight ends where the keys change.
            let mut flight = Vec::new();
            client.write_hs(&mut flight);
            if let Err(error) = server.read_hs(&flight) {
                return Some(error);
            }
            flight.clear();
            server.write_hs(&mut flight);
            client.read_hs(&flight).unwrap();
        }
        assert!(!server.is_handshaking() && !client.is_handshaking());
        None
    }

    #[test]
    fn a_client_with_a_certificate_is_let_in() {
        let client = tls_client(&[b"test/1"], protocol().identity).unwrap();
        assert_eq!(server_error(client), None);
    }

    #[test]
    fn a_client_without_a_certificate_is_turned_away() {
        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate))
            .with_no_client_auth();
        client.alpn_protocols = vec![b"test/1".to_vec()];
        let error = server_error(client);
        assert_eq!(error, Some(Error::NoCertificatesPresented));
    }

    #[test]
    fn a_certificate_without_its_key_is_turned_away() {
        let (one, other) = (protocol().identity, protocol().identity);
        let stolen = CertifiedKey::new(one.cert.clone(), other.key.clone());
        let client = tls_client(&[b"test/1"], Arc::new(stolen)).unwrap();
        let error = server_error(client);
        assert!(matches!(error, Some(Error::InvalidCertificate(_))));
    }

    #[test]
    fn an_identity_must_be_a_pair() {
        let ((one, _), (_, other)) = (new_identity(), new_identity());
        let protocol = |certificate, key| Protocol::new(vec![1], certificate, key, true, 0);
        assert!(protocol(one, other).is_err());
        assert!(protocol(vec![1], vec![2]).is_err());
    }
}
