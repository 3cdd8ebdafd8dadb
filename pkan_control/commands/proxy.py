"""`pkan proxy`: a wire that loses, damages and delays, in front of any board."""

from pathlib import Path
from typing import Annotated

import typer


def proxy(
    uri: Annotated[str, typer.Argument(help='Board: serial:///dev/ttyACM0, tcp://HOST:PORT.')],
    plan: Annotated[Path, typer.Option(help='What goes wrong, a YAML file; see doc/firmware.md.')],
    tcp: Annotated[
        str | None, typer.Option(help='Listen on HOST:PORT, for example 127.0.0.1:7701.')
    ] = None,
    pty: Annotated[
        Path | None, typer.Option(help='Make a serial port of this name instead.')
    ] = None,
) -> None:
    """Pass bytes between a host and a board, with faults by a plan, until interrupted."""
    from pkan_control.chips.uri import open_transport
    from pkan_control.commands.emulate import stop_on_signals
    from pkan_control.emulator.endpoint import open_endpoint
    from pkan_control.emulator.fault_plans import DIRECTIONS, load_plans
    from pkan_control.emulator.fault_proxy import FaultLine, relay
    from pkan_control.errors import UserError
    from pkan_control.tables import console, fault_table

    lines = [FaultLine(each, way) for each, way in zip(load_plans(plan), DIRECTIONS, strict=True)]
    board, endpoint = open_transport(uri), open_endpoint(tcp, pty)
    print(f'{endpoint.name}: faults of {plan} before {uri}', flush=True)
    try:
        relay(endpoint, board, lines[0], lines[1], stop_on_signals())
    except OSError as error:
        raise UserError(f'{uri}: {error}') from None
    finally:
        endpoint.close()
        board.close()
        console.print(fault_table(dict(zip(DIRECTIONS, lines, strict=True))))
