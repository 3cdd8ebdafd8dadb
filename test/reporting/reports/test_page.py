"""The page in a real browser: nothing is fetched, nothing fails, all of it is drawn."""

import shutil
from html.parser import HTMLParser

import pytest

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
SECTIONS = ['summary', 'trajectories', 'errors', 'time', 'edges', 'fidelity', 'yield1', 'power']
FLAGS = [
    '--no-sandbox',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
]

needs_browser = pytest.mark.skipif(not CHROMIUM, reason='no Chromium on this machine')


@pytest.fixture(scope='module')
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[(1200, 'light'), (390, 'dark')], ids=['desk', 'phone'])
def opened(browser, folder, request):
    """Return the page, what was requested, and what the browser complained about."""
    width, scheme = request.param
    page = browser.new_page(viewport={'width': width, 'height': 850}, color_scheme=scheme)
    requests, complaints = [], []
    page.on('request', lambda each: requests.append(each.url))
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.on('console', lambda m: complaints.append(m.text) if m.type == 'error' else None)
    page.goto((folder / 'report.html').as_uri())
    yield page, requests, complaints
    page.close()


@pytest.mark.slow
@needs_browser
def test_a_walk_through_the_page(opened):
    page, requests, complaints = opened
    links = page.locator('nav a')
    assert [link.inner_text() for link in links.all()] == SECTIONS
    for name in SECTIONS:
        page.click(f'nav a[href="#{name}"]')
        plot = page.locator(f'#plot-{name}')
        if plot.count():
            plot.locator('.main-svg').first.wait_for(state='attached')
    assert page.locator('#plot-trajectories canvas').count()
    curves = page.locator('#plot-errors .scatterlayer .trace')
    visible = '#plot-errors .scatterlayer .trace path.js-line'
    before = page.locator(visible).count()
    assert curves.count() == before == 3
    page.locator('#plot-errors .legendtoggle').first.click()
    page.wait_for_function(f'document.querySelectorAll("{visible}").length == {before - 1}')
    assert page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
    assert len(requests) == 1
    assert complaints == []


@needs_browser
def test_another_episode_is_drawn_when_it_is_chosen(opened):
    page, _, complaints = opened
    select = page.locator('#time select')
    page.click('nav a[href="#time"]')
    select.wait_for()
    assert page.locator('#plot-time h3').all_inner_texts()[:4] == [
        'x, m', 'y, m', 'z, m', 'rotor 1, rad/s',
    ]  # fmt: skip
    first = '#plot-time .scatterlayer .trace:last-child path.js-line'
    page.locator(first).first.wait_for(state='attached')
    before = page.locator(first).first.get_attribute('d')
    options = select.locator('option').all_inner_texts()
    assert len(options) == 12
    assert options[0].startswith('worst 1: episode ')
    select.select_option(index=7)
    page.wait_for_function(
        'before => document.querySelector("' + first + '")?.getAttribute("d") !== before',
        arg=before,
    )
    assert complaints == []


class Loaded(HTMLParser):
    """Notes everything that a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note sources, and links that are no places in the page."""
        for name, value in attrs:
            if name in ('src', 'href') and not value.startswith(('#', 'data:')):
                self.found.append(value)


def test_the_page_stands_alone_and_is_small(folder):
    text = (folder / 'report.html').read_text()
    parser = Loaded()
    parser.feed(text)
    assert parser.found == []
    assert '{{' not in text.split('<script>')[0]
    assert len(text) < 6e6


def test_the_pictures_are_there(folder):
    names = sorted(path.name for path in (folder / 'plots').iterdir())
    assert names == ['edges.png', 'errors.png', 'time.png', 'trajectories.png', 'yield1.png']
    assert all((folder / 'plots' / name).stat().st_size > 10_000 for name in names)
