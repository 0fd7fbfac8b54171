//! The pages of the API in the book are those of the server beside them.

use std::process::Command;

#[test]
fn the_pages_of_the_api_say_what_the_server_says() {
    let checked = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["api", "--check"]).output();
    let checked = checked.expect("the tool starts");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}\n{}", String::from_utf8_lossy(&checked.stderr));
}
