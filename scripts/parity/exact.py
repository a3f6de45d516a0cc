"""Writes the published architectures with random weights and what transformers and open_clip compute with them.

  python scripts/parity/exact.py OUT [NAME...]
  CLIPSIGHT_PARITY=OUT cargo test --release -p clipsight-import --test import parity -- --nocapture

Takes some gigabytes of disk; needs requirements.txt beside it. CI compares small towers instead: tests/fixtures/import.
"""

import sys

from cases import (
    EXACT, folder_of, hugging_face, hugging_face_golden, open_clip_golden, open_clip_model, write_json,
)
from safetensors.torch import save_file

root, *names = sys.argv[1:]
for name, shape in EXACT.items():
    if names and name not in names:
        continue
    folder = folder_of(root, f"hf-{name}")
    # As published: QuickGELU in OpenAI's models, GELU in TinyCLIP's, whose configurations name no activation.
    model, pixels, ids = hugging_face(shape, "gelu" if name.startswith("tiny") else "quick_gelu")
    model.save_pretrained(folder)
    hugging_face_golden(model, pixels, ids, folder)
    folder = folder_of(root, f"open-clip-{name}")
    model, config, pixels, ids = open_clip_model(shape)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    write_json(folder / "open_clip_config.json", config)
    open_clip_golden(model, pixels, ids, folder)
    print(name, flush=True)
