//! A link between two network namespaces, with a delay, losses, a rate and a bounded buffer for each
//! direction: what a wire far away does, in user space. Linux, root.
//!
//!     pollen_link SEED NAMESPACE INTERFACE NAMESPACE INTERFACE MTU
//!
//! Makes a TUN device in each namespace, which is gone with this process, and says `ready`. The first
//! namespace is `left`, the second `right`. Then it takes lines:
//!
//!     shape left loss=0.02 delay_us=25000     for what `left` sends, from now on; see `shape.rs`
//!     count                                   what became of the packets so far, as JSON
//!
//! Each is answered by a line, an error by `error: WHY`. The end of standard input ends the link.

mod chance;
mod lane;
mod pump;
mod shape;
mod tun;

#[cfg(test)]
mod lane_tests;

use std::io::{BufRead, Write};
use std::sync::Arc;

use crate::chance::Chance;
use crate::pump::Pump;
use crate::shape::Shape;
use crate::tun::Tun;

const SIDES: [&str; 2] = ["left", "right"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Err(why) = run(&words) {
        println!("error: {why}");
        std::process::exit(1);
    }
}

fn run(words: &[String]) -> Result<(), String> {
    let [seed, near, near_name, far, far_name, mtu] = words else {
        return Err("usage: pollen_link SEED NAMESPACE INTERFACE NAMESPACE INTERFACE MTU".into());
    };
    let seed: u64 = seed.parse().map_err(|_| "the seed is a number")?;
    let mtu: u16 = mtu.parse().map_err(|_| "the MTU is a number of bytes")?;
    let tuns = [(near, near_name), (far, far_name)].map(|(namespace, name)| {
        Tun::open(namespace, name, mtu)
            .map(Arc::new)
            .map_err(|error| format!("no device {name} in {namespace}: {error}"))
    });
    let [left, right] = tuns;
    let (left, right) = (left?, right?);
    let mut seeds = Chance::new(seed);
    let mut pump = |from: &Arc<Tun>, to: &Arc<Tun>| {
        Pump::start(from.clone(), to.clone(), usize::from(mtu), seeds.next())
    };
    let pumps = [pump(&left, &right), pump(&right, &left)];
    say("ready")?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        say(&answer(&pumps, &line).unwrap_or_else(|why| format!("error: {why}")))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

fn answer(pumps: &[Pump; 2], line: &str) -> Result<String, String> {
    match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["shape", side, settings @ ..] => {
            let index = SIDES
                .iter()
                .position(|known| known == side)
                .ok_or_else(|| format!("no side {side}"))?;
            pumps[index].shape(Shape::parse(settings)?);
            Ok("ok".into())
        }
        ["count"] => {
            let [left, right] = [&pumps[0], &pumps[1]].map(Pump::count);
            Ok(format!(r#"{{"left":{left},"right":{right}}}"#))
        }
        _ => Err(format!("not understood: {line}")),
    }
}
