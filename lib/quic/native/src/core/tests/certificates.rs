//! Peers whose certificates or first words are not what they should be. Each ends in an error that
//! says why, nothing of it is reported as a session, little is taken from it, and the next honest
//! peer gets through.

use crate::core::testing::{Node, World, ALPN, DIAL};
use crate::core::tls::tls_client;
use crate::core::*;
use crate::event::{DialError, EndKind};
use crate::fuzzing::keys::{HostileConfig, Malice};
use crate::fuzzing::Choices;
use crate::testing::{algorithm, certificate, new_identity, public_key};
use quinn_proto::crypto::rustls::QuicClientConfig;
use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, KeyPair, RsaKeyPair, ECDSA_P256_SHA256_ASN1_SIGNING as P256};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a peer may make us read before we turn it away, in bytes of packets: the largest message of
/// TLS, and what is on the way meanwhile.
const RECEIVED_BYTES_MAX: f64 = 150_000.0;
/// A key for tests, which guards nothing (RSA, 2048 bits, PKCS #8).
const RSA_KEY: &[u8] = include_bytes!("rsa_key.der");

/// Signs as its key can, whatever was asked for, and may call it something else.
#[derive(Debug)]
struct Stubborn {
    key: Arc<dyn SigningKey>,
    scheme: SignatureScheme,
    called: SignatureScheme,
}

impl SigningKey for Stubborn {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let signer = self.key.choose_scheme(&[self.scheme])?;
        let called = self.called;
        Some(Box::new(StubbornSigner { signer, called }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}

#[derive(Debug)]
struct StubbornSigner {
    signer: Box<dyn Signer>,
    called: SignatureScheme,
}

impl Signer for StubbornSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.signer.sign(message)
    }

    fn scheme(&self) -> SignatureScheme {
        self.called
    }
}

/// A key, how it signs, and its certificate.
struct Identity {
    key: Vec<u8>,
    scheme: SignatureScheme,
    certificate: Vec<u8>,
}

fn ed25519() -> Identity {
    let (certificate, key) = new_identity();
    let scheme = SignatureScheme::ED25519;
    Identity {
        key,
        scheme,
        certificate,
    }
}

fn rsa() -> Identity {
    let pair = RsaKeyPair::from_pkcs8(RSA_KEY).unwrap();
    let algorithm = algorithm(&[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]]);
    let public = public_key(&algorithm, pair.public().as_ref());
    Identity {
        key: RSA_KEY.to_vec(),
        scheme: SignatureScheme::RSA_PSS_SHA256,
        certificate: certificate("rsa", &public, &algorithm, |_| vec![1; 256]),
    }
}

fn p256() -> Identity {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&P256, &random).unwrap();
    let key = key.as_ref().to_vec();
    let pair = EcdsaKeyPair::from_pkcs8(&P256, &key, &random).unwrap();
    let curve: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let algorithm = algorithm(&[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], curve]);
    let public = public_key(&algorithm, pair.public_key().as_ref());
    Identity {
        key,
        scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
        certificate: certificate("p256", &public, &algorithm, |_| vec![1; 64]),
    }
}

/// What a peer shows, and how we answer.
struct Case {
    name: &'static str,
    identity: Identity,
    chain: Vec<Vec<u8>>,
    called: SignatureScheme,
    /// Part of the reason when it is shown to one who dials; none if it is good.
    reason: Option<&'static str>,
}

fn cases() -> Vec<Case> {
    let noise = |length: usize| (0..length).map(|i| (i * 151 + i / 7) as u8).collect();
    let plain = |name, chain: fn(&Identity) -> Vec<Vec<u8>>, reason| {
        let identity = ed25519();
        let chain = chain(&identity);
        let called = SignatureScheme::ED25519;
        Case {
            name,
            identity,
            chain,
            called,
            reason,
        }
    };
    let other = |name, identity: Identity, called: Option<SignatureScheme>, reason| {
        let chain = vec![identity.certificate.clone()];
        let called = called.unwrap_or(identity.scheme);
        Case {
            name,
            identity,
            chain,
            called,
            reason: Some(reason),
        }
    };
    let mut cases = vec![
        plain("one of ours", |own| vec![own.certificate.clone()], None),
        plain(
            "a chain of several",
            |own| vec![own.certificate.clone(); 4],
            None,
        ),
        plain("no certificate", |_| vec![], Some("")),
        plain("an empty certificate", |_| vec![vec![]], Some("")),
        plain(
            "another's certificate",
            |_| vec![new_identity().0],
            Some("BadSignature"),
        ),
        plain(
            "half a certificate",
            |own| vec![own.certificate[..150].to_vec()],
            Some("BadEncoding"),
        ),
        plain(
            "a chain that is too large",
            |own| vec![own.certificate.clone(), vec![7; CERTIFICATES_BYTES_MAX]],
            Some("bytes of certificates, more than 16384"),
        ),
        plain(
            "a certificate that is too large",
            |_| {
                vec![certificate(
                    &"n".repeat(CERTIFICATES_BYTES_MAX),
                    &[],
                    &[],
                    |_| vec![],
                )]
            },
            Some("bytes of certificates, more than 16384"),
        ),
        plain(
            "a chain of a megabyte",
            |own| [vec![own.certificate.clone()], vec![vec![7; 60_000]; 17]].concat(),
            Some(""),
        ),
        other("RSA", rsa(), None, "NoSignatureSchemesInCommon"),
        other("P-256", p256(), None, "NoSignatureSchemesInCommon"),
        other(
            "RSA called Ed25519",
            rsa(),
            Some(SignatureScheme::ED25519),
            "UnsupportedSignature",
        ),
        other(
            "P-256 called Ed25519",
            p256(),
            Some(SignatureScheme::ED25519),
            "UnsupportedSignature",
        ),
    ];
    for length in [1, 2, 3, 100, 1_000, 10_000] {
        let mut case = plain("random bytes", |_| vec![], Some("BadEncoding"));
        case.chain = vec![noise(length)];
        cases.push(case);
    }
    cases
}

/// A protocol that shows what the case says.
fn protocol(case: &Case) -> Protocol {
    let key = PrivateKeyDer::Pkcs8(case.identity.key.clone().into());
    let key = Arc::new(Stubborn {
        key: any_supported_type(&key).unwrap(),
        scheme: case.identity.scheme,
        called: case.called,
    });
    let chain = case.chain.iter().cloned().map(CertificateDer::from);
    let identity = Arc::new(CertifiedKey::new(chain.collect(), key));
    let client = tls_client(&[ALPN], identity.clone()).unwrap();
    Protocol {
        moves_paths: false,
        carries_flows: false,
        alpn: ALPN.to_vec(),
        serve: true,
        head_bytes: 2,
        client: Arc::new(QuicClientConfig::try_from(client).unwrap()),
        identity,
    }
}

fn honest_protocols() -> Protocols {
    let Identity {
        certificate, key, ..
    } = ed25519();
    let protocol = Protocol::new(ALPN.to_vec(), certificate, key, true, 2).unwrap();
    Protocols::new(vec![protocol]).unwrap()
}

/// Lets time pass; gives the most that a node had received at a time in sessions that live.
fn run(world: &mut World, side: usize) -> f64 {
    let mut most = 0.0_f64;
    for _ in 0..400 {
        world.run(Duration::from_millis(5));
        let core = &world.nodes[side].core;
        let gauges = core.sessions.handles().into_iter();
        let received = gauges.filter_map(|session| Some(core.gauge(session)?.read()[3]));
        most = most.max(received.sum());
    }
    most
}

fn sessions(node: &Node) -> usize {
    let up = |event: &&Event| matches!(event, Event::SessionUp { .. });
    node.events.iter().filter(up).count()
}

/// After whatever came before, an honest peer is let in by an honest one, and all of it is gone.
fn next_gets_through(world: &mut World, case: &str) {
    for node in &mut world.nodes {
        node.core.close_all(world.now, "");
        node.core.set_protocols(honest_protocols());
    }
    world.run(Duration::from_secs(40));
    for node in &mut world.nodes {
        assert_eq!(node.core.session_count(), 0, "{case}");
        node.events.clear();
    }
    world.dial(ALPN, Duration::from_secs(5));
    world.run(Duration::from_secs(1));
    assert_eq!(world.nodes.each_ref().map(sessions), [1, 1], "{case}");
}

#[test]
fn a_server_with_another_certificate_is_not_believed() {
    for case in cases() {
        let mut world = World::new(&[ALPN], &[ALPN]);
        let shown = Protocols::new(vec![protocol(&case)]).unwrap();
        world.nodes[1].core.set_protocols(shown);
        world.dial(ALPN, Duration::from_secs(5));
        let received = run(&mut world, 0);
        assert!(received < RECEIVED_BYTES_MAX, "{}: {received}", case.name);
        match case.reason {
            None => assert_eq!(sessions(&world.nodes[0]), 1, "{}", case.name),
            Some(reason) => {
                let [Event::DialFailed {
                    tag: DIAL,
                    error,
                    reason: said,
                }] = world.nodes[0].events.as_slice()
                else {
                    panic!("{}: {:?}", case.name, world.nodes[0].events);
                };
                let known = [DialError::Unauthenticated, DialError::Refused];
                assert!(known.contains(error), "{}: {error:?}", case.name);
                assert!(
                    !said.is_empty() && said.contains(reason),
                    "{}: {said}",
                    case.name
                );
            }
        }
        next_gets_through(&mut world, case.name);
    }
}

#[test]
fn a_client_with_another_certificate_is_not_let_in() {
    for case in cases() {
        let mut world = World::new(&[ALPN], &[ALPN]);
        let shown = Protocols::new(vec![protocol(&case)]).unwrap();
        world.nodes[0].core.set_protocols(shown);
        world.dial(ALPN, Duration::from_secs(5));
        let received = run(&mut world, 1);
        assert!(received < RECEIVED_BYTES_MAX, "{}: {received}", case.name);
        match case.reason {
            None => assert_eq!(sessions(&world.nodes[1]), 1, "{}", case.name),
            Some(_) => {
                // Nothing is said above, so that strangers fill no log.
                assert!(world.nodes[1].events.is_empty(), "{}", case.name);
                let kind = world.nodes[0].end().map(|(kind, _, _)| kind);
                let failed = world.dial_error().is_some();
                let ended = failed || kind == Some(EndKind::ProtocolError);
                assert!(ended, "{}: {kind:?}", case.name);
            }
        }
        next_gets_through(&mut world, case.name);
    }
}

/// Changes bytes where they stand.
fn replace(message: &mut [u8], old: &[u8], new: &[u8]) {
    let at = message.windows(old.len()).position(|window| window == old);
    message[at.expect("it is there")..][..new.len()].copy_from_slice(new);
}

#[test]
fn a_first_word_that_is_none_is_answered_by_an_alert() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(&str, Change, DialError, &str); 6] = [
        (
            "TLS 1.2 only",
            |hello| replace(hello, &[0, 0x2b, 0, 3, 2, 3, 4], &[0, 0x2b, 0, 3, 2, 3, 3]),
            DialError::Unauthenticated,
            "Tls12NotOffered",
        ),
        (
            "signatures without Ed25519",
            |hello| {
                replace(
                    hello,
                    &[0, 0x0d, 0, 4, 0, 2, 8, 7],
                    &[0, 0x0d, 0, 4, 0, 2, 8, 4],
                )
            },
            DialError::Unauthenticated,
            "NoSignatureSchemesInCommon",
        ),
        (
            "random bytes",
            |hello| {
                hello
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, byte)| *byte = (i * 73) as u8)
            },
            DialError::Refused,
            "corrupt message",
        ),
        (
            "half of it",
            |hello| {
                let half = hello.len() / 2;
                hello.truncate(half);
                hello[1..4].copy_from_slice(&(half as u32 - 4).to_be_bytes()[1..]);
            },
            DialError::Unauthenticated,
            "corrupt message",
        ),
        (
            "a message of 16 MB",
            |hello| hello[1..4].fill(0xff),
            DialError::Refused,
            "TooLarge",
        ),
        (
            "a message that never ends",
            |hello| hello[1..4].copy_from_slice(&[0, 0xf0, 0]),
            DialError::Timeout,
            "",
        ),
    ];
    for (name, change, error, reason) in cases {
        let mut world = World::new(&[ALPN], &[ALPN]);
        let Identity {
            certificate, key, ..
        } = ed25519();
        let mut protocol = Protocol::new(ALPN.to_vec(), certificate, key, true, 2).unwrap();
        protocol.client = Arc::new(HostileConfig {
            inner: protocol.client,
            malice: Arc::new(Mutex::new(Malice {
                choices: Choices::seeded(1),
                rate: 0,
                tampered: 0,
                hello: Some(change),
            })),
        });
        let protocols = Protocols::new(vec![protocol]).unwrap();
        world.nodes[0].core.set_protocols(protocols);
        world.dial(ALPN, Duration::from_secs(5));
        world.run(Duration::from_secs(6));
        let [Event::DialFailed {
            error: got,
            reason: said,
            ..
        }] = world.nodes[0].events.as_slice()
        else {
            panic!("{name}: {:?}", world.nodes[0].events);
        };
        assert_eq!(*got, error, "{name}: {said}");
        assert!(said.contains(reason), "{name}: {said}");
        assert!(world.nodes[1].events.is_empty(), "{name}");
        next_gets_through(&mut world, name);
    }
}
