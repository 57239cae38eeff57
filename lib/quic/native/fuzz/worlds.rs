//! The rounds of `pollen_quic::fuzzing`, in which libFuzzer's bytes decide what is tried and its
//! coverage tells it what is new. `scripts/fuzz_guided.ts` builds and runs it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pollen_quic::fuzzing::{world, Choices};

/// Inputs of one round at most: a longer one finds nothing that two short ones do not.
const INPUTS: u64 = 200;

fuzz_target!(|bytes: &[u8]| {
    if !bytes.is_empty() {
        world(&mut Choices::from_bytes(bytes), INPUTS);
    }
});
