"""Exports a clipsight model to ONNX in every form that onnxruntime-web may run fastest, and checks each.

    python export_onnx.py MODEL_FOLDER OUT_FOLDER --variants f32,int8,...

Writes OUT_FOLDER/{variant}.onnx, the known image's pixels (known.rgb) and meta.json: the embedding and logit that the plain
definition gives for it, and how close each variant comes in onnxruntime for Python.
"""

import argparse
import json
import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from onnx_export.graph import build
from onnx_export.model import BLOCK, forward, known_image, normalised, read

# Below it a graph is not the same encoder.
CLOSE_ENOUGH = 0.99


class Reference:
    """What the plain definition computes for the known image."""

    def __init__(self, folder):
        self.manifest, self.tensors = read(folder)
        self.rgb = known_image(self.manifest["architecture"]["image_size"])
        self.pixels = normalised(self.manifest, self.rgb)
        self.embedding, self.logit = forward(self.manifest, self.tensors, self.pixels)

    def compare(self, path):
        """Cosine of a graph's embedding to the reference's, and its logit."""
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        embedding, logit = session.run(["embedding", "logit"], {"pixels": self.pixels})
        a, b = embedding[0].astype(np.float64), self.embedding.astype(np.float64)
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), float(logit[0, 0])


def dynamic(model, path, weight_type, reference):
    """Dynamic 8-bit products. Where massive activations ruin them, the layers at fault are left in f32, as few as will do."""
    layers = {
        f"layers.{layer}.": node.name
        for layer in range(reference.manifest["architecture"]["layers"])
        for node in model.graph.node
        if node.op_type == "MatMul" and f"layers.{layer}.mlp.fc2" in node.input[1]
    }
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "f32.onnx"
        onnx.save(model, source)

        def without(excluded):
            quantize_dynamic(
                source,
                path,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                weight_type=weight_type,
                nodes_to_exclude=excluded,
                # Shape inference does not see through Microsoft's own operators.
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
            return reference.compare(path)[0]

        excluded = []
        while without(excluded) < CLOSE_ENOUGH and len(excluded) < len(layers):
            left = [name for name in layers.values() if name not in excluded]
            excluded.append(max(left, key=lambda name: without([*excluded, name])))


def weight_only(model, path, bits):
    """Weights in blocks of 4 or 8 bits, products in f32: those in int8 (accuracy_level 4) were no faster anywhere."""
    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, bits=bits)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config)
    quantizer.process()
    onnx.save(quantizer.model.model, path)


WRITERS = {
    "f32": lambda model, path, _: onnx.save(model, path),
    # Signed and unsigned weights take different kernels.
    "int8": lambda model, path, reference: dynamic(model, path, QuantType.QInt8, reference),
    "uint8": lambda model, path, reference: dynamic(model, path, QuantType.QUInt8, reference),
    "q4": lambda model, path, _: weight_only(model, path, 4),
    "q8": lambda model, path, _: weight_only(model, path, 8),
}


def main():
    # The quantisers tell of every node.
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--variants", required=True, help="such as f32,int8,f32+mha; +mha has fused attention")
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    reference = Reference(arguments.model)
    (out / "known.rgb").write_bytes(reference.rgb.tobytes())
    variants = {}
    for variant in arguments.variants.split(","):
        kind, _, fused = variant.partition("+")
        path = out / f"{variant}.onnx"
        WRITERS[kind](build(reference.manifest, reference.tensors, fused == "mha"), path, reference)
        cosine, logit = reference.compare(path)
        if kind == "f32" and (1 - cosine > 1e-6 or abs(logit - reference.logit) > 1e-3):
            raise SystemExit(f"{path}: cosine {cosine}, logit {logit} where {reference.logit} is right")
        variants[variant] = {"bytes": path.stat().st_size, "cosine": cosine, "logit": logit}
        print(f"{variant}: {path.stat().st_size / 1e6:.1f} MB, cosine {cosine:.6f}, logit {logit:.4f}")
    meta = {
        "model": reference.manifest["id"],
        "embedding": [float(value) for value in reference.embedding],
        "logit": reference.logit,
        "preprocessing": reference.manifest["preprocessing"],
        "variants": variants,
    }
    (out / "meta.json").write_text(json.dumps(meta))


if __name__ == "__main__":
    main()
