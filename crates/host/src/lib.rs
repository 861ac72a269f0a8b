//! The outside world's first door: files, clocks, randomness and the blocking pool, each with a simulated twin.
