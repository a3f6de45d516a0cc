"""Checkpoints of the published formats with random weights, and what the reference libraries compute with them.

A case is a folder: a checkpoint as its publisher would put it out, and golden.safetensors:
  pixels       [n, 3, side, side]  normalised input
  embedding    [n, projection]     the projected image embedding, not normalised
  class_tokens [layers, n, width]  the class token after every layer
  mlp_inputs   [layers, n, width]  the class token as every layer's MLP reads it
  text_ids     [m, context]        token ids
  text         [m, projection]     the projected text embedding
"""

import json
import warnings
from pathlib import Path

import open_clip
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

warnings.simplefilter("ignore")

# vision: side, patch, width, layers, heads; text: vocabulary, context, width, layers, heads; projection
EXACT = {
    "b32": ((224, 32, 768, 12, 12), (49408, 77, 512, 12, 8), 512),
    "b16": ((224, 16, 768, 12, 12), (49408, 77, 512, 12, 8), 512),
    "l14": ((224, 14, 1024, 24, 16), (49408, 77, 768, 12, 12), 768),
    "l14-336": ((336, 14, 1024, 24, 16), (49408, 77, 768, 12, 12), 768),
    "tiny-8m": ((224, 16, 256, 10, 4), (49408, 77, 256, 3, 4), 512),
    "tiny-39m": ((224, 16, 512, 12, 8), (49408, 77, 512, 6, 8), 512),
    "tiny-40m": ((224, 32, 512, 12, 8), (49408, 77, 512, 6, 8), 512),
    "tiny-61m": ((224, 32, 640, 12, 10), (49408, 77, 512, 9, 8), 512),
}


def texts(vocabulary, context, count=4):
    """Random tokens, the highest id last, shorter texts padded with 0."""
    ids = torch.zeros(count, context, dtype=torch.long)
    for row in range(count):
        length = context if row == 0 else int(torch.randint(3, context, ()))
        ids[row, : length - 1] = torch.randint(1, vocabulary - 1, (length - 1,))
        ids[row, length - 1] = vocabulary - 1
    return ids


def trained(model):
    """Norms and biases as training leaves them: libraries begin with ones and zeros, which would hide one left out."""
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1 and "class" not in name:
            around = 1.0 if name.endswith("weight") else 0.0
            parameter.data = around + 0.1 * torch.randn_like(parameter)
    return model.eval()


def watch(layers, norms):
    """What comes out of layers and norms, class tokens alone."""
    seen = {"layers": [], "norms": []}
    hooks = [
        module.register_forward_hook(
            lambda _, __, output, kind=kind: seen[kind].append((output[0] if isinstance(output, tuple) else output)[:, 0])
        )
        for kind, modules in (("layers", layers), ("norms", norms))
        for module in modules
    ]
    return seen, hooks


def golden(folder, pixels, embedding, seen, hooks, ids, text):
    for hook in hooks:
        hook.remove()
    save_file(
        {
            "pixels": pixels,
            "embedding": embedding.contiguous(),
            "class_tokens": torch.stack(seen["layers"]).contiguous(),
            "mlp_inputs": torch.stack(seen["norms"]).contiguous(),
            "text_ids": ids,
            "text": text.contiguous(),
        },
        folder / "golden.safetensors",
    )


def hugging_face(shape, activation="quick_gelu", seed=1, images=2):
    (side, patch, width, layers, heads), (vocabulary, context, text_width, text_layers, text_heads), projection = shape
    torch.manual_seed(seed)
    config = CLIPConfig(
        vision_config={
            "image_size": side, "patch_size": patch, "hidden_size": width, "num_hidden_layers": layers,
            "num_attention_heads": heads, "intermediate_size": 4 * width, "hidden_act": activation,
        },
        text_config={
            "vocab_size": vocabulary, "max_position_embeddings": context, "hidden_size": text_width,
            "num_hidden_layers": text_layers, "num_attention_heads": text_heads, "intermediate_size": 4 * text_width,
            "hidden_act": activation, "eos_token_id": vocabulary - 1, "bos_token_id": 1, "pad_token_id": 0,
        },
        projection_dim=projection,
    )
    model = trained(CLIPModel(config))
    torch.manual_seed(seed + 1)
    return model, torch.randn(images, 3, side, side), texts(vocabulary, context)


@torch.no_grad()
def hugging_face_golden(model, pixels, ids, folder):
    tower = getattr(model.vision_model, "vision_model", model.vision_model)
    layers = tower.encoder.layers
    seen, hooks = watch(layers, [layer.layer_norm2 for layer in layers])
    embedding = model.visual_projection(tower(pixel_values=pixels).pooler_output)
    text = getattr(model.text_model, "text_model", model.text_model)
    golden(folder, pixels, embedding, seen, hooks, ids, model.text_projection(text(input_ids=ids).pooler_output))


def open_clip_model(shape, quick_gelu=False, seed=1, images=2):
    (side, patch, width, layers, heads), (vocabulary, context, text_width, text_layers, text_heads), projection = shape
    torch.manual_seed(seed)
    vision = dict(image_size=side, patch_size=patch, width=width, layers=layers, head_width=width // heads)
    text = dict(vocab_size=vocabulary, context_length=context, width=text_width, layers=text_layers, heads=text_heads)
    model = CLIP(projection, CLIPVisionCfg(**vision), CLIPTextCfg(**text), quick_gelu=quick_gelu)
    torch.manual_seed(seed + 1)
    config = {"embed_dim": projection, "vision_cfg": vision, "text_cfg": text}
    if quick_gelu:
        config["quick_gelu"] = True
    preprocessing = {
        "mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD,
        "interpolation": "bicubic", "resize_mode": "shortest",
    }
    config = {"model_cfg": config, "preprocess_cfg": preprocessing}
    return trained(model), config, torch.randn(images, 3, side, side), texts(vocabulary, context)


@torch.no_grad()
def open_clip_golden(model, pixels, ids, folder):
    blocks = model.visual.transformer.resblocks
    seen, hooks = watch(blocks, [block.ln_2 for block in blocks])
    golden(folder, pixels, model.encode_image(pixels), seen, hooks, ids, model.encode_text(ids))


def folder_of(root, name):
    folder = Path(root) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")
