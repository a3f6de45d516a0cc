//! Where the model looked: how its logit changes when parts of the view are hidden (occlusion:
//! Zeiler and Fergus 2014, arXiv 1311.2901).
//!
//! It needs nothing of a model but its logit, so it is the same for every encoder, head and engine,
//! and it cannot show a part that does not count: that is what methods by attention or gradient can
//! do (Adebayo et al. 2018, arXiv 1810.03292). What hides a part is the view itself, so blurred
//! that only broad colours are left: less foreign to a model than a grey patch, and taking away
//! just what a detector goes by.
//!
//! Whole rows and columns are hidden, and a part's number is the sum of its row's and its column's.
//! On 40 images of role `select` that was clearly more faithful, and finer, than hiding blocks one
//! by one for as many views: a block of a sixteenth of the view moves the logit hardly more than
//! chance does. The price are ghosts: a part whose row and column both count looks as if it did.
//! `clipsight study maps` measures how faithful it is.

use std::ops::Range;

use serde::Serialize;

use crate::clip::Pool;
use crate::heads::Head;
use crate::image::{Filter, Region, Rgb8, resize};
use crate::{Error, ErrorKind, Result};

/// Parts of the map from left to right and from top to bottom.
const SIDE: usize = 8;

/// Views that a map takes beside the verdict's: one for each row and each column of parts, the view
/// itself, and one where all is hidden.
pub(super) const MAP_VIEWS: usize = 2 * SIDE + 2;

/// Views scored at once, so that whoever waits can end the work.
pub(super) const BATCH: usize = 6;

/// Side in pixels to which the view is reduced, and from which it is enlarged again, to blur it.
const BLURRED_SIDE: u32 = 7;

/// Where the model looked in the first view of the image, which shows the whole of it or its
/// centre. It does not show where an image was changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OcclusionMap {
    /// The part of the upright image that the map covers.
    pub region: Region,
    /// Parts from left to right.
    pub columns: usize,
    /// Parts from top to bottom.
    pub rows: usize,
    /// Row by row, how far the view's logit falls when the row that this part is in is blurred, and
    /// when its column is, added up: what is positive speaks for AI generation, what is negative
    /// against it.
    pub parts: Vec<f32>,
    /// The view's logit.
    pub logit: f32,
    /// The logit of the view with all of it blurred.
    pub hidden_logit: f32,
    /// What the layers of the encoder have in the difference between the two; present where the
    /// head is linear in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Shares"))]
    pub shares: Option<Shares>,
}

/// How the difference between the view's logit and that of the blurred view divides, exactly. The
/// sums of both lists are the difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shares {
    /// By layers of the encoder.
    pub layers: Vec<LayerShare>,
    /// By the ways in which a layer's tokens are pooled.
    pub pools: Vec<PoolShare>,
}

/// A layer's share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerShare {
    /// The layer, counted from 1; one more than there are stands for the final norm.
    pub layer: usize,
    /// Its part of the logit.
    pub logit: f32,
}

/// A pool's share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolShare {
    /// How the tokens are pooled.
    pub pool: Pool,
    /// Its part of the logit.
    pub logit: f32,
}

/// What must be scored for a map of this view: the view itself, the same with all of it hidden,
/// then with each row and with each column hidden.
///
/// # Errors
/// None for a view of a model.
pub(super) fn occluded(view: &Rgb8) -> Result<Vec<Rgb8>> {
    let hidden = blurred(view)?;
    let mut views = vec![view.clone(), hidden.clone()];
    let (width, height) = (view.width() as usize, view.height() as usize);
    for row in 0..SIDE {
        views.push(with_hidden(view, &hidden, [0..width, strip(row, height)])?);
    }
    for column in 0..SIDE {
        views.push(with_hidden(view, &hidden, [strip(column, width), 0..height])?);
    }
    Ok(views)
}

impl OcclusionMap {
    /// From the logits of the views that [`occluded`] gives.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] where some are missing.
    pub(super) fn of(region: Region, logits: &[f32], shares: Option<Shares>) -> Result<Self> {
        let (Some((logit, hidden_logit)), MAP_VIEWS) =
            (logits.first().zip(logits.get(1)), logits.len())
        else {
            let message = "a map was computed from too few views";
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let (rows, columns) = logits[2..].split_at(SIDE);
        let falls = |row: &f32, column: &f32| (logit - row) + (logit - column);
        let parts = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| falls(row, column)))
            .collect();
        let (logit, hidden_logit) = (*logit, *hidden_logit);
        Ok(Self { region, columns: SIDE, rows: SIDE, parts, logit, hidden_logit, shares })
    }
}

impl Shares {
    /// From the weights of a model's head and the two views' transformed features; `None` for heads
    /// that are not linear in pooled layers.
    pub(super) fn of(
        head: &Head,
        weights: &[f32],
        token_width: usize,
        [view, hidden]: [&[f32]; 2],
    ) -> Option<Self> {
        let Head::Linear { features, .. } = head else { return None };
        let pooled = features.layers.len() * features.pools.len() * token_width;
        if !features.heads.is_empty() || weights.len() != pooled {
            return None;
        }
        let mut layers: Vec<LayerShare> =
            features.layers.iter().map(|layer| LayerShare { layer: *layer, logit: 0.0 }).collect();
        let mut pools: Vec<PoolShare> =
            features.pools.iter().map(|pool| PoolShare { pool: *pool, logit: 0.0 }).collect();
        let tokens = weights
            .chunks_exact(token_width)
            .zip(view.chunks_exact(token_width).zip(hidden.chunks_exact(token_width)));
        for (at, (weights, (view, hidden))) in tokens.enumerate() {
            let differences = view.iter().zip(hidden).map(|(view, hidden)| view - hidden);
            let part: f32 = weights.iter().zip(differences).map(|(w, by)| w * by).sum();
            let (layer, pool) = (at / pools.len(), at % pools.len());
            layers[layer].logit += part;
            pools[pool].logit += part;
        }
        Some(Self { layers, pools })
    }
}

/// The view with only its broad colours left.
fn blurred(view: &Rgb8) -> Result<Rgb8> {
    let side = BLURRED_SIDE.min(view.width());
    let small = resize(view, side, side, Filter::Bilinear)?;
    resize(&small, view.width(), view.height(), Filter::Bicubic)
}

/// Where the strip of this number lies on a side of so many pixels.
fn strip(number: usize, side: usize) -> Range<usize> {
    side * number / SIDE..side * (number + 1) / SIDE
}

/// The view with the pixels of `hidden` in these columns and rows.
fn with_hidden(view: &Rgb8, hidden: &Rgb8, [columns, rows]: [Range<usize>; 2]) -> Result<Rgb8> {
    let width = view.width() as usize;
    let mut pixels = view.pixels().to_vec();
    for y in rows {
        let part = (y * width + columns.start) * 3..(y * width + columns.end) * 3;
        pixels[part.clone()].copy_from_slice(&hidden.pixels()[part]);
    }
    Rgb8::new(view.width(), view.height(), pixels)
}
