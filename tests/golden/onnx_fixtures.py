#!/usr/bin/python3
"""Small ONNX files for tests/models/test_onnx_file.c and for fuzzing, written by the onnx package."""
import hashlib
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fuzz/corpus/onnx")
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_files")
VALUES = [0.0, 1.0, -2.5, 100.0, 2.0**-10, -3.0]  # exact in every type of floats
INTS = [0, 1, 100, 127, 3, 2]  # exact in every type of integers
SIGNED = [0, 1, -100, 127, -3, 2]


def save(name, graph, opset=13, ir_version=7, **fields):
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version,
                              producer_name="cambench tests", **fields)
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def bfloat16(values):
    return (np.array(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def of_type(name, kind, values, dtype, field):
    """The tensor NAME_raw with raw data, and NAME_typed with a list of numbers."""
    array = bfloat16(values) if kind == TensorProto.BFLOAT16 else np.array(values, dtype)
    raw = TensorProto(name=name + "_raw", data_type=kind, dims=[2, 3], raw_data=array.tobytes())
    typed = TensorProto(name=name + "_typed", data_type=kind, dims=[2, 3])
    words = array.view(np.uint16) if kind == TensorProto.FLOAT16 else array
    getattr(typed, field).extend(words.tolist())
    return [raw, typed]


def types():
    tensors = (of_type("float", TensorProto.FLOAT, VALUES, np.float32, "float_data") +
               of_type("float16", TensorProto.FLOAT16, VALUES, np.float16, "int32_data") +
               of_type("bfloat16", TensorProto.BFLOAT16, VALUES, None, "int32_data") +
               of_type("double", TensorProto.DOUBLE, VALUES, np.float64, "double_data"))
    for name, kind, dtype, field in [("int8", TensorProto.INT8, np.int8, "int32_data"),
                                     ("int16", TensorProto.INT16, np.int16, "int32_data"),
                                     ("int32", TensorProto.INT32, np.int32, "int32_data"),
                                     ("int64", TensorProto.INT64, np.int64, "int64_data")]:
        tensors += of_type(name, kind, SIGNED, dtype, field)
    for name, kind, dtype, field in [("uint8", TensorProto.UINT8, np.uint8, "int32_data"),
                                     ("uint16", TensorProto.UINT16, np.uint16, "int32_data"),
                                     ("uint32", TensorProto.UINT32, np.uint32, "uint64_data"),
                                     ("uint64", TensorProto.UINT64, np.uint64, "uint64_data")]:
        tensors += of_type(name, kind, INTS, dtype, field)
    tensors += of_type("bool", TensorProto.BOOL, [0, 1, 1, 0, 1, 0], np.bool_, "int32_data")
    tensors.append(TensorProto(name="scalar", data_type=TensorProto.FLOAT, float_data=[7.5]))
    tensors.append(TensorProto(name="empty", data_type=TensorProto.FLOAT, dims=[0]))
    tensors.append(helper.make_tensor("words", TensorProto.STRING, [2], [b"a", b"b"]))
    save("types.onnx", helper.make_graph([], "types", [], [], tensors))


def graph():
    """Every kind of attribute, names and domains, an optional input that is left out, shapes of all kinds."""
    nested = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "nested", [], [])
    reference = helper.make_attribute("reference", 1)
    reference.ref_attr_name = "outer"
    reference.ClearField("i")
    kinds = helper.make_node("Kinds", ["x", "", "w"], ["y", "z"], name="first", domain="org.example", floating=1.5,
                             whole=-7, text="SAME_UPPER", floats=[0.5, -0.25], ints=[1, -2, 2**40], body=nested,
                             texts=["p", "q"], tensor=numpy_helper.from_array(np.array([3, 4], np.int64)))
    kinds.attribute.append(reference)
    conv = helper.make_node("Conv", ["y", "w"], ["c"], kernel_shape=[1, 1], doc_string="not kept")
    conv.domain = "ai.onnx"
    unknown_rank = onnx.ValueInfoProto(name="z")
    unknown_rank.type.tensor_type.elem_type = TensorProto.INT64
    weights = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1), "w")
    model = helper.make_graph([kinds, conv], "graph", [value("x", ["batch", 3, 8, None]), value("w", [2, 3, 1, 1])],
                              [value("c", [1, 2, 8, 8]), unknown_rank], [weights], value_info=[value("y", [])])
    sets = [helper.make_opsetid("org.example", 40), helper.make_opsetid("", 17)]
    proto = helper.make_model(model, opset_imports=sets, ir_version=8, producer_name="cambench tests",
                              producer_version="1")
    helper.set_model_props(proto, {"classes": "cat,dog", "size": "8"})
    with open(os.path.join(FOLDER, "graph.onnx"), "wb") as file:
        file.write(proto.SerializeToString(deterministic=True))


def external_tensor(name, values, location, **entries):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[len(values)],
                         data_location=TensorProto.EXTERNAL)
    for key, text in dict(location=location, **entries).items():
        tensor.external_data.add(key=key, value=str(text))
    return tensor


def external():
    data = np.arange(10, dtype=np.float32).tobytes()
    with open(os.path.join(FOLDER, "external.bin"), "wb") as file:
        file.write(data)
    with open(os.path.join(FOLDER, "more.bin"), "wb") as file:
        file.write(np.array([-1, -2], np.float32).tobytes())
    tensors = [external_tensor("first", range(4), "external.bin"),
               external_tensor("middle", range(3), "external.bin", offset=16, length=12),
               external_tensor("last", range(1), "external.bin", offset=36, length=4,
                               checksum=hashlib.sha1(data).hexdigest()),
               external_tensor("more", range(2), "more.bin", offset=0, length=8)]
    save("external.onnx", helper.make_graph([], "external", [], [], tensors))


def network():
    """A network as exporters write it: old and new IR, initializers that are inputs, constants as nodes."""
    random = np.random.default_rng(1)
    shapes = {"conv.weight": (4, 3, 3, 3), "conv.bias": (4,), "fc.weight": (5, 4), "fc.bias": (5,)}
    weights = [numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)
               for name, shape in shapes.items()]
    nodes = [helper.make_node("Conv", ["input", "conv.weight", "conv.bias"], ["conv"], name="/conv/Conv",
                              kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1], group=1),
             helper.make_node("Relu", ["conv"], ["relu"], name="/relu/Relu"),
             helper.make_node("GlobalAveragePool", ["relu"], ["pool"], name="/pool/Pool"),
             helper.make_node("Constant", [], ["shape"], value=numpy_helper.from_array(np.array([0, -1], np.int64))),
             helper.make_node("Reshape", ["pool", "shape"], ["flat"], name="/Reshape"),
             helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["output"], name="/fc/Gemm", transB=1)]
    inputs = [value("input", ["N", 3, 8, 8])]
    made = helper.make_graph(nodes, "network", inputs, [value("output", ["N", 5])], weights)
    save("network.onnx", made)
    declared = inputs + [value(tensor.name, list(tensor.dims)) for tensor in weights]
    old = helper.make_graph(nodes, "network", declared, [value("output", ["N", 5])], weights)
    save("network_ir3.onnx", old, opset=7, ir_version=3)


def field(number, wire, payload):
    length = bytes([len(payload)]) if wire == 2 else b""
    return bytes([number << 3 | wire]) + length + payload


def unpacked():
    """Lists that are not packed, or in parts, and fields that are unknown: no library writes them."""
    one, two = np.array([1, 2], np.float32)
    dims = field(1, 2, b"\2\2") + field(2, 0, b"\1")
    floats = (field(4, 5, one.tobytes()) + field(4, 2, one.tobytes() + two.tobytes()) + field(4, 5, two.tobytes()) +
              field(8, 2, b"w") + field(12, 2, b"unknown"))
    halves = field(1, 0, b"\3") + field(2, 0, b"\12") + field(5, 0, b"\1") + field(5, 2, b"\x80\xf8\1\xff\7")
    attribute = field(1, 2, b"a") + field(8, 0, b"\5") + field(8, 2, b"\6\7") + b"\xa0\1\7"
    node = field(1, 2, b"w") + field(2, 2, b"y") + field(4, 2, b"Op") + field(5, 2, attribute)
    made = field(5, 2, dims + floats) + field(5, 2, halves) + field(1, 2, node)
    with open(os.path.join(SEEDS, "unpacked.onnx"), "wb") as file:
        file.write(field(1, 0, b"\10") + field(7, 2, made) + field(8, 2, field(2, 0, b"\15")))


def main():
    os.makedirs(SEEDS, exist_ok=True)
    os.makedirs(FOLDER, exist_ok=True)
    types()
    graph()
    external()
    network()
    unpacked()


if __name__ == "__main__":
    main()
