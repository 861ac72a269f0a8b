//! Damaged record batches.
