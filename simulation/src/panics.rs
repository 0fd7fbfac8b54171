//! Panics of tasks: the runtime keeps them to itself, and a story must not.

use std::{
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::Once,
};

static INSTALLED: Once = Once::new();

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Does something, and answers what panicked on this thread meanwhile, beside its result.
pub(crate) fn seen_during<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            SEEN.with_borrow_mut(|seen| seen.push(info.to_string()));
            before(info);
        }));
    });
    SEEN.take();
    let result = work();
    (result, SEEN.take())
}
