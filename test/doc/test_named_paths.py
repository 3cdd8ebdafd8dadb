"""Every file and folder that a page names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'pkan_control'
PAGES = ('CONTRIBUTING.md', 'README.md', 'doc/design.md')
# A path in the text: `pkan_control/devices/`, `chips/uri.py`, `config/examples/`.
NAMED = re.compile(r'`((?:[\w.-]+/)+(?:[\w.-]+\.(?:py|c|md|yaml|xml))?)`')
LINKED = re.compile(r'\]\((?!https?:)([^)#]+)')


def exists(name: str) -> bool:
    """Return whether there is such a path from the root, in the package, or at the end of one."""
    places = (ROOT / name, PACKAGE / name)
    return any(place.exists() for place in places) or any(PACKAGE.rglob(name.rstrip('/')))


@pytest.mark.parametrize('page', PAGES)
def test_every_path_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    named = set(NAMED.findall(text))
    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize(
    'page', [str(path.relative_to(ROOT)) for path in ROOT.glob('doc/**/*.md')]
)
def test_every_link_leads_somewhere(page: str) -> None:
    path = ROOT / page
    links = LINKED.findall(path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_design_names_every_package() -> None:
    text = (ROOT / 'doc' / 'design.md').read_text()
    packages = sorted(path.parent.name for path in PACKAGE.glob('*/__init__.py'))
    assert [name for name in packages if f'| `{name}/` |' not in text] == []
