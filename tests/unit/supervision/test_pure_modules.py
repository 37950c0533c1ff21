"""Node, verifier and portal share these modules, so they load neither a web framework nor a database."""

import subprocess
import sys

import pytest

PURE = "note checkpoint policy tiles proof entries vocabulary parts facts schedule shelf".split()  # noqa: SIM905
HEAVY = {"flask", "sqlalchemy", "flask_sqlalchemy", "kernel.db", "kernel.site"}


@pytest.mark.parametrize("name", PURE)
def test_a_shared_module_stands_alone(name):
    code = f"import sys, supervision.{name}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not HEAVY & set(loaded)
    assert f"supervision.{name}" in loaded
