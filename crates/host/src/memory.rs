//! What the allocator keeps of memory that is not used.

/// Gives pages back that the allocator has and nobody uses: after work that needed much for a moment, such as the start with
/// thousands of logs. Takes milliseconds. Does nothing where the C library has no such call.
#[allow(unsafe_code)]
pub fn give_back_unused() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim may be called at any time from any thread; it takes the allocator's own locks.
    let _ = unsafe { libc::malloc_trim(0) };
}
