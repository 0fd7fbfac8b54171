//! What a tenant may ask of the data of an event: each promise of the schema check, in files by topic.

use super::{EventSchema, Fault};

mod endless;
mod large;
mod words;

/// The words of a refusal.
fn refusal(schema: &str) -> String {
    EventSchema::compile(schema).err().unwrap_or_else(|| panic!("was taken: {schema}")).to_string()
}

fn compiled(schema: &str) -> EventSchema {
    EventSchema::compile(schema).unwrap_or_else(|refused| panic!("{schema}: {refused}"))
}

/// What is wrong with data, each fault with its place.
fn faults(schema: &EventSchema, data: &str) -> Vec<String> {
    let faults = schema.check(data).err().unwrap_or_else(|| panic!("was taken: {data}"));
    faults.into_iter().map(|Fault { place, problem }| format!("data{place} {problem}")).collect()
}

/// Data inside as many objects.
fn nested(levels: usize, data: &str) -> String {
    format!("{}{data}{}", "{\"c\":".repeat(levels), "}".repeat(levels))
}

/// Runs on a stack of a tokio worker's size.
fn on_a_workers_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_compiled_schema_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<EventSchema>();
}
