//! Members of a ZIP package, read within limits.
//!
//! Owns: the limits on members, ratio and inflated bytes. They are counted while reading, because what an archive says
//! about its own sizes is the attacker's word.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use docent_corpus::{Unreadable, UnreadableCode};
use zip::ZipArchive;
use zip::result::ZipError;

use super::refuse;
use crate::decode;

/// Office files have some hundred members; ten thousand is an archive of something else.
const MAX_MEMBERS: usize = 10_000;

/// The text of a thousand pages takes some 30 MB of markup.
const MAX_MEMBER_BYTES: u64 = 96 << 20;

/// Markup shrinks about tenfold, seldom fiftyfold; a ratio beyond this, over [`RATIO_FREE_BYTES`], is a bomb.
const MAX_RATIO: u64 = 200;

/// Small members may shrink as they like.
const RATIO_FREE_BYTES: u64 = 10 << 20;

/// All members together: a presentation holds some hundred megabytes of pictures.
const MAX_UNPACKED_BYTES: u64 = 512 << 20;

/// An opened package.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Members by their names as other programs may write them: any case, either slash.
    names: HashMap<String, usize>,
    /// What may still be unpacked.
    left: u64,
}

impl<'a> Package<'a> {
    /// Opens a package from its bytes.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| cut())?;
        if archive.len() > MAX_MEMBERS {
            return Err(refuse(
                UnreadableCode::TooBig,
                "the package has over 10,000 members; it is no document",
            ));
        }
        let names = archive.file_names().enumerate();
        let names = names.filter_map(|(at, name)| Some((usual(&name.ok()?), at)));
        let names = names.collect();
        Ok(Self {
            archive,
            names,
            left: MAX_UNPACKED_BYTES,
        })
    }

    /// Checks what the members say of their own sizes, for libraries that unpack by themselves.
    ///
    /// A member that lies about its size is caught by the limits of the process.
    pub(super) fn check(&mut self) -> Result<(), Unreadable> {
        let mut all = 0_u64;
        for at in 0..self.archive.len() {
            let member = self.archive.by_index_raw(at).map_err(|_| cut())?;
            let (packed, size) = (member.compressed_size().max(1), member.size());
            all = all.saturating_add(size);
            let bomb = size > RATIO_FREE_BYTES && size / packed > MAX_RATIO;
            if bomb || size > MAX_UNPACKED_BYTES || all > MAX_UNPACKED_BYTES {
                return Err(bloated());
            }
        }
        Ok(())
    }

    /// Tells whether a member of this name exists.
    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn place(&self, name: &str) -> Option<usize> {
        let exact = self.archive.index_for_name(name);
        exact.or_else(|| self.names.get(&usual(name)).copied())
    }

    /// Returns the names of the members that begin and end like this, in their order by number and letter.
    pub(super) fn like(&self, start: &str, end: &str) -> Vec<String> {
        let names = self.archive.file_names().flatten();
        let mut names: Vec<String> = names
            .filter(|name| name.starts_with(start) && name.ends_with(end))
            .map(std::borrow::Cow::into_owned)
            .collect();
        names.sort_by_key(|name| (name.len(), name.clone()));
        names
    }

    /// Returns the bytes of a member, or nothing when there is no such member.
    pub(super) fn member(&mut self, name: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(place) = self.place(name) else {
            return Ok(None);
        };
        let member = match self.archive.by_index(place) {
            Ok(member) => member,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(refuse(
                    UnreadableCode::Encrypted,
                    "the file needs a password; save it without one",
                ));
            }
            Err(_) => return Err(cut()),
        };
        let packed = member.compressed_size().max(1);
        let limit = MAX_MEMBER_BYTES.min(RATIO_FREE_BYTES.max(packed.saturating_mul(MAX_RATIO)));
        let mut bytes = Vec::new();
        member
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| cut())?;
        if bytes.len() as u64 > limit {
            return Err(bloated());
        }
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(bloated)?;
        Ok(Some(bytes))
    }

    /// Returns a member that is XML as text, whatever code page it declares, or nothing when there is no such member.
    pub(super) fn xml(&mut self, name: &str) -> Result<Option<String>, Unreadable> {
        let Some(bytes) = self.member(name)? else {
            return Ok(None);
        };
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return Ok(Some(text)),
            Err(err) => err.into_bytes(),
        };
        let declared = decode::declared_charset(&bytes);
        let decoded = decode::decode(&bytes, declared.as_deref()).ok_or_else(cut)?;
        Ok(Some(decoded.text))
    }
}

/// Returns a member's name as all programs would write it.
fn usual(name: &str) -> String {
    name.replace('\\', "/").to_lowercase()
}

/// Refuses a package that unpacks without end.
fn bloated() -> Unreadable {
    refuse(
        UnreadableCode::TooBig,
        "the file unpacks to more than a document holds; save its text as a new document",
    )
}

/// Refuses a package that is cut or broken.
pub(super) fn cut() -> Unreadable {
    refuse(
        UnreadableCode::Damaged,
        "the file is cut short or broken; fetch or save it anew",
    )
}
