"""`pkan export`: write the network of a controller for other tools."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import SavedController, writable


def export(
    controller: SavedController,
    spice: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Write a SPICE netlist for ngspice -b.', callback=writable
        ),
    ] = None,
    onnx: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Write an ONNX model of observation to output.', callback=writable
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option('--single', help='With --onnx: in single precision.')
    ] = False,
) -> None:
    """Write the network of a controller for circuit simulators or ONNX runtimes."""
    from pkan_control.common.errors import UserError
    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.control.exports.spice import save_spice
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.reporting.tables import console

    if spice is None and onnx is None:
        raise UserError('nothing to export to: give --spice FILE, --onnx FILE or both')
    if single and onnx is None:
        raise UserError('--single: only for --onnx; a SPICE netlist has no precision')
    controller_file = load_controller_file(controller)
    if spice is not None:
        program = controller_file.policy.chip_program
        if program is None:
            raise UserError(
                f'{controller_file.policy.title} has no elements: only --onnx can export it'
            )
        law = controller_file.law
        title = f'{controller_file.task}, {describe(controller_file)}, by pkan export'
        save_spice(spice, program, law.observation.names, law.output.names, title)
        console.print(f'{spice}: SPICE netlist, {controller_file.policy.elements} elements')
    if onnx is not None:
        from pkan_control.control.exports.onnx import save_onnx

        save_onnx(onnx, controller_file, single)
        precision = 'single' if single else 'double'
        console.print(f'{onnx}: ONNX model in {precision} precision, observation to output')
