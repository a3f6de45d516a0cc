"""Writes what the reference libraries make of 10,000 texts and of 200 images, for the tests that compare ours.

  python scripts/parity/inputs.py OUT ../shared/data
  CLIPSIGHT_PARITY=OUT cargo test --release -p clipsight-import --test import parity -- --nocapture

Texts (texts.py): ids of open_clip's tokenizer, which is OpenAI's and cleans with ftfy; it says, too, how many of them transformers'
CLIPTokenizer, which does not, reads otherwise. Two kinds are marked, which ours may read otherwise: "marker" has one of the
tokenizer's own markers in it, "unassigned" leads to characters that Python's tables do not know and those of the module regex may.

Images: 200 of the labelled ones, cropped to other shapes and stored as PNG so that decoding plays no part: open_clip's
preprocessing, which is OpenAI's, and that of transformers on its Pillow backend, which rounds the crop's place otherwise.
transformers' other backend, torchvision on tensors, rounds inside the resize: it is no reference, but how far it is off is said.
"""

import collections
import json
import random
import sys
import unicodedata
from pathlib import Path

import open_clip
from open_clip.tokenizer import SimpleTokenizer, _clean_lower
from open_clip.transform import image_transform
from PIL import Image
from safetensors.torch import save_file
from texts import corpus
from transformers import CLIPImageProcessor, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

root, data = Path(sys.argv[1]), Path(sys.argv[2])
root.mkdir(parents=True, exist_ok=True)
random.seed(11)


def transformers_tokenizer():
    """transformers' tokenizer with OpenAI's vocabulary, whose markers it writes otherwise."""
    simple = SimpleTokenizer()
    vocabulary = dict(simple.encoder)
    vocabulary["<|startoftext|>"] = vocabulary.pop("<start_of_text>")
    vocabulary["<|endoftext|>"] = vocabulary.pop("<end_of_text>")
    return CLIPTokenizer(vocab=vocabulary, merges=sorted(simple.bpe_ranks, key=simple.bpe_ranks.get))


rows = list(corpus(10_000, 11))
ids = [[int(token) for token in row[: int(row.argmax()) + 1]] for row in open_clip.get_tokenizer("ViT-B-32")([text for _, text in rows])]
theirs = transformers_tokenizer()
tokens, otherwise, repaired = [], collections.Counter(), 0
for (kind, text), row in zip(rows, ids):
    cleaned = _clean_lower(text)
    if kind != "marker" and any(unicodedata.category(character) == "Cn" for character in cleaned):
        kind = "unassigned"
    tokens.append({"kind": kind, "text": text, "ids": row})
    if theirs(text, truncation=True, max_length=77).input_ids != row:
        otherwise[kind] += 1
        repaired += cleaned != " ".join(unicodedata.normalize("NFC", text).split()).lower()
(root / "tokens.json").write_text(json.dumps(tokens))
print(len(rows), "texts; transformers reads", sum(otherwise.values()), "otherwise, of which open_clip repairs", repaired, dict(otherwise))

images = root / "images"
images.mkdir(exist_ok=True)
files = sorted((data / "ai").rglob("*.jpg"))[::19][:100] + sorted((data / "real").rglob("*.jpg"))[::23][:100]
torchvision = image_transform(224, is_train=False, mean=open_clip.OPENAI_DATASET_MEAN, std=open_clip.OPENAI_DATASET_STD)
pillow, tensors = CLIPImageProcessorPil(), CLIPImageProcessor()
expected, elsewhere, off = {}, 0, 0.0
for index, file in enumerate(files):
    image = Image.open(file).convert("RGB")
    width, height = image.size
    image = image.crop((0, 0, random.randint(width // 2, width), random.randint(height // 2, height)))
    image.save(images / f"{index:03}.png")
    expected[f"open_clip/{index:03}"] = torchvision(image)
    expected[f"transformers/{index:03}"] = pillow(image, return_tensors="pt").pixel_values[0]
    elsewhere += not expected[f"open_clip/{index:03}"].allclose(expected[f"transformers/{index:03}"], atol=1e-3)
    other = tensors(image, return_tensors="pt").pixel_values[0]
    off = max(off, (other - expected[f"transformers/{index:03}"]).abs().max().item())
save_file(expected, root / "images.safetensors")
print(f"{len(files)} images; {elsewhere} have their centre elsewhere in transformers; its torchvision backend is off by up to {off:.3f}")
