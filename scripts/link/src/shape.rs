//! What one direction of the link does to packets, as it is told: `key=value`, in any order. What is
//! not said is nought: a packet passes at once.

use std::time::Duration;

/// The longest of all times, so that sums of a few of them never overflow.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    /// The share of packets that vanish before anything else happens to them: 0..=1.
    pub loss: f64,
    /// Bits of IP packets per second; no bound if 0.
    pub rate: f64,
    /// How long a packet may wait for the rate. One that would wait longer, its own time on the
    /// wire included, is dropped.
    pub buffer: Duration,
    /// From the moment in which the last bit is on the wire.
    pub delay: Duration,
    /// Each packet takes up to so much longer, as chance has it, but none overtakes another.
    pub jitter: Duration,
    /// The share of packets that are overtaken: 0..=1.
    pub late: f64,
    /// So much longer those take.
    pub late_by: Duration,
}

impl Shape {
    pub fn parse(settings: &[&str]) -> Result<Self, String> {
        let mut shape = Self::default();
        for setting in settings {
            let wrong = || format!("not understood: {setting}");
            let (key, value) = setting.split_once('=').ok_or_else(wrong)?;
            let number: f64 = value.parse().map_err(|_| wrong())?;
            let share = || (0.0..=1.0).contains(&number).then_some(number);
            let time = || {
                let time = Duration::try_from_secs_f64(number / 1e6).ok()?;
                (time <= LONGEST).then_some(time)
            };
            let rate = || (number.is_finite() && number >= 0.0).then_some(number);
            match key {
                "loss" => shape.loss = share().ok_or_else(wrong)?,
                "rate" => shape.rate = rate().ok_or_else(wrong)?,
                "buffer_us" => shape.buffer = time().ok_or_else(wrong)?,
                "delay_us" => shape.delay = time().ok_or_else(wrong)?,
                "jitter_us" => shape.jitter = time().ok_or_else(wrong)?,
                "late" => shape.late = share().ok_or_else(wrong)?,
                "late_by_us" => shape.late_by = time().ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        Ok(shape)
    }
}
