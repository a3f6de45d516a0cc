"""Texts that are hard to tokenize, for comparing tokenizers: `corpus` makes any number of them from a seed.

They use the characters that Python's own tables know (`unicodedata.unidata_version`), since what the reference makes of
others changes with Python's version: str.lower, NFC and the classes of the module regex each have tables of their own.
Lone surrogates are left out: they are no text in JSON nor in Rust.
"""

import html.entities
import random
import sys
import unicodedata

WORDS = """a an the photo painting of cat dog don't it's we'll they're I've she'd I'm 3d render 4k HDR, by artist studio-lit
(close up) café naïve Straße façade 写真 фото صورة תמונה ภาพ चित्र 사진 --ar 16:9 1.2 50% #1 @user $5 <lora:x:0.8> [dev] ~/a_b C++""".split()

SENTENCES = [
    "a photo of a café in Zürich", "naïve façade, crème brûlée", "“curly” and ‘single’ — it’s “fine”…", "l’humanité à la mode",
    "voilà le travail", "às vezes àquela hora", "¿Qué pasó, señor? ¡Olé!", "smörgåsbord på älvsjö", "Œuvre complète, 20 € • ½ £",
    "Příliš žluťoučký kůň úpěl ďábelské ódy", "zażółć gęślą jaźń", "árvíztűrő tükörfúrógép", "Čeština šťastná", "İstanbul ışık güneş çağ",
    "Привет, мир! Фото кошки", "Съешь ещё этих мягких булок", "Їжак і ґедзь", "Καλημέρα κόσμε, φωτογραφία", "ΟΔΥΣΣΕΥΣ Ὀδυσσεύς",
    "Ąžuolas žiūri į ūką", "Rīgā ēka ar šķūni", "你好，世界！照片", "こんにちは世界、写真です", "안녕하세요 세계 사진", "สวัสดีชาวโลก", "नमस्ते दुनिया",
    "مرحبا بالعالم", "שלום עולם", "😀 smile 👍🏽 ❤️", "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪", "™ ® © § ¶ † ‡", "± × ÷ ≠ ≤ ≥ ∞ √", "═══ ║ ▓▒░ ┌┐", "Ñandú, Ærø, Þórr, Ðe", "x² + y³ = z¹ º ª",
]

SCRIPTS = [
    (0x20, 0x7E), (0xA1, 0xFF), (0x100, 0x24F), (0x250, 0x2FF), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x58A), (0x5D0, 0x5EA),
    (0x600, 0x6FF), (0x710, 0x74F), (0x780, 0x7B1), (0x7C0, 0x7FA), (0x900, 0x97F), (0x980, 0x9FE), (0xA01, 0xA76), (0xA81, 0xAFF),
    (0xB01, 0xB77), (0xB82, 0xBFA), (0xC00, 0xC7F), (0xC80, 0xCF2), (0xD00, 0xD7F), (0xD81, 0xDF4), (0xE01, 0xE5B), (0xE81, 0xEDF),
    (0xF00, 0xFDA), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x139F), (0x13A0, 0x13FD), (0x1400, 0x167F),
    (0x1680, 0x169C), (0x16A0, 0x16F8), (0x1780, 0x17F9), (0x1800, 0x18AA), (0x1C80, 0x1CBF), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF),
    (0x1F00, 0x1FFE), (0x2000, 0x206F), (0x2070, 0x209C), (0x20A0, 0x20C0), (0x2100, 0x218B), (0x2190, 0x23FF), (0x2400, 0x244A),
    (0x2460, 0x24FF), (0x2500, 0x25FF), (0x2600, 0x27BF), (0x2C00, 0x2C7F), (0x2C80, 0x2CFF), (0x2E00, 0x2E5D), (0x2F00, 0x2FD5),
    (0x3000, 0x303F), (0x3041, 0x30FF), (0x3105, 0x318E), (0x3200, 0x33FF), (0x4E00, 0x9FFC), (0xA000, 0xA48C), (0xA640, 0xA69F),
    (0xA722, 0xA7FF), (0xAB30, 0xAB6B), (0xAC00, 0xD7A3), (0xE000, 0xE100), (0xF8F0, 0xF8FF), (0xF900, 0xFAD9), (0xFB00, 0xFB4F),
    (0xFB50, 0xFDFF), (0xFE00, 0xFE6F), (0xFF01, 0xFFEE), (0xFFF9, 0xFFFD), (0x10000, 0x1005D), (0x10330, 0x1034A), (0x10400, 0x1044F),
    (0x10A00, 0x10A58), (0x11000, 0x1106F), (0x12000, 0x12399), (0x13000, 0x1342E), (0x1D100, 0x1D1E8), (0x1D400, 0x1D7FF),
    (0x1E900, 0x1E95F), (0x1F000, 0x1F0F5), (0x1F100, 0x1F1FF), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FC), (0x1F900, 0x1FAF6), (0x20000, 0x20100),
    (0xE0020, 0xE007F), (0xE0100, 0xE01EF), (0x100000, 0x100010),
]

# Encodings that UTF-8 is mistaken for, and one that is not among those that ftfy tries.
ENCODINGS = ["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso-8859-2", "mac-roman", "cp437", "cp1255"]

# What mojibake is made of, and what looks like it.
SOUP = "".join(
    bytes([byte]).decode(encoding, "ignore") for encoding in ENCODINGS for byte in range(0x80, 0x100)
) + "\ufffd\x1aÃÂâ€œ â ÐÑ ΞΒ ГВ  à é  abc xyz.,!? -'\""

ENTITIES = sorted(html.entities.html5)

MARKERS = ["<start_of_text>", "<end_of_text>", "<END_OF_TEXT>", "<Start_Of_Text>", "&lt;end_of_text&gt;", "<\u017ftart_of_text>"]


def assigned(code):
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


EVERYTHING = [code for code in range(0x110000) if assigned(code) and not 0xE100 < code < 0xF8F0 and code < 0xF0010]


def misread(data, encoding):
    """Bytes as that encoding reads them; what it does not define stands for itself, as Windows and browsers have it."""
    return "".join(bytes([byte]).decode(encoding, "replace").replace("\ufffd", chr(byte)) for byte in data)


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def sentence(self):
        return self.random.choice(SENTENCES)

    def words(self, least=1, most=20):
        return " ".join(self.random.choices(WORDS, k=self.random.randint(least, most)))

    def of(self, low, high, most):
        codes = (self.random.randint(low, high) for _ in range(self.random.randint(1, most)))
        return "".join(chr(code) for code in codes if assigned(code))

    def script(self):
        return self.of(*self.random.choice(SCRIPTS), 30)

    def scripts(self):
        return self.random.choice(["", " "]).join(self.of(*self.random.choice(SCRIPTS), 8) for _ in range(self.random.randint(2, 6)))

    def anything(self):
        return "".join(chr(self.random.choice(EVERYTHING)) for _ in range(self.random.randint(1, 25)))

    def long(self):
        if self.random.random() < 0.3:
            return self.sentence() * self.random.randint(4, 30)
        return self.words(70, 300)

    def blank(self):
        return "".join(self.random.choices(" \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u2003\u2028\u3000\u200b\ufeff", k=self.random.randint(0, 4)))

    def entity(self):
        kind = self.random.randrange(8)
        if kind < 3:
            return "&" + self.random.choice(ENTITIES)
        if kind == 3:
            return "&" + self.random.choice(ENTITIES).upper()
        if kind == 4:
            return f"&#{self.random.choice([0, 9, 10, 11, 13, 27, 39, 65, 127, 128, 133, 150, 233, 8217, 55296, 65534, 128512, 1114112, 99999999999])}"
        if kind == 5:
            return f"&#{self.random.choice('xX')}{self.random.choice([0x27, 0x41, 0x80, 0x85, 0x9F, 0xE9, 0x1D7D8, 0x1F600, 0x110000, 0xFDD0]):x};"
        if kind == 6:
            return self.random.choice(["&amp;amp;", "&amp;lt;", "&amp;amp;eacute;", "&ampeacute;", "&notit;", "&notin", "&;", "&#;", "&#x;", "&&amp;", "&copy2", "AT&T", "&ETH", "&nTILDE;"])
        return f"&#{self.random.randint(0, 0x3000)};"

    def entities(self):
        parts = [self.random.choice([self.entity, self.entity, lambda: self.random.choice(WORDS), lambda: self.sentence()[:9]])() for _ in range(self.random.randint(1, 6))]
        if self.random.random() < 0.2:
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(["<b>", "<", "\n", "<\n"]))
        return self.random.choice(["", " ", ";"]).join(parts)

    def mojibake(self):
        text = self.sentence()
        if self.random.random() < 0.4:
            text = self.random.choice(["", "a ", "photo: "]) + "".join(self.random.choices(text, k=self.random.randint(1, 6)))
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            encoding = self.random.choice(ENCODINGS if self.random.random() < 0.6 else ENCODINGS[:2])
            text = misread(text.encode("utf-8", "replace"), encoding)
        return text

    def damaged(self):
        """Mojibake to which something else happened as well."""
        text = self.mojibake()
        kind = self.random.randrange(7)
        if kind == 0:
            return text.replace("\xa0", " ")
        if kind == 1:
            holes = "\x81\x8d\x8f\x90\x9d"
            return "".join(self.random.choice("\ufffd?") if character in holes else character for character in text)
        if kind == 2:
            return "".join("\ufffd" if self.random.random() < 0.1 else character for character in text)
        if kind == 3:
            return self.sentence() + self.random.choice(["", " ", "\n"]) + text
        if kind == 4:
            return text[self.random.randrange(len(text)) :]
        if kind == 5:
            return "".join(character for character in text if self.random.random() < 0.9)
        return text.upper() if self.random.random() < 0.5 else text.replace(" ", "  ")

    def surrogates(self):
        """UTF-8 of UTF-16, and Java's nought, read as Latin-1 or Windows-1252."""
        text = self.random.choice(["😀", "a😀b", "𝒳 é", "x\0y", "🇩🇪 ü", "한국"])
        units = text.encode("utf-16-be")
        data = b"".join(
            b"\xc0\x80" if unit == 0 else chr(unit).encode("utf-8", "surrogatepass")
            for unit in (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
        )
        if self.random.random() < 0.3:
            at = self.random.randrange(len(data))
            data = data[:at] + self.random.choice([b"", b"\x1a", b"?", b" "]) + data[at + 1 :]
        return self.random.choice(["", "a ", "é"]) + misread(data, self.random.choice(ENCODINGS[:2])).replace("\x1a", self.random.choice("\x1a\ufffd"))

    def soup(self):
        return "".join(self.random.choices(SOUP, k=self.random.randint(1, 25)))

    def latin_soup(self):
        return "".join(chr(self.random.choice([0x20, 0x41, 0x61, *range(0x80, 0x100)])) for _ in range(self.random.randint(1, 15)))

    def controls(self):
        parts = ["\x1b[31m", "\x1b[0m", "\x1b[", "\x1b[1;2", "\x1b]x", "\x9b31m", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x00", "\x07", "\x7f", "\x0b", "\x0c", "\x1c",
                 "\u206a", "\ufeff", "\ufff9", "\ufffc", "\u200d", "\u200c", "\u200b", "\u200e", "\u202e", "\u2060", "\xad", "\x1b[\u0661m", "\x1b[٣;3m"]
        return "".join(self.random.choice([self.random.choice(parts), self.random.choice(WORDS), " "]) for _ in range(self.random.randint(1, 12)))

    def forms(self):
        parts = "ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌﬀﬁﬂﬃﬄﬅﬆ｀ＡｂＣ１！～￠￡￢￣￤￥￦ﾊﾟｶﾞｯﾡￂ￨￮\u3000ſ'`‘’‚‛“”„‟ʼ«»‹›İıẞßΣςΐΰŸÿKÅΩ™㎏№ﷺ"
        return "".join(self.random.choice([self.random.choice(parts), self.random.choice("abcdst ")]) for _ in range(self.random.randint(1, 20)))

    def combining(self):
        marks = "\u0300\u0301\u0302\u0303\u0304\u0307\u0308\u030a\u030c\u0323\u0327\u0328\u0345\u0335\u034f\u093c\u3099\u309a\u0f71\u0f72\u20e3\ufe0e\ufe0f\u200d\U0001f3fd"
        bases = "aeiouAEIOUçÇñsSкйωΑかはक한각ᄀ가☺👍🏳"
        return "".join(
            self.random.choice(bases) + "".join(self.random.choices(marks, k=self.random.randint(0, 4))) for _ in range(self.random.randint(1, 12))
        )

    def contractions(self):
        parts = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "’LL", "'ſ", "'ſt", "ſ", "'", "''", "it", "THEY", "1", "12", "½", "²", "Ⅷ", "_", "-", "é", " "]
        return "".join(self.random.choices(parts, k=self.random.randint(1, 10)))

    def marker(self):
        return self.random.choice(["", "a ", "é"]) + self.random.choice(MARKERS) + self.random.choice(["", "b", " photo"])


KINDS = [
    "words", "script", "scripts", "anything", "long", "blank", "entities", "mojibake", "damaged", "surrogates", "soup", "latin_soup", "controls",
    "forms", "combining", "contractions",
]


def corpus(count, seed):
    """(kind, text) of every kind in turn; one in a hundred has one of the tokenizer's own markers in it."""
    texts = Texts(seed)
    for index in range(count):
        kind = "marker" if index % 100 == 99 else KINDS[index % len(KINDS)]
        yield kind, getattr(texts, kind)()


if __name__ == "__main__":
    for kind, text in corpus(int(sys.argv[1]), 11):
        print(kind, repr(text))
