//! The memory allocator of the program: mimalloc.
//!
//! Each event and each exchange makes some dozens of small allocations on whichever thread it is: measured against the
//! system's allocator in docs/performance.md, and again in docs/adr/0007-unsafe-that-earns-its-place.md. The crate that wraps mimalloc asks for an alignment in each call, which costs
//! half as much again as one without: so it is asked for here only where it is more than what every block has anyway.

use std::{
    alloc::{GlobalAlloc, Layout},
    ffi::c_long,
};

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_option_set, mi_option_t, mi_realloc, mi_realloc_aligned,
    mi_zalloc, mi_zalloc_aligned,
};

#[global_allocator]
static ALLOCATOR: Mimalloc = Mimalloc;

/// `mi_option_arena_eager_commit` of `mimalloc.h`, which the crate does not name.
const ARENA_EAGER_COMMIT: mi_option_t = 4;
const OFF: c_long = 0;

/// `MI_MAX_ALIGN_SIZE` of `mimalloc/types.h`: blocks of at least so many bytes are aligned to it, smaller ones to their size
/// (asserted in `alloc.c`, made so by the sizes of bins in `page-queue.c`).
const ALIGNMENT_OF_BLOCKS: usize = 16;

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

struct Mimalloc;

/// Whether every block of so many bytes is aligned so.
const fn is_aligned_anyway(bytes: usize, alignment: usize) -> bool {
    alignment <= ALIGNMENT_OF_BLOCKS && alignment <= bytes
}

// SAFETY: mimalloc gives blocks of the size that is asked for, apart from each other, aligned as is asked for or as
// `is_aligned_anyway` says, zeroed where its name has a z; it frees each by its address alone, whichever call it came from, and
// does not unwind.
unsafe impl GlobalAlloc for Mimalloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the size is not zero, as the caller promises; the alignment is a power of two.
        let block = unsafe {
            if is_aligned_anyway(layout.size(), layout.align()) {
                mi_malloc(layout.size())
            } else {
                mi_malloc_aligned(layout.size(), layout.align())
            }
        };
        block.cast()
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        let block = unsafe {
            if is_aligned_anyway(layout.size(), layout.align()) {
                mi_zalloc(layout.size())
            } else {
                mi_zalloc_aligned(layout.size(), layout.align())
            }
        };
        block.cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the block is one of ours, as the caller promises.
        unsafe { mi_free(block.cast()) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the block is one of ours and the new size is not zero, as the caller promises.
        let block = unsafe {
            if is_aligned_anyway(bytes, layout.align()) {
                mi_realloc(block.cast(), bytes)
            } else {
                mi_realloc_aligned(block.cast(), bytes, layout.align())
            }
        };
        block.cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_aligned_as_it_was_asked_for_and_keeps_what_is_in_it() {
        for (bytes, alignment) in (1..=1_100)
            .chain([4_000, 4_096, 40_000, 4_000_000])
            .flat_map(|bytes| [1, 2, 4, 8, 16, 32, 64, 128].map(move |alignment| (bytes, alignment)))
        {
            let layout = Layout::from_size_align(bytes, alignment).unwrap();
            let is_aligned = |block: *mut u8| !block.is_null() && block.addr().is_multiple_of(alignment);
            // SAFETY: no size is zero; each block is used within its size and freed once, with the layout it has then.
            unsafe {
                let block = ALLOCATOR.alloc(layout);
                let zeroed = ALLOCATOR.alloc_zeroed(layout);
                assert!(is_aligned(block) && is_aligned(zeroed), "{bytes} {alignment}");
                assert!(std::slice::from_raw_parts(zeroed, bytes).iter().all(|byte| *byte == 0));
                block.write_bytes(7, bytes);
                let longer = ALLOCATOR.realloc(block, layout, 2 * bytes);
                assert!(is_aligned(longer), "{bytes} {alignment}");
                assert!(std::slice::from_raw_parts(longer, bytes).iter().all(|byte| *byte == 7));
                let layout_of_longer = Layout::from_size_align(2 * bytes, alignment).unwrap();
                let shorter = ALLOCATOR.realloc(longer, layout_of_longer, bytes.div_ceil(2));
                assert!(is_aligned(shorter) && *shorter == 7, "{bytes} {alignment}");
                ALLOCATOR.dealloc(shorter, Layout::from_size_align(bytes.div_ceil(2), alignment).unwrap());
                ALLOCATOR.dealloc(zeroed, layout);
            }
        }
    }
}
