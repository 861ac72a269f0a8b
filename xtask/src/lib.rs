//! Checks on the house itself: layers, sizes, docs.
