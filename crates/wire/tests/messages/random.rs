//! Choices that a seed repeats. Also used by the tests of other crates.

use std::sync::LazyLock;

/// A small deterministic generator (xorshift64*).
pub struct Random {
    state: u64,
    pub words: &'static Words,
}

/// What strings, ids and records are drawn from, so that messages can name what a broker has.
pub struct Words {
    pub strings: Vec<&'static str>,
    /// Beside the zero id and one of nothing.
    pub ids: Vec<[u8; 16]>,
    pub records: Vec<&'static [u8]>,
}

/// Words that mean nothing.
static PLAIN: LazyLock<Words> = LazyLock::new(|| Words {
    strings: vec!["", "a", "orders", "Bücher", LONG],
    ids: Vec::new(),
    records: vec![b"", b"batch", LONG.as_bytes()],
});

impl Random {
    pub fn new(seed: u64) -> Random {
        Random::with_words(seed, &PLAIN)
    }

    pub fn with_words(seed: u64, words: &'static Words) -> Random {
        // Neighbouring seeds must not be alike (the finalizer of SplitMix64).
        let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Random { state: mixed ^ mixed >> 31 | 1, words }
    }

    pub fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Beyond 127 bytes a compact length takes two.
pub const LONG: &str = const {
    match std::str::from_utf8(&[b'x'; 300]) {
        Ok(long) => long,
        Err(_) => unreachable!(),
    }
};
