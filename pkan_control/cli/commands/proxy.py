"""`pkan proxy`: relay between a host and a board that loses, damages and delays frames."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import BoardUri


def proxy(
    uri: BoardUri,
    plan: Annotated[
        Path, typer.Option(metavar='FILE', help='Fault plan, a YAML file: see doc/firmware.md.')
    ],
    tcp: Annotated[
        str | None,
        typer.Option(metavar='HOST:PORT', help='Listen on a port, such as 127.0.0.1:7701.'),
    ] = None,
    pty: Annotated[
        Path | None, typer.Option(metavar='FILE', help='Create a serial port FILE instead.')
    ] = None,
) -> None:
    """Relay between a host and a board with faults of a plan, until interrupted."""
    from pkan_control.boards.emulator.endpoint import open_endpoint
    from pkan_control.boards.emulator.fault_plans import load_plans
    from pkan_control.boards.emulator.fault_proxy import Cable, FaultLine, relay
    from pkan_control.chips.uri import open_transport
    from pkan_control.cli.commands.emulate import stop_on_signals
    from pkan_control.common.errors import UserError
    from pkan_control.reporting.tables import console, fault_table

    plans = load_plans(plan)
    up = FaultLine(plans.to_board, 'to_board', plans.seed)
    down = FaultLine(plans.to_host, 'to_host', plans.seed)
    board, endpoint = open_transport(uri), open_endpoint(tcp, pty)
    print(f'{endpoint.name}: faults of {plan} before {uri}', flush=True)
    try:
        relay(Cable(endpoint, plans.pulled), board, up, down, stop_on_signals())
    except OSError as error:
        raise UserError(f'{uri}: {error}') from None
    finally:
        endpoint.close()
        board.close()
        console.print(fault_table({'to_board': up, 'to_host': down}))
