//! Profiles made of tables, by `moxcms`.

use std::sync::Arc;

use moxcms::{ColorProfile, Layout as CmsLayout, Transform16BitExecutor, TransformOptions};

use crate::error::{Error, ErrorKind, Result};
use crate::image::layout::Layout;

/// What makes sRGB of a profile's colours.
pub(in crate::image) struct Tables(Arc<Transform16BitExecutor>);

impl Tables {
    /// `None` for a profile that cannot be applied.
    pub(super) fn new(icc: &[u8], layout: Layout) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        let from = match layout {
            Layout::Gray | Layout::GrayAlpha => CmsLayout::Gray,
            Layout::Rgb | Layout::Rgba => CmsLayout::Rgb,
            Layout::Cmyk => CmsLayout::Rgba, // four samples
        };
        let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
        profile.create_transform_16bit(from, &srgb, CmsLayout::Rgb, options).ok().map(Self)
    }

    pub(super) fn apply(&self, before: &[u16], after: &mut [u16]) -> Result<()> {
        self.0.transform(before, after).map_err(|error| {
            let message = format!("the colour profile cannot be applied: {error}");
            Error::new(ErrorKind::Internal, message)
        })
    }
}
