"""`pkan inspect`: show the content of a controller file."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    JsonFile,
    SavedController,
    writable,
    write_json,
)
from pkan_control.common.errors import UserError


def inspect(
    controller: SavedController,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Picture of the edges; edges.png by default.', callback=writable
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Print the content of a controller file, and draw the response of each edge.

    The JSON file also holds every code of every element, as `layers`.
    """
    from pkan_control.control.controller_file import facts, load_controller_file
    from pkan_control.reporting.pictures.edges import draw_edges
    from pkan_control.reporting.tables import console, fact_table

    controller_file = load_controller_file(controller)
    values = facts(controller_file)
    program = controller_file.policy.chip_program
    if program is None and out is not None:
        raise UserError(f'--out {out}: {controller_file.policy.title} has no edges to draw')
    console.print(fact_table(str(controller), values))
    if program is not None:
        law = controller_file.law
        picture = out or Path('edges.png')
        draw_edges(picture, program, law.observation.names, law.output.names)
        console.print(f'Picture: {picture}')
        values['layers'] = [codes.tolist() for codes in program.layers]
    write_json(json_file, values)
