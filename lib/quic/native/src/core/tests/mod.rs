//! What a session does over a path that delays, loses and goes silent.

mod certificates;
mod gate;
mod handshake;
mod hostile;
mod members;
mod moving;
mod paths;
mod sessions;
mod streams;
mod trains;
mod transfer;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + i / 251) as u8).collect()
}
