"""Controllers by name, by path or as trained, and the files that ship with the package."""

from pathlib import Path

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import share
from pkan_control.control.controller_file import ControllerFile, load_controller_file

SUFFIX = '.safetensors'
# A shipped name, the path of a controller file, or a controller that was just trained.
ControllerSource = str | Path | ControllerFile


def shipped_controller(task: str, robot: str | None = None) -> Path:
    """Return the path of the controller that ships for a task, for a robot where there is one."""
    own = share(f'controllers/{task}_{robot}{SUFFIX}')
    return own if robot and own.exists() else share(f'controllers/{task}{SUFFIX}')


def shipped_mlp(task: str, robot: str | None = None) -> Path:
    """Return the path of the MLP of equal parameters that ships for a task and a robot."""
    own = share(f'controllers/{task}_{robot}_mlp{SUFFIX}')
    return own if robot and own.exists() else share(f'controllers/{task}_mlp{SUFFIX}')


def find_controller(source: ControllerSource) -> tuple[ControllerFile, str]:
    """Return a controller, and what it is called in results.

    A string with a slash or the ending `.safetensors` is a path, any other a shipped name.

    Raises:
        UserError: an unknown name, or a file that cannot be read or is damaged
    """
    if isinstance(source, ControllerFile):
        return source, source.policy.title
    if isinstance(source, str) and '/' not in source and not source.endswith(SUFFIX):
        names = sorted(path.stem for path in share('controllers').glob(f'*{SUFFIX}'))
        if source not in names:
            raise unknown(f'controller (or FILE{SUFFIX})', source, names)
        source = shipped_controller(source)
    if not isinstance(source, str | Path):
        raise UserError(
            f'controller {source!r}: must be a shipped name, the path of a file, or a controller'
        )
    return load_controller_file(Path(source)), str(source)
