"""YAML files that ship with the package, by name, and those of a user, by path.

Scalars are those of YAML 1.2's core schema: `1e-5` is a number, `yes` and `off` are text. Refused
are keys that appear twice, aliases and tags.
"""

import re
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import FilePath, path_of, share
from pkan_control.common.structuring import structure

T = TypeVar('T')
MAX_BYTES = 64 * 1024
TAG = 'tag:yaml.org,2002:'
# Scalars of the core schema: type, pattern, characters that it begins with, and its value.
SCALARS: tuple[tuple[str, str, str, Callable[[str], Any]], ...] = (
    ('null', '~|null|Null|NULL', '~nN', lambda text: None),
    ('bool', 'true|True|TRUE|false|False|FALSE', 'tTfF', lambda text: text.lower() == 'true'),
    ('int', '[-+]?[0-9]+', '-+0123456789', int),
    ('int', '0o[0-7]+|0x[0-9a-fA-F]+', '0', lambda text: int(text, 0)),
    (
        'float',
        r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?',
        '-+.0123456789',
        float,
    ),
    (
        'float',
        r'[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)',
        '-+.',
        lambda text: float(text.lower().replace('.', '')),
    ),
)


def shipped_files(folder: str) -> dict[str, Path]:
    """Return the files that ship in a folder of `config/`, by name."""
    return {path.stem: path for path in sorted(share(f'config/{folder}').glob('*.yaml'))}


def read_file(folder: str, kind: str, name: FilePath, described: type[T]) -> tuple[Path, T]:
    """Return the path and the content of a shipped name or of a `.yaml` file, as a dataclass.

    Every file may say in a `text` what it describes. Raises a `UserError` of one line that names
    the kind of file, the file, the key, the value and what is allowed.
    """
    path = find_file(folder, kind, name)
    values = read_yaml(path, kind)
    if isinstance(values, dict) and 'text' not in described.__annotations__:
        if not isinstance(values.get('text', ''), str):
            raise UserError(f'{kind} {path}: text: must be text, not {values["text"]!r}')
        values = {key: value for key, value in values.items() if key != 'text'}
    return path, structure(values, described, f'{kind} {path}')


def find_file(folder: str, kind: str, name: FilePath) -> Path:
    """Return the path of a shipped name, or of a `.yaml` file."""
    path = path_of(name, kind)
    if path.suffix in ('.yaml', '.yml'):
        return path
    known = shipped_files(folder)
    if str(name) not in known:
        raise unknown(f'{kind} (or FILE.yaml)', str(name), known)
    return known[str(name)]


def read_yaml(path: Path, kind: str) -> Any:
    """Return the content of a YAML file; a `UserError` names the line that is wrong."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f'{kind} {path}: larger than {MAX_BYTES} bytes')
        return yaml.load(path.read_text(encoding='utf-8'), _Loader)  # noqa: S506 (a SafeLoader)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f'{kind} {path}: {error.strerror}') from None
    except yaml.MarkedYAMLError as error:
        line = '' if error.problem_mark is None else f'line {error.problem_mark.line + 1}: '
        raise UserError(f'{kind} {path}: {line}{error.problem}') from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f'{kind} {path}: not YAML ({" ".join(str(error).split())})') from None
    except RecursionError:
        raise UserError(f'{kind} {path}: nested too deeply') from None


class _Loader(yaml.SafeLoader):
    """Loads scalars of the core schema, lists, and mappings whose keys differ."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases, by which a short file describes an endless one, and tags."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _at(event, 'aliases are not allowed')
        if getattr(event, 'tag', None) is not None:
            raise _at(event, f'tags are not allowed: {event.tag}')
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse keys that appear twice."""
        keys = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _at(key_node, 'a key must be a scalar')
            if key in keys:
                raise _at(key_node, f'key {key!r} appears twice')
            keys.add(key)
        return dict(super().construct_mapping(node, deep))

    def _construct_scalar(self, node: yaml.ScalarNode) -> Any:
        """Return the value of a scalar whose pattern has matched."""
        for tag, pattern, _, value in SCALARS:
            if node.tag == f'{TAG}{tag}' and re.fullmatch(pattern, node.value):
                return value(node.value)
        return None


def _at(place: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


# None of the scalars of YAML 1.1, which PyYAML reads otherwise.
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first, _ in SCALARS:
    _matches = re.compile(f'(?:{_pattern})$')
    _Loader.add_implicit_resolver(f'{TAG}{_tag}', _matches, list(_first))
    _Loader.add_constructor(f'{TAG}{_tag}', _Loader._construct_scalar)
_Loader.add_implicit_resolver(f'{TAG}null', re.compile('$'), [''])
