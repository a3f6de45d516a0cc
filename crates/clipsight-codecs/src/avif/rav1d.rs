//! rav1d behind safe functions. Its interface is dav1d's, of C; every pointer that crosses it is
//! made and used here.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use ::rav1d::include::dav1d::data::Dav1dData;
use ::rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings};
use ::rav1d::include::dav1d::headers::Dav1dSequenceHeader;
use ::rav1d::include::dav1d::picture::Dav1dPicture;
use ::rav1d::src::lib::{
    dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture,
    dav1d_open, dav1d_parse_sequence_header, dav1d_picture_unref, dav1d_send_data,
};

use crate::error::{Error, Result};
use crate::heif::{Coded, Colours, Decoder, Plane, Shape, Tile, Values};
use crate::limits::zeroed;
use crate::samples::Format;

pub(super) struct Rav1d;

/// `EAGAIN`, as rav1d has it: more data is needed, or a picture must be taken first.
const AGAIN: c_int = -libc_eagain();

const fn libc_eagain() -> c_int {
    if cfg!(any(target_os = "macos", target_os = "ios", target_os = "freebsd")) { 35 } else { 11 }
}

/// Most pictures of one item that are looked at: it has at most four layers, and a frame may be
/// shown again.
const MAX_PICTURES: usize = 64;

impl Decoder for Rav1d {
    const FORMAT: Format = Format::Avif;
    const ALPHA_HAS_RANGE: bool = true;

    /// The picture itself, and as much again for what filters need.
    fn cost(shape: Shape) -> u64 {
        2 * shape.bytes_per_sample()
    }

    fn shape(tile: &Tile<'_>) -> Result<Shape> {
        #[cfg(not(target_family = "wasm"))]
        return crate::net::stop({
            let data = tile.data.to_vec();
            move || shape(&data)
        });
        #[cfg(target_family = "wasm")]
        shape(&tile.data)
    }

    fn decode(tile: &Tile<'_>, _: Shape) -> Result<Coded> {
        let wanted = Wanted {
            pixels: tile.width.saturating_mul(tile.height),
            operating_point: tile.operating_point,
            layer: tile.layer,
        };
        #[cfg(not(target_family = "wasm"))]
        return crate::net::stop({
            let data = tile.data.to_vec();
            move || decode(&data, wanted)
        });
        #[cfg(target_family = "wasm")]
        decode(&tile.data, wanted)
    }
}

/// What is taken of a codestream.
#[derive(Clone, Copy)]
struct Wanted {
    /// Larger pictures are refused: they take more memory than was checked.
    pixels: u32,
    operating_point: u8,
    layer: Option<u8>,
}

/// What the first header says.
fn shape(data: &[u8]) -> Result<Shape> {
    if data.is_empty() {
        return Err(damaged());
    }
    let mut header = MaybeUninit::<Dav1dSequenceHeader>::uninit();
    let into = NonNull::new(header.as_mut_ptr());
    let from = NonNull::from(data).cast::<u8>();
    // SAFETY: the header is only written to; the data is a slice of this length.
    let result = unsafe { dav1d_parse_sequence_header(into, Some(from), data.len()) };
    if result.0 != 0 {
        return Err(damaged());
    }
    // SAFETY: without an error, it was written.
    let header = unsafe { header.assume_init() };
    Ok(Shape { depth: 8 + 2 * header.hbd.min(2), chroma: chroma(header.layout)? })
}

fn decode(bytes: &[u8], wanted: Wanted) -> Result<Coded> {
    let mut context = Context::open(wanted)?;
    let mut data = Data::copy(bytes)?;
    let mut draining = false;
    for _ in 0..MAX_PICTURES {
        let sent = data.send(&mut context);
        // A layer above the wanted one may be larger than was checked. It ends the decoding, which
        // still gives what comes before it.
        if sent != 0 && sent != AGAIN && wanted.layer.is_none() {
            return Err(damaged());
        }
        let picture = match context.picture() {
            Ok(picture) => picture,
            Err(AGAIN) if data.0.sz > 0 => continue,
            // Asked once more, it waits for what is under way.
            Err(AGAIN) if !draining => {
                draining = true;
                continue;
            }
            Err(_) => return Err(damaged()),
        };
        // Without a choice, the decoder gives the highest layer only.
        if wanted.layer.is_none_or(|layer| picture.spatial_id() == Some(layer)) {
            return picture.coded();
        }
    }
    Err(damaged())
}

fn damaged() -> Error {
    Error::decode("the AV1 picture in the file is damaged or cut off")
}

fn chroma(layout: u32) -> Result<Option<(u8, u8)>> {
    match layout {
        0 => Ok(None),
        1 => Ok(Some((1, 1))),
        2 => Ok(Some((1, 0))),
        3 => Ok(Some((0, 0))),
        _ => Err(damaged()),
    }
}

/// An open decoder.
struct Context(Option<Dav1dContext>);

impl Context {
    fn open(wanted: Wanted) -> Result<Self> {
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        let mut settings = match NonNull::new(settings.as_mut_ptr()) {
            // SAFETY: the settings are written before they are read.
            Some(pointer) => unsafe {
                dav1d_default_settings(pointer);
                settings.assume_init()
            },
            None => return Err(damaged()),
        };
        // In browsers there is one thread. Elsewhere two frames at least are under way at a time:
        // rav1d 1.1.0 panics over every damaged frame where there is but one (src/decode.rs, line
        // 4997: the frame's header is gone by then).
        settings.n_threads = threads();
        settings.max_frame_delay = settings.n_threads.min(2);
        settings.all_layers = c_int::from(wanted.layer.is_some());
        settings.operating_point = c_int::from(wanted.operating_point);
        settings.frame_size_limit = wanted.pixels;
        // SAFETY: without a callback nothing is called.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both are valid for the call.
        let result = unsafe {
            dav1d_open(Some(NonNull::from(&mut context)), Some(NonNull::from(&mut settings)))
        };
        if result.0 == 0 { Ok(Self(context)) } else { Err(damaged()) }
    }

    /// The next picture, or rav1d's error.
    fn picture(&mut self) -> std::result::Result<Picture, c_int> {
        let mut picture = Picture(Dav1dPicture::default());
        // SAFETY: the context is open; the picture is written to only.
        let result = unsafe { dav1d_get_picture(self.0, Some(NonNull::from(&mut picture.0))) };
        if result.0 == 0 { Ok(picture) } else { Err(result.0) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: it is open, and closed once.
        unsafe { dav1d_close(Some(NonNull::from(&mut self.0))) };
    }
}

fn threads() -> c_int {
    if cfg!(target_family = "wasm") {
        return 1;
    }
    std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8) as c_int)
}

/// A copy of a picture's bytes that rav1d takes piece by piece.
struct Data(Dav1dData);

impl Data {
    fn copy(bytes: &[u8]) -> Result<Self> {
        let mut data = Self(Dav1dData::default());
        // SAFETY: the data is valid for the call, which allocates.
        let to = unsafe { dav1d_data_create(Some(NonNull::from(&mut data.0)), bytes.len()) };
        if to.is_null() {
            return Err(damaged());
        }
        // SAFETY: as many bytes were allocated, by us alone.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(data)
    }

    /// Hands over what is left. Gives 0 or rav1d's error.
    fn send(&mut self, context: &mut Context) -> c_int {
        if self.0.sz == 0 {
            return 0;
        }
        // SAFETY: both are valid; what rav1d took is gone from the data.
        unsafe { dav1d_send_data(context.0, Some(NonNull::from(&mut self.0))).0 }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: it is data, if empty.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// A decoded picture.
struct Picture(Dav1dPicture);

impl Picture {
    fn spatial_id(&self) -> Option<u8> {
        // SAFETY: a picture that was given has its headers for as long as it lives.
        self.0.frame_hdr.map(|header| unsafe { header.as_ref() }.spatial_id)
    }

    fn coded(&self) -> Result<Coded> {
        let parameters = &self.0.p;
        let shape = Shape {
            depth: u8::try_from(parameters.bpc).map_err(|_| damaged())?,
            chroma: chroma(parameters.layout)?,
        };
        let side = |side: c_int| u32::try_from(side).map_err(|_| damaged());
        let (width, height) = (side(parameters.w)?, side(parameters.h)?);
        // SAFETY: as above.
        let header = unsafe { self.0.seq_hdr.ok_or_else(damaged)?.as_ref() };
        let mut planes = Vec::with_capacity(3);
        for (n, (plane_width, plane_height)) in shape.planes(width, height).into_iter().enumerate()
        {
            let data = self.0.data[n].ok_or_else(damaged)?;
            let stride = self.0.stride[n.min(1)];
            let (length, row) = (plane_width * plane_height, plane_width);
            // SAFETY: a plane has as many rows of as many samples, `stride` bytes from one to the
            // next, of one byte up to 8 bits and of two, aligned, above.
            let values = unsafe {
                match shape.depth {
                    8 => {
                        let mut values = zeroed::<u8>(length)?;
                        copy_rows(data.as_ptr().cast(), stride, &mut values, row);
                        Values::U8(values)
                    }
                    _ => {
                        let mut values = zeroed::<u16>(length)?;
                        copy_rows(data.as_ptr().cast(), stride, &mut values, row);
                        Values::U16(values)
                    }
                }
            };
            planes.push(Plane { width: plane_width, height: plane_height, values });
        }
        let code = |code: u32| u8::try_from(code).unwrap_or(2);
        let colours = Colours {
            primaries: code(header.pri),
            transfer: code(header.trc),
            matrix: code(header.mtrx),
            full_range: header.color_range != 0,
        };
        Ok(Coded { width, height, shape, planes, colours })
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: it is a picture, if empty.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.0))) };
    }
}

/// # Safety
/// `from` has rows of as many values as `to`, `stride` bytes from each to the next.
unsafe fn copy_rows<T: Copy>(from: *const T, stride: isize, to: &mut [T], width: usize) {
    for (y, row) in to.chunks_exact_mut(width).enumerate() {
        // SAFETY: the caller's.
        unsafe {
            let from = from.byte_offset(y as isize * stride);
            row.as_mut_ptr().copy_from_nonoverlapping(from, width);
        }
    }
}
