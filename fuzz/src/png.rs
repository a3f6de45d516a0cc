//! PNG's checksums, which a mutated file would fail by before anything else is read.

/// Makes every chunk's checksum right. Some are left wrong, so that this is tried, too.
pub(crate) fn mend(file: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = file.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()) {
        let Some(end) = (at + 8).checked_add(u32::from_be_bytes(length) as usize) else { return };
        if end + 4 > file.len() {
            return;
        }
        let sum = crc32fast::hash(&file[at + 4..end]);
        if !sum.is_multiple_of(61) {
            file[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        }
        at = end + 4;
    }
}
