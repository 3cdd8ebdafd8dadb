"""`pkan power`: estimate power, latency and energy in several technologies."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import JsonFile, SavedController, write_json

MlpFile = Annotated[
    Path | None,
    typer.Option(
        metavar='FILE',
        help='Controller file of an MLP; the shipped one of equal size by default.',
    ),
]
Constants = Annotated[
    bool, typer.Option('--constants', help='Print every constant with its source.')
]


def power(
    controller: SavedController,
    mlp: MlpFile = None,
    constants: Constants = False,
    json_file: JsonFile = None,
) -> None:
    """Compare power, latency and energy of an analogue network and an MLP.

    Each row includes the computations of the law. A warning names where the analogue network does
    not win. An MLP of equal score is smaller than one of equal size: give it by --mlp.
    """
    from dataclasses import asdict

    from pkan_control.common.errors import UserError
    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.controllers import shipped_mlp
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.evaluation.studies.law_cycles import law_cycles
    from pkan_control.evaluation.studies.power import compare_power
    from pkan_control.evaluation.studies.power_constants import CONSTANTS
    from pkan_control.reporting.study_tables import constant_table, power_table
    from pkan_control.reporting.tables import console
    from pkan_control.tasks.options import configured

    controller_file = load_controller_file(controller)
    file = mlp or shipped_mlp(controller_file.task)
    compared = load_controller_file(file) if mlp or file.exists() else None
    work = None if compared is None else compared.policy.digital_work
    if compared is not None and work is None:
        raise UserError(f'{file}: is no MLP: --mlp takes the controller file of one')
    cycles = law_cycles(configured(controller_file.task, law=controller_file.law))
    found = compare_power(controller_file, work, cycles)
    console.print(
        power_table(
            f'{controller}: {describe(controller_file)}, {controller_file.rate_hz:g} Hz', found
        )
    )
    rows = {
        describe(each): each.results.get('success_rate')
        for each in (controller_file, compared)
        if each
    }
    console.print(f'Success as measured at training: {_rates(rows)}')
    if mlp is None and compared is not None:
        console.print(
            'The MLP has as many parameters as the network. One of equal score is '
            'smaller and takes less: --mlp FILE.'
        )
    for line in found.warnings():
        console.print(f'warning: {line}')
    if constants:
        console.print(constant_table(CONSTANTS))
    sources = {each.name: asdict(each) for each in CONSTANTS}
    write_json(json_file, {**found.figures(), 'success_rates': rows, 'constants': sources})


def _rates(rows: dict[str, float | None]) -> str:
    shown = ((name, 'unknown' if rate is None else f'{rate:.1%}') for name, rate in rows.items())
    return ', '.join(' '.join(each) for each in shown)
