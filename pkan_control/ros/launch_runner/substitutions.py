"""Text with `$(...)` in it, by the rules of ROS 2 launch: read it, then fill in the values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ament_index_python.packages import get_package_prefix, get_package_share_directory

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.scope import Scope


@dataclass(frozen=True)
class Substitution:
    """One `$(name argument ...)`."""

    name: str
    arguments: tuple['Template', ...]


Template = tuple[str | Substitution, ...]
"""Literal text and substitutions, in order."""


def configuration(scope: Scope, name: str, default: str | None = None) -> str:
    """`$(var NAME [DEFAULT])`: the value of an argument or of a `let`."""
    value = scope.configurations.get(name, default)
    if value is None:
        raise unknown('variable', name, scope.configurations)
    return value


def environment_variable(scope: Scope, name: str, default: str | None = None) -> str:
    """`$(env NAME [DEFAULT])`: a variable of the environment that processes get."""
    value = scope.environment.get(name, default)
    if value is None:
        raise UserError(f'environment variable {name!r} is not set, and no default is given')
    return value


def launch_directory(scope: Scope) -> str:
    """`$(dirname)`: the directory of the launch file."""
    return str(scope.directory)


def package_prefix(scope: Scope, package: str) -> str:
    """`$(find-pkg-prefix PACKAGE)`: where a package is installed."""
    return _installed(get_package_prefix, package)


def package_share(scope: Scope, package: str) -> str:
    """`$(find-pkg-share PACKAGE)`: the directory of a package's data files."""
    return _installed(get_package_share_directory, package)


def _installed(find: Callable[[str], str], package: str) -> str:
    try:
        return str(find(package))
    except (LookupError, ValueError, OSError) as error:
        raise UserError(f'package {package!r} is not in AMENT_PREFIX_PATH') from error


@dataclass(frozen=True)
class _Kind:
    """A substitution that may be written: its function, and how many arguments it takes."""

    perform: Callable[..., str]
    fewest: int
    most: int


SUBSTITUTIONS = {
    'dirname': _Kind(launch_directory, 0, 0),
    'env': _Kind(environment_variable, 1, 2),
    'find-pkg-prefix': _Kind(package_prefix, 1, 1),
    'find-pkg-share': _Kind(package_share, 1, 1),
    'var': _Kind(configuration, 1, 2),
}

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_-]*')
# Literal text at the top, within single and within double quotes.
_TEXT = {
    '': re.compile(r'(?:[^$]|\$(?!\()|(?<=\\)\$)+'),
    "'": re.compile(r"(?:[^'$]|\$(?!\()|(?<=\\)['$])+"),
    '"': re.compile(r'(?:[^"$]|\$(?!\()|(?<=\\)["$])+'),
}
# Literal text of an argument, in the same places: a space ends it, brackets need a backslash.
_WORD = {
    '': re.compile(r"""(?:[^ '"$()]|\$(?!\()|(?<=\\)['"$()])+"""),
    "'": re.compile(r"(?:[^ '$()]|\$(?!\()|(?<=\\)['$()])+"),
    '"': re.compile(r'(?:[^ "$()]|\$(?!\()|(?<=\\)["$()])+'),
}


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str):
        self.text = text
        self.position = 0

    def template(self, quote: str = '') -> Template:
        pieces: list[str | Substitution] = []
        while (following := self._following()) and following != quote:
            pieces.append(self._piece(_TEXT[quote], quote))
        return tuple(pieces)

    def _piece(self, literal: re.Pattern[str], quote: str) -> str | Substitution:
        if match := literal.match(self.text, self.position):
            self.position = match.end()
            return unescape(match.group())
        return self._substitution(quote)

    def _substitution(self, quote: str) -> Substitution:
        self._expect('$(')
        name = _NAME.match(self.text, self.position)
        if name is None:
            raise self._error('expected the name of a substitution')
        self.position = name.end()
        arguments = []
        while self._following() == ' ':
            self.position += 1
            arguments.append(self._argument(quote))
        self._expect(')')
        return _checked(Substitution(name.group(), tuple(arguments)))

    def _argument(self, quote: str) -> Template:
        mark = self._following()
        if not quote and mark in ('"', "'"):
            self._expect(mark)
            quoted = self.template(mark)
            self._expect(mark)
            return quoted
        pieces: list[str | Substitution] = []
        while self._following() not in ('', ' ', ')'):
            pieces.append(self._piece(_WORD[quote], quote))
        if not pieces:
            raise self._error('expected an argument')
        return tuple(pieces)

    def _following(self) -> str:
        return self.text[self.position : self.position + 1]

    def _expect(self, token: str) -> None:
        if not self.text.startswith(token, self.position):
            raise self._error(f'expected {token!r}')
        self.position += len(token)

    def _error(self, problem: str) -> UserError:
        return UserError(f'{problem} at character {self.position + 1} of {self.text!r}')


def _checked(substitution: Substitution) -> Substitution:
    name, count = substitution.name, len(substitution.arguments)
    if name not in SUBSTITUTIONS:
        raise unknown('substitution', name, SUBSTITUTIONS)
    kind = SUBSTITUTIONS[name]
    if not kind.fewest <= count <= kind.most:
        numbers = ' or '.join(map(str, sorted({kind.fewest, kind.most})))
        raise UserError(f'substitution {name!r} takes {numbers} arguments, not {count}')
    return substitution


def unescape(text: str) -> str:
    r"""Return the text with each `\x` replaced by `x`."""
    return re.sub(r'\\(.)', r'\1', text)


@lru_cache(maxsize=1024)
def parse(text: str) -> Template:
    """Read a text with substitutions; a mistake in it is a `UserError`."""
    try:
        return _Reader(text).template()
    except RecursionError:
        raise UserError('substitutions are nested too deeply') from None


def perform(template: Template, scope: Scope) -> str:
    """Return the text with every substitution replaced by its value."""
    return ''.join(piece if isinstance(piece, str) else _value(piece, scope) for piece in template)


def _value(substitution: Substitution, scope: Scope) -> str:
    arguments = [perform(argument, scope) for argument in substitution.arguments]
    return SUBSTITUTIONS[substitution.name].perform(scope, *arguments)
