"""One ONNX graph with everything inside that a policy is: clipping, scaling, the network, the mask and the choice.

The graph is built from arrays by `onnx.helper` and not traced by an exporter: it is twelve nodes that can be read, the same bytes from the
same weights under any version of torch, and made of operators that are named here, so that a reader can refuse all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, checker, helper, numpy_helper, shape_inference

from agents.learning.bundles.network import Network
from agents.learning.bundles.packing import GRAPH, LIMITS
from agents.learning.bundles.refusing import BundleError

OPSET, IR_VERSION = 17, 8  # of 2022: what serves models by now knows it
OPERATORS = frozenset({"Max", "Min", "Sub", "Div", "Gemm", "Tanh", "Where", "ArgMax"})
NODES_MAX = 64
SIDE_MAX = 1_024  # numbers in a row or column of a table: what operators make of tables of that size is small as well
ATTRIBUTES = frozenset({onnx.AttributeProto.INT, onnx.AttributeProto.FLOAT})
FORBIDDEN = float(np.finfo(np.float32).min)  # the logit of what may not be chosen
INPUTS = {"observations": TensorProto.FLOAT, "mask": TensorProto.BOOL}
OUTPUTS = {"action": TensorProto.INT64, "logits": TensorProto.FLOAT}


def graph_of(network: Network) -> bytes:
    """observations (rows, width) float32 and mask (rows, actions) bool -> action (rows,) int64 and logits (rows, actions) float32."""
    arrays = {"low": network.low, "high": network.high, "centre": network.centre, "spread": network.spread,
              "forbidden": np.array(FORBIDDEN, dtype=np.float32)}  # fmt: skip
    nodes = [
        helper.make_node("Max", ["observations", "low"], ["above"]),
        helper.make_node("Min", ["above", "high"], ["clipped"]),
        helper.make_node("Sub", ["clipped", "centre"], ["centred"]),
        helper.make_node("Div", ["centred", "spread"], ["hidden_0"]),
    ]
    for place, layer in enumerate(network.layers):
        is_last = place == len(network.layers) - 1
        arrays |= {f"weights_{place}": layer.weights, f"bias_{place}": layer.bias}
        out = "logits" if is_last else f"sum_{place}"
        nodes.append(helper.make_node("Gemm", [f"hidden_{place}", f"weights_{place}", f"bias_{place}"], [out], transB=1))
        if not is_last:
            nodes.append(helper.make_node("Tanh", [out], [f"hidden_{place + 1}"]))
    nodes += [
        helper.make_node("Where", ["mask", "logits", "forbidden"], ["allowed"]),
        helper.make_node("ArgMax", ["allowed"], ["action"], axis=1, keepdims=0),
    ]
    shapes = _shapes(network.width, network.actions)
    made = helper.make_graph(
        nodes, "policy",
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name, kind in INPUTS.items()],
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name, kind in OUTPUTS.items()],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="parley")
    content: bytes = model.SerializeToString(deterministic=True)
    require_graph(content, network.width, network.actions)
    return content


def require_graph(content: bytes, width: int, actions: int) -> None:
    """Refuse all but a small graph of known operators that holds its own numbers. Raises BundleError."""
    if len(content) > LIMITS[GRAPH]:
        raise BundleError(f"{GRAPH}: has {len(content):,} bytes, and may have {LIMITS[GRAPH]:,}")
    try:
        model = onnx.ModelProto.FromString(content)
    except DecodeError:
        raise BundleError(f"{GRAPH}: is no ONNX graph") from None
    for why in _wrong(model):
        raise BundleError(f"{GRAPH}: {why}")
    try:
        checker.check_model(model, full_check=True)
    except (checker.ValidationError, shape_inference.InferenceError, ValueError) as fault:  # ValueError: names that are no UTF-8, for one
        raise BundleError(f"{GRAPH}: is no sound graph: {(str(fault).strip() or type(fault).__name__).splitlines()[0]}") from None
    for what, found, right in (("takes", model.graph.input, INPUTS), ("gives", model.graph.output, OUTPUTS)):
        wanted: dict[str, KindAndShape] = {name: (int(kind), _shapes(width, actions)[name]) for name, kind in right.items()}
        if (told := {one.name: _kind_and_shape(one) for one in found}) != wanted:
            raise BundleError(f"{GRAPH}: {what} {_said(told)}, and should have {_said(wanted)}")


def _wrong(model: onnx.ModelProto) -> Iterator[str]:
    """What a graph of ours does not have."""
    opsets = {(one.domain, one.version) for one in model.opset_import}
    if opsets != {("", OPSET)} or model.ir_version != IR_VERSION:
        yield f"is written in operators {sorted(opsets)}, IR {model.ir_version}; a policy's are of opset {OPSET}, IR {IR_VERSION}"
    graph = model.graph
    if len(graph.node) > NODES_MAX:
        yield f"has {len(graph.node)} nodes, and may have {NODES_MAX}"
    for node in graph.node:
        if node.domain or node.op_type not in OPERATORS:
            name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            yield f"has the operator {name}; only {', '.join(sorted(OPERATORS))} may be there"
        if any(one.type not in ATTRIBUTES for one in node.attribute):
            yield f"has an attribute of {node.op_type} that is neither a whole number nor a fraction"
    for tensor in graph.initializer:
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            yield f"keeps {tensor.name!r} in another file; a policy holds its own numbers"
        if len(tensor.dims) > 2 or any(side > SIDE_MAX for side in tensor.dims):
            yield f"has a table {tensor.name!r} of {' x '.join(map(str, tensor.dims))}; a policy's have two sides of {SIDE_MAX:,} at most"
    if model.functions or model.training_info or graph.sparse_initializer or graph.quantization_annotation:
        yield "has functions, training steps or sparse numbers, which no policy has"


Shape = tuple[str | int, ...]
KindAndShape = tuple[int, Shape]


def _shapes(width: int, actions: int) -> dict[str, Shape]:
    return {"observations": ("rows", width), "mask": ("rows", actions), "action": ("rows",), "logits": ("rows", actions)}


def _kind_and_shape(one: onnx.ValueInfoProto) -> KindAndShape:
    tensor = one.type.tensor_type
    return int(tensor.elem_type), tuple(size.dim_param or size.dim_value for size in tensor.shape.dim)


def _said(told: Mapping[str, KindAndShape]) -> str:
    return ", ".join(f"{name} {TensorProto.DataType.Name(kind).lower()}{list(shape)}" for name, (kind, shape) in told.items()) or "nothing"
