//! The Message derive: turns a struct's declaration into its versioned Kafka encoding.
