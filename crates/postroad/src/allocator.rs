//! The memory allocator of the program.
//!
//! Each event and each exchange makes some dozens of small allocations on whichever thread it is: measured against the
//! system's allocator in docs/performance.md.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_arena_eager_commit` of `mimalloc.h`, which the crate does not name.
const ARENA_EAGER_COMMIT: mi_option_t = 4;
const OFF: c_long = 0;

/// Run with the constructors of the program: the first allocation already follows the options.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static SET_OPTIONS: extern "C" fn() = set_options;

/// Memory is taken as it is needed. Otherwise mimalloc takes whole arenas, which the system fills with pages of 2 MiB: 13 MiB
/// more of an idle server, a third more under load, and no time saved (docs/performance.md).
#[cfg(target_os = "linux")]
extern "C" fn set_options() {
    // SAFETY: it stores a number in a table of the allocator, which needs no set-up and which nobody uses yet.
    unsafe { mi_option_set(ARENA_EAGER_COMMIT, OFF) };
}
