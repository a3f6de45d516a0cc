//! The decoder of JPEG XL files.
clipsight_decoder::export!(clipsight_codecs::jxl::decode_within);
