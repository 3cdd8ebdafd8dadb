"""`pkan compare`: compare networks of devices with perceptrons over sizes and seeds."""

import itertools
from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    JsonFile,
    Workers,
    parse_counts,
    resumable,
    writable,
    write_json,
)


def compare(
    task: Annotated[
        str, typer.Argument(metavar='TASK', help='Problem, group of problems, or control task.')
    ],
    sizes: Annotated[
        str, typer.Option(metavar='N,N', help='Numbers of hidden nodes, rising.')
    ] = '4,8,16',
    steps: Annotated[
        int, typer.Option(metavar='N', help='Optimiser steps of each training.', min=22)
    ] = 1000,
    seeds: Annotated[
        int, typer.Option(metavar='N', help='Networks of each kind and size.', min=1)
    ] = 3,
    k: Annotated[
        int, typer.Option('-k', '--k', metavar='N', help='Elements of each edge.', min=1, max=64)
    ] = 4,
    kinds: Annotated[
        list[str] | None,
        typer.Option('--kind', metavar='NAME', help='Only this kind; may be repeated.'),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar='FILE', help='Draw the scores to FILE, a PNG.', callback=writable),
    ] = None,
    workers: Workers = None,
    log: Annotated[
        Path | None, typer.Option(metavar='FILE', help='Append each training; resume from FILE.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Compare networks of both devices with perceptrons, on a problem or a task.

    The perceptrons have as many parameters as the networks, or as many nodes. All get the same
    steps, seeds and choice of learning rates.

    pkan compare feynman --sizes 4,8,16 --picture feynman.png
    """
    from pkan_control.common.files import JsonLines
    from pkan_control.evaluation.rollouts.parallel import cores, on_cores
    from pkan_control.reporting.study_tables import comparison_table
    from pkan_control.reporting.tables import console, progress
    from pkan_control.training.comparison.candidates import KINDS
    from pkan_control.training.comparison.comparison import Grid, figures, run_grid

    grid = Grid(task, parse_sizes(sizes), steps, seeds, k, tuple(kinds or KINDS))
    grid.check()
    known = JsonLines(log, grid.about) if log else None
    with resumable(log), progress(f'comparing on {task}', grid.trials) as report:
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
    """Return the rising numbers of hidden nodes of a text such as `4,8,16`."""
    from pkan_control.common.errors import UserError
    from pkan_control.networks.program import MAX_WIDTH

    sizes = parse_counts('--sizes', text) or ()
    rising = all(a < b for a, b in itertools.pairwise(sizes))
    if not rising or not 1 <= sizes[0] <= sizes[-1] <= MAX_WIDTH:
        raise UserError(f'--sizes {text}: must be rising numbers of 1 to {MAX_WIDTH}, such as 4,8')
    return sizes
