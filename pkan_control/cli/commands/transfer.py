"""`pkan transfer`: the fidelity of trained networks on simulated chips, edge by edge."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import JsonFile, Seed, Workers, write_json

# Tasks of the shipped networks that are taken by default.
SHIPPED = ('drone_hover', 'drone_track')


def transfer(
    controllers: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar='CONTROLLER', help='Controller files; those of the drone by default.'
        ),
    ] = None,
    edges: Annotated[
        int, typer.Option(metavar='N', help='Edges to transfer to chips of each preset.', min=1)
    ] = 35_000,
    seed: Seed = 0,
    workers: Workers = None,
    json_file: JsonFile = None,
) -> None:
    """Transfer trained networks to simulated chips of each preset, and measure their fidelity.

    Every chip is measured and run without trims, then trimmed edge by edge. Chips with dead
    elements are counted separately.
    """
    import time

    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.controllers import shipped_controller
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.evaluation.rollouts.parallel import cores, on_cores
    from pkan_control.evaluation.studies.transfer import pieces, run_transfer
    from pkan_control.reporting.study_tables import transfer_table
    from pkan_control.reporting.tables import console, progress

    files = controllers or [shipped_controller(task) for task in SHIPPED]
    controller_files = [load_controller_file(file) for file in files]
    work = pieces(controller_files, edges, seed)
    began = time.perf_counter()
    with progress('chips', sum(len(piece.seeds) for piece in work)) as report:
        found = run_transfer(work, on_cores(workers or cores()), report)
    took = time.perf_counter() - began
    networks = ', '.join(
        f'{controller_file.task} ({describe(controller_file)})'
        for controller_file in controller_files
    )
    for preset, figures in found['presets'].items():
        console.print(transfer_table(preset, figures))
    console.print(f'Networks: {networks}; {took:.0f} s')
    rates = ', '.join(f'{task} {rate:.1%}' for task, rate in found['twin'].items())
    console.print(f'The same settings without deviations, on the same episodes: {rates}')
    write_json(json_file, {'edges': edges, 'seed': seed, 'took_s': took, **found})
