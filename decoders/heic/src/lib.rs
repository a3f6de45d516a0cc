//! The decoder of HEIC files.
clipsight_decoder::export!(clipsight_codecs::heic::decode_within);
