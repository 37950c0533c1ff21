"""No bit of what is proved can change unseen; other bits are shown nowhere as proved."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.rechecked import lies
from verifier import verify
from verifier.case import Given
from verifier.claims import Report
from verifier.source import FolderArchive

PROVED = ("log/tile/", "policy.txt", "law/", *(f"lots/{LOT}/{name}" for name in (
    "roll.json", "keyset.json", "releases/sheet-1.json", "ciphertexts/", "sheets/", "record.json", "result.json",
    "method.json",
)))  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    from tests.unit.verifier.rechecked import write

    files = TenderPlay(tmp_path_factory.mktemp("bids")).play()
    return write(files, tmp_path_factory.mktemp("archive"))


@settings(
    max_examples=settings.default.max_examples * 2 // 5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_flipped_bit_of_a_proved_file_is_a_lie(data, archive):
    names = [name for name in FolderArchive(archive).names("") if name.startswith(PROVED)]
    path = archive / data.draw(st.sampled_from(names))
    raw = path.read_bytes()
    place = data.draw(st.integers(0, len(raw) * 8 - 1))
    changed = bytearray(raw)
    changed[place // 8] ^= 1 << place % 8
    path.write_bytes(bytes(changed))
    try:
        assert lies(Report(list(verify.claims(FolderArchive(archive), Given()))))
    finally:
        path.write_bytes(raw)
