"""The command line, `pkan`. A mistake of the user is one line on stderr and exit code 2."""

import sys
import warnings

import typer

from pkan_control.cli.commands.calibrate import calibrate
from pkan_control.cli.commands.clone import clone
from pkan_control.cli.commands.compare import compare
from pkan_control.cli.commands.conformance import conformance
from pkan_control.cli.commands.demo import demo
from pkan_control.cli.commands.emulate import emulate, proxy
from pkan_control.cli.commands.export import export
from pkan_control.cli.commands.finetune import finetune
from pkan_control.cli.commands.inspect import inspect
from pkan_control.cli.commands.power import power
from pkan_control.cli.commands.replay import replay
from pkan_control.cli.commands.report import plot, report
from pkan_control.cli.commands.rollout import rollout
from pkan_control.cli.commands.train import train
from pkan_control.cli.commands.transfer import transfer
from pkan_control.cli.commands.yield_ import yield_
from pkan_control.common.errors import UserError

COMMANDS = (
    demo,
    rollout,
    train,
    clone,
    finetune,
    compare,
    inspect,
    export,
    calibrate,
    emulate,
    conformance,
    proxy,
    replay,
    report,
    plot,
    transfer,
    power,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Joins the lines of a docstring's paragraph.
    rich_markup_mode='markdown',
    help='Train, run and measure robot controllers on analogue Kolmogorov-Arnold networks.',
)
for command in COMMANDS:
    app.command()(command)
# `yield` is a keyword of Python.
app.command('yield')(yield_)


def main() -> None:
    """Run the command line."""
    # joblib warns of the tasks that Ctrl-C stopped.
    warnings.filterwarnings('ignore', r'\d+ tasks (which were|have been)')
    try:
        raise SystemExit(app(standalone_mode=False))
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except typer.TyperException as error:
        # Without a command the message is empty: the help has been printed.
        if error.format_message():
            print(f'error: {error.format_message().rstrip(".")} (see --help)', file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == '__main__':
    main()
