"""The same model as an ONNX graph, built by hand as a careful exporter would: one product for queries, keys and values,
the attention's scale folded into the queries' weights, layer norms and activations as single nodes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"


class Graph:
    """Nodes and initialisers under construction; values are known by name."""

    def __init__(self):
        self.nodes, self.initialisers, self.constants = [], [], {}

    def constant(self, values, name):
        if name not in self.constants:
            self.initialisers.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
            self.constants[name] = name
        return name

    def integers(self, *values):
        return self.constant(np.array(values, np.int64), "int_" + "_".join(map(str, values)))

    def op(self, kind, *inputs, outputs=None, domain="", **attributes):
        names = outputs or [f"{kind}_{len(self.nodes)}"]
        node = helper.make_node(kind, inputs, names, name=names[0] + "_node", domain=domain, **attributes)
        self.nodes.append(node)
        return names[0] if len(names) == 1 else names

    def linear(self, values, tensors, name):
        product = self.op("MatMul", values, self.constant(tensors[f"{name}.weight"].T, f"{name}.weight"))
        bias = tensors.get(f"{name}.bias")
        return product if bias is None else self.op("Add", product, self.constant(bias, f"{name}.bias"))

    def norm(self, values, tensors, name, epsilon):
        gain, bias = (self.constant(tensors[f"{name}.{part}"], f"{name}.{part}") for part in ("weight", "bias"))
        return self.op("LayerNormalization", values, gain, bias, axis=-1, epsilon=epsilon)


def build(manifest, tensors, fused_attention):
    """The model with input `pixels` [N, 3, side, side] and outputs `embedding` [N, width] and `logit` [N, 1]."""
    shape = manifest["architecture"]
    tensors = scaled_queries(tensors, shape)
    graph = Graph()
    tokens = embed(graph, tensors, shape)
    layers = []
    for layer in range(shape["layers"]):
        name = f"vision.layers.{layer}"
        before = graph.norm(tokens, tensors, f"{name}.norm1", shape["norm_epsilon"])
        mixed = attend(graph, before, tensors, f"{name}.attention", shape, fused_attention)
        tokens = graph.op("Add", tokens, mixed)
        before = graph.norm(tokens, tensors, f"{name}.norm2", shape["norm_epsilon"])
        hidden = activate(graph, graph.linear(before, tensors, f"{name}.mlp.fc1"), shape["activation"])
        tokens = graph.op("Add", tokens, graph.linear(hidden, tensors, f"{name}.mlp.fc2"))
        layers.append(tokens)
    final_class = heads(graph, manifest, tensors, layers)
    if shape["projection"] is None:
        graph.op("Identity", final_class, outputs=["embedding"])
    else:
        graph.op("Identity", graph.linear(final_class, tensors, "vision.projection"), outputs=["embedding"])
    return model_of(graph, shape)


def scaled_queries(tensors, shape):
    width, scale = shape["width"], (shape["width"] // shape["heads"]) ** -0.5
    scaled = dict(tensors)
    for layer in range(shape["layers"]):
        for part in ("weight", "bias"):
            name = f"vision.layers.{layer}.attention.qkv.{part}"
            scaled[name] = tensors[name].copy()
            scaled[name][:width] *= np.float32(scale)
    return scaled


def embed(graph, tensors, shape):
    patch, width = shape["patch_size"], shape["width"]
    grid = shape["image_size"] // patch
    values = graph.op("Reshape", "pixels", graph.integers(-1, 3, grid, patch, grid, patch))
    values = graph.op("Transpose", values, perm=[0, 2, 4, 1, 3, 5])
    values = graph.op("Reshape", values, graph.integers(-1, grid * grid, 3 * patch * patch))
    values = graph.linear(values, tensors, "vision.patch_embedding")
    batch = graph.op("Slice", graph.op("Shape", values), graph.integers(0), graph.integers(1))
    target = graph.op("Concat", batch, graph.integers(1, width), axis=0)
    token = graph.constant(tensors["vision.class_token"].reshape(1, 1, width), "vision.class_token")
    tokens = graph.op("Concat", graph.op("Expand", token, target), values, axis=1)
    positions = graph.constant(tensors["vision.position_embedding"], "vision.position_embedding")
    tokens = graph.op("Add", tokens, positions)
    return graph.norm(tokens, tensors, "vision.pre_norm", shape["norm_epsilon"]) if shape["pre_norm"] else tokens


def attend(graph, values, tensors, name, shape, fused):
    width, count = shape["width"], shape["heads"]
    qkv = graph.linear(values, tensors, f"{name}.qkv")
    parts = [f"{name}.{part}" for part in ("queries", "keys", "values")]
    graph.op("Split", qkv, graph.integers(width, width, width), outputs=parts, axis=-1)
    if fused:
        mixed = graph.op("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=count, scale=1.0)
        return graph.linear(mixed, tensors, f"{name}.output")
    split = graph.integers(0, 0, count, width // count)
    queries, keys, gathered = (
        graph.op("Transpose", graph.op("Reshape", part, split), perm=perm)
        for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
    )
    weights = graph.op("Softmax", graph.op("MatMul", queries, keys), axis=-1)
    mixed = graph.op("Transpose", graph.op("MatMul", weights, gathered), perm=[0, 2, 1, 3])
    return graph.linear(graph.op("Reshape", mixed, graph.integers(0, 0, width)), tensors, f"{name}.output")


def activate(graph, values, kind):
    if kind == "quick-gelu":
        return graph.op("QuickGelu", values, domain=MICROSOFT, alpha=1.702)
    return graph.op("Gelu", values, domain=MICROSOFT)


def heads(graph, manifest, tensors, layers):
    """Writes the logit; gives the class token after the final norm."""
    shape, spec = manifest["architecture"], manifest["head"]["features"]
    epsilon, last = shape["norm_epsilon"], shape["layers"] + 1
    if spec == {"layers": [last], "pools": ["class"]}:
        # The others' norm would be for nothing.
        features = graph.norm(class_token(graph, layers[-1]), tensors, "vision.norm", epsilon)
        final_class = features
    else:
        layers = [*layers, graph.norm(layers[-1], tensors, "vision.norm", epsilon)]
        final_class = class_token(graph, layers[-1])
        features = pooled(graph, [layers[number - 1] for number in spec["layers"]], spec["pools"], shape["width"])
    if manifest["head"]["transform"] == "signed-sqrt":
        features = graph.op("Mul", graph.op("Sign", features), graph.op("Sqrt", graph.op("Abs", features)))
    weight = graph.constant(tensors["head.weight"].reshape(-1, 1), "head.weight")
    bias = graph.constant(tensors["head.bias"], "head.bias")
    graph.op("Gemm", features, weight, bias, outputs=["logit"])
    return final_class


def class_token(graph, tokens):
    return graph.op("Gather", tokens, graph.constant(np.array(0, np.int64), "first"), axis=1)


def pooled(graph, layers, pools, width):
    """All layers at once: [N, layers, tokens, width] -> [N, layers * pools * width]."""
    axis = graph.integers(1)
    stacked = graph.op("Concat", *(graph.op("Unsqueeze", tokens, axis) for tokens in layers), axis=1)
    token_axis = graph.integers(2)
    first = graph.op("Slice", stacked, graph.integers(0), graph.integers(1), token_axis)
    patches = graph.op("Slice", stacked, graph.integers(1), graph.integers(1 << 30), token_axis)
    mean = graph.op("ReduceMean", patches, axes=[2], keepdims=1)
    centred = graph.op("Sub", patches, mean)
    variance = graph.op("ReduceMean", graph.op("Mul", centred, centred), axes=[2], keepdims=1)
    by_name = {"class": first, "mean": mean, "std": graph.op("Sqrt", variance)}
    joined = graph.op("Concat", *(by_name[pool] for pool in pools), axis=2)
    return graph.op("Reshape", joined, graph.integers(-1, len(layers) * len(pools) * width))


def model_of(graph, shape):
    side = shape["image_size"]
    width = shape["projection"] or shape["width"]
    inputs = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, side, side])]
    outputs = [
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", width]),
        helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["N", 1]),
    ]
    proto = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.initialisers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(proto, opset_imports=opsets, producer_name="clipsight-bench")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
