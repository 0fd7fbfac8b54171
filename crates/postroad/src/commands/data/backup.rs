//! `postroad backup`: a copy of the database as it is at one moment, also while a server writes.
//!
//! **Invariants:** a file of that name is complete, or it is not there; nothing that is there is overwritten.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{CommandError, OTHER_FOLDER, bytes, data_dir, refused};
use crate::{config::Given, output, secret_key};

/// What the command line of `backup` said.
#[derive(Debug, Default)]
pub struct BackupArguments {
    /// Where the data folder is told.
    pub flags: Given,
    /// The file to write.
    pub file: PathBuf,
    /// Whether the secret key is copied beside it.
    pub with_key: bool,
}

/// Writes the backup and says what belongs to it.
///
/// Errors: the file is there already, there is no database, or something cannot be read or written.
pub async fn run(arguments: BackupArguments) -> Result<(), CommandError> {
    let data_dir = data_dir(&arguments.flags)?;
    let BackupArguments { file, with_key, .. } = arguments;
    let copying = tokio::task::spawn_blocking(move || back_up(&data_dir, &file, with_key));
    Ok(copying.await.context("the copying broke down")??)
}

fn back_up(data_dir: &Path, file: &Path, with_key: bool) -> anyhow::Result<()> {
    let key_file = beside(file);
    for wanted in [Some(file), with_key.then_some(&*key_file)].into_iter().flatten() {
        if wanted.symlink_metadata().is_ok() {
            return Err(anyhow!("{} is there already: a backup overwrites nothing", wanted.display()));
        }
    }
    let key = with_key.then(|| read_key(data_dir)).transpose()?;
    let copy = temporary(file)?;
    let size = postroad_store_sqlite::backup(data_dir, copy.path()).map_err(refused)?;
    if let Some(key) = &key {
        let mut kept = temporary(&key_file)?;
        kept.write_all(key).with_context(|| format!("cannot write {}", key_file.display()))?;
        finish(kept, &key_file)?;
    }
    finish(copy, file)?;
    output::line(format_args!(
        "{} ({}) is the database as it was at one moment.",
        file.display(),
        bytes(size)
    ))?;
    tell_of_key(data_dir, key.is_some().then_some(&*key_file))?;
    Ok(())
}

fn tell_of_key(data_dir: &Path, copied: Option<&Path>) -> io::Result<()> {
    let kept = data_dir.join(secret_key::FILE_NAME);
    match copied {
        Some(key_file) => output::line(format_args!(
            "{} is the key of its secrets: with both files anybody can sign as you do. Keep them where nobody else reads.",
            key_file.display()
        )),
        None if kept.exists() => output::line(format_args!(
            "The key of its secrets is not in it. Keep {} too, in another place: without it the backup does not open.",
            kept.display()
        )),
        None => output::line(
            "The key of its secrets is not in it. Keep the one that the server is started with: without it the backup \
             does not open.",
        ),
    }
}

fn read_key(data_dir: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let path = data_dir.join(secret_key::FILE_NAME);
    let remedy = if data_dir.is_dir() {
        "If the server is started with --secret-key, keep that key and leave --with-key away"
    } else {
        OTHER_FOLDER
    };
    let key = fs::read(&path)
        .map_err(|error| anyhow!("cannot read the secret key {}: {error}. {remedy}", path.display()))?;
    Ok(Zeroizing::new(key))
}

/// The file of the key beside that of the database.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".secret.key");
    PathBuf::from(name)
}

/// A file in the same folder, readable by its owner only, that goes when it is not finished.
fn temporary(wanted: &Path) -> anyhow::Result<NamedTempFile> {
    let folder = folder_of(wanted);
    let made = tempfile::Builder::new().prefix(".postroad-backup-").tempfile_in(folder);
    made.with_context(|| format!("cannot write in {}", folder.display()))
}

/// Gives a file its name when all of it is on the disk.
fn finish(written: NamedTempFile, wanted: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", wanted.display());
    written.as_file().sync_all().with_context(context)?;
    written.persist_noclobber(wanted).map_err(|refused| refused.error).with_context(context)?;
    File::open(folder_of(wanted)).and_then(|folder| folder.sync_all()).with_context(context)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
