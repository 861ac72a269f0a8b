//! One partition's log on disk: segments, sparse indexes, producer state, recovery.
