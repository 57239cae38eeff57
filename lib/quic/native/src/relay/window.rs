//! Which numbers of packets came already: a window that moves with the highest one (as in RFC 6479).
//! What is older than the window counts as having come.

use crate::limits::RELAY_WINDOW_WORDS;

const WORD_BITS: u64 = u64::BITS as u64;
const WORDS: u64 = RELAY_WINDOW_WORDS as u64;

#[derive(Default)]
pub struct Window {
    highest: u64,
    /// A bit for each number, in words that are used in turn.
    seen: [u64; RELAY_WINDOW_WORDS],
}

impl Window {
    pub fn is_new(&self, number: u64) -> bool {
        if number > self.highest {
            return true;
        }
        // Of the oldest word a part was left behind already.
        let is_within = self.highest - number <= (WORDS - 1) * WORD_BITS;
        number > 0 && is_within && self.seen[word(number)] & bit(number) == 0
    }

    pub fn note(&mut self, number: u64) {
        if number > self.highest {
            let (from, to) = (self.highest / WORD_BITS, number / WORD_BITS);
            for index in (from + 1..=to).take(RELAY_WINDOW_WORDS) {
                self.seen[(index % WORDS) as usize] = 0;
            }
            self.highest = number;
        }
        self.seen[word(number)] |= bit(number);
    }
}

fn word(number: u64) -> usize {
    (number / WORD_BITS % WORDS) as usize
}

fn bit(number: u64) -> u64 {
    1 << (number % WORD_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::Choices;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_is_new_twice_whatever_the_order() {
        let seed = 0x5eed;
        let mut choices = Choices::seeded(seed);
        for _ in 0..200 {
            let (mut window, mut seen, mut highest) = (Window::default(), BTreeSet::new(), 0);
            for _ in 0..2_000 {
                let number = match choices.below(8) {
                    0 => highest + choices.below(10_000) as u64,
                    1..=3 => highest + 1,
                    _ => highest.saturating_sub(choices.below(3_000) as u64),
                };
                let is_new = window.is_new(number);
                assert!(!(is_new && seen.contains(&number)), "{number} twice");
                // At least 1,024 back, whatever came between.
                if number > 0 && number + 1_024 > highest && !seen.contains(&number) {
                    assert!(is_new, "{number} of {highest}");
                }
                if is_new {
                    window.note(number);
                    seen.insert(number);
                    highest = highest.max(number);
                }
            }
        }
    }

    #[test]
    fn a_leap_forgets_nothing_that_could_come_again() {
        let mut window = Window::default();
        for number in [1, 2, 3, 1 << 47, (1 << 47) + 1] {
            assert!(window.is_new(number));
            window.note(number);
        }
        for number in [0, 1, 2, 3, 4, 1 << 47, (1 << 47) + 1] {
            assert!(!window.is_new(number));
        }
        assert!(window.is_new((1 << 47) - 1_024));
    }
}
