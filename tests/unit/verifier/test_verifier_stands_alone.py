"""The stranger's tool loads neither the portal nor a web framework nor a database."""

import subprocess
import sys

HEAVY = {"flask", "sqlalchemy", "flask_sqlalchemy", "marshmallow", "kernel.db", "kernel.site"}


def test_the_verifier_loads_pure_modules_only():
    code = "import sys, verifier.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = set(run.stdout.split())
    assert "verifier.verify" in loaded
    assert not HEAVY & loaded
    assert not [name for name in loaded if name.split(".")[0] in {"portal", "livestream", "bidding"}]
