//! The outside world's second door: loops, listeners, connections, answers in order, memory budget.
