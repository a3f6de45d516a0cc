//! The single-byte encodings that UTF-8 text is mistaken for.

/// A single-byte encoding whose lower half is ASCII.
#[derive(Debug)]
pub(super) struct Charmap {
    /// What bytes 0x80 to 0xff are, in order.
    upper: &'static str,
    /// Whether Windows decodes it, "sloppily": byte 0x1a then stands for the replacement character,
    /// which says that a byte was lost. Its gaps are the control characters of the same number in
    /// any case.
    pub(super) windows: bool,
    /// Mac OS Roman has the en dash where others have the first byte of sequences that could have
    /// lost a space.
    pub(super) macintosh: bool,
}

impl Charmap {
    const fn of(upper: &'static str) -> Self {
        Self { upper, windows: false, macintosh: false }
    }

    const fn windows(upper: &'static str) -> Self {
        Self { upper, windows: true, macintosh: false }
    }

    /// The characters of bytes 0x80 to 0xff.
    pub(super) fn upper(&self) -> impl Iterator<Item = char> {
        self.upper.chars()
    }

    /// The byte of a character.
    fn byte(&self, character: char) -> Option<u8> {
        if self.windows {
            match character {
                '\u{1a}' => return None,
                char::REPLACEMENT_CHARACTER => return Some(0x1a),
                _ => {}
            }
        }
        if character.is_ascii() {
            return u8::try_from(character).ok();
        }
        u8::try_from(self.upper().position(|other| other == character)? + 0x80).ok()
    }

    /// The bytes that this encoding would have decoded to `text`, if there are any.
    pub(super) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        text.chars().map(|character| self.byte(character)).collect()
    }
}

/// What a byte from 0x80 on is in Windows-1252; `None` where Microsoft defines nothing.
pub(super) fn windows_1252(byte: u8) -> Option<char> {
    let character = CHARMAPS[1].upper().nth(usize::from(byte.checked_sub(0x80)?))?;
    (!('\u{80}'..='\u{9f}').contains(&character)).then_some(character)
}

/// In the order in which they are tried. Latin-1 first, whose characters have the numbers of its
/// bytes.
pub(super) const CHARMAPS: [Charmap; 10] = [
    Charmap::of(concat!(
        "\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}",
        "\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}",
        "\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}",
        "\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}",
        "\u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    )),
    // Windows-1252, Western Europe.
    Charmap::windows(concat!(
        "€\u{81}‚ƒ„…†‡\u{2c6}‰Š‹Œ\u{8d}Ž\u{8f}",
        "\u{90}‘’“”•–—\u{2dc}™š›œ\u{9d}žŸ",
        "\u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    )),
    // Windows-1251, Cyrillic.
    Charmap::windows(concat!(
        "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏ",
        "ђ‘’“”•–—\u{98}™љ›њќћџ",
        "\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї",
        "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
    )),
    // Windows-1250, Central Europe.
    Charmap::windows(concat!(
        "€\u{81}‚\u{83}„…†‡\u{88}‰Š‹ŚŤŽŹ",
        "\u{90}‘’“”•–—\u{98}™š›śťžź",
        "\u{a0}\u{2c7}\u{2d8}Ł¤Ą¦§\u{a8}©Ş«¬\u{ad}®Ż°±\u{2db}ł\u{b4}µ¶·\u{b8}ąş»Ľ\u{2dd}ľż",
        "ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u{2d9}",
    )),
    // Windows-1253, Greek.
    Charmap::windows(concat!(
        "€\u{81}‚ƒ„…†‡\u{88}‰\u{8a}‹\u{8c}\u{8d}\u{8e}\u{8f}",
        "\u{90}‘’“”•–—\u{98}™\u{9a}›\u{9c}\u{9d}\u{9e}\u{9f}",
        "\u{a0}\u{385}Ά£¤¥¦§\u{a8}©ª«¬\u{ad}®―°±²³\u{384}µ¶·ΈΉΊ»Ό½ΎΏ",
        "ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡÒΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώÿ",
    )),
    // Windows-1254, Turkish.
    Charmap::windows(concat!(
        "€\u{81}‚ƒ„…†‡\u{2c6}‰Š‹Œ\u{8d}\u{8e}\u{8f}",
        "\u{90}‘’“”•–—\u{2dc}™š›œ\u{9d}\u{9e}Ÿ",
        "\u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ",
    )),
    // Windows-1257, Baltic.
    Charmap::windows(concat!(
        "€\u{81}‚\u{83}„…†‡\u{88}‰\u{8a}‹\u{8c}\u{a8}\u{2c7}\u{b8}",
        "\u{90}‘’“”•–—\u{98}™\u{9a}›\u{9c}\u{af}\u{2db}\u{9f}",
        "\u{a0}¡¢£¤¥¦§Ø©Ŗ«¬\u{ad}®Æ°±²³\u{b4}µ¶·ø¹ŗ»¼½¾æ",
        "ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž\u{2d9}",
    )),
    // ISO 8859-2, Central Europe.
    Charmap::of(concat!(
        "\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}",
        "\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}",
        "\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}",
        "\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}",
        "\u{a0}Ą\u{2d8}Ł¤ĽŚ§\u{a8}ŠŞŤŹ\u{ad}ŽŻ°ą\u{2db}ł\u{b4}ľś\u{2c7}\u{b8}šşťź\u{2dd}žż",
        "ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u{2d9}",
    )),
    // Mac OS Roman.
    Charmap {
        upper: concat!(
            "ÄÅÇÉÑÖÜáàâäãåçéè",
            "êëíìîïñóòôöõúùûü",
            "†°¢£§•¶ß®©™\u{b4}\u{a8}≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø",
            "¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ",
            "‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙı",
            "\u{2c6}\u{2dc}\u{af}\u{2d8}\u{2d9}\u{2da}\u{b8}\u{2dd}\u{2db}\u{2c7}",
        ),
        windows: false,
        macintosh: true,
    },
    // Code page 437, of DOS.
    Charmap::of(concat!(
        "ÇüéâäàåçêëèïîìÄÅ",
        "ÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
        "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}",
    )),
];
