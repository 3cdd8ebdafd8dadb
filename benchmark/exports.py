"""Exports against our formulas: ngspice for netlists, ONNX Runtime for ONNX models.

Random elements one by one, random and shipped networks whole. `--json FILE` writes the figures.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.controller_file import load_controller_file
from pkan_control.control.exports import spice as ngspice
from pkan_control.control.exports.onnx import onnx_model
from pkan_control.devices.bandpass import bandpass
from pkan_control.devices.element import Device
from pkan_control.devices.memdiode import memdiode
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.networks.program import GAIN, SQUASH_SCALE, Program, squash
from pkan_control.reporting.tables import console, fact_table

COUNT, INPUTS = 200, 1000
SMALL = ((3, 2), (2, 2))
TASKS = {'bandpass': 'drone_hover', 'memdiode': 'drone_hover_memdiode'}


def elements(device: Device) -> Floats:
    """Return parameters of elements `[COUNT, P]` of random codes, none disconnected."""
    low, high = np.array(device.code_limits).T
    codes = stream(0, device.name).integers(low, high, (COUNT, len(low)), endpoint=True)
    gain = device.codes.index(GAIN)
    codes[:, gain] = np.where(codes[:, gain] == 0, 1, codes[:, gain])
    physical: Floats = device.decode(codes.astype(np.int16))
    return physical


def spice() -> dict[str, float]:
    """Return the largest relative errors of sweeps, and of small networks' outputs."""
    ac, dc = ngspice.sweep_bandpass(elements(bandpass)), ngspice.sweep_memdiode(elements(memdiode))
    scale = abs(dc.computed).max(axis=0)
    figures = {
        f'ngspice, AC of {COUNT} filters': float(abs(ac.simulated / ac.computed - 1).max()),
        f'ngspice, DC of {COUNT} memdiodes': float(
            (abs(dc.simulated - dc.computed).max(axis=0) / scale).max()
        ),
    }
    for device in (memdiode, bandpass):
        numbers = stream(0, 'network')
        layers = [device.encode(device.bounded(device.initial(numbers, (*e, 3)))) for e in SMALL]
        program = Program(device.name, tuple(layers))
        normalised = numbers.uniform(-1, 1, SMALL[0][0])
        found = ngspice.network_outputs(program, squash(normalised, SQUASH_SCALE))
        wanted = program.evaluate_exactly(normalised)
        name = f'ngspice, network of {device.name}'
        figures[name] = float((abs(found - wanted) / abs(wanted)).max())
    return figures


def onnx() -> dict[str, float]:
    """Return the largest errors of the shipped networks' outputs, of full scale 1."""
    figures = {}
    for device, name in TASKS.items():
        controller_file = load_controller_file(shipped_controller(name))
        normalised = stream(0, 'inputs').uniform(
            -2.9, 2.9, (INPUTS, controller_file.policy.shape[0])
        )
        observation = controller_file.law.observation.denormalise(normalised)
        wanted = controller_file.policy.evaluate_exactly(normalised)
        for precision, kind in (('double', np.float64), ('single', np.float32)):
            model = onnx_model(controller_file, precision == 'single').SerializeToString()
            runtime = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
            (found,) = runtime.run(None, {'observation': observation.astype(kind)})
            error = controller_file.law.output.normalise(np.asarray(found, np.float64)) - wanted
            figures[f'ONNX, {device}, {precision}'] = float(abs(error).max())
    return figures


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    path = parser.parse_args().json
    figures = {**spice(), **onnx()}
    shown = {name: f'{value:.2g}' for name, value in figures.items()}
    console.print(fact_table('Largest errors', shown))
    if path:
        path.write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
