"""An MLP in ONNX Runtime, one thread: what one would deploy instead."""

import itertools

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from worker import Work


def single(shape: list[int]) -> Work:
    """Return inferences of one observation by an MLP of that shape with tanh between layers."""
    numbers = np.random.default_rng(0)
    nodes, weights, layers = [], [], []
    name = 'x'
    for index, pair in enumerate(itertools.pairwise(shape)):
        w = (numbers.normal(size=pair) / np.sqrt(pair[0])).astype(np.float32)
        b = numbers.normal(size=pair[1]).astype(np.float32)
        layers.append((w, b))
        weights += [
            numpy_helper.from_array(w, f'w{index}'),
            numpy_helper.from_array(b, f'b{index}'),
        ]
        last = index == len(shape) - 2
        nodes.append(helper.make_node('Gemm', [name, f'w{index}', f'b{index}'], [f'h{index}']))
        name = f'h{index}'
        if not last:
            nodes.append(helper.make_node('Tanh', [name], [f't{index}']))
            name = f't{index}'
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, size])
        for end, size in (('x', shape[0]), (name, shape[-1]))
    ]
    graph = helper.make_graph(nodes, 'mlp', ends[:1], ends[1:], weights)
    opset = [helper.make_opsetid('', 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
    x = numbers.normal(size=(1, shape[0])).astype(np.float32)
    value = x
    for w, b in layers[:-1]:
        value = np.tanh(value @ w + b)
    wanted = value @ layers[-1][0] + layers[-1][1]
    error = float(np.abs(session.run(None, {'x': x})[0] - wanted).max())
    return Work(lambda: session.run(None, {'x': x}), facts={'error': error})
