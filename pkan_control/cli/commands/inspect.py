"""`pkan inspect`: what a controller file holds."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import JsonFile, write_json


def inspect(
    controller: Annotated[Path, typer.Argument(help='Controller file.')],
    out: Annotated[Path, typer.Option(help='Picture of the edges.')] = Path('edges.png'),
    json_file: JsonFile = None,
) -> None:
    """Print what a controller file holds, and draw each edge as the curve that it computes.

    The JSON file also has every code of every element, `layers`.
    """
    from pkan_control.control.controller_file import facts, load_controller_file
    from pkan_control.reporting.pictures.edges import draw_edges
    from pkan_control.reporting.tables import console, fact_table

    controller_file = load_controller_file(controller)
    values = facts(controller_file)
    console.print(fact_table(str(controller), values))
    program = controller_file.policy.chip_program
    if program is not None:
        law = controller_file.law
        draw_edges(out, program, law.observation.names, law.output.names)
        console.print(f'Picture: {out}')
        values['layers'] = [codes.tolist() for codes in program.layers]
    write_json(json_file, values)
