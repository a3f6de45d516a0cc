//! The container that AVIF and HEIC share (HEIF, ISO/IEC 23008-12): which pictures lie where in the
//! file, which of them is the one to show, and what is to be done with it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::movie;
use super::placement::{Placement, Transform};
use crate::boxes::{Box_, Reader, damaged, shown};
use crate::error::{Error, Result};
use crate::limits::{Bounds, check_size};
use crate::samples::Note;

/// Most items of one file: the largest grid has 256 x 256.
const MAX_ITEMS: usize = 70_000;

/// How pictures are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Av1,
    Hevc,
}

/// What is said of colours: code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colours {
    pub(crate) primaries: u8,
    pub(crate) transfer: u8,
    pub(crate) matrix: u8,
    pub(crate) full_range: bool,
}

/// A picture of one codestream: the whole image, or a tile of a grid.
pub(crate) struct Tile<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The decoder's configuration, `av1C` or `hvcC`.
    #[cfg_attr(not(feature = "heic"), expect(dead_code))]
    pub(crate) config: &'a [u8],
    pub(crate) data: Cow<'a, [u8]>,
    /// AV1: which of the operating points is wanted.
    #[cfg_attr(not(feature = "avif"), expect(dead_code))]
    pub(crate) operating_point: u8,
    /// AV1: which spatial layer is wanted, where not the highest.
    #[cfg_attr(not(feature = "avif"), expect(dead_code))]
    pub(crate) layer: Option<u8>,
}

/// Tiles from the top left, row by row. They may reach beyond the picture.
pub(crate) struct Grid<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) columns: u32,
    pub(crate) tiles: Vec<Tile<'a>>,
}

/// What a file shows.
pub(crate) struct Picture<'a> {
    pub(crate) codec: Codec,
    pub(crate) colour: Grid<'a>,
    pub(crate) alpha: Option<Grid<'a>>,
    pub(crate) premultiplied: bool,
    pub(crate) placement: Placement,
    pub(crate) icc: Option<&'a [u8]>,
    pub(crate) colours: Option<Colours>,
    pub(crate) notes: Vec<Note>,
}

impl Picture<'_> {
    /// Refuses a picture of which more is shown.
    pub(crate) fn check_within(&self, bounds: Bounds) -> Result<()> {
        bounds.check(self.placement.width, self.placement.height)
    }

    /// Refuses a picture that another decoder reads.
    pub(crate) fn expect_codec(&self, codec: Codec) -> Result<()> {
        if self.codec == codec {
            return Ok(());
        }
        Err(Error::unsupported(match self.codec {
            Codec::Av1 => "the file is AVIF, which this decoder does not read",
            Codec::Hevc => "the file is HEIC, which this decoder does not read",
        }))
    }
}

/// A property of an item, or of a track's samples.
#[derive(Clone, Copy)]
pub(super) struct Property<'a> {
    pub(super) name: [u8; 4],
    pub(super) body: &'a [u8],
    pub(super) essential: bool,
}

/// Reads which picture a file shows.
pub(crate) fn picture(bytes: &[u8]) -> Result<Picture<'_>> {
    let (mut brands, mut meta, mut movie) = (None, None, None);
    for child in Reader::new(bytes).boxes() {
        let Ok(Box_ { name, body }) = child else { break };
        match &name {
            b"ftyp" => _ = brands.get_or_insert(body),
            b"meta" => _ = meta.get_or_insert(body),
            b"moov" => _ = movie.get_or_insert(body),
            b"mini" => {
                return Err(Error::unsupported(
                    "the image uses HEIF's short header, which is not supported yet: save it as \
                     PNG or JPEG",
                ));
            }
            _ => {}
        }
    }
    let brands = brands.ok_or_else(|| damaged("it does not start with its type"))?;
    let mut first_is_movie = brands.starts_with(b"avis");
    let meta = match meta {
        Some(body) => Meta::read(bytes, body)?,
        None => None,
    };
    first_is_movie |= meta.is_none();
    match (meta, movie) {
        (Some(meta), None) => meta.picture(),
        (Some(meta), Some(_)) if !first_is_movie => meta.picture(),
        (_, Some(movie)) => movie::picture(bytes, movie),
        (None, None) => Err(damaged("there is no picture in it")),
    }
}

/// Where an item's bytes are.
#[derive(Clone)]
struct Location<'a> {
    method: u8,
    base: u64,
    extents: u16,
    /// The extents as they stand in the file, and the sizes of their numbers.
    table: Reader<'a>,
    sizes: [usize; 3],
}

/// What refers to what.
struct Reference<'a> {
    kind: [u8; 4],
    from: u32,
    to: Reader<'a>,
    long: bool,
}

impl Reference<'_> {
    fn targets(&self) -> Vec<u32> {
        let mut to = self.to.clone();
        let size = if self.long { 4 } else { 2 };
        std::iter::from_fn(|| to.number(size).ok()).map(|id| id as u32).collect()
    }

    fn has_target(&self, id: u32) -> bool {
        self.targets().contains(&id)
    }
}

/// The `meta` box.
struct Meta<'a> {
    file: &'a [u8],
    primary: u32,
    kinds: BTreeMap<u32, [u8; 4]>,
    locations: BTreeMap<u32, Location<'a>>,
    properties: Vec<Box_<'a>>,
    /// Item, then its associations as they stand in the file.
    associations: BTreeMap<u32, (Reader<'a>, bool)>,
    references: Vec<Reference<'a>>,
    data: &'a [u8],
}

impl<'a> Meta<'a> {
    /// None where no item is primary.
    fn read(file: &'a [u8], body: &'a [u8]) -> Result<Option<Self>> {
        let mut reader = Reader::new(body);
        reader.version_and_flags()?;
        let mut meta = Self {
            file,
            primary: 0,
            kinds: BTreeMap::new(),
            locations: BTreeMap::new(),
            properties: Vec::new(),
            associations: BTreeMap::new(),
            references: Vec::new(),
            data: &[],
        };
        let mut primary = None;
        for child in reader.boxes() {
            let Box_ { name, body } = child?;
            match &name {
                b"pitm" => {
                    let mut reader = Reader::new(body);
                    let (version, _) = reader.version_and_flags()?;
                    primary = Some(reader.number(if version == 0 { 2 } else { 4 })? as u32);
                }
                b"iinf" => meta.read_kinds(body)?,
                b"iloc" => meta.read_locations(body)?,
                b"iprp" => meta.read_properties(body)?,
                b"iref" => meta.read_references(body)?,
                b"idat" => meta.data = body,
                _ => {}
            }
        }
        Ok(primary.map(|primary| Self { primary, ..meta }))
    }

    fn read_kinds(&mut self, body: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(body);
        let (version, _) = reader.version_and_flags()?;
        reader.take(if version == 0 { 2 } else { 4 })?;
        for child in reader.boxes() {
            let child = child?;
            if child.name != *b"infe" {
                continue;
            }
            let mut entry = Reader::new(child.body);
            let (version, _) = entry.version_and_flags()?;
            if version < 2 {
                continue; // before pictures were items
            }
            let id = entry.number(if version == 2 { 2 } else { 4 })? as u32;
            let protected = entry.u16()? != 0;
            let kind = entry.name()?;
            let kind = if protected { *b"encr" } else { kind };
            insert(&mut self.kinds, id, kind)?;
        }
        Ok(())
    }

    fn read_locations(&mut self, body: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(body);
        let (version, _) = reader.version_and_flags()?;
        if version > 2 {
            return Err(Error::unsupported(
                "the list of the file's parts is of a version that is not known",
            ));
        }
        let sizes = reader.u16()?;
        let size = |shift: u16| usize::from(sizes >> shift & 15);
        let index = if version == 0 { 0 } else { size(0) };
        let (offset, length, base) = (size(12), size(8), size(4));
        if [offset, length, base, index].iter().any(|size| ![0, 4, 8].contains(size)) {
            return Err(damaged("the list of its parts"));
        }
        let count = reader.number(if version < 2 { 2 } else { 4 })?;
        for _ in 0..count {
            let id = reader.number(if version < 2 { 2 } else { 4 })? as u32;
            let method = if version == 0 { 0 } else { reader.u16()? as u8 & 15 };
            let reference = reader.u16()?;
            let base = reader.number(base)?;
            let extents = reader.u16()?;
            let table = Reader::new(reader.take(usize::from(extents) * (index + offset + length))?);
            // A part may lie in another file.
            let method = if reference == 0 { method } else { u8::MAX };
            let sizes = [index, offset, length];
            let location = Location { method, base, extents, table, sizes };
            insert(&mut self.locations, id, location)?;
        }
        Ok(())
    }

    fn read_properties(&mut self, body: &'a [u8]) -> Result<()> {
        for child in Reader::new(body).boxes() {
            let Box_ { name, body } = child?;
            match &name {
                b"ipco" => {
                    for property in Reader::new(body).boxes().take(0x7FFF) {
                        self.properties.push(property?);
                    }
                }
                b"ipma" => self.read_associations(body)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_associations(&mut self, body: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(body);
        let (version, flags) = reader.version_and_flags()?;
        let long = flags & 1 != 0;
        for _ in 0..reader.u32()? {
            let id = reader.number(if version == 0 { 2 } else { 4 })? as u32;
            let count = usize::from(reader.u8()?);
            let table = Reader::new(reader.take(count * if long { 2 } else { 1 })?);
            insert(&mut self.associations, id, (table, long))?;
        }
        Ok(())
    }

    fn read_references(&mut self, body: &'a [u8]) -> Result<()> {
        let mut reader = Reader::new(body);
        let (version, _) = reader.version_and_flags()?;
        let (long, size) = (version != 0, if version == 0 { 2 } else { 4 });
        for child in reader.boxes() {
            let Box_ { name: kind, body } = child?;
            if self.references.len() == MAX_ITEMS {
                return Err(too_many());
            }
            let mut entry = Reader::new(body);
            let from = entry.number(size)? as u32;
            let count = usize::from(entry.u16()?);
            let to = Reader::new(entry.take(count * size)?);
            self.references.push(Reference { kind, from, to, long });
        }
        Ok(())
    }

    fn picture(&self) -> Result<Picture<'a>> {
        let mut transforms = Vec::new();
        // Some files name a reduced copy as the main picture: what it is a copy of is meant.
        let copied = self.references.iter().find(|r| r.kind == *b"thmb" && r.from == self.primary);
        let main = copied.and_then(|r| r.targets().first().copied()).unwrap_or(self.primary);
        let item = self.follow_identity(main, &mut transforms)?;
        let mut properties = self.properties_of(item)?;
        let (codec, colour) = self.grid(item)?;
        transforms.splice(0..0, transforms_of(&properties)?);
        // Where a grid says nothing of its colours, its tiles do.
        if let Some(&tile) = self.tiles_of(item).first() {
            properties.extend(self.properties_of(tile)?);
        }
        let alpha = self.alpha(item)?;
        let premultiplied = alpha.as_ref().is_some_and(|(id, _)| {
            let links = |r: &Reference<'_>| {
                r.kind == *b"prem" && r.from == item && id.is_none_or(|id| r.has_target(id))
            };
            self.references.iter().any(links)
        });
        let alpha = alpha.map(|(_, grid)| grid);
        let (icc, colours) = colours_of(&properties)?;
        Ok(Picture {
            codec,
            placement: Placement::of(colour.width, colour.height, &transforms)?,
            colour,
            alpha,
            premultiplied,
            icc,
            colours,
            notes: Vec::from_iter(self.has_gain_map(item).then_some(Note::GainMapIgnored)),
        })
    }

    /// From an item that shows another one to that other one.
    fn follow_identity(&self, id: u32, transforms: &mut Vec<Transform>) -> Result<u32> {
        if self.kinds.get(&id) != Some(b"iden") {
            return Ok(id);
        }
        transforms.extend(transforms_of(&self.properties_of(id)?)?);
        match self.tiles_of(id)[..] {
            [source] if self.kinds.get(&source) != Some(b"iden") => Ok(source),
            _ => Err(Error::unsupported("the image is derived from others in a way not known")),
        }
    }

    /// The items that an item is made of.
    fn tiles_of(&self, id: u32) -> Vec<u32> {
        self.references
            .iter()
            .find(|r| r.kind == *b"dimg" && r.from == id)
            .map_or_else(Vec::new, Reference::targets)
    }

    fn grid(&self, id: u32) -> Result<(Codec, Grid<'a>)> {
        let kind = self.kinds.get(&id).ok_or_else(|| damaged("the main picture is not there"))?;
        if kind != b"grid" {
            let (codec, tile) = self.tile(id, *kind)?;
            check_size(tile.width, tile.height)?;
            let (width, height) = (tile.width, tile.height);
            return Ok((codec, Grid { width, height, columns: 1, tiles: vec![tile] }));
        }
        let data = self.data_of(id)?;
        let mut reader = Reader::new(&data);
        let version = reader.u8()?;
        let size = if reader.u8()? & 1 == 0 { 2 } else { 4 };
        let (rows, columns) = (u32::from(reader.u8()?) + 1, u32::from(reader.u8()?) + 1);
        let (width, height) = (reader.number(size)? as u32, reader.number(size)? as u32);
        check_size(width, height)?;
        let tiles = self.tiles_of(id);
        if version != 0 || tiles.len() != (rows * columns) as usize {
            return Err(damaged("the list of its tiles"));
        }
        let mut codecs = Vec::new();
        let mut read = Vec::with_capacity(tiles.len());
        for tile in tiles {
            let kind = self.kinds.get(&tile).ok_or_else(|| damaged("a tile is not there"))?;
            let (codec, tile) = self.tile(tile, *kind)?;
            codecs.push(codec);
            read.push(tile);
        }
        let (first, size) = (codecs[0], (read[0].width, read[0].height));
        check_size(size.0, size.1)?;
        let alike = read.iter().all(|tile| (tile.width, tile.height) == size);
        // Every tile is needed: what the last column and row begin with lies inside.
        let covers = |tile: u32, count: u32, side: u32| {
            let all = u64::from(tile) * u64::from(count);
            all >= u64::from(side) && all - u64::from(tile) < u64::from(side)
        };
        if !alike || !covers(size.0, columns, width) || !covers(size.1, rows, height) {
            return Err(damaged("its tiles do not make up the picture"));
        }
        if codecs.iter().any(|codec| *codec != first) {
            return Err(Error::unsupported("the tiles of the image are coded in several ways"));
        }
        Ok((first, Grid { width, height, columns, tiles: read }))
    }

    fn tile(&self, id: u32, kind: [u8; 4]) -> Result<(Codec, Tile<'a>)> {
        let codec = codec_of(kind)?;
        let properties = self.properties_of(id)?;
        let size = find(&properties, b"ispe").ok_or_else(|| damaged("the picture has no size"))?;
        let mut size = Reader::new(size);
        size.version_and_flags()?;
        let (width, height) = (size.u32()?, size.u32()?);
        Ok((codec, tile(codec, (width, height), &properties, self.data_of(id)?)?))
    }

    /// The opacity of an item: an item of its own, or one for each of its tiles.
    fn alpha(&self, item: u32) -> Result<Option<(Option<u32>, Grid<'a>)>> {
        if let Some(id) = self.auxiliary(item, is_alpha) {
            return Ok(Some((Some(id), self.grid(id)?.1)));
        }
        if self.kinds.get(&item) != Some(b"grid") {
            return Ok(None);
        }
        let tiles = self.tiles_of(item);
        let alphas: Vec<u32> =
            tiles.iter().filter_map(|&tile| self.auxiliary(tile, is_alpha)).collect();
        if alphas.is_empty() {
            return Ok(None);
        }
        if alphas.len() != tiles.len() {
            return Err(Error::unsupported("only some tiles of the image have transparency"));
        }
        let (_, Grid { width, height, columns, .. }) = self.grid(item)?;
        let mut read = Vec::with_capacity(alphas.len());
        for (alpha, colour) in alphas.into_iter().zip(tiles) {
            let kind = |id| self.kinds.get(&id).copied().unwrap_or_default();
            let ((_, alpha), (_, colour)) =
                (self.tile(alpha, kind(alpha))?, self.tile(colour, kind(colour))?);
            if (alpha.width, alpha.height) != (colour.width, colour.height) {
                return Err(different_size());
            }
            read.push(alpha);
        }
        Ok(Some((None, Grid { width, height, columns, tiles: read })))
    }

    /// The item beside another one whose kind, a URN, is as wanted.
    fn auxiliary(&self, of: u32, wanted: impl Fn(&[u8]) -> bool) -> Option<u32> {
        let beside = |r: &&Reference<'_>| r.kind == *b"auxl" && r.has_target(of);
        self.references.iter().filter(beside).map(|r| r.from).find(|&id| {
            let properties = self.properties_of(id).unwrap_or_default();
            find(&properties, b"auxC").and_then(|body| body.get(4..)).is_some_and(&wanted)
        })
    }

    /// A gain map makes a picture of high dynamic range of the one that is read.
    fn has_gain_map(&self, item: u32) -> bool {
        let tone_mapped = self
            .kinds
            .iter()
            .any(|(&id, kind)| kind == b"tmap" && self.tiles_of(id).contains(&item));
        let is_map = |urn: &[u8]| urn.starts_with(b"urn:com:apple:photo:2020:aux:hdrgainmap");
        tone_mapped || self.auxiliary(item, is_map).is_some()
    }

    fn properties_of(&self, id: u32) -> Result<Vec<Property<'a>>> {
        let Some((table, long)) = self.associations.get(&id) else { return Ok(Vec::new()) };
        let (mut table, size) = (table.clone(), if *long { 2 } else { 1 });
        let mut properties = Vec::new();
        while !table.is_empty() {
            let value = table.number(size)? as usize;
            let flag = if *long { 0x8000 } else { 0x80 };
            let (essential, index) = (value & flag != 0, value & (flag - 1));
            if index == 0 {
                continue; // says: no property
            }
            let &Box_ { name, body } = self
                .properties
                .get(index - 1)
                .ok_or_else(|| damaged("a property of the picture is not there"))?;
            properties.push(Property { name, body, essential });
        }
        Ok(properties)
    }

    fn data_of(&self, id: u32) -> Result<Cow<'a, [u8]>> {
        let location = self.locations.get(&id).ok_or_else(|| damaged("a part is not there"))?;
        let source = match location.method {
            0 => self.file,
            1 => self.data,
            _ => {
                return Err(Error::unsupported(
                    "parts of the image lie elsewhere than in the file itself",
                ));
            }
        };
        let mut table = location.table.clone();
        let [index, offset, length] = location.sizes;
        let mut whole = Cow::Borrowed(&[][..]);
        for _ in 0..location.extents {
            table.take(index)?;
            let start = location
                .base
                .checked_add(table.number(offset)?)
                .and_then(|start| usize::try_from(start).ok())
                .filter(|start| *start <= source.len())
                .ok_or_else(|| damaged("a part lies beyond its end"))?;
            let rest = &source[start..];
            // Without a length, all that follows.
            let length = match table.number(length)? {
                0 if location.extents == 1 => rest.len() as u64,
                length => length,
            };
            let part = usize::try_from(length)
                .ok()
                .and_then(|length| rest.get(..length))
                .ok_or_else(|| damaged("a part lies beyond its end"))?;
            if whole.is_empty() {
                whole = Cow::Borrowed(part);
            } else if whole.len() + part.len() > self.file.len() {
                // Overlapping parts must not grow without bounds.
                return Err(damaged("its parts overlap"));
            } else {
                whole.to_mut().extend_from_slice(part);
            }
        }
        Ok(whole)
    }
}

fn insert<T>(map: &mut BTreeMap<u32, T>, id: u32, value: T) -> Result<()> {
    if map.len() == MAX_ITEMS {
        return Err(too_many());
    }
    match map.insert(id, value) {
        None => Ok(()),
        Some(_) => Err(damaged("a part is listed twice")),
    }
}

fn too_many() -> Error {
    Error::limit(format!("the file has more than {MAX_ITEMS} parts"))
}

pub(super) fn different_size() -> Error {
    Error::unsupported("the image and its transparency differ in size")
}

pub(super) fn is_alpha(urn: &[u8]) -> bool {
    urn.starts_with(b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
        || urn.starts_with(b"urn:mpeg:hevc:2015:auxid:1")
        || urn.starts_with(b"urn:mpeg:avc:2015:auxid:1")
}

pub(super) fn find<'a>(properties: &[Property<'a>], name: &[u8; 4]) -> Option<&'a [u8]> {
    properties.iter().find(|p| p.name == *name).map(|p| p.body)
}

pub(super) fn codec_of(kind: [u8; 4]) -> Result<Codec> {
    let name = match &kind {
        b"av01" => return Ok(Codec::Av1),
        b"hvc1" | b"hev1" => return Ok(Codec::Hevc),
        b"jpeg" => "JPEG".to_owned(),
        b"avc1" => "H.264".to_owned(),
        b"vvc1" => "H.266 (VVC)".to_owned(),
        b"j2k1" => "JPEG 2000".to_owned(),
        b"unci" => "uncompressed samples".to_owned(),
        b"iovl" => "an overlay of several pictures".to_owned(),
        b"encr" => "an encrypted picture".to_owned(),
        other => format!("a picture of kind \"{}\"", shown(*other)),
    };
    Err(Error::unsupported(format!(
        "the HEIF file holds {name}, which is not supported: save the image as PNG or JPEG"
    )))
}

/// A picture with its decoder's configuration.
pub(super) fn tile<'a>(
    codec: Codec,
    (width, height): (u32, u32),
    properties: &[Property<'a>],
    data: Cow<'a, [u8]>,
) -> Result<Tile<'a>> {
    let config = match codec {
        Codec::Av1 => find(properties, b"av1C"),
        Codec::Hevc => find(properties, b"hvcC"),
    };
    let config = config.ok_or_else(|| damaged("its decoder's settings are not there"))?;
    const KNOWN: [&[u8; 4]; 20] = [
        b"av1C", b"hvcC", b"ispe", b"pixi", b"colr", b"auxC", b"irot", b"imir", b"clap", b"pasp",
        b"a1op", b"lsel", b"a1lx", b"clli", b"mdcv", b"cclv", b"amve", b"reve", b"ndwt", b"lhvC",
    ];
    if let Some(p) = properties.iter().find(|p| p.essential && !KNOWN.contains(&&p.name)) {
        let name = shown(p.name);
        return Err(Error::unsupported(format!(
            "the image says it can only be read with \"{name}\", which is not known"
        )));
    }
    let operating_point = match find(properties, b"a1op") {
        Some(&[point @ 0..=31, ..]) => point,
        Some(_) => return Err(damaged("its operating point")),
        None => 0,
    };
    let layer = match find(properties, b"lsel") {
        Some(&[0, layer @ 0..=3, ..]) => Some(layer),
        Some(&[0xFF, 0xFF, ..]) | None => None,
        Some(_) => return Err(damaged("its layer")),
    };
    Ok(Tile { width, height, config, data, operating_point, layer })
}

/// Crops, turns and flips, in the order in which they are listed.
pub(super) fn transforms_of(properties: &[Property<'_>]) -> Result<Vec<Transform>> {
    let mut transforms = Vec::new();
    for property in properties {
        let mut reader = Reader::new(property.body);
        transforms.push(match &property.name {
            b"irot" => Transform::Rotate(reader.u8()? & 3),
            b"imir" if reader.u8()? & 1 == 0 => Transform::FlipVertically,
            b"imir" => Transform::FlipHorizontally,
            b"clap" => {
                let mut values = [0; 8];
                for value in &mut values {
                    *value = reader.u32()?;
                }
                Transform::Crop(values)
            }
            _ => continue,
        });
    }
    Ok(transforms)
}

/// The ICC profile and the code points, the first of each.
pub(super) fn colours_of<'a>(
    properties: &[Property<'a>],
) -> Result<(Option<&'a [u8]>, Option<Colours>)> {
    let (mut icc, mut colours) = (None, None);
    for property in properties.iter().filter(|p| p.name == *b"colr") {
        let mut reader = Reader::new(property.body);
        match &reader.name()? {
            b"rICC" | b"prof" => _ = icc.get_or_insert(reader.rest()),
            b"nclx" => {
                // Larger ones are not assigned: they tell nothing, as 2 does.
                let mut code = || reader.u16().map(|code| u8::try_from(code).unwrap_or(2));
                let (primaries, transfer, matrix) = (code()?, code()?, code()?);
                let full_range = reader.u8()? & 0x80 != 0;
                colours.get_or_insert(Colours { primaries, transfer, matrix, full_range });
            }
            _ => {}
        }
    }
    Ok((icc, colours))
}
