"""Export of a controller's network as an ONNX model.

The model maps the law's observation to the law's output, both in their units; the batch size
is free. Its nodes are the device's own formulas (the Wright omega function included), element
by element and without interpolation.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from pkan_control.common.files import replace_file
from pkan_control.common.version import __version__
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.exports.tracing import Graph, Traced

INPUT, OUTPUT, BATCH = 'observation', 'output', 'batch'
# Versions that ONNX Runtime 1.16 (2023) and later read.
OPSET, FORMAT = 18, 9
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


def save_onnx(path: Path, controller_file: ControllerFile, single: bool = False) -> None:
    """Write a controller's network as an ONNX model, in double or single precision."""
    replace_file(path, onnx_model(controller_file, single).SerializeToString(), 'ONNX model ')


def onnx_model(controller_file: ControllerFile, single: bool = False) -> onnx.ModelProto:
    """Return the model: `observation [batch, n_in]` to `output [batch, n_out]`.

    The metadata of the model name the terms, units and rate of the law.
    """
    law, kind = controller_file.law, np.float32 if single else np.float64
    graph = Graph(kind)
    example = law.observation.denormalise(np.zeros((1, len(law.observation))))
    seen = law.observation.normalise(Traced(graph, INPUT, example))
    outputs = controller_file.policy.evaluate_exactly(seen)
    last = law.output.denormalise(outputs)
    graph.nodes[-1].output[0] = OUTPUT
    shapes = ((INPUT, example.shape[1]), (OUTPUT, last.shape[1]))
    ends = [helper.make_tensor_value_info(n, TYPES[kind], [BATCH, size]) for n, size in shapes]
    model = helper.make_model(
        helper.make_graph(graph.nodes, 'network', ends[:1], ends[1:], graph.constants),
        opset_imports=[helper.make_opsetid('', OPSET)],
        producer_name='pkan_control',
        producer_version=__version__,
    )
    model.ir_version = FORMAT
    helper.set_model_props(model, _about(controller_file))
    onnx.checker.check_model(model, full_check=True)
    return model


def _about(controller_file: ControllerFile) -> dict[str, str]:
    law = controller_file.law
    terms = {'observation': law.observation, 'output': law.output}
    described = {
        name: json.dumps(
            [{'name': s.name, 'unit': s.unit, 'frame': s.frame} for s in each.signals]
        )
        for name, each in terms.items()
    }
    return {
        **described,
        'task': controller_file.task,
        'law': law.name,
        'device': controller_file.device,
        'rate_hz': str(controller_file.rate_hz),
    }
