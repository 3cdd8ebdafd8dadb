"""What a launch file means: the processes to start, each with its command line and environment."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.launch_file import Element, LaunchFileError, read
from pkan_control.ros.launch_runner.names import full_name, namespace, node_name
from pkan_control.ros.launch_runner.parameters import (
    ParameterFile,
    boolean,
    parameter_file,
    parameters,
)
from pkan_control.ros.launch_runner.scope import Scope
from pkan_control.ros.launch_runner.substitutions import package_prefix, parse, perform, unescape
from pkan_control.ros.launch_runner.words import words

NAMESPACE = 'ros_namespace'
"""Launch configuration that holds the pushed namespace."""

OUTPUTS = ('both', 'log', 'screen')
DEEPEST_INCLUDE = 50

_CONDITIONS = {'true': True, '1': True, 'false': False, '0': False}


@dataclass(frozen=True)
class Process:
    """One node to start."""

    label: str
    """Name in the output, `simulation_node-1` say."""
    command: tuple[str | ParameterFile, ...]
    environment: Mapping[str, str]
    output: str
    """Where the output goes: `screen`, `log` or `both`."""
    on_exit_shutdown: bool
    """Whether the end of this process ends all the others."""
    sigterm_timeout: float
    """Time from SIGINT to SIGTERM [s]."""
    sigkill_timeout: float
    """Time from SIGTERM to SIGKILL [s]."""


@dataclass(frozen=True)
class Plan:
    """Everything that a launch file starts, and the arguments that it declared on the way."""

    processes: tuple[Process, ...]
    declared: frozenset[str]


def evaluate(path: Path, given: Mapping[str, str], environment: Mapping[str, str]) -> Plan:
    """Read and evaluate a launch file with the arguments given on the command line."""
    path = Path(os.path.abspath(path))
    evaluation = _Evaluation(Scope(dict(given), dict(environment), path.parent))
    evaluation.file(path)
    return Plan(tuple(evaluation.processes), frozenset(evaluation.declared))


class _Evaluation:
    """One walk through a launch file and those that it includes, in the order written."""

    def __init__(self, scope: Scope):
        self.scope = scope
        self.processes: list[Process] = []
        self.declared: set[str] = set()
        self._depth = 0

    def file(self, path: Path) -> None:
        self._actions(read(path).children)

    def _actions(self, elements: Iterable[Element]) -> None:
        for element in elements:
            try:
                if self._enabled(element):
                    self._ACTIONS[element.tag](self, element)
            except LaunchFileError:
                raise
            except UserError as error:
                raise element.error(error) from error

    def _enabled(self, element: Element) -> bool:
        for attribute, wanted in (('if', True), ('unless', False)):
            if attribute in element.attributes:
                return condition(self._text(element, attribute)) == wanted
        return True

    def _text(self, element: Element, attribute: str) -> str:
        return perform(parse(element.attributes[attribute]), self.scope)

    def _optional(self, element: Element, attribute: str) -> str | None:
        return self._text(element, attribute) if attribute in element.attributes else None

    def _arg(self, element: Element) -> None:
        name = unescape(element.attributes['name'])
        self.declared.add(name)
        if name in self.scope.configurations:
            return
        default = self._optional(element, 'default')
        if default is None:
            text = unescape(element.attributes.get('description', 'no description given'))
            raise UserError(f'argument {name!r} is required ({text}): give {name}:=VALUE')
        self.scope.configurations[name] = default

    def _let(self, element: Element) -> None:
        self.scope.configurations[self._text(element, 'name')] = self._text(element, 'value')

    def _set_env(self, element: Element) -> None:
        self.scope.environment[self._text(element, 'name')] = self._text(element, 'value')

    def _push_ros_namespace(self, element: Element) -> None:
        base, pushed = self.scope.configurations.get(NAMESPACE), self._text(element, 'namespace')
        self.scope.configurations[NAMESPACE] = namespace(base, pushed) or '/'

    def _group(self, element: Element) -> None:
        if not boolean(element.attributes.get('scoped', 'true')):
            self._actions(element.children)
            return
        with self.scope.nested():
            self._actions(element.children)

    def _include(self, element: Element) -> None:
        path = Path(os.path.abspath(self._text(element, 'file')))
        if self._depth == DEEPEST_INCLUDE:
            raise UserError(f'{DEEPEST_INCLUDE} files include each other')
        self._depth += 1
        with self.scope.inside(path.parent):
            for argument in element.children:
                self._let(argument)
            self.file(path)
        self._depth -= 1

    def _node(self, element: Element) -> None:
        executable = self._executable(element)
        name = self._optional(element, 'exec_name') or Path(executable).name
        process = Process(
            label=f'{name}-{len(self.processes) + 1}',
            command=(executable, *self._arguments(element)),
            environment=self._environment(element),
            output=_one_of('output', self._optional(element, 'output') or 'log', OUTPUTS),
            on_exit_shutdown=_on_exit(element),
            sigterm_timeout=_seconds(element, 'sigterm_timeout'),
            sigkill_timeout=_seconds(element, 'sigkill_timeout'),
        )
        self.processes.append(process)

    def _executable(self, element: Element) -> str:
        package, name = self._text(element, 'pkg'), self._text(element, 'exec')
        directory = Path(package_prefix(self.scope, package), 'lib', package)
        found = shutil.which(name, path=directory)
        if found is None:
            raise UserError(f'{directory} has no executable {name!r}')
        return found

    def _environment(self, element: Element) -> dict[str, str]:
        added = {self._text(env, 'name'): self._text(env, 'value') for env in element.all('env')}
        return self.scope.environment | added

    def _arguments(self, element: Element) -> list[str | ParameterFile]:
        name = self._optional(element, 'name')
        within = namespace(
            self.scope.configurations.get(NAMESPACE), self._optional(element, 'namespace')
        )
        command: list[str | ParameterFile] = list(self._words(element, 'args'))
        if 'ros_args' in element.attributes:
            command += ['--ros-args', *self._words(element, 'ros_args')]
        command += ['--ros-args']
        command += [] if name is None else ['-r', f'__node:={node_name(name)}']
        command += [] if within is None else ['-r', f'__ns:={within}']
        command += self._parameters(element, full_name(name, within))
        return command + self._remaps(element)

    def _words(self, element: Element, attribute: str) -> list[str]:
        if attribute not in element.attributes:
            return []
        return [perform(word, self.scope) for word in words(parse(element.attributes[attribute]))]

    def _parameters(self, element: Element, node: str) -> list[str | ParameterFile]:
        command: list[str | ParameterFile] = []
        for param in element.all('param'):
            try:
                command += ['--params-file', self._parameter(param, node)]
            except UserError as error:
                raise param.error(error) from error
        return command

    def _parameter(self, param: Element, node: str) -> str | ParameterFile:
        if ('from' in param.attributes) == ('name' in param.attributes):
            raise UserError('a param has either a name or a file to be read from')
        if 'from' not in param.attributes:
            return parameter_file(parameters(param, self.scope), node)
        if param.children or param.attributes.keys() != {'from'}:
            raise UserError('a param that is read from a file has nothing else')
        path = Path(self._text(param, 'from'))
        if not path.is_file():
            raise UserError(f'{path} is not a file')
        return str(path)

    def _remaps(self, element: Element) -> list[str | ParameterFile]:
        command: list[str | ParameterFile] = []
        for remap in element.all('remap'):
            command += ['-r', f'{self._text(remap, "from")}:={self._text(remap, "to")}']
        return command

    _ACTIONS: Mapping[str, Callable[['_Evaluation', Element], None]] = {
        'arg': _arg,
        'group': _group,
        'include': _include,
        'let': _let,
        'node': _node,
        'push_ros_namespace': _push_ros_namespace,
        'set_env': _set_env,
    }


def condition(text: str) -> bool:
    """Return the truth of an `if` or `unless`: true, false, 1 or 0 in any case."""
    value = _CONDITIONS.get(text.strip().lower())
    if value is None:
        raise UserError(f'{text!r} is not a condition: allowed are {", ".join(_CONDITIONS)}')
    return value


def _one_of(kind: str, value: str, allowed: Iterable[str]) -> str:
    if value not in allowed:
        raise unknown(kind, value, allowed)
    return value


def _on_exit(element: Element) -> bool:
    if 'on_exit' not in element.attributes:
        return False
    return _one_of('on_exit', element.attributes['on_exit'], ['shutdown']) == 'shutdown'


def _seconds(element: Element, attribute: str, default: str = '5') -> float:
    text = element.attributes.get(attribute, default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds < float('inf'):
        raise UserError(f'{attribute} is a time in seconds, not {text!r}')
    return seconds
