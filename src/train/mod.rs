//! Training of encoders and their parts on burn's autodiff (feature `train`): captions (method M1), quality (M2).
//!
//! Everything random comes from seeded generators of ours, never from burn's global one, so that the same seed gives
//! the same model.

pub mod captions;
pub mod init;
pub mod quality;
