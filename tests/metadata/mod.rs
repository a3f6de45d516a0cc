//! Writers of metadata, and of what holds them: real files of `tests/fixtures/image` with blocks
//! put where the formats' definitions have them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use serde_json::{Value, json};

/// The code that says that a model made the picture.
pub const GENERATED: &str =
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

pub fn image(name: &str) -> Vec<u8> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The fuzzers, which begin with these files, stand beside the tests.
    let root = if package.ends_with("fuzz") { package.join("..") } else { package.to_owned() };
    std::fs::read(root.join("tests/fixtures/image/decode").join(name)).unwrap()
}

fn length32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}

// Formats.

/// A JPEG segment.
pub fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], data].concat()
}

/// A JPEG file with these segments behind its start.
pub fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let file = image("gray.jpg");
    [&file[..2], &segments.concat(), &file[2..]].concat()
}

pub fn jpeg_xmp(packet: &str) -> Vec<u8> {
    segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat())
}

pub fn jpeg_exif(exif: &[u8]) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", exif].concat())
}

/// A box of JUMBF in segments of at most `most` bytes of content.
pub fn jpeg_jumbf(superbox: &[u8], most: usize) -> Vec<Vec<u8>> {
    jpeg_jumbf_from(1, superbox, most)
}

/// As `jpeg_jumbf`, with the number of the first segment.
pub fn jpeg_jumbf_from(first: u32, superbox: &[u8], most: usize) -> Vec<Vec<u8>> {
    let (header, content) = superbox.split_at(8);
    let parts = content.chunks(most).zip(first..);
    let part = |(part, number): (&[u8], u32)| {
        segment(0xEB, &[b"JP\x02\x11", &number.to_be_bytes()[..], header, part].concat())
    };
    parts.map(part).collect()
}

/// A PNG chunk, its checksum right.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut table = [0_u32; 256];
    for (index, entry) in table.iter_mut().enumerate() {
        *entry = (0..8).fold(u32::try_from(index).unwrap(), |c, _| {
            if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }
        });
    }
    let body = [&name[..], data].concat();
    let step = |c: u32, byte: &u8| table[usize::from(c as u8 ^ byte)] ^ (c >> 8);
    let sum = !body.iter().fold(!0, step);
    [&length32(data.len()), &body[..], &sum.to_be_bytes()].concat()
}

/// A PNG file with these chunks behind its header.
pub fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let file = image("gray8.png");
    [&file[..33], &chunks.concat(), &file[33..]].concat()
}

pub fn png_text(keyword: &str, text: &str) -> Vec<u8> {
    chunk(b"tEXt", &[keyword.as_bytes(), b"\0", text.as_bytes()].concat())
}

pub fn png_xmp(packet: &str) -> Vec<u8> {
    chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", packet.as_bytes()].concat())
}

/// Deflate without compression, in zlib's wrapper.
pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.chunks(0xFFFF).count().max(1);
    for index in 0..blocks {
        let block = data.chunks(0xFFFF).nth(index).unwrap_or_default();
        let length = u16::try_from(block.len()).unwrap();
        stream.push(u8::from(index + 1 == blocks));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

/// A WebP file of the extended kind with these chunks behind its picture.
pub fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let file = image("exif-8.webp");
    let exif = file.windows(4).position(|name| name == b"EXIF").unwrap();
    let mut file = file[..exif].to_vec();
    for (name, data) in chunks {
        file.extend_from_slice(*name);
        file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        file.extend_from_slice(data);
        file.extend(vec![0; data.len() % 2]);
    }
    // The header says what there is.
    file[20] &= !0x2C;
    for (name, _) in chunks {
        file[20] |= match *name {
            b"ICCP" => 0x20,
            b"EXIF" => 0x08,
            b"XMP " => 0x04,
            _ => 0,
        };
    }
    let length = u32::try_from(file.len() - 8).unwrap();
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file
}

/// A GIF extension: its label, the first block, and others.
pub fn gif_extension(label: u8, first: &[u8], data: &[u8]) -> Vec<u8> {
    let mut blocks = vec![0x21, label];
    for block in std::iter::once(first).filter(|first| !first.is_empty()).chain(data.chunks(255)) {
        blocks.push(u8::try_from(block.len()).unwrap());
        blocks.extend_from_slice(block);
    }
    blocks.push(0);
    blocks
}

/// XMP in GIF: as it is, with a trailer that ends the block for readers that do not know it.
pub fn gif_xmp(packet: &str) -> Vec<u8> {
    let trailer: Vec<u8> = std::iter::once(1).chain((0..=255).rev()).chain([0]).collect();
    [b"\x21\xFF\x0BXMP DataXMP", packet.as_bytes(), &trailer].concat()
}

/// A GIF file with these extensions before its frame.
pub fn gif(extensions: &[Vec<u8>]) -> Vec<u8> {
    let file = image("still.gif");
    let table = if file[10] & 0x80 == 0 { 0 } else { 3 << ((file[10] & 7) + 1) };
    [&file[..13 + table], &extensions.concat(), &file[13 + table..]].concat()
}

/// One entry of a directory: tag, type, number of values, bytes.
pub type Entry = (u16, u16, u32, Vec<u8>);

pub fn ascii(tag: u16, text: &str) -> Entry {
    let bytes = [text.as_bytes(), b"\0"].concat();
    (tag, 2, u32::try_from(bytes.len()).unwrap(), bytes)
}

pub fn undefined(tag: u16, bytes: &[u8]) -> Entry {
    (tag, 7, u32::try_from(bytes.len()).unwrap(), bytes.to_vec())
}

/// A directory at `at`, its values behind it.
fn directory(mut entries: Vec<Entry>, at: usize, big_endian: bool) -> Vec<u8> {
    let u16s = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let u32s = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    entries.sort_by_key(|entry| entry.0);
    let mut beyond = at + 2 + entries.len() * 12 + 4;
    let (mut head, mut values) = (u16s(u16::try_from(entries.len()).unwrap()).to_vec(), Vec::new());
    for (tag, kind, count, mut bytes) in entries {
        head.extend(u16s(tag));
        head.extend(u16s(kind));
        head.extend(u32s(count));
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            head.extend(bytes);
        } else {
            head.extend(u32s(u32::try_from(beyond).unwrap()));
            bytes.resize(bytes.len().next_multiple_of(2), 0);
            beyond += bytes.len();
            values.extend(bytes);
        }
    }
    head.extend([0; 4]);
    [head, values].concat()
}

/// An EXIF block: entries of its first directory, and of EXIF's own.
pub fn exif(first: &[Entry], own: &[Entry], big_endian: bool) -> Vec<u8> {
    let header: &[u8] = if big_endian { b"MM\0*\0\0\0\x08" } else { b"II*\0\x08\0\0\0" };
    let with = |offset: u32| {
        let offset = if big_endian { offset.to_be_bytes() } else { offset.to_le_bytes() };
        let mut entries = first.to_vec();
        if !own.is_empty() {
            entries.push((34_665, 4, 1, offset.to_vec()));
        }
        directory(entries, 8, big_endian)
    };
    let at = 8 + with(0).len();
    let own = if own.is_empty() { Vec::new() } else { directory(own.to_vec(), at, big_endian) };
    [header, &with(u32::try_from(at).unwrap()), &own].concat()
}

/// A TIFF file with these entries beside its own.
pub fn tiff(entries: &[Entry]) -> Vec<u8> {
    let mut file = image("plain.tif");
    let u16_at = |at: usize| u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    assert_eq!(&file[..4], b"II*\0");
    let old = u32_at(4) as usize;
    let mut all: Vec<Entry> = (0..usize::from(u16_at(old)))
        .map(|index| {
            let at = old + 2 + index * 12;
            let (kind, count) = (u16_at(at + 2), u32_at(at + 4));
            let size = match kind {
                3 => 2,
                4 => 4,
                5 => 8,
                _ => 1,
            } * count as usize;
            let place = if size <= 4 { at + 8 } else { u32_at(at + 8) as usize };
            (u16_at(at), kind, count, file[place..place + size].to_vec())
        })
        .collect();
    all.extend_from_slice(entries);
    file.resize(file.len().next_multiple_of(2), 0);
    let at = file.len();
    file.extend(directory(all, at, false));
    file[4..8].copy_from_slice(&u32::try_from(at).unwrap().to_le_bytes());
    file
}

/// A box of the ISO base media family, or of JUMBF.
pub fn part(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&length32(body.len() + 8), &name[..], body].concat()
}

/// An AVIF file whose items are EXIF and XMP, without a picture; then these boxes.
pub fn avif(exif: Option<&[u8]>, xmp: Option<&str>, boxes: &[Vec<u8>]) -> Vec<u8> {
    let ftyp = part(b"ftyp", b"avif\0\0\0\0avifmif1");
    let entry = |id: u16, kind: &[u8]| {
        part(b"infe", &[&[2, 0, 0, 0], &id.to_be_bytes()[..], &[0, 0], kind].concat())
    };
    let exif = exif.map(|exif| [&[0; 4], exif].concat()).unwrap_or_default();
    let xmp = xmp.unwrap_or_default().as_bytes();
    let entries = [entry(1, b"Exif\0"), entry(2, b"mime\0application/rdf+xml\0")].concat();
    let iinf = part(b"iinf", &[&[0, 0, 0, 0, 0, 2], &entries[..]].concat());
    // One item in `mdat`, from the start of the file, the other in `idat`.
    let meta = |start: u32| {
        let mut list = vec![1, 0, 0, 0, 0x44, 0, 0, 2];
        for (id, method, start, length) in [(1_u16, 0_u16, start, exif.len()), (2, 1, 0, xmp.len())]
        {
            list.extend(id.to_be_bytes());
            list.extend(method.to_be_bytes());
            list.extend([0, 0, 0, 1]);
            list.extend(start.to_be_bytes());
            list.extend(length32(length));
        }
        let body = [part(b"iloc", &list), iinf.clone(), part(b"idat", xmp)].concat();
        part(b"meta", &[&[0; 4], &body[..]].concat())
    };
    let start = ftyp.len() + meta(0).len() + 8;
    let meta = meta(u32::try_from(start).unwrap());
    [ftyp, meta, part(b"mdat", &exif), boxes.concat()].concat()
}

/// The box of an ISO base media file that holds a manifest store.
pub fn avif_c2pa(store: &[u8]) -> Vec<u8> {
    let name = b"\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81";
    part(b"uuid", &[&name[..], b"\0\0\0\0manifest\0\0\0\0\0\0\0\0\0", store].concat())
}

/// A JPEG XL file in its container, without a picture.
pub fn jxl(boxes: &[Vec<u8>]) -> Vec<u8> {
    let start = b"\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ";
    [&start[..], &boxes.concat(), &part(b"jxlc", b"\xFF\x0A")].concat()
}

/// Photoshop's image resources with these datasets of IPTC-IIM, a number and a value each.
pub fn resources(datasets: &[(u8, &str)]) -> Vec<u8> {
    let mut iim = Vec::new();
    for (number, value) in datasets {
        iim.extend([0x1C, 2, *number]);
        iim.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        iim.extend(value.as_bytes());
    }
    // Another resource before it, of odd length and with a name.
    let other = b"8BIM\x03\xED\x02ab\0\0\0\0\x03xyz\0";
    let length = length32(iim.len());
    iim.resize(iim.len().next_multiple_of(2), 0);
    [&other[..], b"8BIM\x04\x04\0\0", &length, &iim].concat()
}

/// XMP with these attributes and elements in its description.
pub fn xmp(attributes: &str, elements: &str) -> String {
    format!(
        "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
         rdf:about='' xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' \
         xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/' \
         xmlns:TC260='http://www.tc260.org.cn/ns/AIGC/1.0/' \
         xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' \
         xmlns:exif='http://ns.adobe.com/exif/1.0/' \
         xmlns:xmpNote='http://ns.adobe.com/xmp/note/' {attributes}>{elements}</rdf:Description>\
         </rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    )
}

/// XMP that says that a model made the picture.
pub fn generated_xmp() -> String {
    xmp(&format!("Iptc4xmpExt:DigitalSourceType='{GENERATED}'"), "")
}

/// The settings of Stable Diffusion web UI.
pub const WEB_UI: &str = "a cat, sitting\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, \
     CFG scale: 7, Seed: 5, Size: 512x512, Model: v1-5";

/// A file of every format with everything that it can hold.
pub fn files() -> Vec<Vec<u8>> {
    let comment = [&[0; 8], WEB_UI.as_bytes()].concat();
    let block = exif(&[ascii(305, "x")], &[undefined(37_510, &comment)], true);
    let (xmp, store) = (generated_xmp(), generated_store());
    let iptc = [b"Photoshop 3.0\0", &resources(&[(110, "Made with Google AI")])[..]].concat();
    let segments = [jpeg_xmp(&xmp), jpeg_exif(&block), segment(0xED, &iptc)];
    vec![
        jpeg(&[&jpeg_jumbf(&store, 500)[..], &segments].concat()),
        png(&[
            chunk(b"caBX", &store),
            png_xmp(&xmp),
            chunk(b"eXIf", &block),
            png_text("parameters", WEB_UI),
            chunk(b"zTXt", &[b"prompt\0\0", &zlib(b"{}")[..]].concat()),
        ]),
        webp(&[(b"C2PA", &store), (b"XMP ", xmp.as_bytes()), (b"EXIF", &block)]),
        gif(&[
            gif_extension(0xFF, b"C2PA_GIF\x01\0\0", &store),
            gif_xmp(&xmp),
            gif_extension(0xFE, b"", WEB_UI.as_bytes()),
        ]),
        tiff(&[
            undefined(52_545, &store),
            undefined(700, xmp.as_bytes()),
            undefined(34_377, &resources(&[(110, "Made with Google AI")])),
        ]),
        avif(Some(&block), Some(&xmp), &[avif_c2pa(&store)]),
        jxl(&[
            store,
            part(b"xml ", xmp.as_bytes()),
            part(b"Exif", &[&[0; 4], &block[..]].concat()),
        ]),
    ]
}

// Content Credentials.

/// A value in CBOR.
pub fn cbor(value: &Value) -> Vec<u8> {
    let head = |major: u8, length: usize| {
        let mut bytes = vec![major << 5 | 26];
        bytes.extend(length32(length));
        bytes
    };
    match value {
        Value::Null => vec![0xF6],
        Value::Bool(true) => vec![0xF5],
        Value::Bool(false) => vec![0xF4],
        Value::Number(number) => head(0, usize::try_from(number.as_u64().unwrap()).unwrap()),
        Value::String(text) => [head(3, text.len()), text.as_bytes().to_vec()].concat(),
        Value::Array(items) => {
            items.iter().fold(head(4, items.len()), |all, item| [all, cbor(item)].concat())
        }
        Value::Object(map) => map.iter().fold(head(5, map.len()), |all, (key, item)| {
            [all, cbor(&Value::String(key.clone())), cbor(item)].concat()
        }),
    }
}

/// A superbox of JUMBF.
pub fn superbox(kind: &[u8; 4], label: &str, content: &[Vec<u8>]) -> Vec<u8> {
    let uuid = [kind, &b"\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71"[..]].concat();
    let description = [&uuid[..], &[3], label.as_bytes(), &[0]].concat();
    part(b"jumb", &[part(b"jumd", &description), content.concat()].concat())
}

/// An assertion in CBOR, or in JSON where its label says so.
pub fn assertion(label: &str, value: &Value) -> Vec<u8> {
    if label.starts_with("stds.") || label.ends_with("metadata") {
        let json = serde_json::to_vec(value).unwrap();
        return superbox(b"json", label, &[part(b"json", &json)]);
    }
    superbox(b"cbor", label, &[part(b"cbor", &cbor(value))])
}

/// A manifest with a claim of the second version that lists all of its assertions.
pub fn manifest(label: &str, assertions: &[(&str, Value)]) -> Vec<u8> {
    let listed: Vec<&str> = assertions.iter().map(|(label, _)| *label).collect();
    manifest_listing(label, assertions, &listed)
}

/// A manifest whose claim lists these assertions alone.
pub fn manifest_listing(label: &str, assertions: &[(&str, Value)], listed: &[&str]) -> Vec<u8> {
    let reference = |name: &&str| json!({"url": format!("self#jumbf=c2pa.assertions/{name}")});
    let claim = json!({
        "instanceID": "xmp:iid:1",
        "claim_generator_info": {"name": "Test", "version": "1.0"},
        "signature": format!("self#jumbf=/c2pa/{label}/c2pa.signature"),
        "created_assertions": listed.iter().map(reference).collect::<Vec<_>>(),
        "dc:title": "picture",
    });
    manifest_of(label, "c2pa.claim.v2", &claim, assertions)
}

/// A manifest with a claim of the caller's.
pub fn manifest_of(
    label: &str,
    claim_label: &str,
    claim: &Value,
    assertions: &[(&str, Value)],
) -> Vec<u8> {
    let boxes: Vec<Vec<u8>> =
        assertions.iter().map(|(label, value)| assertion(label, value)).collect();
    let content = [
        superbox(b"c2as", "c2pa.assertions", &boxes),
        superbox(b"c2cl", claim_label, &[part(b"cbor", &cbor(claim))]),
        // A signature that nobody made.
        superbox(b"c2cs", "c2pa.signature", &[part(b"cbor", &cbor(&json!(null)))]),
    ];
    superbox(b"c2ma", label, &content)
}

pub fn store(manifests: &[Vec<u8>]) -> Vec<u8> {
    superbox(b"c2pa", "c2pa", manifests)
}

/// An assertion of one action of a source.
pub fn action(name: &str, source: &str) -> (&'static str, Value) {
    let source = format!("http://cv.iptc.org/newscodes/digitalsourcetype/{source}");
    ("c2pa.actions.v2", json!({"actions": [{"action": name, "digitalSourceType": source}]}))
}

/// A store that says that a model made the picture.
pub fn generated_store() -> Vec<u8> {
    store(&[manifest("urn:c2pa:1", &[action("c2pa.created", "trainedAlgorithmicMedia")])])
}
