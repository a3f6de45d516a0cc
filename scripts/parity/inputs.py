"""Writes what the reference libraries make of 10,000 texts and of images, for the test that compares ours.

  python scripts/parity/inputs.py OUT ../shared/data
  CLIPSIGHT_PARITY=OUT cargo test --release --test import parity -- --nocapture

Texts: ids of open_clip's tokenizer, which is OpenAI's. Images: 200 of the labelled ones, cropped to other shapes and
stored as PNG so that decoding plays no part; open_clip's preprocessing, which is OpenAI's. (transformers cuts the centre half a pixel
elsewhere where the excess is odd.)
"""

import json
import random
import sys
from pathlib import Path

import open_clip
from open_clip.transform import image_transform
from PIL import Image
from safetensors.torch import save_file

root, data = Path(sys.argv[1]), Path(sys.argv[2])
root.mkdir(parents=True, exist_ok=True)
random.seed(11)

WORDS = "a an the photo painting of cat dog don't it's 3d render 4k HDR, by artist studio-lit (close up) café naïve Straße 写真 фото".split()
RANGES = [(0x20, 0x7E), (0xA1, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x905, 0x939), (0x3041, 0x3096),
          (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x2600, 0x27BF)]


def text(kind):
    if kind == 0:
        return " ".join(random.choices(WORDS, k=random.randint(1, 20)))
    if kind == 1:
        low, high = random.choice(RANGES)
        return "".join(chr(random.randint(low, high)) for _ in range(random.randint(1, 40)))
    if kind == 2:
        ranges = random.choices(RANGES, k=random.randint(2, 5))
        return " ".join("".join(chr(random.randint(*r)) for _ in range(random.randint(1, 8))) for r in ranges)
    if kind == 3:
        return random.choice(["", " ", "\n\t", "👩‍👩‍👧‍👦", "🏳️‍🌈", "&amp;&lt;x&gt;", "A&quot;B", "e\u0301", "'S 'll", "1234567890"])
    return " ".join(random.choices(WORDS, k=random.randint(80, 300)))


tokenizer = open_clip.get_tokenizer("ViT-B-32")
texts = [text(index % 5 if index % 10 else 3) for index in range(10_000)]
ids = [[int(token) for token in row[: int(row.argmax()) + 1]] for row in tokenizer(texts)]
(root / "tokens.json").write_text(json.dumps([{"text": t, "ids": i} for t, i in zip(texts, ids)]))

images = root / "images"
images.mkdir(exist_ok=True)
files = sorted((data / "ai").rglob("*.jpg"))[::19][:100] + sorted((data / "real").rglob("*.jpg"))[::23][:100]
theirs = image_transform(224, is_train=False, mean=open_clip.OPENAI_DATASET_MEAN, std=open_clip.OPENAI_DATASET_STD)
expected = {}
for index, file in enumerate(files):
    image = Image.open(file).convert("RGB")
    width, height = image.size
    image = image.crop((0, 0, random.randint(width // 2, width), random.randint(height // 2, height)))
    image.save(images / f"{index:03}.png")
    expected[f"{index:03}"] = theirs(image)
save_file(expected, root / "images.safetensors")
print(len(texts), "texts,", len(files), "images")
