//! What scores of labelled images say, without a file, a thread or a model.
//!
//! [`metrics`] are pure measures, [`fit`] fits linear classifiers, [`figures`], [`curves`],
//! [`operating`] and [`confounds`] are the parts of a report, and [`folder`] makes one of images
//! that a person sorted into two folders or listed in a table. `clipsight eval` and the page
//! (`decoders/measure`) run the same code, so that both say the same of the same images.

pub mod confounds;
pub mod curves;
pub mod figures;
pub mod fit;
pub mod folder;
pub mod metrics;
pub mod operating;
#[cfg(not(feature = "parallel"))]
mod sequential;
