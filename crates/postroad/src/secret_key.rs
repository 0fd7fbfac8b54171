//! The key that encrypts webhook secrets, when the operator gives none: a file beside the data.
//!
//! **Invariant:** a key is on the disk before anything is encrypted with it. **Invariant:** no key is made for a database
//! that was written with another one: that would hide which key is missing.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use postroad_engine::{SecretBox, SecretError};
use postroad_store::{Configuration, SettingKey, StoreError};
use postroad_store_sqlite::inspect;
use rand::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

/// The file's name in the data folder.
pub const FILE_NAME: &str = "secret.key";

/// Why there is no key beside the data.
#[derive(Debug, Error)]
pub enum SecretKeyError {
    /// The database was written with a key, and none is here.
    #[error(
        "the database was written with a secret key that is not here: put the file {} back, or give the key with \
         --secret-key", .path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} holds no secret key ({problem}): put the file back from a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: SecretError,
    },
    /// The file cannot be read or written.
    #[error("cannot use {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The key that is kept in the data folder; a fresh one is kept there first when the database is new.
pub async fn beside_data(
    data_dir: &Path,
    store: &dyn Configuration,
    rng: &mut (impl Rng + Send),
) -> Result<SecretBox, SecretKeyError> {
    let path = data_dir.join(FILE_NAME);
    if let Some(kept) = read(data_dir)? {
        warn_of_readers(&path);
        return Ok(kept);
    }
    if store.setting(SettingKey::SecretKeyCheck).await?.is_some() {
        return Err(SecretKeyError::Missing { path });
    }
    let text = SecretBox::generate(rng);
    keep(&path, &text).map_err(|source| SecretKeyError::File { path: path.clone(), source })?;
    tracing::info!(path = %path.display(), "a secret key was made; a backup needs it beside the database");
    SecretBox::parse(text.trim()).map_err(|problem| SecretKeyError::Damaged { path, problem })
}

/// The key that is kept in the data folder; `None` where there is no such file.
///
/// Errors: the file cannot be read, or holds something else.
pub fn read(data_dir: &Path) -> Result<Option<SecretBox>, SecretKeyError> {
    let path = data_dir.join(FILE_NAME);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SecretKeyError::File { path, source }),
    };
    let key = SecretBox::parse(text.trim());
    key.map(Some).map_err(|problem| SecretKeyError::Damaged { path, problem })
}

/// Refuses a database that was written with a key which is not beside it, before anything is made in its folder: a backup
/// that was put back without its key is left as it is, unless an earlier version made it. What else is wrong with the
/// folder is for its opening to say.
///
/// Errors: the key is missing.
pub fn expect_beside(data_dir: &Path) -> Result<(), SecretKeyError> {
    let path = data_dir.join(FILE_NAME);
    if path.exists() || inspect::holder(data_dir).is_some() {
        return Ok(());
    }
    let database = inspect::inspect(data_dir).ok().flatten();
    match database.and_then(|database| database.secret_key_check) {
        Some(_) => Err(SecretKeyError::Missing { path }),
        None => Ok(()),
    }
}

/// Writes the file whole or not at all, for its owner only, and has it on the disk when this answers.
fn keep(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made with the mode 0600, which the renamed file keeps.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

fn warn_of_readers(path: &Path) {
    let others_may = fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    if others_may {
        tracing::warn!(path = %path.display(), "other users of this machine may read the secret key: chmod 600");
    }
}

#[cfg(test)]
mod tests {
    use postroad_store::memory::MemoryStore;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[tokio::test]
    async fn a_new_database_gets_a_key_that_only_its_owner_can_read_and_that_is_found_again() {
        let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::embedded());
        let mut rng = StdRng::seed_from_u64(1);
        let first = beside_data(folder.path(), &store, &mut rng).await.unwrap();
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = beside_data(folder.path(), &store, &mut rng).await.unwrap();
        again.verify(&first.check_value(&mut rng)).unwrap();
    }

    #[tokio::test]
    async fn no_key_is_made_for_a_database_that_was_written_with_another() {
        let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::embedded());
        store.put_setting(SettingKey::SecretKeyCheck, vec![1]).await.unwrap();
        let refused = beside_data(folder.path(), &store, &mut StdRng::seed_from_u64(1)).await.err().unwrap();
        assert!(matches!(refused, SecretKeyError::Missing { .. }), "{refused}");
        assert!(!folder.path().join(FILE_NAME).exists());
    }

    #[tokio::test]
    async fn a_file_that_holds_something_else_is_named() {
        let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::embedded());
        fs::write(folder.path().join(FILE_NAME), "hello").unwrap();
        let refused = beside_data(folder.path(), &store, &mut StdRng::seed_from_u64(1)).await.err().unwrap();
        assert!(matches!(refused, SecretKeyError::Damaged { .. }), "{refused}");
    }
}
