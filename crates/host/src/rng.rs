//! Random bytes: the system's, or a stream that a seed decides.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A source of random bytes. Cloning gives another handle to the same stream.
#[derive(Clone, Debug)]
pub struct Rng(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Os,
    Seeded(Arc<AtomicU64>),
}

impl Rng {
    /// The system's: fit for keys and ids.
    pub fn os() -> Rng {
        Rng(Kind::Os)
    }

    /// A stream decided by the seed (SplitMix64): for simulations and tests, never for secrets.
    pub fn seeded(seed: u64) -> Rng {
        Rng(Kind::Seeded(Arc::new(AtomicU64::new(seed))))
    }

    /// Fills `buffer`.
    ///
    /// # Panics
    /// When the system has no random bytes to give: there is no safe way on.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            Kind::Os => fill_from_os(buffer).expect("getrandom works on every supported kernel"),
            Kind::Seeded(state) => {
                for chunk in buffer.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(state).to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// 64 random bits.
    pub fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `bound`, which must not be 0. The bias is below `bound` in 2^64.
    pub fn below(&self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }
}

fn fill_from_os(mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match getrandom(buffer) {
            Ok(filled) => buffer = &mut buffer[filled..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[allow(unsafe_code)]
fn getrandom(buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes to the start of `buffer`, which is valid for writing.
    let filled = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(filled).map_err(|_| io::Error::last_os_error())
}

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function.
fn split_mix(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut z = state.fetch_add(STEP, Relaxed).wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_stream() {
        // The reference implementation's first outputs for seed 1234567.
        let rng = Rng::seeded(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.clone().next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn every_byte_of_the_buffer_is_filled() {
        for rng in [Rng::os(), Rng::seeded(1)] {
            let mut seen = [0_u8; 13];
            for _ in 0..32 {
                let mut buffer = [0; 13];
                rng.fill(&mut buffer);
                seen.iter_mut().zip(buffer).for_each(|(seen, byte)| *seen |= byte);
            }
            assert!(seen.iter().all(|byte| *byte != 0), "{seen:?}");
        }
    }

    #[test]
    fn below_reaches_every_number_and_none_else() {
        let rng = Rng::seeded(7);
        let mut seen = [false; 5];
        (0..200).for_each(|_| seen[rng.below(5) as usize] = true);
        assert_eq!(seen, [true; 5]);
    }
}
