//! The data folder: whether it is there, can be written, and who has it.

use std::{fs, io, path::Path};

use super::report::Check;
use crate::machine;

const NAME: &str = "data folder";

/// `holder` is the process that has it open; `server_answers` says that one runs, though the folder is not there.
pub(super) fn check(folder: &Path, holder: Option<u32>, server_answers: bool) -> Check {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(about) if !about.is_dir() => {
            Check::fail(NAME, format!("{shown} is a file"), "choose a folder with --data-dir")
        }
        Ok(_) if !machine::may_write(folder) => Check::fail(
            NAME,
            format!("{shown} cannot be written by this user"),
            "run as the user that the server runs as, or give the folder to this one with chown",
        ),
        Ok(_) => Check::ok(NAME, format!("{shown} can be written; {}", told(holder))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && server_answers => Check::warn(
            NAME,
            format!("a server answers, but {shown} is not there"),
            "give the --data-dir that the server has, on the server's machine",
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing(folder),
        Err(error) => Check::fail(
            NAME,
            format!("{shown} cannot be looked at: {error}"),
            "choose another with --data-dir, or correct the rights of the folders above it",
        ),
    }
}

fn missing(folder: &Path) -> Check {
    let above = folder
        .ancestors()
        .skip(1)
        .map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let above = above.into_iter().find(|above| above.exists()).unwrap_or(Path::new("/"));
    if above.is_dir() && machine::may_write(above) {
        return Check::ok(NAME, format!("{} is not there; the first start creates it", folder.display()));
    }
    Check::fail(
        NAME,
        format!("{} is not there and cannot be created in {}", folder.display(), above.display()),
        "choose another with --data-dir, or create it for this user",
    )
}

fn told(holder: Option<u32>) -> String {
    match holder {
        Some(process) => format!("the process {process} has it open"),
        None => "no server has it open".to_owned(),
    }
}
