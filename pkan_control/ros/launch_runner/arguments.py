"""Arguments of a launch file: those it declares, and those given on the command line."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.launch_file import Element, read
from pkan_control.ros.launch_runner.scope import Scope
from pkan_control.ros.launch_runner.substitutions import parse, perform, unescape


@dataclass(frozen=True)
class Argument:
    """An `<arg>` as a user sees it."""

    name: str
    description: str
    default: str | None
    """Text as written in the file; None if a value is required."""
    conditional: bool
    """Whether it counts only under some condition."""


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """Read `name:=value` texts; of two for one name the last one counts."""
    given = {}
    for text in texts:
        name, assigned, value = text.partition(':=')
        if not (name and assigned and value):
            raise UserError(f'argument {text!r} is not of the form name:=value')
        given[name] = value
    return given


def check_names(given: Iterable[str], allowed: Iterable[str]) -> None:
    """Refuse an argument that no launch file declares."""
    allowed = set(allowed)
    for name in given:
        if name not in allowed:
            raise unknown('argument', name, allowed or ['none'])


def declared(path: Path, environment: Mapping[str, str]) -> dict[str, Argument]:
    """Return the arguments of a launch file and of the files that it includes for certain.

    A file whose name depends on an argument is not looked into, and what an include itself sets
    is not listed.
    """
    listing = _Listing(environment)
    listing.walk(read(path), conditional=False)
    return listing.arguments


class _Listing:
    def __init__(self, environment: Mapping[str, str]):
        self.arguments: dict[str, Argument] = {}
        self._environment = dict(environment)
        self._open: list[Path] = []

    def walk(self, parent: Element, *, conditional: bool) -> None:
        for element in parent.children:
            unsure = conditional or not {'if', 'unless'}.isdisjoint(element.attributes)
            if element.tag == 'arg':
                self._add(_argument(element, conditional=unsure))
            elif element.tag == 'group':
                self.walk(element, conditional=unsure)
            elif element.tag == 'include':
                with suppress(UserError):
                    self._include(element, conditional=unsure)

    def _add(self, argument: Argument) -> None:
        self.arguments.setdefault(argument.name, argument)

    def _include(self, element: Element, *, conditional: bool) -> None:
        scope = Scope({}, self._environment, element.path.absolute().parent)
        path = Path(perform(parse(element.attributes['file']), scope)).absolute()
        if path in self._open:
            return
        inner = _Listing(self._environment)
        inner._open = [*self._open, path]
        inner.walk(read(path), conditional=conditional)
        fixed = {argument.attributes['name'] for argument in element.children}
        for argument in inner.arguments.values():
            if argument.name not in fixed:
                self._add(argument)


def _argument(element: Element, *, conditional: bool) -> Argument:
    return Argument(
        unescape(element.attributes['name']),
        unescape(element.attributes.get('description', 'no description given')),
        element.attributes.get('default'),
        conditional,
    )


def listing(arguments: Iterable[Argument]) -> str:
    """Return the arguments as text for a user."""
    entries = [_entry(argument) for argument in arguments] or ['    No arguments.']
    lines = ["Arguments (pass arguments as '<name>:=<value>'):", *entries]
    if any(argument.conditional for argument in arguments):
        lines.append('* argument(s) which are only used if specific conditions occur')
    return '\n\n'.join(lines)


def _entry(argument: Argument) -> str:
    mark = '*' if argument.conditional else ''
    lines = [f"    '{argument.name}':{mark}", f'        {argument.description}']
    if argument.default is not None:
        lines.append(f"        (default: '{argument.default}')")
    return '\n'.join(lines)
