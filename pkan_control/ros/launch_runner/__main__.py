"""`python -m pkan_control.ros.launch_runner LAUNCH_FILE [name:=value ...]`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import share
from pkan_control.ros.launch_runner.evaluation import evaluate
from pkan_control.ros.launch_runner.launch_file import read
from pkan_control.ros.launch_runner.processes import run
from pkan_control.ros.launch_runner.values import perform

DESCRIPTION = """Start the nodes of a launch file. Ctrl-C sends SIGINT to every node, SIGTERM after
5 s and SIGKILL after 5 s more; each further Ctrl-C sends the next signal at once. The exit code is
that of the first node to fail, 0 if none did, and 2 for a mistake in the file or its arguments."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    module = 'python -m pkan_control.ros.launch_runner'
    parser = argparse.ArgumentParser(prog=module, description=DESCRIPTION)
    parser.add_argument('file', help='name of a launch file of the package, or a path')
    parser.add_argument('arguments', nargs='*', metavar='name:=value')
    parser.add_argument('-s', '--show-args', action='store_true', help='show the arguments')
    options = parser.parse_args(argv)
    try:
        os.environ.update(additions(os.environ))
        path = locate(options.file)
        known = declared(path)
        if options.show_args:
            print("Arguments (pass arguments as '<name>:=<value>'):", *known.values(), sep='\n\n')
            return 0
        return run(evaluate(path, assignments(options.arguments, known)))
    except UserError as error:
        print('error:', ' '.join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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
    shipped = share('launch') / name
    if os.sep not in name and shipped.is_file():
        return shipped
    if os.sep in name or Path(name).is_file():
        return Path(name)
    raise unknown('launch file', name, [each.name for each in shipped.parent.glob('*.launch.xml')])


def assignments(texts: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Read `name:=value` texts for known names; of two for one name the last one counts."""
    given = {}
    for text in texts:
        name, assigned, value = text.partition(':=')
        if not (name and assigned and value):
            raise UserError(f'argument {text!r} is not of the form name:=value')
        if name not in known:
            raise unknown('argument', name, known or ['none'])
        given[name] = value
    return given


def declared(path: Path, parents: tuple[Path, ...] = ()) -> dict[str, str]:
    """Return the help of each argument of a launch file and of the files that it includes.

    What an include sets itself is left out, and so is a file whose name depends on a variable.
    """
    found: dict[str, str] = {}
    for element in read(path).iter():
        if element.tag == 'arg' and 'value' not in element.attrib:
            text, default = element.get('description', 'no description'), element.get('default')
            text += '' if default is None else f"\n        (default: '{default}')"
            name = element.attrib['name']
            found.setdefault(name, f"    '{name}':\n        {text}")
        elif element.tag == 'include' and path not in parents:
            with suppress(UserError):
                inner = Path(perform(element.attrib['file'], path.absolute().parent, {}))
                fixed = {argument.attrib['name'] for argument in element}
                for name, text in declared(inner.resolve(), (*parents, path)).items():
                    if name not in fixed:
                        found.setdefault(name, text)
    return found


if __name__ == '__main__':
    sys.exit(main())
