"""Measure the figures that the project states: all pages of `doc/results/`, or those named.

`doc/results.md` shows the bars of all pages, as they were measured last.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pages import PAGES
from pages.page import ROOT, Page, measure

INDEX = ROOT / 'doc' / 'results.md'


def path_of(page: Page) -> Path:
    """Return where a page is written."""
    return ROOT / 'doc' / 'results' / f'{page.name}.md'


def index() -> str:
    """Return the page that shows the bars of all others."""
    lines = [
        '# Results',
        '',
        'Written by `make results`. The page behind each title holds the commands and what they',
        'printed; `make results PAGES=NAME` measures one page anew.',
    ]
    for page in PAGES:
        text = path_of(page).read_text() if path_of(page).exists() else ''
        bars = [line for line in text.splitlines() if line.startswith('|')]
        lines += ['', f'## [{page.title}](results/{page.name}.md)', '', *bars]
    return '\n'.join(lines).rstrip() + '\n'


def main() -> None:
    """Measure the pages named on the command line, or all of them."""
    known = {page.name: page for page in PAGES}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*', choices=[*known, []], metavar='PAGE')
    parser.add_argument(
        '--folder', type=Path, help='keep what sections print here, and do not run those again'
    )
    parser.add_argument('--only', nargs='*', help='run these sections, write no page')
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for name in given.names or known:
            folder = (given.folder or Path(temporary)).resolve() / name
            folder.mkdir(parents=True, exist_ok=True)
            write(known[name], folder, given.only)
    if given.only is None:
        INDEX.write_text(index())
        print(f'wrote {INDEX.relative_to(ROOT)}')


def write(page: Page, folder: Path, only: Sequence[str] | None) -> None:
    """Measure a page and write it, or measure some of its sections only."""
    if only is not None:
        sections = tuple(section for section in page.sections if section.name in only)
        measure(replace(page, sections=sections, bars=()), folder)
        return
    text = measure(page, folder)
    path_of(page).parent.mkdir(exist_ok=True)
    path_of(page).write_text(text)
    print(f'wrote {path_of(page).relative_to(ROOT)}')


if __name__ == '__main__':
    main()
