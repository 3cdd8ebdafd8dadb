"""Evaluation of a launch file: the processes to start, each with its command line."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.launch_file import LaunchFileError, read, unsupported
from pkan_control.ros.launch_runner.values import ParameterFile, perform, typed, words

CONDITIONS = {'true': True, '1': True, 'false': False, '0': False}
NAME = re.compile(r'[A-Za-z_]\w*', re.ASCII)
NAMESPACE = re.compile(r'/|(/[A-Za-z_]\w*)+', re.ASCII)


@dataclass(frozen=True)
class Process:
    """A node to start."""

    label: str
    """The prefix of its output, such as `simulation_node-1`."""
    command: tuple[str | ParameterFile, ...]
    on_exit_shutdown: bool = False
    """Whether the end of this process ends all others."""


def evaluate(path: Path, given: Mapping[str, str]) -> list[Process]:
    """Return the processes of a launch file with the arguments given on the command line."""
    evaluation = _Evaluation(given)
    evaluation.file(Path(os.path.abspath(path)))
    return evaluation.processes


class _Evaluation:
    """One pass through a launch file and its includes, in the order of their elements."""

    def __init__(self, given: Mapping[str, str]):
        self.processes: list[Process] = []
        self._variables = dict(given)
        self._open: list[Path] = []

    def file(self, path: Path, arguments: Iterable[Element] = ()) -> None:
        """Evaluate a launch file with the arguments of the element that includes it."""
        if path in self._open:
            raise UserError(f'{path} includes itself')
        root = read(path)
        self._open.append(path)
        for argument in arguments:
            self._let(argument)
        self._elements(root)
        self._open.pop()

    def _elements(self, elements: Iterable[Element]) -> None:
        path = self._open[-1]
        for element in elements:
            try:
                if self._enabled(element):
                    getattr(self, f'_{element.tag}')(element)
            except LaunchFileError:
                raise
            except UserError as error:
                raise LaunchFileError(path, element, error) from error

    def _perform(self, text: str) -> str:
        return perform(text, self._open[-1].parent, self._variables)

    def _text(self, element: Element, attribute: str) -> str:
        return self._perform(element.attrib[attribute])

    def _enabled(self, element: Element) -> bool:
        for attribute, wanted in (('if', True), ('unless', False)):
            if attribute in element.attrib:
                text = self._text(element, attribute).strip().lower()
                if text not in CONDITIONS:
                    allowed = ', '.join(CONDITIONS)
                    raise UserError(f'{text!r} is not a condition: allowed are {allowed}')
                if CONDITIONS[text] != wanted:
                    return False
        return True

    def _arg(self, element: Element) -> None:
        name, default = element.attrib['name'], element.get('default')
        if name not in self._variables:
            if default is None:
                text = element.get('description', 'no description')
                raise UserError(f'argument {name!r} is required ({text}): give {name}:=VALUE')
            self._variables[name] = self._perform(default)

    def _let(self, element: Element) -> None:
        self._variables[self._text(element, 'name')] = self._text(element, 'value')

    def _group(self, element: Element) -> None:
        saved = dict(self._variables)
        self._elements(element)
        self._variables = saved

    def _include(self, element: Element) -> None:
        self.file(Path(os.path.abspath(self._text(element, 'file'))), element)

    def _node(self, element: Element) -> None:
        for attribute, only in (('output', 'screen'), ('on_exit', 'shutdown')):
            if element.get(attribute, only) != only:
                raise unsupported(attribute, element.attrib[attribute], [only])
        package, name = self._text(element, 'pkg'), self._text(element, 'exec')
        prefix = Path(self._perform(f'$(find-pkg-share {package})')).parents[1]
        directory = prefix / 'lib' / package
        executable = shutil.which(name, path=directory)
        if executable is None:
            raise UserError(f'{directory} has no executable {name!r}')
        label = f'{Path(executable).name}-{len(self.processes) + 1}'
        command = (executable, *self._arguments(element))
        self.processes.append(Process(label, command, 'on_exit' in element.attrib))

    def _arguments(self, element: Element) -> list[str | ParameterFile]:
        command: list[str | ParameterFile] = []
        if 'args' in element.attrib:
            command += words(element.attrib['args'], self._perform)
        command += ['--ros-args']
        name = namespace = None
        if 'name' in element.attrib:
            name = _matching(NAME, self._text(element, 'name'))
            command += ['-r', f'__node:={name}']
        if 'namespace' in element.attrib:
            text = self._text(element, 'namespace').removeprefix('/').removesuffix('/')
            namespace = _matching(NAMESPACE, f'/{text}')
            command += ['-r', f'__ns:={namespace}']
        node = f'{namespace}/{name}'.replace('//', '/') if name and namespace else '/**'
        for param in element.findall('param'):
            try:
                command += ['--params-file', self._parameter(param, node)]
            except UserError as error:
                raise LaunchFileError(self._open[-1], param, error) from error
        for remap in element.findall('remap'):
            command += ['-r', f'{self._text(remap, "from")}:={self._text(remap, "to")}']
        return command

    def _parameter(self, param: Element, node: str) -> str | ParameterFile:
        given = {name: self._text(param, name) for name in param.attrib}
        if given.keys() == {'from'}:
            path = Path(given['from'])
            if not path.is_file():
                raise UserError(f'{path} is not a file')
            return str(path)
        if given.keys() - {'type'} != {'name', 'value'}:
            raise UserError('a param has a name and a value, or the file that it comes from')
        kind = given.get('type', 'yaml')
        value = typed(param.attrib['value'], given['value'], kind)
        return ParameterFile(node, given['name'], value)


def _matching(pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(name):
        raise UserError(f'{name!r} is not a name: letters, digits, underscores')
    return name
