"""`python -m pkan_control.ros.launch_runner LAUNCH_FILE [name:=value ...]`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner import arguments
from pkan_control.ros.launch_runner.evaluation import Plan, evaluate
from pkan_control.ros.launch_runner.processes import run
from pkan_control.ros.launch_runner.relay import log_directory, open_log

PACKAGE = 'pkan_control'
SUFFIX = '.launch.xml'
USER_ERROR = 2
INTERRUPTED = 130

DESCRIPTION = """Start the nodes of a launch file.

Ctrl-C sends SIGINT to every node, SIGTERM after 5 s and SIGKILL after 5 s more; each further
Ctrl-C goes one step on. The exit code is that of the first node to fail, 0 if none did, 2 for a
mistake in the launch file or its arguments. A node's output is shown where the launch file says
output="screen" or "both"; otherwise only its stderr is, and all of it is in a log file under
$ROS_LOG_DIR or ~/.ros/log."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        os.environ.update(additions(os.environ))
        return _show_or_run(options)
    except UserError as error:
        print('error:', ' '.join(str(error).split()), file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m pkan_control.ros.launch_runner',
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('file', help='name of a launch file of the package, or a path')
    parser.add_argument('arguments', nargs='*', metavar='name:=value')
    parser.add_argument(
        '-s', '--show-args', action='store_true', help='show the arguments of the launch file'
    )
    return parser


def _show_or_run(options: argparse.Namespace) -> int:
    path = locate(options.file)
    known = arguments.declared(path, os.environ)
    if options.show_args:
        print(arguments.listing(known.values()))
        return 0
    given = arguments.assignments(options.arguments)
    plan = evaluate(path, given, os.environ)
    arguments.check_names(given, known.keys() | plan.declared)
    return _run(plan)


def _run(plan: Plan) -> int:
    if all(process.output == 'screen' for process in plan.processes):
        return run(plan.processes, None)
    with open_log(log_directory(os.environ)) as log:
        return run(plan.processes, log)


def additions(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that ROS needs and this environment lacks."""
    added = {}
    if not environment.get('AMENT_PREFIX_PATH'):
        added['AMENT_PREFIX_PATH'] = sys.prefix
    if not any(environment.get(name) for name in ('HOME', 'ROS_HOME', 'ROS_LOG_DIR')):
        added['ROS_LOG_DIR'] = str(Path(tempfile.gettempdir(), f'ros-{os.getuid()}', 'log'))
    return added


def locate(name: str) -> Path:
    """Return the path of a launch file: a path as it is, a bare name from the package's share."""
    if os.sep in name:
        return Path(name)
    try:
        directory = Path(get_package_share_directory(PACKAGE), 'launch')
    except LookupError as error:
        raise UserError(f'package {PACKAGE!r} is not in AMENT_PREFIX_PATH') from error
    if (directory / name).is_file():
        return directory / name
    if Path(name).is_file():
        return Path(name)
    raise unknown('launch file', name, [path.name for path in directory.glob(f'*{SUFFIX}')])


if __name__ == '__main__':
    sys.exit(main())
