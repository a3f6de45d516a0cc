//! XMP (ISO 16684-1): RDF in XML.
//!
//! A property counts by its namespace's URI, never by its prefix, and as the picture's only where
//! it stands at the top of the description, not within a structure that describes something else.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::reader::NsReader;

use super::claim::Claim;
use super::marks;
use super::report::{Container, Mark, UnreadReason};
use super::statements::{Found, Statements};
use super::text::utf16_of_either_order;
use crate::limits::{MAX_METADATA_BYTES, MAX_METADATA_NESTING, MAX_METADATA_VALUES};

/// Bindings of prefixes that are open at once; editors declare twenty.
const MAX_NAMESPACES: usize = 256;

/// Namespaces, by what their definitions call them.
const NAMESPACES: &[(&str, &str)] = &[
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("x", "adobe:ns:meta/"),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
    ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"),
    ("TC260", "http://www.tc260.org.cn/ns/AIGC/1.0/"),
    ("crs", "http://ns.adobe.com/camera-raw-settings/1.0/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("exif", "http://ns.adobe.com/exif/1.0/"),
    ("photoshop", "http://ns.adobe.com/photoshop/1.0/"),
    ("stEvt", "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"),
    ("tiff", "http://ns.adobe.com/tiff/1.0/"),
    ("xmp", "http://ns.adobe.com/xap/1.0/"),
    ("xmpMM", "http://ns.adobe.com/xap/1.0/mm/"),
];

/// A namespace by the name above; empty for all others.
type Prefix = &'static str;

/// Says what a packet says.
pub(super) fn state(packet: &[u8], statements: &mut Statements) {
    let packet = text_of(packet);
    if packet.len() > MAX_METADATA_BYTES {
        statements.not_read(Container::Xmp, UnreadReason::TooLarge);
        return;
    }
    let mut walk = Walk { statements, path: Vec::new(), values: 0 };
    if let Err(reason) = walk.read(&packet) {
        statements.not_read(Container::Xmp, reason);
    }
}

/// A packet's text: UTF-8, or UTF-16, which files of TIFF may have.
fn text_of(packet: &[u8]) -> Cow<'_, str> {
    match packet {
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] => {
            utf16_of_either_order(packet, true).into()
        }
        _ => {
            let packet = packet.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(packet);
            // Some writers pad with NUL.
            let end = packet.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            String::from_utf8_lossy(&packet[..end])
        }
    }
}

/// An element that is open.
struct Element {
    prefix: Prefix,
    name: String,
    text: String,
}

impl Element {
    /// Whether it is a part of RDF's grammar, and no property.
    fn is_syntax(&self) -> bool {
        matches!(self.prefix, "rdf" | "x")
    }
}

struct Walk<'s> {
    statements: &'s mut Statements,
    path: Vec<Element>,
    values: usize,
}

impl Walk<'_> {
    fn read(&mut self, packet: &str) -> Result<(), UnreadReason> {
        let mut reader = NsReader::from_str(packet);
        reader.resolver_mut().set_max_namespace_bindings(MAX_NAMESPACES);
        loop {
            match reader.read_event().map_err(|_| UnreadReason::Damaged)? {
                Event::Start(element) => self.open(&element, reader.resolver())?,
                Event::Empty(element) => {
                    self.open(&element, reader.resolver())?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(text) => self.add(&text.xml10_content()),
                Event::CData(text) => self.add(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => character,
                        Ok(None) => predefined(&reference).ok_or(UnreadReason::Damaged)?,
                        Err(_) => return Err(UnreadReason::Damaged),
                    };
                    self.add(character.encode_utf8(&mut [0; 4]));
                }
                // XMP has none, and entities are bombs.
                Event::DocType(_) => return Err(UnreadReason::Damaged),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if self.path.is_empty() => return Ok(()),
                Event::Eof => return Err(UnreadReason::Damaged),
            }
        }
    }

    fn add(&mut self, text: &str) {
        if let Some(element) = self.path.last_mut() {
            element.text.push_str(text);
        }
    }

    fn open(
        &mut self,
        element: &BytesStart<'_>,
        resolver: &NamespaceResolver,
    ) -> Result<(), UnreadReason> {
        self.values += 1;
        if self.path.len() == MAX_METADATA_NESTING || self.values > MAX_METADATA_VALUES {
            return Err(UnreadReason::TooLarge);
        }
        let (prefix, name) = resolved(element.name(), resolver, true);
        // What stands between elements is no value.
        self.path.push(Element { prefix, name, text: String::new() });
        // The reader would compare each with all others.
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| UnreadReason::Damaged)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            self.values += 1;
            if self.values > MAX_METADATA_VALUES {
                return Err(UnreadReason::TooLarge);
            }
            let (prefix, name) = resolved(attribute.key, resolver, false);
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| UnreadReason::Damaged)?;
            match (prefix, name.as_str()) {
                ("rdf", "resource" | "value") => self.value(&value),
                ("rdf" | "x" | "xml", _) => {}
                _ => {
                    self.path.push(Element { prefix, name, text: String::new() });
                    self.value(&value);
                    self.path.pop();
                }
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        let text = self.path.last_mut().map(|element| std::mem::take(&mut element.text));
        if let Some(text) = text
            && !text.trim().is_empty()
        {
            self.value(&text);
        }
        self.path.pop();
    }

    /// A value of the property that is open, if that stands in a description.
    fn value(&mut self, value: &str) {
        let Some(start) =
            self.path.iter().position(|element| element.prefix == "rdf" && element.name == "RDF")
        else {
            return;
        };
        if self.path[..start].iter().any(|element| element.prefix != "x")
            || !self
                .path
                .get(start + 1)
                .is_some_and(|element| element.prefix == "rdf" && element.name == "Description")
        {
            return;
        }
        let properties: Vec<(Prefix, &str)> = self.path[start..]
            .iter()
            .filter(|element| !element.is_syntax())
            .map(|element| (element.prefix, element.name.as_str()))
            .collect();
        property(&properties, value.trim(), self.statements);
    }
}

/// The characters that XML itself names.
fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// The namespace and local name of an element or attribute.
fn resolved(name: QName<'_>, resolver: &NamespaceResolver, element: bool) -> (Prefix, String) {
    let (namespace, local) = match element {
        true => resolver.resolve_element(name),
        false => resolver.resolve_attribute(name),
    };
    let prefix = match namespace {
        ResolveResult::Bound(namespace) => NAMESPACES
            .iter()
            .find(|(_, uri)| *uri == namespace.as_ref())
            .map_or("", |(name, _)| name),
        _ => "",
    };
    (prefix, local.as_ref().to_owned())
}

/// Says what a property says.
fn property(path: &[(Prefix, &str)], value: &str, statements: &mut Statements) {
    const AT: Container = Container::Xmp;
    let field = || path.iter().map(|(prefix, name)| format!("{prefix}:{name}")).collect::<Vec<_>>();
    match *path {
        // IPTC Photo Metadata 2025.1, and the name that its first version had.
        [(prefix @ "Iptc4xmpExt", name @ ("DigitalSourceType" | "DigitalSourcefileType"))] => {
            let field = format!("{prefix}:{name}");
            marks::source_type(value, AT, &field, statements);
        }
        [("Iptc4xmpExt", "AISystemUsed")] => statements.add(
            AT,
            "Iptc4xmpExt:AISystemUsed",
            Found::new(Mark::AiSystem, Claim::GeneratorNamed).names(value),
        ),
        [("Iptc4xmpExt", "AIPromptInformation")] => statements.add(
            AT,
            "Iptc4xmpExt:AIPromptInformation",
            Found::new(Mark::Prompt, Claim::GeneratorNamed).text(value),
        ),
        // TC260-PG-20258A, 5: the label as JSON, or as a structure of its fields.
        [("TC260", "AIGC")] => marks::aigc_label(value, AT, "TC260:AIGC", statements),
        [("TC260", "AIGC"), ("TC260", "Label")] | [("TC260", "Label")] => {
            marks::aigc_code(value, AT, "TC260:Label", statements);
        }
        [("photoshop", "Credit")] => marks::credit(value, AT, "photoshop:Credit", statements),
        [("xmp", "CreatorTool")] => marks::software(value, AT, "xmp:CreatorTool", statements),
        [("tiff", "Software")] => marks::software(value, AT, "tiff:Software", statements),
        [("xmpMM", "History"), ("stEvt", "softwareAgent")] => {
            marks::editor(value, AT, "xmpMM:History/stEvt:softwareAgent", statements);
        }
        [("dc", "description")] => marks::description(value, AT, "dc:description", statements),
        [("exif", "UserComment")] => marks::user_comment(value, AT, "exif:UserComment", statements),
        // C2PA 2.2, 11.4: where a manifest is kept that is not in the file.
        [("dcterms", "provenance")] if value.contains("://") => statements.add(
            AT,
            "dcterms:provenance",
            Found::new(Mark::RemoteManifest, None).text(value),
        ),
        // Lightroom and Camera Raw: parts that were filled by Firefly.
        [("crs", _), .., ("crs", "fill_method")] if value.eq_ignore_ascii_case("firefly") => {
            let found = Found::new(Mark::GenerativeFill, Claim::PartlyGenerated);
            statements.add(AT, &field().join("/"), found.names("Adobe Firefly").text(value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Format;
    use crate::provenance::report::Provenance;

    const DIGITAL_SOURCE: &str =
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

    fn read(packet: &[u8]) -> Provenance {
        let mut statements = Statements::default();
        state(packet, &mut statements);
        statements.finish(Format::Jpeg, None)
    }

    /// What is said by a description of these properties, with the usual namespaces declared.
    fn described(attributes: &str, elements: &str) -> Provenance {
        let declared: String =
            NAMESPACES.iter().skip(3).map(|(name, uri)| format!(" xmlns:{name}='{uri}'")).collect();
        read(
            format!(
                "<?xpacket begin='\u{feff}' id='W5M0MpCehiHzreSzNTczkc9d'?>\
                 <x:xmpmeta xmlns:x='adobe:ns:meta/'>\
                 <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
                 <rdf:Description rdf:about=''{declared} {attributes}>{elements}\
                 </rdf:Description></rdf:RDF></x:xmpmeta>    <?xpacket end='w'?>"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn a_property_may_be_written_in_every_way_of_rdf() {
        for (attributes, elements) in [
            (format!("Iptc4xmpExt:DigitalSourceType='{DIGITAL_SOURCE}'"), String::new()),
            (
                String::new(),
                format!(
                    "<Iptc4xmpExt:DigitalSourceType>{DIGITAL_SOURCE}\n\
                     </Iptc4xmpExt:DigitalSourceType>"
                ),
            ),
            (
                String::new(),
                format!("<Iptc4xmpExt:DigitalSourceType rdf:resource='{DIGITAL_SOURCE}'/>"),
            ),
            (
                String::new(),
                format!(
                    "<i:DigitalSourceType xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>\
                     <![CDATA[{DIGITAL_SOURCE}]]></i:DigitalSourceType>"
                ),
            ),
            (
                String::new(),
                format!(
                    "<Iptc4xmpExt:DigitalSourcefileType><rdf:Alt><rdf:li xml:lang='x-default'>\
                     {DIGITAL_SOURCE}</rdf:li></rdf:Alt></Iptc4xmpExt:DigitalSourcefileType>"
                ),
            ),
        ] {
            let said = described(&attributes, &elements);
            assert_eq!(said.says, Some(Claim::Generated), "{attributes}{elements}");
            assert_eq!(said.statements.len(), 1);
            assert!(said.unread.is_empty(), "{attributes}{elements}");
        }
    }

    #[test]
    fn a_property_counts_in_its_namespace_and_at_the_top() {
        let elsewhere = "xmlns:Iptc4xmpExt='http://example.org/'";
        for (attributes, elements) in [
            // The usual prefix for another namespace.
            (
                String::new(),
                format!(
                    "<Iptc4xmpExt:DigitalSourceType {elsewhere}>{DIGITAL_SOURCE}\
                     </Iptc4xmpExt:DigitalSourceType>"
                ),
            ),
            (format!("dc:DigitalSourceType='{DIGITAL_SOURCE}'"), String::new()),
            // Of something else.
            (
                String::new(),
                format!(
                    "<xmpMM:Ingredients><rdf:Bag><rdf:li \
                     Iptc4xmpExt:DigitalSourceType='{DIGITAL_SOURCE}'/></rdf:Bag>\
                     </xmpMM:Ingredients>"
                ),
            ),
            // Words.
            (String::new(), format!("<dc:description>{DIGITAL_SOURCE}</dc:description>")),
            (String::new(), format!("<!-- Iptc4xmpExt:DigitalSourceType='{DIGITAL_SOURCE}' -->")),
            (String::new(), "<dc:title>crs:fill_method='firefly'</dc:title>".to_owned()),
        ] {
            let said = described(&attributes, &elements);
            assert_eq!(said.statements, [], "{attributes}{elements}");
            assert!(said.unread.is_empty(), "{attributes}{elements}");
        }
        // Outside of a description.
        let bare = format!(
            "<a xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' \
             i:DigitalSourceType='{DIGITAL_SOURCE}'/>"
        );
        assert_eq!(read(bare.as_bytes()).statements, []);
    }

    #[test]
    fn a_photograph_with_a_filled_part_is_said_to_be_one() {
        // As Lightroom Classic 15 writes it.
        let areas = "<crs:RetouchAreas><rdf:Seq><rdf:li><rdf:Description \
                     crs:SpotType='heal_patchmatch' crs:fill_method='firefly'><crs:Masks><rdf:Seq>\
                     <rdf:li crs:What='Mask/Ellipse' crs:X='0.7'/></rdf:Seq></crs:Masks>\
                     </rdf:Description></rdf:li></rdf:Seq></crs:RetouchAreas>";
        let said = described("", areas);
        assert_eq!(said.says, Some(Claim::PartlyGenerated));
        assert_eq!(said.statements[0].mark, Mark::GenerativeFill);
        assert_eq!(said.statements[0].place.field, "crs:RetouchAreas/crs:fill_method");
        let healed = areas.replace("firefly", "patchmatch");
        assert_eq!(described("", &healed).says, None);
    }

    #[test]
    fn damage_ends_the_reading_and_is_told() {
        let good = format!("Iptc4xmpExt:DigitalSourceType='{DIGITAL_SOURCE}'");
        for bad in ["<dc:title>", "<dc:title>&unknown;</dc:title>", "<!DOCTYPE a>", "<a:b/>"] {
            let said = described(&good, bad);
            assert_eq!(said.says, Some(Claim::Generated), "{bad}");
            let known = bad == "<a:b/>";
            assert_eq!(said.unread.is_empty(), known, "{bad}");
        }
        let deep = "<dc:a>".repeat(MAX_METADATA_NESTING);
        assert_eq!(described(&good, &deep).unread[0].reason, UnreadReason::TooLarge);
        let many = "<dc:a/>".repeat(MAX_METADATA_VALUES);
        assert_eq!(described(&good, &many).unread[0].reason, UnreadReason::TooLarge);
    }

    #[test]
    fn utf16_and_padding_are_read() {
        let packet = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
             xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' \
             i:DigitalSourceType='digsrctype:digitalCapture'/></rdf:RDF>";
        for bytes in [
            packet.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            packet.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            format!("\u{feff}{packet}\0\0\0").into_bytes(),
        ] {
            let said = read(&bytes);
            assert_eq!(said.says, Some(Claim::Captured));
            assert!(said.unread.is_empty());
        }
    }
}
