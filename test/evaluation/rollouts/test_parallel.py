"""Workers: they never outlive what started them."""

import subprocess
import sys

import psutil
import pytest

CODE = """
import os, time
from joblib import delayed
from pkan_control.evaluation.rollouts.parallel import parallel_on
print(*parallel_on(2, 'list')(delayed(os.getpid)() for _ in range(8)), flush=True)
time.sleep(300)
"""


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed():
    with subprocess.Popen([sys.executable, '-c', CODE], stdout=subprocess.PIPE) as parent:
        workers = [psutil.Process(int(pid)) for pid in set(parent.stdout.readline().split())]
        assert workers
        assert parent.pid not in [worker.pid for worker in workers]
        assert all(worker.is_running() for worker in workers)
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
