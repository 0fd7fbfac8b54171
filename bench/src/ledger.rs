//! The numbers of the events that a worker has seen, in a file, so that those of two workers can be compared one by one.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::tally::Bits;

/// Writes the whole ledger; a reader sees the old one or the new one.
pub(super) fn write(path: &Path, bits: &Bits) -> Result<()> {
    let bytes: Vec<u8> = bits.iter().flat_map(|word| word.to_le_bytes()).collect();
    let new = path.with_extension("new");
    fs::write(&new, bytes).with_context(|| new.display().to_string())?;
    fs::rename(&new, path).with_context(|| path.display().to_string())
}

/// Reads a ledger.
pub(super) fn read(path: &Path) -> Result<Bits> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        write(&path, &vec![1, u64::MAX]).unwrap();
        assert_eq!(read(&path).unwrap(), [1, u64::MAX]);
    }
}
