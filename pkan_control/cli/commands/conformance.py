"""`pkan conformance`: test whether a board follows the bridge protocol."""

import typer

from pkan_control.cli.commands.options import BoardUri, JsonFile, write_json


def conformance(
    uri: BoardUri,
    json_file: JsonFile = None,
) -> None:
    """Run the protocol conformance suite against a board (overwrites its program).

    The checks are those of doc/bridge_protocol.md. The exit code is 1 if one fails.
    """
    from pkan_control.boards.conformance import CHECKS
    from pkan_control.boards.conformance import conformance as run
    from pkan_control.chips.uri import open_transport
    from pkan_control.common.errors import UserError
    from pkan_control.reporting.tables import conformance_table, console, progress

    transport = open_transport(uri)
    try:
        with progress(uri, len(CHECKS)) as report:
            verdicts = run(transport, report)
    except OSError as error:
        raise UserError(f'{uri}: {error}') from None
    console.print(conformance_table(uri, verdicts))
    passed = sum(verdict.passed for verdict in verdicts)
    console.print(f'{passed} of {len(verdicts)} passed')
    found = [
        {
            'check': verdict.check.name,
            'section': verdict.check.section,
            'passed': verdict.passed,
            'expected': verdict.expected,
            'came': verdict.came,
        }
        for verdict in verdicts
    ]
    write_json(json_file, {'board': uri, 'passed': passed, 'checks': found})
    if passed < len(verdicts):
        raise typer.Exit(1)
