"""`pkan power`: what a controller's network would take, in several technologies."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.commands.options import JsonFile, write_json


def power(
    controller: Annotated[Path, typer.Argument(help='Controller file.')],
    mlp: Annotated[
        Path | None,
        typer.Option(
            help='Controller file of an MLP of equal score; the shipped one of the task.'
        ),
    ] = None,
    constants: Annotated[
        bool, typer.Option('--constants', help='Print every constant with its source.')
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Compare power, latency and energy of a network, analogue and digital.

    The law's own work is in every row. Where the analogue network does not win, it says so.
    """
    from dataclasses import asdict

    from pkan_control.controller.bundle import load_bundle
    from pkan_control.errors import UserError
    from pkan_control.mlp import Mlp
    from pkan_control.rollouts.beside import describe, shipped_mlp
    from pkan_control.studies.law_cycles import law_cycles
    from pkan_control.studies.power import compare_power
    from pkan_control.studies.power_constants import CONSTANTS
    from pkan_control.tables import console, constant_table, power_table
    from pkan_control.tasks.options import configured

    bundle = load_bundle(controller)
    file = mlp or shipped_mlp(bundle.task)
    beside = load_bundle(file) if mlp or file.exists() else None
    if beside is not None and not isinstance(beside.program, Mlp):
        raise UserError(f'{file}: is no MLP: --mlp takes the controller file of one')
    network = beside.program if beside is not None else None
    cycles = law_cycles(configured(bundle.task, law=bundle.law))
    found = compare_power(bundle, network if isinstance(network, Mlp) else None, cycles)
    console.print(power_table(f'{controller}: {describe(bundle)}, {bundle.rate_hz:g} Hz', found))
    rows = {describe(each): each.results.get('success_rate') for each in (bundle, beside) if each}
    scores = ', '.join(
        f'{name} {"unknown" if s is None else f"{s:.1%}"}' for name, s in rows.items()
    )
    console.print(f'Success as measured at training: {scores}')
    for line in found.warnings():
        console.print(f'warning: {line}')
    if constants:
        console.print(constant_table(CONSTANTS))
    sources = {each.name: asdict(each) for each in CONSTANTS}
    write_json(json_file, {**found.figures(), 'success_rates': rows, 'constants': sources})
