//! Offsets, ids and record batches (format v2): view without copying, check, iterate, build, compress.
