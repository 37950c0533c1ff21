"""The checks of a submission that need no secret (1.3), as pure functions that report everything wrong at once.

Left to the caller, who has the database: that bid_id, recipients and ciphertext hashes (`marks`) were never seen
before, and that a replacement's predecessor is the live head.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import age_header, certificates, padding, shares, succession, wire
from sealing import suite as suites
from sealing.faults import Fault
from sealing.keyset import Keyset, Stage
from sealing.manifest import Envelope, Manifest
from sealing.receipts import Withdrawal
from sealing.sheet import is_sheet
from sealing.succession import Head, Warrant

__all__ = ["Fault", "FileFacts", "Submission", "check_submission"]

HEAD_BYTES = age_header.MAX_HEADER
RULE = "1.3"


@dataclass(frozen=True)
class FileFacts:
    """What the platform knows of an uploaded `<stage>.age`; `header` are its first bytes, HEAD_BYTES of them if it has so many."""

    sha256: str
    size: int
    header: bytes


@dataclass(frozen=True)
class Submission:
    """The four parts of a bid as they arrived; `files` by stage."""

    manifest_raw: bytes
    sig: bytes
    bidder_json_raw: bytes
    files: Mapping[str, FileFacts]


@dataclass(frozen=True)
class Papers:
    """Manifest, signature and bidder.json, which is all a node sees of stages that are not public."""

    manifest: Manifest
    manifest_raw: bytes
    sig: bytes
    bidder: certificates.Bidder


@dataclass(frozen=True)
class Ending:
    """A bid ended by another key than its own: with which warrant, under whose authority (the keyset's supervisor key)."""

    warrant: Warrant
    supervisor: str


def check_submission(
    submission: Submission, keyset: Keyset, keyset_sha256: str, roots: Sequence[bytes], at: dt.datetime
) -> list[Fault]:
    """All that keeps this bid from being taken; an empty list means it can be."""
    try:
        papers = read_papers(submission.manifest_raw, submission.sig, submission.bidder_json_raw)
    except wire.WireError as error:
        return [_fault("bid_malformed", f"投标文件清单格式不对({error})", f"the bid's papers are malformed: {error}")]
    found = check_papers(papers, keyset, keyset_sha256, roots, at)
    for stage in sorted({envelope.stage for envelope in papers.manifest.envelopes} | set(submission.files)):
        found += file_faults(papers.manifest, stage, submission.files.get(stage))
    return found


def read_papers(manifest_raw: bytes, sig: bytes, bidder_json_raw: bytes) -> Papers:
    """WireError when one of them is malformed."""
    return Papers(Manifest.parse(manifest_raw), manifest_raw, sig, certificates.Bidder.parse(bidder_json_raw))


def check_papers(
    papers: Papers, keyset: Keyset, keyset_sha256: str, roots: Sequence[bytes], at: dt.datetime
) -> list[Fault]:
    """The part of 1.3 that concerns manifest, signature and certificate; `at` is the time of receipt."""
    found = [*_signature_faults(papers, roots, at), *_target_faults(papers.manifest, keyset, keyset_sha256)]
    for envelope in papers.manifest.envelopes:
        stage = next((stage for stage in keyset.stages if stage.name == envelope.stage), None)
        if stage is not None:
            found += envelope_faults(papers.manifest, envelope, stage)
    return found


def marks(manifest: Manifest) -> frozenset[str]:
    """What must never have been seen in another bid: its id, its recipients, its ciphertexts."""
    sealed = [(envelope.recipient, envelope.ciphertext_sha256) for envelope in manifest.envelopes]
    return frozenset({manifest.bid_id}.union(*sealed))


def check_successor(
    papers: Papers, head_manifest_raw: bytes, head_bidder_raw: bytes, by: Ending | None = None
) -> list[Fault]:
    """A replacement names the bid it ends and bears a signature of the key that signed it, or of one with a warrant."""
    found = []
    if papers.manifest.prev_manifest_sha256 != canonical.sha(head_manifest_raw):
        found.append(
            _fault("predecessor_wrong", "替换的不是当前有效的投标", "it does not replace the bid that is live")
        )
    if by is not None and canonical.sha(papers.bidder.cert_chain[0]) != by.warrant.cert_sha256:
        found.append(
            _fault(
                "warrant_other_cert",
                "继任文件指定的是别的证书",
                "the warrant is for another certificate than the bid's",
            )
        )
    ending = Signed(papers.manifest_raw, papers.sig)
    return [*found, *_ender_faults(ending, head_manifest_raw, head_bidder_raw, by)]


def check_withdrawal(
    statement: Signed, manifest_raw: bytes, bidder_json_raw: bytes, by: Ending | None = None
) -> list[Fault]:
    """A withdrawal names the lot and the bid it ends; signed by the key that signed that bid, or by one with a warrant."""
    try:
        withdrawal, manifest = Withdrawal.read(statement), Manifest.parse(manifest_raw)
    except wire.WireError as error:
        return [_fault("withdrawal_malformed", f"撤回声明格式不对({error})", f"malformed withdrawal: {error}")]
    found = []
    if (withdrawal.lot, withdrawal.manifest_sha256) != (manifest.lot, canonical.sha(manifest_raw)):
        found.append(_fault("withdrawal_wrong", "撤回声明所指不是这份投标", "the withdrawal is for another bid"))
    return [*found, *_ender_faults(statement, manifest_raw, bidder_json_raw, by)]


def envelope_faults(manifest: Manifest, envelope: Envelope, stage: Stage) -> list[Fault]:
    """What is wrong with one envelope of a manifest, measured against its stage of the keyset."""
    return list(_envelope_faults(manifest, envelope, stage))


def _signature_faults(papers: Papers, roots: Sequence[bytes], at: dt.datetime) -> Iterator[Fault]:
    try:
        certificate = certificates.check_chain(papers.bidder.cert_chain, roots, at)
    except certificates.CertificateError as error:
        yield _fault("certificate_invalid", f"投标人证书无效({error})", f"the certificate is not valid: {error}")
        return
    if not keys.verified(papers.sig, papers.manifest_raw, keys.supported(certificate.public_key())):
        yield _fault("signature_invalid", "清单签名无效", "the signature over the manifest is not valid")
    if papers.bidder.ref != papers.manifest.bidder_ref:
        yield _fault("bidder_ref_wrong", "清单中的投标人标识与证书不符", "bidder_ref does not fit the certificate")


def _target_faults(manifest: Manifest, keyset: Keyset, keyset_sha256: str) -> Iterator[Fault]:
    if manifest.suite != keyset.suite:
        yield _fault("suite_wrong", "密码套件与公告不符", "sealed in another suite than the notice names")
    if manifest.lot != keyset.lot:
        yield _fault("lot_wrong", "这份投标属于其他标段", "this bid is for another lot")
    if manifest.keyset_sha256 != keyset_sha256:
        yield _fault(
            "keyset_wrong",
            "这份投标使用的不是现行密钥集,请重新下载密钥集后封标",
            "sealed with another keyset than the one in force: download it again and seal again",
        )
    if [envelope.stage for envelope in manifest.envelopes] != [stage.name for stage in keyset.stages]:
        yield _fault("envelopes_wrong", "信封与公告的阶段不一致", "the envelopes are not the notice's stages")
    sealed = [(envelope.recipient, envelope.ciphertext_sha256) for envelope in manifest.envelopes]
    if len(marks(manifest)) != 1 + 2 * len(sealed):
        yield _fault("envelopes_alike", "两个信封使用了同一把密钥", "two envelopes share a key or a file")


def _envelope_faults(manifest: Manifest, envelope: Envelope, stage: Stage) -> Iterator[Fault]:
    name = envelope.stage
    if envelope.t != stage.t:
        yield _fault("threshold_wrong", f"{name}:门限与密钥集不符", f"{name}: t differs from the keyset")
    if [share.i for share in envelope.shares] != [entry.i for entry in stage.trustees]:
        yield _fault("trustees_wrong", f"{name}:受托方与密钥集不符", f"{name}: other trustees than the keyset")
    if len({share.x for share in envelope.shares}) != len(envelope.shares):
        yield _fault("points_repeat", f"{name}:份额横坐标重复", f"{name}: two shares have the same x")
    if manifest.core(envelope).sha256 != envelope.core_sha256:
        yield _fault("core_wrong", f"{name}:信封与投标不对应", f"{name}: the core does not recompute")
    yield from _syntax_faults(manifest, envelope)


def _syntax_faults(manifest: Manifest, envelope: Envelope) -> Iterator[Fault]:
    if manifest.suite not in suites.SUITES:
        return
    suite, name = suites.named(manifest.suite), envelope.stage
    try:
        suite.check_recipient(envelope.recipient)
    except ValueError:
        yield _fault("recipient_malformed", f"{name}:公钥格式不对", f"{name}: the recipient is malformed")
    for share in envelope.shares:
        try:
            shares.check_wrapped(share.wrapped, suite)
        except ValueError as error:
            yield _fault(
                "wrapped_malformed",
                f"{name}:第{share.i}份密钥份额格式不对",
                f"{name}: share {share.i} is malformed: {error}",
            )


def file_faults(manifest: Manifest, stage: str, file: FileFacts | None) -> list[Fault]:
    """What is wrong with one ciphertext, measured against the manifest; nodes repeat it on public stages."""
    envelope = next((envelope for envelope in manifest.envelopes if envelope.stage == stage), None)
    if envelope is None or file is None:
        return [_fault("file_missing", f"缺少或多出密文文件 {stage}.age", f"{stage}.age is missing or not listed")]
    if (file.sha256, file.size) != (envelope.ciphertext_sha256, envelope.size):
        return [
            _fault(
                "file_differs",
                f"{stage}.age 与清单中的摘要或大小不符,请重新上传",
                f"{stage}.age has not the hash or size that the manifest states: upload it again",
            )
        ]
    return ciphertext_faults(manifest.suite, stage, file)


def ciphertext_faults(suite: str, stage: str, file: FileFacts) -> list[Fault]:
    """What the first bytes and the size of a ciphertext tell: one real stanza, a legal and padded length."""
    if suite not in suites.SUITES:
        return []
    try:
        facts = suites.named(suite).check_header(io.BytesIO(file.header), file.size)
    except ValueError as error:
        return [_fault("not_sealed", f"{stage}.age 不是合格的密文({error})", f"{stage}.age is not sealed: {error}")]
    padded = padding.is_padded_sheet if is_sheet(stage) else padding.is_padded_tar
    if not padded(facts.payload_length):
        return [_fault("not_padded", f"{stage}.age 没有按规定补齐长度", f"{stage}.age is not padded as prescribed")]
    return []


def _ender_faults(ending: Signed, manifest_raw: bytes, bidder_json_raw: bytes, by: Ending | None) -> list[Fault]:
    """Whether the key of the bid's first certificate made `ending`, or the one its warrant speaks for.

    The bid's own chain was checked at its receipt.
    """
    try:
        bidder = certificates.Bidder.parse(bidder_json_raw)
        holder = certificates.public_key_of(bidder)
        if by is None:
            return [] if ending.signed_by(holder) else [_key_fault()]
        head = Head(Manifest.parse(manifest_raw).lot, canonical.sha(manifest_raw), keys.spell(holder))
        found = succession.faults(by.warrant, head, by.supervisor)
        if not certificates.same_holder(by.warrant.cert_chain[0], bidder.cert_chain[0]):
            found.append(
                _fault("warrant_stranger", "继任证书不属于同一单位", "the new certificate is another organization's")
            )
        return found if ending.signed_by(by.warrant.key) else [*found, _key_fault()]
    except ValueError:
        return [_key_fault()]


def _key_fault() -> Fault:
    return _fault("key_differs", "没有用原投标的签名密钥签名", "not signed by the key that signed the bid it ends")


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(code, zh, en, RULE)
