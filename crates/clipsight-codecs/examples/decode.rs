//! Decodes files and writes what was read of each beside it, for comparison with other decoders:
//! `decode OUT FILE...` writes OUT/N.json (or the error) and OUT/N.raw (samples, little endian).
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::Instant;

use clipsight_codecs::{Error, SampleData, Samples, decode_samples, header};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().unwrap();
    for (n, file) in arguments.enumerate() {
        let bytes = fs::read(&file).unwrap();
        let start = Instant::now();
        let result = std::panic::catch_unwind(|| decode_samples(&bytes));
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        let text = match result {
            Ok(Some(Ok(samples))) => {
                let data = match &samples.data {
                    SampleData::U8(samples) => samples.clone(),
                    SampleData::U16(samples) => {
                        samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
                    }
                };
                fs::write(Path::new(&out).join(format!("{n}.raw")), data).unwrap();
                describe(&samples)
            }
            Ok(Some(Err(Error { kind, message }))) => {
                format!(r#""error": "{kind:?}", "message": {message:?}"#)
            }
            Ok(None) => r#""error": "another format""#.to_owned(),
            Err(_) => r#""error": "panic""#.to_owned(),
        };
        let head = header(&bytes).map_or("null".to_owned(), |h| {
            format!("[\"{:?}\", {}, {}, {}]", h.format, h.width, h.height, h.bits)
        });
        let text = format!("\"header\": {head}, {text}");
        let text = format!("{{\"file\": {file:?}, \"ms\": {ms:.1}, {text}}}\n");
        fs::write(Path::new(&out).join(format!("{n}.json")), text).unwrap();
    }
}

fn describe(samples: &Samples) -> String {
    let Samples { format, width, height, layout, data, premultiplied, orientation, .. } = samples;
    let wide = matches!(data, SampleData::U16(_));
    let cicp = samples
        .cicp
        .map_or("null".to_owned(), |cicp| format!("[{}, {}]", cicp.primaries, cicp.transfer));
    let icc = samples.icc.as_ref().map_or(0, Vec::len);
    let notes: Vec<String> = samples.notes.iter().map(|note| format!("\"{note:?}\"")).collect();
    format!(
        "\"format\": \"{format:?}\", \"width\": {width}, \"height\": {height}, \
         \"layout\": \"{layout:?}\", \"wide\": {wide}, \"premultiplied\": {premultiplied}, \
         \"orientation\": {orientation}, \"icc\": {icc}, \"cicp\": {cicp}, \"notes\": [{}]",
        notes.join(", ")
    )
}
