"""Measure the figures that the project states: all pages of `doc/results/`, or those named.

`doc/results.md` shows the bars of all pages, as they were measured last.
"""

import sys
import tempfile
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
    names = sys.argv[1:] or list(known)
    for name in names:
        if name not in known:
            raise SystemExit(f'error: page {name!r} is unknown: there are {", ".join(known)}')
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            text = measure(known[name], Path(folder))
        path_of(known[name]).parent.mkdir(exist_ok=True)
        path_of(known[name]).write_text(text)
        print(f'wrote {path_of(known[name]).relative_to(ROOT)}')
    INDEX.write_text(index())
    print(f'wrote {INDEX.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
