"""docs/open-by-hand.md opens a bid with stock tools: the commands are taken from the page and run as they stand."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sealed_lot import LOT

from sealing import age, release

DOCS = Path(__file__).resolve().parents[3] / "docs"
TOOLS = ("age", "age-keygen", "jq", "sha256sum", "python3", "tar", "base64")


@pytest.fixture
def folder(lot, tmp_path):
    """What the page says one needs, as an archive gives it."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"install {', '.join(missing)}: a bid must open by hand with them"
    (tmp_path / "工程量清单.pdf").write_bytes(b"%PDF" + bytes(300_000))
    sealed = lot.seal(tmp_path / "bid", files=[tmp_path / "工程量清单.pdf"])
    work = shutil.copytree(tmp_path / "bid", tmp_path / "work")
    shutil.copy(DOCS / "hand_open.py", work)
    lines = lot.lines(sealed.manifest, "sheet")
    for trustee in lot.trustees:
        given = release.Release(LOT, "0" * 64, "sheet", 1, trustee.i, {sealed.manifest.bid_id: lines[trustee.i]})
        (work / f"release-{trustee.i}.json").write_bytes(given.file(lot.keyset))
        identity = age.encode_identity(trustee.secrets["docs"])
        (work / f"trustee{trustee.i}.key").write_text(f"# created by a node\n{identity}\n")
    return work


def commands() -> str:
    page = (DOCS / "open-by-hand.md").read_text("utf-8")
    return "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], check=False, cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_the_page_opens_a_bid_with_stock_tools(folder):
    done = run(commands(), folder)
    assert done.returncode == 0, done.stderr
    assert '"price": "21846300.00"' in done.stdout
    assert (folder / "docs" / "工程量清单.pdf").read_bytes() == b"%PDF" + bytes(300_000)


def test_the_page_notices_a_wrong_line(folder):
    forged = (folder / "release-2.json").read_text().replace("kaibiao-share/1 ", "kaibiao-share/1 0", 1)
    (folder / "release-2.json").write_text(forged)
    done = run(commands(), folder)
    assert done.returncode != 0
    assert "s2.txt: FAILED" in done.stdout


def test_the_script_is_thirty_lines_of_the_standard_library():
    source = (DOCS / "hand_open.py").read_text()
    assert len(source.splitlines()) <= 30
    imported = {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported == {"pathlib", "sys"}
