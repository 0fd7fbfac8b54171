//! The order of an object's members.
//!
//! Members are written in the order of the text, and most objects need no other. Where a key came twice or is an array
//! index, the finished object is put together anew from the pieces that were written. Keys are compared in canonical
//! form, which is the same for two spellings of one key and differs for two keys.

use super::array_index::is_array_index;

/// The members of all objects that are open, the outermost first. One list for all, so that an object costs no
/// allocation of its own.
#[derive(Default)]
pub(super) struct Members {
    open: Vec<Member>,
    /// The members of the object that is being finished, by key.
    by_key: Vec<usize>,
    /// The object that is being put together anew.
    rearranged: Vec<u8>,
}

/// Where a member stands in the output.
#[derive(Clone, Copy)]
struct Member {
    /// The quote before its key.
    start: usize,
    /// Behind the quote after its key.
    key_end: usize,
    /// Behind its value.
    end: usize,
    place: Place,
}

/// Where a member belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To the front, ascending.
    Index,
    /// Behind the indices, in the order of the text.
    Ordinary,
    /// Nowhere: its key had come before.
    Gone,
}

impl Member {
    fn key<'o>(&self, out: &'o [u8]) -> &'o [u8] {
        &out[self.start + 1..self.key_end - 1]
    }
}

impl Members {
    /// Begins an object; what it answers is handed to [`Self::finish`].
    pub(super) fn begin(&self) -> usize {
        self.open.len()
    }

    /// Notes a member that reaches from `start` to the end of what was written.
    pub(super) fn push(&mut self, start: usize, key_end: usize, out: &[u8]) {
        let mut member = Member { start, key_end, end: out.len(), place: Place::Ordinary };
        if is_array_index(member.key(out)) {
            member.place = Place::Index;
        }
        self.open.push(member);
    }

    /// Ends the object whose members are those since `first` and are the last thing that was written.
    pub(super) fn finish(&mut self, first: usize, out: &mut Vec<u8>) {
        let members = &mut self.open[first..];
        if members.len() > 1 {
            sort_by_key(members, out, &mut self.by_key);
            let has_index = members.iter().any(|member| member.place == Place::Index);
            if has_index || has_duplicate(members, out, &self.by_key) {
                rearrange(members, &self.by_key, out, &mut self.rearranged);
            }
        }
        self.open.truncate(first);
    }
}

/// Sorts by length, then bytes, which is the numeric order of indices; equal keys stay in the order of the text.
fn sort_by_key(members: &[Member], out: &[u8], by_key: &mut Vec<usize>) {
    by_key.clear();
    by_key.extend(0..members.len());
    by_key.sort_unstable_by(|one, other| {
        let (one_key, other_key) = (members[*one].key(out), members[*other].key(out));
        one_key.len().cmp(&other_key.len()).then_with(|| one_key.cmp(other_key)).then(one.cmp(other))
    });
}

fn has_duplicate(members: &[Member], out: &[u8], by_key: &[usize]) -> bool {
    by_key.windows(2).any(|pair| members[pair[0]].key(out) == members[pair[1]].key(out))
}

/// Writes the members anew in their order: indices, then the others.
fn rearrange(members: &mut [Member], by_key: &[usize], out: &mut Vec<u8>, rearranged: &mut Vec<u8>) {
    let start = members[0].start;
    merge_duplicates(members, by_key, out);
    let indices = by_key.iter().map(|number| &members[*number]).filter(|member| member.place == Place::Index);
    let others = members.iter().filter(|member| member.place == Place::Ordinary);
    rearranged.clear();
    for member in indices.chain(others) {
        if !rearranged.is_empty() {
            rearranged.push(b',');
        }
        rearranged.extend_from_slice(&out[member.start..member.end]);
    }
    out.truncate(start);
    out.extend_from_slice(rearranged);
}

/// Puts the last of equal keys where the first one stood, and takes the rest away.
fn merge_duplicates(members: &mut [Member], by_key: &[usize], out: &[u8]) {
    let mut first = 0;
    while first < by_key.len() {
        let key = members[by_key[first]].key(out);
        let same = by_key[first..].iter().take_while(|number| members[**number].key(out) == key).count();
        let last = members[by_key[first + same - 1]];
        by_key[first..first + same].iter().for_each(|number| members[*number].place = Place::Gone);
        members[by_key[first]] = last;
        first += same;
    }
}
