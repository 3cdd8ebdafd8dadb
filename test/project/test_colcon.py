"""`colcon test` runs what pytest runs, under the plugin of launch_testing too."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree

ROOT = Path(__file__).parents[2]
COLCON = shutil.which('colcon', path=f'{Path(sys.executable).parent}:{os.environ["PATH"]}')

# How launch_testing collects, where it is not installed: it imports each file by its basename.
STAND_IN = """
import pytest
from _pytest.pathlib import import_path

class LaunchTest(pytest.Item):
    def runtest(self):
        pass

class LaunchTestFile(pytest.File):
    def collect(self):
        yield LaunchTest.from_parent(self, name='launched')

def pytest_pycollect_makemodule(module_path, parent):
    module = import_path(module_path, root=None, consider_namespace_packages=False)
    launched = hasattr(module, 'generate_test_description')
    kind = LaunchTestFile if launched else pytest.Module
    return kind.from_parent(parent, path=module_path)
"""
FILES = {
    'package.xml': """<package format="3"><name>probe</name><version>0.0.0</version>
        <description>A package to test</description><maintainer email="a@b.c">A</maintainer>
        <license>Apache-2.0</license><export><build_type>ament_python</build_type></export>
        </package>""",
    'setup.py': """from setuptools import setup
setup(name='probe', version='0.0.0', packages=['probe'], extras_require={'test': ['pytest']})""",
    'setup.cfg': '[install]\ninstall_scripts=$base/lib/probe',
    'pyproject.toml': """[tool.pytest.ini_options]
testpaths = ['test']
addopts = '--import-mode=importlib'""",
    'probe/__init__.py': '',
    'test/test_built.py': """from pathlib import Path
import probe
def test_what_is_built_is_tested():
    assert 'install' in Path(probe.__file__).parts""",
    'test/skips/test_skipped.py': """import pytest
pytest.skip('always', allow_module_level=True)""",
    'test/skips/test_beside_a_skip.py': 'def test_beside_a_skip(): pass',
    'test/relative/conftest.py': 'NUMBER = 1',
    'test/relative/test_relative.py': """from .conftest import NUMBER
def test_relative_import(): assert NUMBER == 1""",
}
LAUNCHED = 'def generate_test_description(): pass'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(COLCON is None, reason='colcon is not installed'),
]


class Workspace:
    """A workspace with one package, which is built."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.package = folder / 'src' / 'probe'
        for name, text in FILES.items():
            path = self.package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(ROOT / 'conftest.py', self.package)
        self.plugin = []
        if importlib.util.find_spec('launch_testing') is None:
            (folder / 'stand_in.py').write_text(STAND_IN)
            (self.package / 'test' / 'test_launched.py').write_text(LAUNCHED)
            self.plugin = ['-p', 'stand_in']
        assert self.colcon('build') == 0

    def colcon(self, verb: str, *arguments: str) -> int:
        environment = os.environ | {
            'COLCON_HOME': str(self.folder),
            'PYTHONPATH': f'{self.folder}:{os.environ.get("PYTHONPATH", "")}',
        }
        command = [COLCON, verb, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment).returncode

    def test(self, *arguments: str) -> tuple[int, set[str]]:
        """Run `colcon test`; return its exit code and the names of the tests that were run."""
        given = [f' {word}' for word in ('-n0', *self.plugin, *arguments)]
        code = self.colcon('test', '--pytest-args', *given)
        results = ElementTree.parse(self.folder / 'build' / 'probe' / 'pytest.xml')
        cases = results.iter('testcase')
        return code, {case.attrib['name'] for case in cases if case.find('skipped') is None}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp('workspace'))


def test_every_test_is_run_and_of_what_is_built(workspace):
    launched = {'launched'} if workspace.plugin else set()
    expected = {'test_what_is_built_is_tested', 'test_beside_a_skip', 'test_relative_import'}
    assert workspace.test() == (0, expected | launched)


def test_without_the_projects_collection_tests_are_lost(workspace):
    _, names = workspace.test('--noconftest', '--ignore=test/relative')
    assert 'test_beside_a_skip' not in names


def test_a_run_without_tests_fails(workspace):
    code, names = workspace.test('-k', 'no_such_test')
    assert (code, names) == (int(pytest.ExitCode.USAGE_ERROR), set())
