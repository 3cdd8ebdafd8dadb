"""Run something once another package is imported, without importing it.

Gymnasium has no plug-ins since version 1.0: whoever has environments registers them in it.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


def when_imported(package: str, action: Callable[[], None]) -> None:
    """Call an action as soon as a package is imported: now, if it already is."""
    if package in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _Finder(package, action))


class _Finder(MetaPathFinder):
    """Finds one package as the other finders do, once, with a loader that calls the action."""

    def __init__(self, package: str, action: Callable[[], None]) -> None:
        self._package, self._action = package, action

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._package:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._action)
        return spec


class _Loader(Loader):
    """Loads a package by its own loader, then calls the action."""

    def __init__(self, loader: Loader, action: Callable[[], None]) -> None:
        self._loader, self._action = loader, action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._action()
