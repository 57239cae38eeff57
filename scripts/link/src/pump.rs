//! The thread of one direction: packets out of one device, through a lane, into the other.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::lane::{Counts, Lane};
use crate::shape::Shape;
use crate::tun::Tun;

/// Packets that are taken in before those are looked at that are due.
const BATCH: usize = 16;

#[derive(Default)]
struct Told {
    shape: Shape,
    counts: Counts,
}

/// A direction that runs.
pub struct Pump {
    told: Arc<Mutex<Told>>,
}

impl Pump {
    pub fn start(from: Arc<Tun>, to: Arc<Tun>, mtu: usize, seed: u64) -> Self {
        let told = Arc::<Mutex<Told>>::default();
        let shared = told.clone();
        thread::spawn(move || {
            // A wire waits for no scheduler. Who may not ask for that has a worse one.
            // SAFETY: no pointer is passed.
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -20) };
            // A link with one direction is none.
            let Err(error) = run(&from, &to, mtu, seed, &shared);
            eprintln!("pollen_link: {error}");
            std::process::exit(1);
        });
        Self { told }
    }

    /// For the packets from now on.
    pub fn shape(&self, shape: Shape) {
        lock(&self.told).shape = shape;
    }

    pub fn count(&self) -> Counts {
        lock(&self.told).counts
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(from: &Tun, to: &Tun, mtu: usize, seed: u64, told: &Mutex<Told>) -> io::Result<Infallible> {
    let mut lane = Lane::new(Instant::now(), seed);
    // Packets that were used before, so that the allocator has nothing to do.
    let mut spare: Vec<Vec<u8>> = Vec::new();
    loop {
        let shape = lock(told).shape;
        let mut count = 0;
        while count < BATCH {
            let mut packet = spare.pop().unwrap_or_default();
            packet.resize(mtu, 0);
            let Some(length) = from.read(&mut packet)? else {
                spare.push(packet);
                break;
            };
            packet.truncate(length);
            spare.extend(lane.offer(Instant::now(), &shape, packet));
            count += 1;
        }
        let now = Instant::now();
        while let Some(packet) = lane.take(now) {
            if !to.write(&packet) {
                lane.counts.failed += 1;
            }
            spare.push(packet);
        }
        lock(told).counts = lane.counts;
        if count < BATCH {
            from.wait(
                lane.next_due()
                    .map(|due| due.saturating_duration_since(now)),
            );
        }
    }
}
