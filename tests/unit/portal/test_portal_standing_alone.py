"""The satellites run on other people's machines: importing them brings in no web framework, no database, no portal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = {"flask", "werkzeug", "sqlalchemy", "flask_sqlalchemy", "flask_smorest", "alembic", "kernel.db"}
SATELLITES = [
    "supervision.node",
    "supervision.node.cli",
    "verifier",
    "verifier.cli",
    "verifier.archive",
    "livestream.edge",
    "evaluation.evaluator",
    "sealing",
    "sealing.bid",
    "kaibiao",
]


def loaded_by(name: str) -> set[str]:
    code = f"import sys, importlib; importlib.import_module({name!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", SATELLITES)
def test_a_satellite_stands_alone(name):
    loaded = loaded_by(name)
    assert name in loaded
    assert not HEAVY & loaded
    assert not {module for module in loaded if module.partition(".")[0] == "portal"}


def test_the_verifier_knows_no_slice_that_holds_a_database():
    loaded = loaded_by("verifier.cli")
    assert not {
        module for module in loaded if module.startswith(("accounts.models", "bidding.models", "tendering.models"))
    }
