//! The tools as people run them.

mod process_api;
