//! Animations (`moov`): the first picture of the first track that shows pictures.

use std::borrow::Cow;

use super::container::{
    Grid, Picture, Property, codec_of, colours_of, different_size, is_alpha, tile, transforms_of,
};
use super::placement::Placement;
use crate::boxes::{Box_, Reader, damaged};
use crate::error::Result;
use crate::limits::check_size;
use crate::samples::Note;

/// Most tracks that are looked at.
const MAX_TRACKS: usize = 64;

struct Track<'a> {
    id: u32,
    handler: [u8; 4],
    references: Option<&'a [u8]>,
    /// The first sample's entry: its kind and what follows in it.
    kind: [u8; 4],
    entry: &'a [u8],
    samples: u32,
    first: &'a [u8],
}

pub(super) fn picture<'a>(file: &'a [u8], movie: &'a [u8]) -> Result<Picture<'a>> {
    let mut tracks = Vec::new();
    for child in Reader::new(movie).boxes() {
        let Box_ { name, body } = child?;
        if name == *b"trak" && tracks.len() < MAX_TRACKS {
            // A track of sound, say, is none of ours.
            tracks.extend(Track::read(file, body).ok());
        }
    }
    let shows = |track: &&Track<'_>| [*b"pict", *b"vide"].contains(&track.handler);
    let main = tracks.iter().find(shows).ok_or_else(|| damaged("there is no picture in it"))?;
    let codec = codec_of(main.kind)?;
    let (properties, colour) = main.picture()?;
    let mut alpha = None;
    for track in tracks.iter().filter(|track| track.refers_to(b"auxl", main.id)) {
        let (properties, grid) = track.picture()?;
        let kind = properties.iter().find(|p| p.name == *b"auxi").and_then(|p| p.body.get(4..));
        if kind.is_some_and(is_alpha) {
            if (grid.width, grid.height) != (colour.width, colour.height) {
                return Err(different_size());
            }
            alpha = Some((track.id, grid));
            break;
        }
    }
    let (icc, colours) = colours_of(&properties)?;
    Ok(Picture {
        codec,
        placement: Placement::of(colour.width, colour.height, &transforms_of(&properties)?)?,
        colour,
        premultiplied: alpha.as_ref().is_some_and(|(id, _)| main.refers_to(b"prem", *id)),
        alpha: alpha.map(|(_, grid)| grid),
        icc,
        colours,
        notes: Vec::from_iter((main.samples > 1).then_some(Note::FirstFrameOnly)),
    })
}

impl<'a> Track<'a> {
    fn read(file: &'a [u8], body: &'a [u8]) -> Result<Self> {
        let child = |body: &'a [u8], name: &[u8; 4]| {
            Reader::new(body).find(name)?.ok_or_else(|| damaged("a track"))
        };
        let mut header = Reader::new(child(body, b"tkhd")?);
        let (version, _) = header.version_and_flags()?;
        header.take(if version == 0 { 8 } else { 16 })?;
        let id = header.u32()?;
        let media = child(body, b"mdia")?;
        let mut handler = Reader::new(child(media, b"hdlr")?);
        handler.take(8)?;
        let table = child(child(media, b"minf")?, b"stbl")?;
        let mut entries = Reader::new(child(table, b"stsd")?);
        entries.take(8)?;
        let Box_ { name: kind, body: entry } = entries.next_box()?;
        let mut sizes = Reader::new(child(table, b"stsz")?);
        sizes.take(4)?;
        let (size, samples) = (sizes.u32()?, sizes.u32()?);
        let size = if size == 0 { sizes.u32()? } else { size };
        let (mut offsets, long) = match Reader::new(table).find(b"stco")? {
            Some(offsets) => (Reader::new(offsets), 4),
            None => (Reader::new(child(table, b"co64")?), 8),
        };
        offsets.take(8)?;
        let first = usize::try_from(offsets.number(long)?)
            .ok()
            .and_then(|offset| file.get(offset..offset.checked_add(size as usize)?))
            .ok_or_else(|| damaged("its first picture lies beyond its end"))?;
        Ok(Self {
            id,
            handler: handler.name()?,
            references: Reader::new(body).find(b"tref")?,
            kind,
            entry,
            samples,
            first,
        })
    }

    fn picture(&self) -> Result<(Vec<Property<'a>>, Grid<'a>)> {
        let mut entry = Reader::new(self.entry);
        entry.take(24)?;
        let (width, height) = (u32::from(entry.u16()?), u32::from(entry.u16()?));
        check_size(width, height)?;
        entry.take(50)?;
        let mut properties = Vec::new();
        for child in entry.boxes() {
            let Box_ { name, body } = child?;
            properties.push(Property { name, body, essential: false });
        }
        let codec = codec_of(self.kind)?;
        let tile = tile(codec, (width, height), &properties, Cow::Borrowed(self.first))?;
        Ok((properties, Grid { width, height, columns: 1, tiles: vec![tile] }))
    }

    fn refers_to(&self, kind: &[u8; 4], track: u32) -> bool {
        let Some(references) = self.references else { return false };
        let Ok(Some(targets)) = Reader::new(references).find(kind) else { return false };
        let mut targets = Reader::new(targets);
        std::iter::from_fn(|| targets.u32().ok()).any(|id| id == track)
    }
}
