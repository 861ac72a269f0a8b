//! The node: API table, handlers, partitions, control thread, configuration.
