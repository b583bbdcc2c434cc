//! Memory that a step frees is kept for the next one.

/// Tells glibc's allocator not to give freed memory back to the system. By default it maps every map of a network
/// anew and gives it back, and the kernel clears the same pages at every operation: a sixth of a step of R5.
/// Elsewhere than on Linux with glibc this does nothing.
pub(super) fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// The largest that glibc takes (half a heap of a thread).
        const LARGEST_KEPT: libc::c_int = 32 << 20;
        // SAFETY: mallopt may be called at any time, from any thread; it refuses values that it does not like.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST_KEPT);
            libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
            libc::mallopt(libc::M_TOP_PAD, LARGEST_KEPT);
            // Threads of a trial share one heap: what one has freed serves the other, and each step starts new ones.
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}
