"""`pkan compare`: networks of devices against perceptrons, on one task, over sizes and seeds."""

import itertools
from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    JsonFile,
    Workers,
    goes_on_from,
    writable,
    write_json,
)


def compare(
    task: Annotated[str, typer.Argument(help='Problem, several (feynman), or control task.')],
    sizes: Annotated[str, typer.Option(help='Hidden nodes, from small to large.')] = '4,8,16',
    steps: Annotated[int, typer.Option(help='Optimiser steps of each training.', min=22)] = 1000,
    seeds: Annotated[int, typer.Option(help='Networks of each kind and size.', min=1)] = 3,
    k: Annotated[int, typer.Option('-k', '--k', help='Elements an edge.', min=1, max=64)] = 4,
    kinds: Annotated[
        list[str] | None, typer.Option('--kind', help='Only this kind; may be repeated.')
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help='Draw the scores to this PNG.', callback=writable)
    ] = None,
    workers: Workers = None,
    log: Annotated[
        Path | None, typer.Option(help='Append each training; go on where the file ends.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Train networks of both devices and perceptrons of equal parameters and of equal nodes.

    All get the same steps, seeds and choice of learning rates.
    """
    from pkan_control.common.files import JsonLines
    from pkan_control.evaluation.rollouts.parallel import cores
    from pkan_control.evaluation.studies.runners import on_cores
    from pkan_control.reporting.study_tables import comparison_table
    from pkan_control.reporting.tables import console, progress
    from pkan_control.training.comparison.candidates import KINDS
    from pkan_control.training.comparison.comparison import Grid, figures, run_grid

    grid = Grid(task, parse_sizes(sizes), steps, seeds, k, tuple(kinds or KINDS))
    grid.check()
    known = JsonLines(log, grid.about) if log else None
    with goes_on_from(log), progress(f'comparing on {task}', grid.trials) as report:
        lines = run_grid(grid, on_cores(workers or cores()), known, report)
    found: dict[str, Any] = figures(grid, lines)
    for part, rows in found['problems'].items():
        console.print(comparison_table(f'{part}: {found["measure"]}, {seeds} seeds', rows))
    if picture is not None:
        from pkan_control.reporting.pictures.comparison import draw_comparison

        draw_comparison(picture, found)
        console.print(f'{picture}: score against parameters, and against nodes')
    write_json(json_file, found)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Return the sizes of a list like 4,8,16: rising, each at most what a network may have."""
    from pkan_control.common.errors import UserError
    from pkan_control.networks.program import MAX_WIDTH

    try:
        sizes = tuple(int(part) for part in text.split(','))
    except ValueError:
        sizes = ()
    rising = all(a < b for a, b in itertools.pairwise(sizes))
    if not sizes or not rising or not 1 <= sizes[0] <= sizes[-1] <= MAX_WIDTH:
        raise UserError(f'--sizes {text}: must be rising numbers of 1 to {MAX_WIDTH}, 4,8,16 say')
    return sizes
