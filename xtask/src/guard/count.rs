//! Counting: each piece is run twice under valgrind, a few times and many times; the difference is the piece alone.

use std::{collections::BTreeMap, path::Path, process::Command, sync::Mutex, thread};

use anyhow::{Context, Result, bail, ensure};

/// Runs that every count has too much of: the first ones fill caches.
const FEW: u64 = 5;

/// Builds the example with the dependencies of `./test`. Not with its lints: code that is compiled for them is optimised less.
pub(super) fn build() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--workspace", "--example", "hot_path"])
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .status()?;
    ensure!(status.success(), "the example could not be built");
    Ok(())
}

/// The instructions of each piece, once.
pub(super) fn all(example: &Path) -> Result<BTreeMap<String, u64>> {
    let listed = Command::new(example).output().with_context(|| example.display().to_string())?;
    ensure!(listed.status.success(), "{} does not list its pieces", example.display());
    let pieces = String::from_utf8(listed.stdout)?;
    let pieces: Vec<_> = pieces.lines().filter_map(|line| line.split_once(' ')).collect();
    let next = Mutex::new(pieces.into_iter());
    let counts = Mutex::new(BTreeMap::new());
    let work = || -> Result<()> {
        // The iterator must not be locked while a piece is counted.
        while let Some((times, name)) = next.lock().ok().and_then(|mut next| next.next()) {
            let count = of_piece(example, name, times.parse()?)?;
            counts.lock().ok().context("another count failed")?.insert(name.to_owned(), count);
        }
        Ok(())
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => bail!("counting panicked"),
        })
    })?;
    counts.into_inner().ok().context("counting failed")
}

fn of_piece(example: &Path, name: &str, times: u64) -> Result<u64> {
    let few = instructions(example, name, FEW)?;
    let many = instructions(example, name, FEW + times)?;
    ensure!(many > few, "{name}: more runs made fewer instructions");
    Ok((many - few) / times)
}

/// All instructions of one process.
fn instructions(example: &Path, name: &str, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(example)
        .args([&times.to_string(), name])
        .output()
        .context("valgrind could not be started; install it with: sudo apt-get install -y valgrind")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed under valgrind: {told}");
    read_total(&told).with_context(|| format!("valgrind told no count: {told}"))
}

/// `==123== I   refs:      1,234,567` (older ones) or `I refs:`.
fn read_total(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("refs:") && line.contains(" I "))?;
    let digits: String = line.rsplit(':').next()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_read_as_each_version_of_valgrind_tells_it() {
        for line in ["==7== I   refs:      1,234,567", "==7== I refs:        1,234,567"] {
            assert_eq!(read_total(&format!("==7== Cachegrind\n{line}\n==7== \n")), Some(1_234_567));
        }
        assert_eq!(read_total("==7== Cachegrind"), None);
    }
}
