"""The hardware bridge, on an emulated board."""

from pages.page import Bar, Page, Section

SECTIONS = (
    Section(
        'The hardware bridge, on an emulated board',
        'bridge',
        'python benchmark/bridge.py --json {json}',
    ),
)

BARS: tuple[Bar, ...] = ()

PAGE = Page('bridge', 'The hardware bridge', SECTIONS, BARS)
