//! Bytes that were good once, and what a run of them needs to be repeated. Also used by the tests of other crates.

use super::random::Random;

/// The cases of a run; each has a seed of its own, one above that of the case before.
pub struct Run {
    name: &'static str,
    seed: u64,
    cases: usize,
}

impl Run {
    /// As many cases as CI has time for, or as the environment says: `OTTLA_FUZZ_CASES`, from seed `OTTLA_SEED`.
    pub fn new(name: &'static str, in_ci: usize) -> Run {
        let seed = given("OTTLA_SEED").unwrap_or(1);
        let cases = given("OTTLA_FUZZ_CASES").map_or(in_ci, |cases| usize::try_from(cases).expect("64 bits"));
        let run = Run { name, seed, cases };
        run.say();
        run
    }

    #[expect(clippy::print_stderr, reason = "a test tells how to do it again")]
    fn say(&self) {
        let Run { name, seed, cases } = self;
        eprintln!("{name}: {cases} cases from seed {seed}: OTTLA_SEED={seed} OTTLA_FUZZ_CASES={cases} repeats them");
    }

    /// How many there are.
    pub fn cases(&self) -> usize {
        self.cases
    }

    /// One after the other.
    pub fn each(&self) -> impl ExactSizeIterator<Item = Case> {
        (0..self.cases).map(|n| Case::new(self.name, self.seed.wrapping_add(n as u64)))
    }
}

fn given(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok();
    text.map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text}")))
}

/// One case. Dropped by a panic, it tells how to repeat it.
pub struct Case {
    name: &'static str,
    pub seed: u64,
    notes: Vec<(String, Vec<u8>)>,
}

impl Case {
    fn new(name: &'static str, seed: u64) -> Case {
        Case { name, seed, notes: Vec::new() }
    }

    /// Keeps bytes to tell them in a failure.
    pub fn note(&mut self, what: impl Into<String>, bytes: &[u8]) {
        self.notes.push((what.into(), bytes.to_vec()));
    }
}

impl Drop for Case {
    #[expect(clippy::print_stderr, reason = "a test tells how to do it again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Case { name, seed, notes } = self;
            eprintln!("{name}: seed {seed} failed: OTTLA_SEED={seed} OTTLA_FUZZ_CASES=1 repeats it");
            for (what, bytes) in notes {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                eprintln!("{what}: {hex}");
            }
        }
    }
}

/// One to four changes: bits and bytes, lengths and counts in their widths and as varints, nulls, ranges that come
/// twice, go away or take another's place, ends that come early or late.
pub fn mutate(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut mutated = bytes.to_vec();
    for _ in 0..=random.pick(&[0, 0, 0, 0, 1, 1, 2, 3]) {
        change(random, &mut mutated);
    }
    mutated
}

fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    let len = random.pick(&[1, 1, 2, 4, 8, 16]).min(bytes.len() - at);
    match random.below(12) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 | 3 if at < bytes.len() => bytes[at] = random.pick(&[0, 1, 2, 0x7f, 0x80, 0xff]),
        4 | 5 => overwrite(bytes, at, &number(random)),
        6 => overwrite(bytes, at, &varint(random)),
        7 => drop(bytes.splice(at..at, varint(random))),
        8 => drop(bytes.drain(at..at + len)),
        9 => drop(bytes.splice(at..at, bytes[at..at + len].to_vec())),
        10 => {
            let from = random.below(bytes.len() - len + 1);
            bytes.copy_within(at..at + len, from);
        }
        11 => bytes.truncate(at),
        _ => bytes.push(random.next() as u8),
    }
}

/// Over what is there, which is not made longer.
fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..].iter_mut().zip(new).for_each(|(byte, new)| *byte = *new);
}

/// A big-endian number of 2, 4 or 8 bytes that is null, negative, small, or large.
fn number(random: &mut Random) -> Vec<u8> {
    let any = random.next() as i64;
    let number = random.pick(&[-1, -2, 0, 1, 2, 255, 65_536, i64::from(i32::MAX), i64::MAX, i64::MIN, any]);
    let bytes = number.to_be_bytes();
    let small = [&bytes[6..], &bytes[4..], &bytes[..]];
    let limits: [&[u8]; 3] = [&[0x7f, 0xff], &[0x80, 0, 0, 0], &[0x7f, 0xff, 0xff, 0xff]];
    random.pick(&[small, limits])[random.below(3)].to_vec()
}

/// An unsigned varint: short, the largest, wider than 32 bits, without an end, or in more bytes than it needs.
fn varint(random: &mut Random) -> Vec<u8> {
    let varints: [&[u8]; 8] = [
        &[0],
        &[1],
        &[0xff, 0x7f],
        &[0xff, 0xff, 0x03],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0x80; 11],
        &[0x81, 0x80, 0x80, 0x80, 0x00],
    ];
    random.pick(&varints).to_vec()
}
