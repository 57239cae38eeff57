//! A short run with every test, and as long a one as is asked for by `POLLEN_FUZZ_INPUTS`. The seed
//! is printed; `POLLEN_FUZZ_SEED` repeats one.

use super::{door, world, Choices};
use crate::testing::allocated_bytes;
use std::time::{Duration, Instant, SystemTime};

/// What `cargo test` runs: seconds.
const INPUTS: u64 = 30_000;
/// Inputs of one round, after which the honest session is tried.
const WORLD_INPUTS: u64 = 1_000;
const DOOR_INPUTS: u64 = 4_000;
/// Every so-manieth round is one with a whole engine.
const DOOR_ROUNDS: u64 = 16;
/// What may stay allocated for good: tables that are made once.
const KEPT_BYTES_MAX: isize = 4 * 1024 * 1024;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a whole number"))
}

#[test]
fn hostile_input_breaks_nothing() {
    let inputs = number("POLLEN_FUZZ_INPUTS").unwrap_or(INPUTS);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let random = since.unwrap().as_nanos() as u64 % 1_000_000_000;
    let seed = number("POLLEN_FUZZ_SEED").unwrap_or(random);
    println!("fuzz: {inputs} inputs, seed {seed}");
    let start = Instant::now();
    let mut said = start;
    let (mut done, mut rounds, mut kept) = (0, 0, 0);
    while done < inputs {
        // A round of its own seed: it can be repeated without those before it.
        let round_seed = seed.wrapping_add(rounds);
        let mut choices = Choices::seeded(round_seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let names_round = Named(round_seed);
        done += match round_seed % DOOR_ROUNDS {
            0 => door(&mut choices, DOOR_INPUTS.min(inputs)),
            _ => {
                // A whole engine frees on another thread, which the count does not see.
                let before = allocated_bytes();
                let inputs = world(&mut choices, WORLD_INPUTS);
                kept += allocated_bytes() - before;
                inputs
            }
        };
        drop(names_round);
        rounds += 1;
        if said.elapsed() > Duration::from_secs(10) {
            said = Instant::now();
            println!("fuzz: {done} inputs, {:.0}/s", rate(done, start));
        }
    }
    println!(
        "fuzz: {done} inputs in {rounds} rounds, {:.0}/s, seed {seed}",
        rate(done, start)
    );
    assert!(kept < KEPT_BYTES_MAX, "{kept} bytes stayed allocated");
}

fn rate(done: u64, start: Instant) -> f64 {
    done as f64 / start.elapsed().as_secs_f64()
}

/// Says which round it was, if that round panics.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("fuzz: it was in the first round of seed {}", self.0);
        }
    }
}
