"""Bids of a play, really sealed: honest ones, and one whose bidder put nothing readable into its envelope."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from bidding import entering, uploads, writer
from kernel import keys
from kernel.clock import rfc3339
from portal.scenario.people import Person
from portal.scenario.world import World
from sealing import bid as sealing
from sealing import shamir, shares
from sealing.digest import Digest
from sealing.keyset import Keyset, Stage
from sealing.manifest import ClientClaim, Envelope, Share
from sealing.padding import MIN_SHEET
from sealing.suite import named

CLIENT = ClientClaim("kaibiao", "0.1.0", "0" * 64)
SHEET = "sheet"
NOISE = b"\0" * MIN_SHEET


def seal(world: World, by: Person, lot: int, price: str, **job: str | None) -> sealing.SealedBid:
    """Seal one small document and the sheet to the lot's keyset in force."""
    raw = world.lot(lot).keyset or b""
    number = world.kept["sealed"] = world.kept.get("sealed", 0) + 1
    document = world.folder / f"{by.part} 投标文件.pdf"
    document.write_bytes(b"%PDF-1.7 " + by.part.encode() * 100)
    items = {"enterprise": job["enterprise"]} if job.get("enterprise") else {}
    return sealing.seal(
        Keyset.parse(raw), raw, sealing.BidderIdentity((by.cert,), by.key), {"price": price, "period_days": 180, "items": items},
        files=[document], out=_folder(world) / str(number),
        created_at=rfc3339(world.now), client=CLIENT, prev=job.get("prev"), bidder_name=job.get("name"),
    )  # fmt: skip


def handed(world: World, by: Person, sealed: sealing.SealedBid, party: str | None) -> entering.Handed:
    """Every envelope uploaded, and the papers."""
    tokens = {
        envelope.stage: _uploaded(world, by, (sealed.folder / f"{envelope.stage}.age").read_bytes())
        for envelope in sealed.manifest.envelopes
    }
    return entering.Handed(sealed.manifest_raw, sealed.sig, sealed.bidder_json, tokens, party)


def spoiled(world: World, by: Person, lot: int, sealed: sealing.SealedBid) -> sealing.SealedBid:
    """The same bid as a broken client would have sealed it: every hash is right, and the sheet says nothing."""
    keyset = Keyset.parse(world.lot(lot).keyset or b"")
    envelope = _noise(keyset, sealed)
    kept = [one for one in sealed.manifest.envelopes if one.stage != SHEET]
    manifest = replace(sealed.manifest, envelopes=(envelope, *kept))
    raw = manifest.encode()
    return replace(sealed, manifest=manifest, manifest_raw=raw, sig=keys.sign(raw, by.key))


def _noise(keyset: Keyset, sealed: sealing.SealedBid) -> Envelope:
    suite, stage, path = named(keyset.suite), keyset.stage(SHEET), sealed.folder / f"{SHEET}.age"
    secret, recipient = suite.keygen()
    path.unlink()
    with path.open("xb") as dst, Digest(suite.hash()) as digest:
        suite.seal(io.BytesIO(NOISE), dst, recipient, digest.update)
        found = digest.hexdigest()
    bare = replace(
        sealed.manifest.envelope(SHEET), size=path.stat().st_size, ciphertext_sha256=found, recipient=recipient
    )
    core = replace(sealed.manifest, envelopes=()).core(bare).sha256
    return replace(bare, core_sha256=core, shares=_shares(stage, keyset.suite, core, secret))


def _shares(stage: Stage, suite: str, core: str, secret: bytes) -> tuple[Share, ...]:
    found = []
    for entry, part in zip(stage.trustees, shamir.split(secret, stage.n, stage.t), strict=True):
        line = shares.share_line(core, entry.i, part)
        wrapped = shares.wrap(line, named(suite), entry.recipient)
        found.append(Share(entry.i, shares.parse_line(line).x, shares.plain_sha256(line), wrapped))
    return tuple(found)


def _folder(world: World) -> Path:
    folder = world.folder / "sealed"
    folder.mkdir(exist_ok=True)
    return folder


def _uploaded(world: World, by: Person, raw: bytes) -> str:
    with world.act() as now:
        token = uploads.create(by.actor, "x.age", len(raw), now).token
    with world.at_work():
        uploads.receive(by.actor, token, writer.Arriving(0, writer.body(io.BytesIO(raw), len(raw))), world.now)
    return token
