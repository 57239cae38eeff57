//! Compressed content, whole, cut and altered.

use super::*;

fn compressed(content: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; zstd_safe::compress_bound(content.len())];
    let length = zstd_safe::compress(&mut frame[..], content, 3).unwrap();
    frame.truncate(length);
    frame
}

fn content() -> Vec<u8> {
    (0..600_000u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 20) as u8)
        .collect()
}

/// Reads all of it in steps of that many bytes.
fn decoded(source: &[u8], step: usize) -> Result<Vec<u8>, &'static str> {
    let mut decoder = Decoder::new(source);
    let mut all = Vec::new();
    let mut chunk = vec![0; step];
    loop {
        match decoder.read(&mut chunk) {
            Ok(0) => return Ok(all),
            Ok(count) => all.extend_from_slice(&chunk[..count]),
            Err(Problem::Altered(what)) => return Err(what),
            Err(Problem::Disk(_)) => unreachable!(),
        }
    }
}

#[test]
fn all_frames_are_read_in_steps_of_any_size() {
    let content = content();
    let (first, second) = content.split_at(400_001);
    // Deno ends a stream of some lengths with a frame of nothing.
    let frames = [compressed(first), compressed(second), compressed(&[])].concat();
    for step in [1_000, 65_536, 131_072, 600_000, 1_000_000] {
        assert!(decoded(&frames, step).unwrap() == content, "{step}");
    }
    assert_eq!(decoded(&[], 10).unwrap(), []);
}

#[test]
fn what_is_cut_or_altered_is_refused() {
    let frame = compressed(&content());
    for end in [1, 10, frame.len() / 2, frame.len() - 1] {
        assert_eq!(
            decoded(&frame[..end], 1_000).unwrap_err(),
            "its content ends early"
        );
    }
    let longer = [&frame[..], &[1, 2, 3, 4, 5]].concat();
    assert!(decoded(&longer, 1_000).is_err());
}
