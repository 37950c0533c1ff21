"""Sealing a bid on the bidder's machine (1.2): everything streamed, nothing in the clear ever written to disk.

A sealed bid is a folder: manifest.json, manifest.sig, bidder.json and `<stage>.age` to hand in, and rescue.age to keep.
"""

from __future__ import annotations

import io
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict, Unpack

from kernel import canonical, keys
from sealing import rescue, shamir, shares, stream
from sealing import suite as suites
from sealing.certificates import Bidder, CertificateError, public_key_of, subject_of_der
from sealing.digest import Digest
from sealing.documents import Index, Original, Tar, hashed
from sealing.faults import Fault
from sealing.keyset import Keyset, Stage
from sealing.manifest import ClientClaim, Envelope, Manifest, Share
from sealing.meter import Meter, Progress
from sealing.sheet import Header, Sheet, is_sheet, obstacles, of_content

MANIFEST, SIGNATURE, BIDDER, RESCUE = "manifest.json", "manifest.sig", "bidder.json", "rescue.age"
PRICE_FIELDS = ("price", "price_words")
_HASHERS = 2


class SealingError(ValueError):
    """The bid cannot be sealed; `faults` says all that is missing."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.en for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class BidderIdentity:
    """Who signs: certificates (DER, the bidder's own first) and the private key of the first."""

    cert_chain: tuple[bytes, ...]
    key: keys.PrivateKey


@dataclass(frozen=True)
class SealedBid:
    """What now stands in `folder`; the three files to hand in beside the ciphertexts, as exact bytes."""

    folder: Path
    manifest: Manifest
    manifest_raw: bytes
    sig: bytes
    bidder_json: bytes

    @property
    def manifest_sha256(self) -> str:
        return canonical.sha(self.manifest_raw)


class Job(TypedDict):
    """What is sealed and where to.

    Without `passphrase` no rescue.age is written; `bidder_name` is for a consortium, whose name no certificate holds.
    """

    files: Sequence[Path]
    out: Path
    created_at: str
    client: ClientClaim
    prev: NotRequired[str | None]
    progress: NotRequired[Progress | None]
    passphrase: NotRequired[str | None]
    bidder_name: NotRequired[str | None]


def seal(
    keyset: Keyset, keyset_raw: bytes, bidder: BidderIdentity, sheet: Mapping[str, Any], **job: Unpack[Job]
) -> SealedBid:
    """Seal `files` and the sheet into the folder `out`, which appears only when it is complete.

    Refuses (SealingError) what would be invalid at the opening, (FileExistsError) an `out` that holds anything. The
    caller has checked the keyset against the policy.
    """
    if Keyset.parse(keyset_raw) != keyset:
        raise ValueError("keyset and keyset_raw differ")
    out = job["out"]
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is there already")
    sealing = _Sealing(keyset, canonical.sha(keyset_raw), bidder, sheet, job)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        sealed = sealing.run(folder)
        folder.replace(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return sealed


class _Sealing:
    """One bid being sealed: its fresh identifiers, and the secrets that never leave this object but as shares."""

    def __init__(
        self, keyset: Keyset, keyset_sha256: str, bidder: BidderIdentity, sheet: Mapping[str, Any], job: Job
    ) -> None:
        self._keyset, self._keyset_sha256 = keyset, keyset_sha256
        self._suite = suites.named(keyset.suite)
        self._holder = Bidder(secrets.token_hex(32), bidder.cert_chain)
        if keys.spell(public_key_of(self._holder)) != keys.spell(bidder.key.public_key()):
            raise CertificateError("the certificate is not for this key")
        self._key, self._job = bidder.key, job
        name = job.get("bidder_name") or subject_of_der(bidder.cert_chain[0]).org
        self._header = Header(keyset.lot, secrets.token_hex(16), self._holder.ref, name)
        self._sheets = {stage.name: _sheet(self._header, stage, sheet) for stage in keyset.stages}
        self._secrets: dict[str, bytes] = {}
        self._meter = Meter(job.get("progress"), 2 * sum(path.stat().st_size for path in job["files"]))

    def run(self, folder: Path) -> SealedBid:
        originals = self._hashed()
        envelopes = [self._envelope(stage, folder, originals) for stage in self._keyset.stages]
        manifest = Manifest(
            suite=self._keyset.suite,
            lot=self._keyset.lot,
            keyset_sha256=self._keyset_sha256,
            bid_id=self._header.bid_id,
            bidder_ref=self._header.bidder_ref,
            created_at=self._job["created_at"],
            prev_manifest_sha256=self._job.get("prev"),
            client=self._job["client"],
            envelopes=tuple(envelopes),
        )
        raw = manifest.encode()
        Manifest.parse(raw)
        sig = self._suite.sign(raw, self._key)
        self._write(folder, manifest, (raw, sig))
        return SealedBid(self._job["out"], manifest, raw, sig, self._holder.encode())

    def _write(self, folder: Path, manifest: Manifest, signed: tuple[bytes, bytes]) -> None:
        raw, sig = signed
        (folder / MANIFEST).write_bytes(raw)
        (folder / SIGNATURE).write_text(keys.b64(sig) + "\n", encoding="ascii")
        (folder / BIDDER).write_bytes(self._holder.encode())
        if passphrase := self._job.get("passphrase"):
            (folder / RESCUE).write_bytes(rescue.write(manifest, raw, self._secrets, passphrase))

    def _hashed(self) -> list[Original]:
        with ThreadPoolExecutor(_HASHERS) as pool:
            return list(pool.map(lambda path: hashed(path, self._meter.add), self._job["files"]))

    def _envelope(self, stage: Stage, folder: Path, originals: list[Original]) -> Envelope:
        secret, recipient = self._suite.keygen()
        self._secrets[stage.name] = secret
        path = folder / f"{stage.name}.age"
        digest = self._encrypt(self._payload(stage, originals), path, recipient)
        core = shares.Core(
            lot=self._keyset.lot,
            stage=stage.name,
            keyset_sha256=self._keyset_sha256,
            bid_id=self._header.bid_id,
            bidder_ref=self._header.bidder_ref,
            recipient=recipient,
            ciphertext_sha256=digest,
        )
        return Envelope(
            stage=stage.name,
            size=path.stat().st_size,
            ciphertext_sha256=digest,
            recipient=recipient,
            core_sha256=core.sha256,
            t=stage.t,
            shares=tuple(self._shares(stage, core.sha256, secret)),
        )

    def _payload(self, stage: Stage, originals: list[Original]) -> stream.Source:
        sheet = self._sheets[stage.name]
        if sheet is not None:
            return io.BytesIO(sheet.padded())
        return Tar(Index(self._header, tuple(original.document for original in originals)), originals)

    def _encrypt(self, payload: stream.Source, path: Path, recipient: str) -> str:
        with path.open("xb") as dst, Digest(self._suite.hash()) as digest:

            def seen(block: memoryview) -> None:
                digest.update(block)
                self._meter.add(len(block))

            self._suite.seal(payload, dst, recipient, seen)
            return digest.hexdigest()

    def _shares(self, stage: Stage, core_sha256: str, secret: bytes) -> list[Share]:
        split = shamir.split(secret, stage.n, stage.t)
        return [
            self._share(entry.recipient, shares.share_line(core_sha256, entry.i, share))
            for entry, share in zip(stage.trustees, split, strict=True)
        ]

    def _share(self, recipient: str, line: bytes) -> Share:
        parsed = shares.parse_line(line)
        wrapped = shares.wrap(line, self._suite, recipient)
        return Share(parsed.i, parsed.x, shares.plain_sha256(line), wrapped)


def _sheet(header: Header, stage: Stage, content: Mapping[str, Any]) -> Sheet | None:
    """What this stage reads out; the price only where the stage holds it. None for a stage of documents."""
    if not is_sheet(stage.name):
        return None
    hidden = () if stage.holds_price else PRICE_FIELDS
    sheet = of_content(header, {name: value for name, value in content.items() if name not in hidden})
    if faults := obstacles(sheet, holds_price=stage.holds_price):
        raise SealingError(faults)
    return sheet
