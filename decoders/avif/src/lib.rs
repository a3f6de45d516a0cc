//! The decoder of AVIF files.
clipsight_decoder::export!(clipsight_codecs::avif::decode_within);
