//! From tiles of luma and chroma to a picture's samples.

use super::colour;
use super::container::{Colours, Grid, Picture, Tile, different_size};
use crate::error::{Error, Result};
use crate::limits::{check_memory, zeroed};
use crate::samples::{Cicp, Format, Samples};

/// Samples of 8 bits, or of 9 to 16.
pub(crate) enum Values {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

/// Luma, or one of two chromas.
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Values,
}

/// Bits of a sample and how chroma is subsampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) depth: u8,
    /// How often sides are halved; none where there is no chroma.
    pub(crate) chroma: Option<(u8, u8)>,
}

impl Shape {
    /// The sizes of the planes of a picture.
    pub(crate) fn planes(self, width: u32, height: u32) -> Vec<(usize, usize)> {
        let (width, height) = (width as usize, height as usize);
        let mut planes = vec![(width, height)];
        if let Some((x, y)) = self.chroma {
            planes.extend([(width.div_ceil(1 << x), height.div_ceil(1 << y)); 2]);
        }
        planes
    }

    fn samples(self, width: u32, height: u32) -> u64 {
        self.planes(width, height).iter().map(|(width, height)| (width * height) as u64).sum()
    }

    pub(crate) fn bytes_per_sample(self) -> u64 {
        if self.depth > 8 { 2 } else { 1 }
    }
}

/// What a decoder gives of one codestream; or all tiles, put together.
pub(crate) struct Coded {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) shape: Shape,
    /// One, or three.
    pub(crate) planes: Vec<Plane>,
    /// What the codestream says of its colours, for files whose container does not.
    pub(crate) colours: Colours,
}

/// The decoder of a codec's pictures.
pub(crate) trait Decoder {
    const FORMAT: Format;
    /// Whether opacity may be of the limited range.
    const ALPHA_HAS_RANGE: bool;

    /// What the decoder takes for a sample, in bytes.
    fn cost(shape: Shape) -> u64;

    /// What the codestream's header says, read without decoding.
    fn shape(tile: &Tile<'_>) -> Result<Shape>;

    /// Decodes a picture of the shape and size that were checked.
    fn decode(tile: &Tile<'_>, shape: Shape) -> Result<Coded>;
}

/// Decodes a file's picture.
pub(crate) fn decode<D: Decoder>(picture: Picture<'_>) -> Result<Samples> {
    let alpha = picture.alpha.as_ref();
    let size = |grid: &Grid<'_>| (grid.width, grid.height);
    if alpha.is_some_and(|alpha| size(alpha) != size(&picture.colour)) {
        return Err(different_size());
    }
    check_cost::<D>(&picture)?;
    let colour = canvas::<D>(&picture.colour)?;
    let alpha = alpha.map(canvas::<D>).transpose()?;
    let colours = picture.colours.unwrap_or(colour.colours);
    let alpha_full = !D::ALPHA_HAS_RANGE || alpha.as_ref().is_none_or(|a| a.colours.full_range);
    let (layout, data) =
        colour::convert(&colour, alpha.as_ref(), alpha_full, colours, &picture.placement)?;
    let icc = picture.icc.map(<[u8]>::to_vec);
    let Colours { primaries, transfer, .. } = colours;
    let named = icc.is_none() && (primaries, transfer) != (2, 2);
    Ok(Samples {
        format: D::FORMAT,
        width: picture.placement.width,
        height: picture.placement.height,
        layout,
        data,
        premultiplied: picture.premultiplied,
        orientation: picture.placement.orientation,
        cicp: named.then_some(Cicp { primaries, transfer }),
        icc,
        notes: picture.notes,
    })
}

/// Adds up what decoding takes, before it is taken.
fn check_cost<D: Decoder>(picture: &Picture<'_>) -> Result<()> {
    let mut planes = 0;
    let mut decoder = 0;
    let mut wide = 1;
    let mut channels = 3;
    for grid in [Some(&picture.colour), picture.alpha.as_ref()].into_iter().flatten() {
        let tile = &grid.tiles[0];
        let shape = D::shape(tile)?;
        let bytes = shape.bytes_per_sample();
        planes += shape.samples(grid.width, grid.height) * bytes;
        decoder = decoder.max(shape.samples(tile.width, tile.height) * D::cost(shape));
        if std::ptr::eq(grid, &picture.colour) {
            wide = bytes;
            channels = if shape.chroma.is_some() { 3 } else { 1 };
        }
    }
    channels += u64::from(picture.alpha.is_some());
    let pixels = u64::from(picture.placement.width) * u64::from(picture.placement.height);
    check_memory(planes + decoder.max(pixels * channels * wide))
}

/// Decodes all tiles into one picture.
fn canvas<D: Decoder>(grid: &Grid<'_>) -> Result<Coded> {
    if let [tile] = &grid.tiles[..]
        && (tile.width, tile.height) == (grid.width, grid.height)
    {
        return tile_of::<D>(tile, D::shape(tile)?);
    }
    let first = &grid.tiles[0];
    let shape = D::shape(first)?;
    if let Some((x, y)) = shape.chroma {
        let rows = grid.tiles.len() as u32 / grid.columns;
        let splits = |side: u32, halvings: u8| !side.is_multiple_of(1 << halvings);
        if (grid.columns > 1 && splits(first.width, x)) || (rows > 1 && splits(first.height, y)) {
            return Err(Error::decode("the image is damaged: its tiles split colour samples"));
        }
    }
    let mut planes = Vec::new();
    for (width, height) in shape.planes(grid.width, grid.height) {
        let values = match shape.bytes_per_sample() {
            1 => Values::U8(zeroed(width * height)?),
            _ => Values::U16(zeroed(width * height)?),
        };
        planes.push(Plane { width, height, values });
    }
    let mut colours = None;
    for (index, tile) in grid.tiles.iter().enumerate() {
        // All tiles must be alike, or memory and colours are others than were checked.
        if D::shape(tile)? != shape {
            return Err(Error::decode("the image is damaged: its tiles are not alike"));
        }
        let coded = tile_of::<D>(tile, shape)?;
        let (column, row) = (index as u32 % grid.columns, index as u32 / grid.columns);
        let (left, top) = ((column * tile.width) as usize, (row * tile.height) as usize);
        for (n, (to, from)) in planes.iter_mut().zip(&coded.planes).enumerate() {
            let (x, y) = shape.chroma.filter(|_| n > 0).unwrap_or((0, 0));
            to.put(from, left >> x, top >> y);
        }
        if *colours.get_or_insert(coded.colours) != coded.colours {
            return Err(Error::decode("the image is damaged: its tiles are not alike"));
        }
    }
    let colours = colours.ok_or_else(|| Error::decode("the image is damaged: it has no tiles"))?;
    Ok(Coded { width: grid.width, height: grid.height, shape, planes, colours })
}

/// Decodes a picture and checks that it is the one its headers told of.
fn tile_of<D: Decoder>(tile: &Tile<'_>, shape: Shape) -> Result<Coded> {
    let coded = D::decode(tile, shape)?;
    let planes = coded.planes.iter().map(|plane| (plane.width, plane.height));
    if coded.shape != shape
        || (coded.width, coded.height) != (tile.width, tile.height)
        || !planes.eq(shape.planes(tile.width, tile.height))
    {
        return Err(Error::decode(format!(
            "the image is damaged: it holds {} x {} pixels where its header says {} x {}",
            coded.width, coded.height, tile.width, tile.height
        )));
    }
    Ok(coded)
}

impl Plane {
    /// Copies a tile to its place; what lies outside is left out.
    fn put(&mut self, tile: &Self, left: usize, top: usize) {
        let width = tile.width.min(self.width.saturating_sub(left));
        let height = tile.height.min(self.height.saturating_sub(top));
        for row in 0..height {
            let from = row * tile.width;
            let to = (top + row) * self.width + left;
            match (&mut self.values, &tile.values) {
                (Values::U8(all), Values::U8(part)) => {
                    all[to..to + width].copy_from_slice(&part[from..from + width]);
                }
                (Values::U16(all), Values::U16(part)) => {
                    all[to..to + width].copy_from_slice(&part[from..from + width]);
                }
                // Of one shape, as was checked.
                _ => {}
            }
        }
    }
}
