"""`pkan proxy`: a relay that loses, damages and delays frames, in front of any board."""

from pathlib import Path
from typing import Annotated

import typer


def proxy(
    uri: Annotated[str, typer.Argument(help='Board: serial:///dev/ttyACM0, tcp://HOST:PORT.')],
    plan: Annotated[Path, typer.Option(help='Fault plan, a YAML file; see doc/firmware.md.')],
    tcp: Annotated[
        str | None, typer.Option(help='Listen on HOST:PORT, for example 127.0.0.1:7701.')
    ] = None,
    pty: Annotated[
        Path | None, typer.Option(help='Make a serial port of this name instead.')
    ] = None,
) -> None:
    """Relay bytes between a host and a board, with faults by a plan, until interrupted."""
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
