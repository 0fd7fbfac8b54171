//! The disk: files by name, and the moment at which its power is cut.
//!
//! What SQLite's own file system for unix promises about names is modelled as it is there, and no better: a file's name
//! is certain once the file was synced; whoever opens a journal or a log so that it may be created syncs the whole folder
//! with its first sync; a deletion is certain at once only where SQLite asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Refusal, file::File, survival::Survival};

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileNo(u64);

/// A cut that will come.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// At the n-th changing call from now; 0 for at once.
    pub(crate) calls: u64,
    /// Only calls to the file of this name count; `None` for every one.
    pub(crate) file: Option<String>,
}

impl Cut {
    /// At the n-th changing call, whatever the file.
    pub(crate) fn at(calls: u64) -> Self {
        Self { calls, file: None }
    }
}

/// A disk that lies in memory.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<FileNo, File>,
    names: BTreeMap<String, FileNo>,
    certain_names: BTreeMap<String, FileNo>,
    last_no: u64,
    coming_cut: Option<Cut>,
    is_cut: bool,
    lies: bool,
}

impl Disk {
    /// Opens a file, or creates it; one without a name is new and nobody else's.
    pub(crate) fn open(&mut self, name: Option<&str>, creates: bool) -> Result<FileNo, Refusal> {
        self.powered()?;
        if let Some(no) = name.and_then(|name| self.names.get(name)) {
            return Ok(*no);
        }
        if !creates {
            return Err(Refusal::NotFound);
        }
        self.last_no += 1;
        let no = FileNo(self.last_no);
        self.files.insert(no, File::default());
        if let Some(name) = name {
            self.names.insert(name.to_owned(), no);
        }
        Ok(no)
    }

    /// Takes a file's name away. Who has it open goes on with it.
    pub(crate) fn delete(&mut self, name: &str, syncs_folder: bool) -> Result<(), Refusal> {
        self.powered()?;
        let no = self.names.remove(name).ok_or(Refusal::NotFound)?;
        self.count_call(no)?;
        if syncs_folder && !self.lies {
            self.certain_names.remove(name);
        }
        Ok(())
    }

    /// The file of this name, with power or without.
    pub(crate) fn find(&self, name: &str) -> Option<FileNo> {
        self.names.get(name).copied()
    }

    /// Bytes of the file of this name.
    pub(crate) fn len_of(&self, name: &str) -> Result<usize, Refusal> {
        self.powered()?;
        let no = self.names.get(name).ok_or(Refusal::NotFound)?;
        self.file(*no).map(File::len)
    }

    /// A file as everybody sees it.
    pub(crate) fn file(&self, no: FileNo) -> Result<&File, Refusal> {
        self.powered()?;
        self.files.get(&no).ok_or(Refusal::NotFound)
    }

    /// Changes a file. The change that meets the cut is on its way to the disk and may survive.
    pub(crate) fn change(&mut self, no: FileNo, change: impl FnOnce(&mut File)) -> Result<(), Refusal> {
        self.powered()?;
        change(self.files.get_mut(&no).ok_or(Refusal::NotFound)?);
        self.count_call(no)
    }

    /// Makes a file certain, its name too, or all names of the folder. A sync that meets the cut promises nothing.
    pub(crate) fn sync(&mut self, no: FileNo, syncs_folder: bool) -> Result<(), Refusal> {
        self.powered()?;
        self.count_call(no)?;
        if self.lies {
            return Ok(());
        }
        self.files.get_mut(&no).ok_or(Refusal::NotFound)?.sync();
        if syncs_folder {
            self.certain_names.clone_from(&self.names);
        }
        let own_names = self.names.iter().filter(|(_, named)| **named == no);
        self.certain_names.extend(own_names.map(|(name, no)| (name.clone(), *no)));
        Ok(())
    }

    /// Plans the cut, instead of one that was planned before.
    pub(crate) fn plan(&mut self, cut: Cut) {
        self.is_cut |= cut.calls == 0;
        self.coming_cut = Some(cut);
    }

    /// Whether the power is gone.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// From now on a sync answers well and does nothing: the fault that all of this is to find.
    pub(crate) fn lie(&mut self) {
        self.lies = true;
    }

    /// Gives power again, to what survived.
    pub(crate) fn reboot(&mut self, survival: &mut Survival) {
        let all: BTreeSet<String> = self.names.keys().chain(self.certain_names.keys()).cloned().collect();
        for name in all {
            let (now, certain) = (self.names.get(&name), self.certain_names.get(&name));
            let survivor = if now != certain && survival.is_kept() { now } else { certain }.copied();
            match survivor {
                Some(no) => self.certain_names.insert(name, no),
                None => self.certain_names.remove(&name),
            };
        }
        self.names.clone_from(&self.certain_names);
        let named: BTreeSet<FileNo> = self.names.values().copied().collect();
        self.files.retain(|no, _| named.contains(no));
        self.files.values_mut().for_each(|file| file.survive(survival));
        self.coming_cut = None;
        self.is_cut = false;
    }

    fn powered(&self) -> Result<(), Refusal> {
        if self.is_cut { Err(Refusal::PowerLost) } else { Ok(()) }
    }

    fn count_call(&mut self, no: FileNo) -> Result<(), Refusal> {
        let name = self.names.iter().find(|(_, named)| **named == no).map(|(name, _)| name);
        if let Some(cut) = &mut self.coming_cut
            && (cut.file.is_none() || cut.file.as_ref() == name)
        {
            cut.calls = cut.calls.saturating_sub(1);
            self.is_cut = cut.calls == 0;
        }
        self.powered()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exists(disk: &Disk, name: &str) -> bool {
        disk.len_of(name).is_ok()
    }

    #[test]
    fn the_call_that_meets_the_cut_fails_and_so_does_every_one_after_it() {
        let mut disk = Disk::default();
        let no = disk.open(Some("db"), true).unwrap();
        disk.plan(Cut::at(2));
        disk.change(no, |file| file.write(0, b"a")).unwrap();
        assert_eq!(disk.sync(no, false), Err(Refusal::PowerLost));
        assert!(disk.is_cut());
        assert_eq!(disk.open(Some("db"), true), Err(Refusal::PowerLost));
        assert_eq!(disk.file(no).err(), Some(Refusal::PowerLost));
        disk.reboot(&mut Survival::strict());
        assert!(!exists(&disk, "db"));
    }

    #[test]
    fn a_cut_may_wait_for_calls_to_one_file() {
        let mut disk = Disk::default();
        let database = disk.open(Some("db"), true).unwrap();
        let log = disk.open(Some("log"), true).unwrap();
        disk.plan(Cut { calls: 1, file: Some("db".to_owned()) });
        disk.sync(log, true).unwrap();
        assert_eq!(disk.sync(database, false), Err(Refusal::PowerLost));
    }

    #[test]
    fn a_name_is_certain_once_its_file_was_synced() {
        let mut disk = Disk::default();
        let no = disk.open(Some("db"), true).unwrap();
        disk.open(Some("other"), true).unwrap();
        disk.sync(no, false).unwrap();
        disk.reboot(&mut Survival::strict());
        assert!(exists(&disk, "db") && !exists(&disk, "other"));
    }

    #[test]
    fn a_deletion_is_certain_when_the_folder_was_synced() {
        for (syncs_folder, syncs_log) in [(false, false), (false, true), (true, false)] {
            let mut disk = Disk::default();
            let journal = disk.open(Some("journal"), true).unwrap();
            disk.sync(journal, true).unwrap();
            disk.delete("journal", syncs_folder).unwrap();
            if syncs_log {
                let log = disk.open(Some("log"), true).unwrap();
                disk.sync(log, true).unwrap();
            }
            disk.reboot(&mut Survival::strict());
            assert_eq!(exists(&disk, "journal"), !syncs_folder && !syncs_log);
        }
    }

    #[test]
    fn a_new_file_under_an_old_name_replaces_it_once_it_is_synced() {
        let mut disk = Disk::default();
        let old = disk.open(Some("log"), true).unwrap();
        disk.change(old, |file| file.write(0, b"old")).unwrap();
        disk.sync(old, true).unwrap();
        for (syncs, expected) in [(false, 3), (true, 4)] {
            disk.delete("log", false).unwrap();
            let new = disk.open(Some("log"), true).unwrap();
            disk.change(new, |file| file.write(0, b"new!")).unwrap();
            if syncs {
                disk.sync(new, true).unwrap();
            }
            disk.reboot(&mut Survival::strict());
            assert_eq!(disk.len_of("log"), Ok(expected));
        }
    }
}
