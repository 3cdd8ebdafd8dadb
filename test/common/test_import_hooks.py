"""An action that waits for the import of a package."""

import sys

import pytest

from pkan_control.common.import_hooks import when_imported


def test_the_action_runs_once_after_the_import(tmp_path, monkeypatch):
    (tmp_path / 'late_package.py').write_text('VALUE = 3\n')
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    before = list(sys.meta_path)
    when_imported('late_package', lambda: seen.append(sys.modules['late_package'].VALUE))
    assert seen == []
    import late_package

    assert seen == [3]
    assert sys.meta_path == before
    assert type(late_package.__spec__.loader).__name__ == 'SourceFileLoader'
    when_imported('late_package', lambda: seen.append(4))
    assert seen == [3, 4]
    del sys.modules['late_package']


def test_a_package_that_is_not_there_stays_missing():
    when_imported('no_such_package', lambda: None)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
        import no_such_package  # noqa: F401
