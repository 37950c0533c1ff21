"""After the last step: the public files are collected as a stranger does, and `kaibiao verify` must accept them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from portal.scenario import wire
from portal.scenario.world import MismatchError, World
from portal.setup import CA_FILE
from verifier import archive, verify
from verifier.address import Address, Downloads
from verifier.case import Given
from verifier.claims import Mark
from verifier.cli import roots_of
from verifier.source import FolderArchive

SETTLED_S = 20


def recheck(world: World) -> int:
    """How many claims hold; MismatchError with the lies when there are any."""
    world.settle()
    with tempfile.TemporaryDirectory(prefix="kaibiao-public-") as folder, world.clock_stopped():
        downloads = Downloads(Address(wire.PORTAL, world.tender), world.here.client, Path(folder))
        ahead = archive.collect(downloads, documents=True)
        if ahead:
            raise MismatchError(f"the log does not hold: {', '.join(ahead)}")
        return _claims(world, Path(folder))


def _claims(world: World, folder: Path) -> int:
    policy = world.here.app.site.settings.policy.read_bytes()
    given = Given(policy, None, roots_of(world.folder / "keys" / CA_FILE))
    found = list(verify.claims(FolderArchive(folder), given))
    lies = [claim.line("en") for claim in found if claim.mark is Mark.LIE]
    if lies:
        raise MismatchError(f"kaibiao verify finds lies: {'; '.join(lies)}")
    return sum(claim.mark is Mark.HOLDS for claim in found)
