//! Identities for tests, and a count of their memory.

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// A self-signed Ed25519 certificate (RFC 5280, RFC 8410) and its key (PKCS #8), DER.
pub fn new_identity() -> (Vec<u8>, Vec<u8>) {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = key.as_ref().to_vec();
    let pair = Ed25519KeyPair::from_pkcs8(&key).unwrap();
    let ed25519 = algorithm(&[&[0x2b, 0x65, 0x70]]);
    let public = public_key(&ed25519, pair.public_key().as_ref());
    let certificate = certificate("test", &public, &ed25519, |body| {
        pair.sign(body).as_ref().to_vec()
    });
    (certificate, key)
}

/// A certificate of any name for any key; nobody here looks at its signature.
pub fn certificate(
    name: &str,
    public_key: &[u8],
    algorithm: &[u8],
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let common_name = [
        der(0x06, &[&[0x55, 0x04, 0x03]]),
        der(0x0c, &[name.as_bytes()]),
    ]
    .concat();
    let name = der(0x30, &[&der(0x31, &[&der(0x30, &[&common_name])])]);
    let validity = [
        der(0x18, &[b"20200101000000Z"]),
        der(0x18, &[b"29991231235959Z"]),
    ];
    let body = der(
        0x30,
        &[
            &der(0xa0, &[&der(0x02, &[&[2]])]),
            &der(0x02, &[&[1]]),
            algorithm,
            &name,
            &der(0x30, &[&validity[0], &validity[1]]),
            &name,
            public_key,
        ],
    );
    let signature = der(0x03, &[&[0], &sign(&body)]);
    der(0x30, &[&body, algorithm, &signature])
}

/// An algorithm by its object identifier, with another one as parameter if there are two.
pub fn algorithm(identifiers: &[&[u8]]) -> Vec<u8> {
    let parts: Vec<_> = identifiers.iter().map(|id| der(0x06, &[id])).collect();
    der(0x30, &[&parts.concat()])
}

pub fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    der(0x30, &[algorithm, &der(0x03, &[&[0], key])])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut whole = vec![tag];
    match content.len() {
        length @ 0..0x80 => whole.push(length as u8),
        length @ 0x80..0x100 => whole.extend([0x81, length as u8]),
        length => whole.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    whole.extend(content);
    whole
}

/// The system's allocator, and how much the current thread holds of it.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that this thread has allocated, less those that it has freed.
pub fn allocated_bytes() -> isize {
    ALLOCATED.get()
}

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + layout.size() as isize);
        // SAFETY: by the contract of this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.set(ALLOCATED.get() - layout.size() as isize);
        // SAFETY: by the contract of this function.
        unsafe { System.dealloc(pointer, layout) }
    }
}
