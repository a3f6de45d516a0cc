//! What files say of how they were made: every container, every generator's notes, and the tricks
//! that must not be believed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod metadata;

use clipsight::image::{Format, decode};
use clipsight::limits::{MAX_METADATA_BYTES, MAX_STATEMENT_CHARACTERS};
use clipsight::provenance::{
    Claim, Container, CredentialState, Mark, Provenance, Relationship, Signal, SourceType,
    UnreadReason, read,
};
use clipsight::{ErrorKind, limits};
use metadata::*;
use serde_json::{Value, json};

/// What a file says, and that nothing of it was left unread.
fn said(file: &[u8]) -> Provenance {
    let provenance = read(file).unwrap();
    assert_eq!(provenance.unread, [], "{:?}", provenance.statements);
    provenance
}

fn claims(file: &[u8]) -> Vec<(Mark, Option<Claim>)> {
    said(file).statements.iter().map(|statement| (statement.mark, statement.claim)).collect()
}

/// Words of the first statement of a kind: whom it names, and its text.
fn words(file: &[u8], mark: Mark) -> (String, String) {
    let statement = said(file).statements.into_iter().find(|statement| statement.mark == mark);
    let statement = statement.unwrap_or_else(|| panic!("no {mark:?}"));
    (statement.names.unwrap_or_default(), statement.text.unwrap_or_default())
}

#[test]
fn every_container_is_read() {
    let (xmp, store) = (generated_xmp(), generated_store());
    let comment = [&[0; 8], WEB_UI.as_bytes()].concat();
    let exif = exif(&[], &[undefined(37_510, &comment)], true);
    let files: Vec<(&str, Vec<u8>, Container)> = vec![
        ("JPEG, XMP", jpeg(&[jpeg_xmp(&xmp)]), Container::Xmp),
        ("JPEG, EXIF", jpeg(&[jpeg_exif(&exif)]), Container::Exif),
        ("JPEG, C2PA", jpeg(&jpeg_jumbf(&store, 60_000)), Container::ContentCredentials),
        ("JPEG, C2PA in parts", jpeg(&jpeg_jumbf(&store, 100)), Container::ContentCredentials),
        (
            "JPEG, C2PA from 0",
            jpeg(&jpeg_jumbf_from(0, &store, 100)),
            Container::ContentCredentials,
        ),
        ("PNG, XMP", png(&[png_xmp(&xmp)]), Container::Xmp),
        ("PNG, EXIF", png(&[chunk(b"eXIf", &exif)]), Container::Exif),
        ("PNG, C2PA", png(&[chunk(b"caBX", &store)]), Container::ContentCredentials),
        ("PNG, text", png(&[png_text("parameters", WEB_UI)]), Container::PngText),
        ("WebP, XMP", webp(&[(b"XMP ", xmp.as_bytes())]), Container::Xmp),
        ("WebP, EXIF", webp(&[(b"EXIF", &exif)]), Container::Exif),
        ("WebP, C2PA", webp(&[(b"C2PA", &store)]), Container::ContentCredentials),
        ("GIF, XMP", gif(&[gif_xmp(&xmp)]), Container::Xmp),
        (
            "GIF, C2PA",
            gif(&[gif_extension(0xFF, b"C2PA_GIF\x01\0\0", &store)]),
            Container::ContentCredentials,
        ),
        ("GIF, comment", gif(&[gif_extension(0xFE, b"", WEB_UI.as_bytes())]), Container::Comment),
        ("TIFF, XMP", tiff(&[undefined(700, xmp.as_bytes())]), Container::Xmp),
        ("TIFF, EXIF", tiff(&[ascii(305, "Midjourney")]), Container::Exif),
        ("TIFF, C2PA", tiff(&[undefined(52_545, &store)]), Container::ContentCredentials),
        (
            "TIFF, IPTC",
            tiff(&[undefined(34_377, &resources(&[(110, "Made with Google AI")]))]),
            Container::Iptc,
        ),
        ("AVIF, XMP", avif(None, Some(&xmp), &[]), Container::Xmp),
        ("AVIF, EXIF", avif(Some(&exif), None, &[]), Container::Exif),
        ("AVIF, C2PA", avif(None, None, &[avif_c2pa(&store)]), Container::ContentCredentials),
        ("JPEG XL, XMP", jxl(&[part(b"xml ", xmp.as_bytes())]), Container::Xmp),
        ("JPEG XL, EXIF", jxl(&[part(b"Exif", &[&[0; 4], &exif[..]].concat())]), Container::Exif),
        ("JPEG XL, C2PA", jxl(std::slice::from_ref(&store)), Container::ContentCredentials),
    ];
    for (what, file, container) in files {
        let provenance = read(&file).unwrap();
        assert_eq!(provenance.says, Some(Claim::Generated), "{what}: {provenance:?}");
        assert!(
            provenance.statements.iter().any(|statement| statement.place.container == container
                && statement.claim == Some(Claim::Generated)),
            "{what}: {provenance:?}"
        );
        assert_eq!(provenance.content_credentials.is_some(), what.contains("C2PA"), "{what}");
        // Metadata never touch the picture.
        if let Ok(decoded) = decode(&file) {
            assert_eq!(decoded.format, provenance.format, "{what}");
        } else {
            assert!(matches!(provenance.format, Format::Avif | Format::Jxl), "{what}");
        }
    }
}

#[test]
fn files_without_metadata_say_nothing() {
    for name in
        ["gray.jpg", "gray8.png", "lossy.webp", "still.gif", "plain.tif", "24.bmp", "exif-6.jpg"]
    {
        let provenance = said(&image(name));
        assert_eq!(provenance.says, None, "{name}");
        assert_eq!(provenance.statements, [], "{name}");
        assert_eq!(provenance.content_credentials, None, "{name}");
    }
}

#[test]
fn what_is_no_image_is_refused_as_by_the_decoder() {
    for (bytes, kind) in [
        (&b""[..], ErrorKind::Decode),
        (b"hello, world", ErrorKind::Decode),
        (b"%PDF-1.7\n", ErrorKind::Unsupported),
        (&vec![0; limits::MAX_IMAGE_BYTES + 1], ErrorKind::Limit),
    ] {
        assert_eq!(read(bytes).unwrap_err().kind(), kind);
        assert_eq!(decode(bytes).unwrap_err().kind(), kind);
    }
}

// Tricks.

/// Blocks that say that a model made the picture, in every way that a format has.
fn blocks() -> Vec<Vec<u8>> {
    let mut blocks = jpeg_jumbf(&generated_store(), 60_000);
    blocks.extend([
        jpeg_xmp(&generated_xmp()),
        png_xmp(&generated_xmp()),
        png_text("parameters", WEB_UI),
        chunk(b"caBX", &generated_store()),
        generated_store(),
        generated_xmp().into_bytes(),
        gif_xmp(&generated_xmp()),
        avif_c2pa(&generated_store()),
    ]);
    blocks
}

#[test]
fn what_follows_the_end_of_a_file_is_not_believed() {
    for name in ["gray.jpg", "gray8.png", "lossy.webp", "still.gif", "plain.tif", "24.bmp"] {
        for block in blocks() {
            let file = [&image(name)[..], &block].concat();
            assert_eq!(read(&file).unwrap().statements, [], "{name}");
        }
        let file = [&image(name)[..], &jpeg(&[jpeg_xmp(&generated_xmp())])].concat();
        assert_eq!(read(&file).unwrap().statements, [], "{name}");
    }
}

#[test]
fn what_stands_in_a_foreign_block_is_not_believed() {
    for block in blocks() {
        let short = &block[..block.len().min(60_000)];
        for file in [
            jpeg(&[segment(0xFE, short)]),
            gif(&[gif_extension(0xFE, b"", &generated_store())]),
            gif(&[gif_extension(0xFE, b"", generated_xmp().as_bytes())]),
            jpeg(&[segment(0xE0, short)]),
            jpeg(&[segment(0xE2, short)]),
            jpeg(&[segment(0xED, short)]),
            png(&[chunk(b"prVt", &block)]),
            png(&[chunk(b"iCCP", &block)]),
            png(&[png_text("Title", &String::from_utf8_lossy(&block))]),
            webp(&[(b"ICCP", &block)]),
            webp(&[(b"junk", &block)]),
            gif(&[gif_extension(0xFF, b"NETSCAPE2.0", &block)]),
            tiff(&[undefined(65_000, &block)]),
            avif(None, None, &[part(b"free", &block)]),
            avif(None, None, &[part(b"uuid", &[&[7; 16], &block[..]].concat())]),
            jxl(&[part(b"free", &block)]),
        ] {
            let provenance = read(&file).unwrap();
            assert_eq!(provenance.says, None, "{provenance:?}");
            assert_eq!(provenance.content_credentials, None);
        }
    }
}

#[test]
fn what_stands_in_pixels_is_not_believed() {
    // Behind the header of the scan, between restart markers, where a decoder skips it.
    let file = image("restart.jpg");
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 12;
    let hidden = [&file[..scan], &jpeg_xmp(&generated_xmp()), &file[scan..]].concat();
    assert_eq!(read(&hidden).unwrap().statements, []);
    // Uncompressed pixels of a bitmap and of a TIFF.
    for name in ["24.bmp", "plain.tif"] {
        let mut file = image(name);
        let text = b"Iptc4xmpExt:DigitalSourceType=\"trainedAlgorithmicMedia\" c2pa jumb";
        let start = if name == "24.bmp" { 60 } else { 8 };
        file[start..start + text.len()].copy_from_slice(text);
        assert_eq!(read(&file).unwrap().says, None, "{name}");
    }
    // The data of a PNG's pixels.
    let idat = chunk(b"IDAT", &png_text("parameters", WEB_UI));
    assert_eq!(read(&png(&[idat])).unwrap().statements, []);
}

#[test]
fn the_wrong_chunk_for_xmp_is_not_believed() {
    let xmp = generated_xmp();
    let keyword = "XML:com.adobe.xmp";
    for file in [
        png(&[png_text(keyword, &xmp)]),
        png(&[chunk(b"zTXt", &[keyword.as_bytes(), b"\0\0", &zlib(xmp.as_bytes())].concat())]),
        png(&[chunk(b"iTXt", &[b"XMP\0\0\0\0\0", xmp.as_bytes()].concat())]),
        jpeg(&[segment(0xE1, xmp.as_bytes())]),
        jpeg(&[segment(0xE1, &[b"http://ns.adobe.com/xap/2.0/\0", xmp.as_bytes()].concat())]),
        webp(&[(b"EXIF", xmp.as_bytes())]),
        gif(&[gif_extension(0xFF, b"XMP DataABC", xmp.as_bytes())]),
    ] {
        assert_eq!(read(&file).unwrap().statements, []);
    }
}

#[test]
fn words_are_no_marks() {
    let words = "trainedAlgorithmicMedia c2pa.created Made with Google AI Midjourney \
                 Steps: 20, Sampler: Euler a AIGC Firefly DALL·E Stable Diffusion";
    let description = format!("<dc:description>{words}</dc:description>");
    for file in [
        png(&[png_text("Title", words), png_text("Comment", words), png_text("prompt", words)]),
        png(&[png_text("Description", words), png_text("parameters", words)]),
        jpeg(&[jpeg_xmp(&xmp("", &description))]),
        jpeg(&[jpeg_xmp(&xmp(&format!("photoshop:Headline='{words}'"), ""))]),
        jpeg(&[jpeg_exif(&exif(&[ascii(270, words), ascii(315, words)], &[], false))]),
        jpeg(&[segment(0xED, &[b"Photoshop 3.0\0", &resources(&[(120, words)])[..]].concat())]),
        jpeg(&[segment(0xFE, words.as_bytes())]),
    ] {
        assert_eq!(read(&file).unwrap().says, None);
    }
}

#[test]
fn a_box_without_a_claim_says_nothing() {
    let assertions = [action("c2pa.created", "trainedAlgorithmicMedia")];
    let bare = superbox(
        b"c2ma",
        "urn:c2pa:1",
        &[superbox(b"c2as", "c2pa.assertions", &[assertion(assertions[0].0, &assertions[0].1)])],
    );
    for (store, reason) in [
        (superbox(b"c2pa", "c2pa", &[]), Some(UnreadReason::Damaged)),
        (superbox(b"c2pa", "c2pa", &[bare]), Some(UnreadReason::Damaged)),
        // JUMBF of something else.
        (superbox(b"json", "c2pa", &[part(b"json", b"{}")]), None),
        (superbox(b"c2pa", "other", &[manifest("urn:c2pa:1", &assertions)]), None),
    ] {
        let provenance = read(&jpeg(&jpeg_jumbf(&store, 60_000))).unwrap();
        assert_eq!(provenance.says, None);
        assert_eq!(provenance.content_credentials, None);
        assert_eq!(provenance.unread.first().map(|unread| unread.reason), reason);
    }
}

#[test]
fn an_assertion_counts_if_the_claim_lists_it() {
    let assertions = [action("c2pa.created", "trainedAlgorithmicMedia")];
    for (listed, says) in [
        (&["c2pa.actions.v2"][..], Some(Claim::Generated)),
        (&["c2pa.hash.data"], None),
        (&[], None),
    ] {
        let store = store(&[manifest_listing("urn:c2pa:1", &assertions, listed)]);
        assert_eq!(said(&png(&[chunk(b"caBX", &store)])).says, says);
    }
    // By its address from the root of the store: of this manifest, or of another.
    for (of, says) in [("urn:c2pa:1", Some(Claim::Generated)), ("urn:c2pa:2", None)] {
        let url = format!("self#jumbf=/c2pa/{of}/c2pa.assertions/c2pa.actions.v2");
        let claim = json!({"claim_generator": "Test", "assertions": [{"url": url}]});
        let store = store(&[manifest_of("urn:c2pa:1", "c2pa.claim", &claim, &assertions)]);
        assert_eq!(said(&png(&[chunk(b"caBX", &store)])).says, says);
    }
}

// Content Credentials.

/// What a picture's manifests say, the last of them its own.
fn credentials(manifests: &[Vec<u8>]) -> Provenance {
    said(&png(&[chunk(b"caBX", &store(manifests))]))
}

fn ingredient(relationship: &str, manifest: &str) -> (&'static str, Value) {
    let url = format!("self#jumbf=/c2pa/{manifest}");
    let value = json!({
        "dc:title": "part.jpg", "dc:format": "image/jpeg", "relationship": relationship,
        "activeManifest": {"url": url},
    });
    ("c2pa.ingredient.v3", value)
}

#[test]
fn manifests_are_told_in_full() {
    let actions = json!({
        "actions": [
            {
                "action": "c2pa.created", "when": "2026-01-02T03:04:05Z", "softwareAgentIndex": 0,
                "digitalSourceType": GENERATED, "description": "made\u{202e} from\nwords",
            },
            {"action": "c2pa.converted"},
        ],
        "softwareAgents": [{"name": "GPT-4o", "version": "2"}],
        "templates": [{"action": "c2pa.converted", "softwareAgent": {"name": "OpenAI API"}}],
    });
    let training = json!({"entries": {"cawg.ai_training": {"use": "notAllowed"}}});
    let provenance = credentials(&[manifest(
        "urn:c2pa:1",
        &[("c2pa.actions.v2", actions), ("cawg.training-mining", training)],
    )]);
    let credentials = provenance.content_credentials.unwrap();
    assert_eq!(credentials.state, CredentialState::Unverified);
    let [manifest] = &credentials.manifests[..] else { panic!("{credentials:?}") };
    assert!(manifest.active);
    assert_eq!(manifest.label, "urn:c2pa:1");
    assert_eq!(manifest.title.as_deref(), Some("picture"));
    assert_eq!(manifest.claim_generator[0].name, "Test");
    assert_eq!(manifest.claim_generator[0].version.as_deref(), Some("1.0"));
    let [created, converted] = &manifest.actions[..] else { panic!("{manifest:?}") };
    assert_eq!(created.when.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(created.digital_source_type, Some(SourceType::TrainedAlgorithmicMedia));
    assert_eq!(created.software_agent.as_ref().unwrap().name, "GPT-4o");
    assert_eq!(created.description.as_deref(), Some("made\u{FFFD} from words"));
    assert_eq!(converted.software_agent.as_ref().unwrap().name, "OpenAI API");
    assert_eq!(manifest.training_mining[0].permission, "notAllowed");
    assert_eq!(manifest.signals, [Signal::FullyGenAiMedia, Signal::NonEditorial]);
    assert_eq!(provenance.says, Some(Claim::Generated));
}

#[test]
fn actions_say_what_they_did_to_the_picture() {
    for (name, source, says, signals) in [
        (
            "c2pa.created",
            "trainedAlgorithmicMedia",
            Some(Claim::Generated),
            vec![Signal::FullyGenAiMedia],
        ),
        ("c2pa.created", "digitalCapture", Some(Claim::Captured), vec![Signal::CapturedMedia]),
        (
            "c2pa.created",
            "compositeWithTrainedAlgorithmicMedia",
            Some(Claim::PartlyGenerated),
            vec![Signal::PartlyGenAiCreation],
        ),
        (
            "c2pa.created",
            "composite",
            Some(Claim::Composite),
            vec![Signal::CompositionMayContainGenAi],
        ),
        (
            "c2pa.created",
            "digitalCreation",
            Some(Claim::Created),
            vec![Signal::NonGenAiDigitalCreation],
        ),
        (
            "c2pa.edited",
            "trainedAlgorithmicMedia",
            Some(Claim::PartlyGenerated),
            vec![Signal::EditorialAi],
        ),
        ("c2pa.edited", "humanEdits", Some(Claim::Edited), vec![Signal::EditorialNonAi]),
        ("c2pa.placed", "digitalCapture", Some(Claim::Edited), vec![Signal::EditorialNonAi]),
        // Nothing that is seen changes.
        ("c2pa.watermarked", "trainedAlgorithmicMedia", None, vec![Signal::NonEditorial]),
        ("c2pa.transcoded", "trainedAlgorithmicMedia", None, vec![Signal::NonEditorial]),
    ] {
        let provenance = credentials(&[manifest("urn:c2pa:1", &[action(name, source)])]);
        assert_eq!(provenance.says, says, "{name} {source}");
        let manifests = provenance.content_credentials.unwrap().manifests;
        assert_eq!(manifests[0].signals, signals, "{name} {source}");
    }
}

#[test]
fn ingredients_pass_on_what_they_are() {
    let generated = manifest("urn:c2pa:1", &[action("c2pa.created", "trainedAlgorithmicMedia")]);
    let captured = manifest("urn:c2pa:2", &[action("c2pa.created", "digitalCapture")]);
    let placed = ("c2pa.actions.v2", json!({"actions": [{"action": "c2pa.placed"}]}));
    for (relationship, part, says) in [
        ("parentOf", "urn:c2pa:1", Some(Claim::Generated)),
        ("componentOf", "urn:c2pa:1", Some(Claim::PartlyGenerated)),
        ("inputTo", "urn:c2pa:1", None),
        ("parentOf", "urn:c2pa:2", Some(Claim::Captured)),
        ("componentOf", "urn:c2pa:2", None),
        ("parentOf", "urn:c2pa:9", None),
    ] {
        let own = manifest("urn:c2pa:3", &[placed.clone(), ingredient(relationship, part)]);
        let provenance = credentials(&[generated.clone(), captured.clone(), own]);
        assert_eq!(provenance.says, says, "{relationship} {part}");
        let manifests = provenance.content_credentials.unwrap().manifests;
        assert_eq!(manifests.iter().filter(|manifest| manifest.active).count(), 1);
        let ingredient = &manifests[2].ingredients[0];
        assert_eq!(ingredient.title.as_deref(), Some("part.jpg"));
        let own = [("urn:c2pa:1", Claim::Generated), ("urn:c2pa:2", Claim::Captured)];
        let own = own.iter().find(|(label, _)| *label == part).map(|(_, claim)| *claim);
        assert_eq!(ingredient.claim, own, "{part}");
    }
    // A photograph with something placed in it, by way of a manifest between them.
    let between = manifest("urn:c2pa:3", &[placed, ingredient("componentOf", "urn:c2pa:1")]);
    let own = manifest("urn:c2pa:4", &[ingredient("parentOf", "urn:c2pa:3")]);
    let provenance = credentials(&[generated.clone(), captured, between, own]);
    assert_eq!(provenance.says, Some(Claim::PartlyGenerated));
    assert_eq!(provenance.statements[0].mark, Mark::Ingredient);
    // Nothing was done, and there is nothing else.
    let all = manifest("urn:c2pa:3", &[ingredient("componentOf", "urn:c2pa:1")]);
    assert_eq!(credentials(&[generated, all]).says, Some(Claim::Generated));
}

#[test]
fn ingredients_in_a_circle_end() {
    let first = manifest("urn:c2pa:1", &[ingredient("parentOf", "urn:c2pa:2")]);
    let second = manifest(
        "urn:c2pa:2",
        &[action("c2pa.edited", "trainedAlgorithmicMedia"), ingredient("parentOf", "urn:c2pa:1")],
    );
    assert_eq!(credentials(&[first, second]).says, Some(Claim::PartlyGenerated));
}

#[test]
fn claims_of_the_first_version_are_read() {
    let actions = json!({"actions": [{
        "action": "c2pa.created", "softwareAgent": "Bing Image Creator",
        "parameters": {"description": "AI Generated Image"},
    }]});
    let parent = json!({
        "dc:title": "a.jpg", "relationship": "parentOf",
        "c2pa_manifest": {"url": "self#jumbf=/c2pa/urn:uuid:0"},
    });
    let claim = json!({
        "claim_generator": "Microsoft_Responsible_AI/1.0",
        "assertions": [
            {"url": "self#jumbf=c2pa.assertions/c2pa.actions"},
            {"url": "self#jumbf=c2pa.assertions/c2pa.ingredient__1"},
        ],
    });
    let assertions = [("c2pa.actions", actions), ("c2pa.ingredient__1", parent)];
    let provenance = credentials(&[manifest_of("urn:uuid:1", "c2pa.claim", &claim, &assertions)]);
    assert_eq!(provenance.says, Some(Claim::Generated));
    let action = provenance.statements.iter().find(|found| found.mark == Mark::Action).unwrap();
    assert_eq!(action.names.as_deref(), Some("Bing Image Creator"));
    let manifest = &provenance.content_credentials.unwrap().manifests[0];
    assert_eq!(manifest.claim_generator[0].name, "Microsoft_Responsible_AI/1.0");
    assert_eq!(manifest.ingredients[0].relationship, Relationship::Parent);
    assert_eq!(manifest.ingredients[0].manifest.as_deref(), Some("urn:uuid:0"));
}

#[test]
fn metadata_assertions_are_read_in_their_namespace() {
    for (uri, says) in [
        ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", Some(Claim::Generated)),
        ("http://example.org/", None),
    ] {
        let value = json!({"@context": {"i": uri}, "i:DigitalSourceType": GENERATED});
        for label in ["c2pa.metadata", "cawg.metadata", "stds.iptc"] {
            let provenance = credentials(&[manifest("urn:c2pa:1", &[(label, value.clone())])]);
            assert_eq!(provenance.says, says, "{label}");
        }
    }
}

#[test]
fn a_second_store_is_not_believed() {
    let captured = store(&[manifest("urn:c2pa:1", &[action("c2pa.created", "digitalCapture")])]);
    let file = png(&[chunk(b"caBX", &captured), chunk(b"caBX", &generated_store())]);
    let provenance = read(&file).unwrap();
    assert_eq!(provenance.says, Some(Claim::Captured));
    assert_eq!(provenance.unread[0].reason, UnreadReason::Repeated);
}

// Generators.

#[test]
fn web_uis_are_read_in_every_format() {
    let big: Vec<u8> = WEB_UI.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = WEB_UI.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut files = vec![
        png(&[png_text("parameters", WEB_UI)]),
        png(&[chunk(b"zTXt", &[b"parameters\0\0", &zlib(WEB_UI.as_bytes())[..]].concat())]),
        png(&[chunk(b"iTXt", &[b"parameters\0\0\0\0\0", WEB_UI.as_bytes()].concat())]),
        png(&[chunk(
            b"iTXt",
            &[b"parameters\0\x01\0en\0x\0", &zlib(WEB_UI.as_bytes())[..]].concat(),
        )]),
        gif(&[gif_extension(0xFE, b"", WEB_UI.as_bytes())]),
    ];
    for text in [&big, &little] {
        for order in [true, false] {
            let comment = [&b"UNICODE\0"[..], text].concat();
            let block = exif(&[], &[undefined(37_510, &comment)], order);
            files.push(jpeg(&[jpeg_exif(&block)]));
            files.push(webp(&[(b"EXIF", &block)]));
            files.push(webp(&[(b"EXIF", &[b"Exif\0\0", &block[..]].concat())]));
        }
    }
    for file in files {
        assert_eq!(claims(&file), [(Mark::Settings, Some(Claim::Generated)), (Mark::Prompt, None)]);
        assert_eq!(words(&file, Mark::Prompt).1, "a cat, sitting");
        assert!(words(&file, Mark::Settings).1.starts_with("Steps: 20, Sampler: Euler a"));
    }
}

/// That each of these files is said to be made by a generator, with this prompt, if any.
fn assert_made_by(files: &[(Vec<u8>, &str, &str)]) {
    for (file, generator, prompt) in files {
        let provenance = said(file);
        assert_eq!(provenance.says, Some(Claim::Generated), "{generator}: {provenance:?}");
        let first = provenance.statements.iter().find(|found| found.claim.is_some()).unwrap();
        assert_eq!(first.names.as_deref(), Some(*generator));
        if !prompt.is_empty() {
            assert_eq!(words(file, Mark::Prompt).1, *prompt, "{generator}");
        }
    }
}

fn exif_comment(text: &str) -> Vec<u8> {
    let comment = [b"ASCII\0\0\0", text.as_bytes()].concat();
    jpeg(&[jpeg_exif(&exif(&[], &[undefined(37_510, &comment)], false))])
}

#[test]
fn local_generators_are_known_by_their_notes() {
    let graph = r#"{"3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat"}}}"#;
    let model = exif(&[ascii(272, &format!("prompt:{graph}"))], &[], false);
    let swarm = r#"{"sui_image_params": {"prompt": "a cat", "model": "flux"}}"#;
    let invoke = r#"{"app_version": "4.2", "positive_prompt": "a cat"}"#;
    let novel = r#"{"prompt": "a cat", "steps": 28, "sampler": "k_euler", "seed": 1, "uc": "",
        "scale": 5}"#;
    let draw = "xmp:CreatorTool='Draw Things' exif:UserComment='{&quot;c&quot;:&quot;a cat&quot;,\
        &quot;uc&quot;:&quot;&quot;,&quot;model&quot;:&quot;m&quot;,\
        &quot;sampler&quot;:&quot;s&quot;,&quot;steps&quot;:8}'";
    let easy = [
        png_text("use_stable_diffusion_model", "sd-v1-5"),
        png_text("guidance_scale", "7.5"),
        png_text("prompt", "a cat"),
    ];
    assert_made_by(&[
        (png(&[png_text("prompt", graph)]), "ComfyUI", "a cat"),
        (webp(&[(b"EXIF", &model)]), "ComfyUI", "a cat"),
        (png(&[png_text("parameters", swarm)]), "SwarmUI", "a cat"),
        (exif_comment(swarm), "SwarmUI", "a cat"),
        (png(&[png_text("Software", "NovelAI"), png_text("Comment", novel)]), "NovelAI", "a cat"),
        (png(&[png_text("Dream", "\"a cat\" -s 50 -S 42 -W512")]), "InvokeAI", "a cat"),
        (png(&[png_text("invokeai_metadata", invoke)]), "InvokeAI", "a cat"),
        (png(&[png_text("invokeai_graph", "{}")]), "InvokeAI", ""),
        (png(&[png_text("fooocus_scheme", "fooocus")]), "Fooocus", ""),
        (jpeg(&[jpeg_xmp(&xmp(draw, ""))]), "Draw Things", "a cat"),
        (png(&easy), "Easy Diffusion", "a cat"),
    ]);
}

#[test]
fn hosted_generators_are_known_by_their_notes() {
    let job = "a7421d2f-b262-44f9-977c-ac23e9c7d3e3";
    let words = format!("a cat --ar 2:1 --v 6 Job ID: {job}");
    let list = format!("<rdf:Alt><rdf:li xml:lang='x-default'>{words}</rdf:li></rdf:Alt>");
    let described = xmp("", &format!("<dc:description>{list}</dc:description>"));
    let captioned = [b"Photoshop 3.0\0", &resources(&[(120, &words)])[..]].concat();
    let signature = format!("Signature: {}", "Ab+/".repeat(90));
    let signed = |entries: &[Entry]| jpeg(&[jpeg_exif(&exif(entries, &[], true))]);
    let prompt = "a cat --ar 2:1 --v 6";
    assert_made_by(&[
        (png(&[png_text("Description", &words)]), "Midjourney", prompt),
        (jpeg(&[jpeg_xmp(&described)]), "Midjourney", prompt),
        (jpeg(&[segment(0xED, &captioned)]), "Midjourney", prompt),
        (signed(&[ascii(270, &signature), ascii(315, job)]), "Grok", ""),
        (signed(&[ascii(271, "Ideogram AI")]), "Ideogram", ""),
        (jpeg(&[jpeg_xmp(&xmp("photoshop:Credit='Made with Google AI'", ""))]), "Google AI", ""),
    ]);
    // A signature without the picture's number beside it, or a number without a signature.
    for entries in
        [vec![ascii(270, &signature)], vec![ascii(270, "Signature: me"), ascii(315, job)]]
    {
        assert_eq!(said(&signed(&entries)).says, None);
    }
}

#[test]
fn google_says_what_was_made_and_what_edited() {
    for (credit, says) in [
        ("Made with Google AI", Some(Claim::Generated)),
        ("Edited with Google AI", Some(Claim::PartlyGenerated)),
        ("AI-Generated with Google Photos", Some(Claim::GeneratorNamed)),
        ("Not Made with Google AI", None),
        ("Jane Doe", None),
    ] {
        let segments = [b"Photoshop 3.0\0", &resources(&[(110, credit)])[..]].concat();
        assert_eq!(said(&jpeg(&[segment(0xED, &segments)])).says, says, "{credit}");
    }
}

#[test]
fn the_label_of_chinese_law_is_read_in_every_place() {
    let label =
        |code: &str| format!(r#"{{"Label":"{code}","ContentProducer":"doubao","ProduceID":"1"}}"#);
    let wrapped = |code: &str| format!(r#"{{"AIGC":{}}}"#, label(code));
    let escaped = |text: &str| text.replace('"', "&quot;");
    for (code, says) in
        [("1", Claim::Generated), ("2", Claim::PossiblyGenerated), ("3", Claim::PossiblyGenerated)]
    {
        let comment = [b"ASCII\0\0\0", wrapped(code).as_bytes()].concat();
        let element = format!("<TC260:AIGC>{}</TC260:AIGC>", escaped(&label(code)));
        for file in [
            png(&[png_text("AIGC", &label(code))]),
            jpeg(&[jpeg_xmp(&xmp(&format!("TC260:AIGC='{}'", escaped(&label(code))), ""))]),
            jpeg(&[jpeg_xmp(&xmp("", &element))]),
            jpeg(&[jpeg_exif(&exif(&[], &[undefined(37_510, &comment)], true))]),
            jpeg(&[jpeg_exif(&exif(&[ascii(270, &label(code))], &[], true))]),
        ] {
            assert_eq!(claims(&file), [(Mark::AigcLabel, Some(says))]);
            assert_eq!(words(&file, Mark::AigcLabel), ("doubao".into(), format!("Label {code}")));
        }
    }
    for text in [r#"{"AIGC": 1}"#, r#"{"Label": "1"}"#, "{", "AIGC"] {
        let comment = [b"ASCII\0\0\0", text.as_bytes()].concat();
        let file = jpeg(&[jpeg_exif(&exif(&[], &[undefined(37_510, &comment)], true))]);
        assert_eq!(said(&file).says, None, "{text}");
    }
}

#[test]
fn cameras_and_screenshots_are_told() {
    let exposure = (33_434, 5, 1, [1_u32.to_le_bytes(), 100_u32.to_le_bytes()].concat());
    let device = [ascii(271, "Canon"), ascii(272, "Canon EOS R5")];
    let photograph = jpeg(&[jpeg_exif(&exif(&device, std::slice::from_ref(&exposure), false))]);
    assert_eq!(claims(&photograph), [(Mark::Camera, Some(Claim::Captured))]);
    assert_eq!(words(&photograph, Mark::Camera).0, "Canon EOS R5");
    // A name alone is none: scanners' and editors' files have one, too.
    assert_eq!(said(&jpeg(&[jpeg_exif(&exif(&device, &[], false))])).says, None);
    let generator = [ascii(271, "Ideogram AI"), ascii(272, "Canon EOS R5")];
    let file = jpeg(&[jpeg_exif(&exif(&generator, std::slice::from_ref(&exposure), false))]);
    assert_eq!(claims(&file), [(Mark::Software, Some(Claim::Generated))]);
    let screen = exif(&[], &[undefined(37_510, b"ASCII\0\0\0Screenshot")], false);
    assert_eq!(said(&png(&[chunk(b"eXIf", &screen)])).says, Some(Claim::ScreenCapture));
    // A photograph's EXIF in a picture that a model made.
    let both = jpeg(&[jpeg_exif(&exif(&device, &[exposure], false)), jpeg_xmp(&generated_xmp())]);
    let provenance = said(&both);
    assert_eq!(provenance.says, Some(Claim::Generated));
    assert!(provenance.contradictory && !said(&photograph).contradictory);
}

#[test]
fn long_xmp_is_put_together() {
    let digest = "0123456789ABCDEF0123456789ABCDEF";
    let main = xmp(&format!("xmpNote:HasExtendedXMP='{digest}'"), "");
    let padding = " ".repeat(300);
    let extended = generated_xmp().replace("<?xpacket", &format!("{padding}<?xpacket"));
    let extended = extended.trim_start().as_bytes();
    let parts = |digest: &str, order: &[usize]| {
        let pieces: Vec<&[u8]> = extended.chunks(200).collect();
        let part = |&at: &usize| {
            let offset = u32::try_from(at * 200).unwrap().to_be_bytes();
            let total = u32::try_from(extended.len()).unwrap().to_be_bytes();
            let start = b"http://ns.adobe.com/xmp/extension/\0";
            segment(0xE1, &[&start[..], digest.as_bytes(), &total, &offset, pieces[at]].concat())
        };
        order.iter().map(part).collect::<Vec<_>>()
    };
    let all: Vec<usize> = (0..extended.chunks(200).count()).rev().collect();
    let file = jpeg(&[vec![jpeg_xmp(&main)], parts(digest, &all)].concat());
    assert_eq!(said(&file).says, Some(Claim::Generated));
    // A part is missing; another packet's.
    for file in [
        jpeg(&[vec![jpeg_xmp(&main)], parts(digest, &all[1..])].concat()),
        jpeg(&[vec![jpeg_xmp(&main)], parts(&"A".repeat(32), &all)].concat()),
    ] {
        let provenance = read(&file).unwrap();
        assert_eq!(provenance.says, None);
        assert_eq!(provenance.unread[0].reason, UnreadReason::Damaged);
    }
}

// Damage and hostility.

#[test]
fn files_that_are_cut_never_panic_and_never_say_more() {
    for file in files() {
        let whole = read(&file).unwrap();
        for length in 12..file.len() {
            let Ok(cut) = read(&file[..length]) else { continue };
            for statement in &cut.statements {
                assert!(whole.statements.contains(statement), "{length}: {statement:?}");
            }
        }
        // Every byte made another: what comes out may be anything, but it comes.
        for at in 0..file.len() {
            let mut other = file.clone();
            other[at] ^= 0x5A;
            let _ = read(&other);
        }
    }
}

#[test]
fn damage_is_told() {
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 9].to_vec();
    for (file, container) in [
        (png(&[chunk(b"caBX", &cut(&generated_store()))]), Container::ContentCredentials),
        (jpeg(&jpeg_jumbf(&generated_store(), 100)[1..]), Container::ContentCredentials),
        (png(&[png_xmp(&generated_xmp()[..400])]), Container::Xmp),
        (png(&[chunk(b"eXIf", b"no directory")]), Container::Exif),
        (png(&[chunk(b"zTXt", b"parameters\0\0no stream")]), Container::PngText),
        (png(&[chunk(b"tEXt", b"no end of a keyword")]), Container::PngText),
    ] {
        let provenance = read(&file).unwrap();
        assert_eq!(provenance.unread.len(), 1, "{provenance:?}");
        assert_eq!(provenance.unread[0].container, container);
        assert_eq!(provenance.unread[0].reason, UnreadReason::Damaged);
    }
    let brotli = jxl(&[part(b"brob", b"xml ...")]);
    assert_eq!(read(&brotli).unwrap().unread[0].reason, UnreadReason::Compressed);
}

#[test]
fn texts_are_bounded_and_harmless() {
    let prompt = format!("<script>\u{202e}\u{1b}[31m{}\0", "x".repeat(1 << 20));
    let text = WEB_UI.replace("a cat, sitting", &prompt.replace('\0', ""));
    let (_, said) = words(&png(&[png_text("parameters", &text)]), Mark::Prompt);
    assert!(said.starts_with("<script>\u{FFFD}\u{FFFD}[31mxxx") && said.ends_with("x…"));
    assert_eq!(said.chars().count(), MAX_STATEMENT_CHARACTERS + 1);
}

#[test]
fn bombs_are_not_blown_up() {
    let bomb = fdeflate::compress_to_vec(&vec![0; MAX_METADATA_BYTES + 1]);
    let memory = allocation_counter::measure(|| {
        let file = png(&vec![chunk(b"zTXt", &[b"parameters\0\0", &bomb[..]].concat()); 4]);
        let provenance = read(&file).unwrap();
        assert_eq!(provenance.unread[0].reason, UnreadReason::TooLarge);
    });
    assert!(memory.bytes_max < 6 * MAX_METADATA_BYTES as u64, "{} bytes", memory.bytes_max);
    // More blocks than are read.
    let many = png(&vec![png_text("Title", "a"); 1 << 14]);
    assert_eq!(read(&many).unwrap().unread[0].reason, UnreadReason::TooLarge);
}
