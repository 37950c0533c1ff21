"""Handing in, replacing and withdrawing bids: sealing.md 1.3, on a real database."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import seconds, staged

from accounts.roles import Role
from bidding import keepsake, receipting, submission, uploads, withdrawal
from bidding.models import Acknowledgment, Bid, Upload
from bidding.states import Answered, BidStatus, ReceiptState, UploadState
from kernel import canonical, keys
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLate
from kernel.site import site
from kernel.statements import Signed
from sealing import age, receipts
from sealing.manifest import Manifest
from supervision import facts, log, mail


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage):
    return stage.one_lot()


def resigned(stage, handed, name, **changes):
    """The same bid under a manifest that its dishonest bidder changed and signed anew."""
    raw = replace(Manifest.parse(handed.manifest), **changes).encode()
    return replace(handed, manifest=raw, sig=keys.sign(raw, stage.bidder_of(name).key))


def refused(stage, lot, handed, name, kind=Invalid):
    with pytest.raises(kind) as found:
        stage.submit(lot, handed, name)
    refusal = found.value
    assert refusal.words.zh
    assert refusal.words.en
    assert stage.rows(Bid, Bid.manifest_sha256 == handed.sha256) == []
    return refusal


# taken ---------------------------------------------------------------------------------------------------------------


def test_c26_m87_a_sealed_bid_is_taken_and_its_receipt_opens_the_log_entry(stage, lot):
    bid = stage.bid(lot, "a")
    receipt = receipts.Receipt.read(Signed(bid.receipt, bid.receipt_sig))
    assert Signed(bid.receipt, bid.receipt_sig).signed_by(site().key("platform").public_key())
    assert receipt.fact.manifest_sha256 == bid.manifest_sha256
    with stage.act(write=False):
        row = log.find("bid.sealed", lot)[0]
        assert row.entry == receipt.entry()
        assert row.subject_org == stage.bidder_of("a").actor.subject


def test_a_receipt_is_witnessed_when_logged_cosigned_and_acknowledged(stage, lot):
    bid = stage.bid(lot, "a")
    assert stage.standing(bid, "a").state is ReceiptState.RECEIVED
    stage.run(6)
    standing = stage.standing(bid, "a")
    assert standing.state is ReceiptState.WITNESSED
    assert len(standing.acks) == 4
    found = keepsake.claims(standing.to_json(), mail.policy(), bid.manifest)
    assert [claim.held for claim in found] == [True] * 5


def test_without_enough_acknowledgements_a_receipt_is_integrated_and_the_bid_counts_all_the_same(stage, lot):
    bid = stage.bid(lot, "a")
    for name in ("audit", "notary"):
        stage.trustees[name].secrets = {}
        stage.trustees[name].awake = False
    stage.run(3)
    assert stage.standing(bid, "a").state is not ReceiptState.WITNESSED
    assert bid.status is BidStatus.LIVE


def test_a_kept_receipt_that_was_changed_proves_nothing(stage, lot):
    bid = stage.bid(lot, "a")
    stage.run(6)
    kept = stage.standing(bid, "a").to_json()
    other = stage.seal(lot, "b").manifest_raw
    assert not all(claim.held for claim in keepsake.claims(kept, mail.policy(), other))
    assert not all(claim.held for claim in keepsake.claims({**kept, "proof": None}, mail.policy()))
    assert not all(claim.held for claim in keepsake.claims({**kept, "acks": kept["acks"][:2]}, mail.policy()))
    forged = Signed.make(canonical.decode(bid.receipt), keys.generate()).to_json()
    assert not all(claim.held for claim in keepsake.claims({**kept, "receipt": forged}, mail.policy()))
    assert not keepsake.claims({"receipt": 1}, mail.policy())[0].held


def test_the_same_papers_again_give_the_same_receipt(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    first, again = stage.submit(lot, handed, "a"), stage.submit(lot, handed, "a")
    assert (first.id, first.receipt) == (again.id, again.receipt)
    assert len(stage.rows(Bid)) == 1


def test_only_the_manifest_goes_to_the_nodes(stage, lot):
    bid = stage.bid(lot, "a")
    letters = stage.mail("manifest")
    assert {letter["node"] for letter in letters} == set(stage.trustees)
    assert all(letter["body"] == {"lot": lot, "manifest": keys.b64(bid.manifest)} for letter in letters)


def test_a_nodes_repeated_ack_is_kept_once(stage, lot):
    bid = stage.bid(lot, "a")
    for _ in range(2):
        stage.acknowledge(stage.trustees["notary"], bid.manifest)
    assert len(stage.rows(Acknowledgment)) == 1


def test_a_trustees_refusal_is_kept_for_the_bidder(stage, lot):
    bid = stage.bid(lot, "a")
    notary = stage.trustees["notary"]
    notary.secrets = {key: age.generate()[0] for key in notary.secrets}
    stage.acknowledge(notary, bid.manifest)
    assert stage.rows(Acknowledgment)[0].kind is Answered.REFUSAL
    assert len(stage.standing(bid, "a").refusals) == 1


def test_a_word_that_is_not_the_nodes_own_is_refused(stage, lot):
    from bidding import trustees

    bid = stage.bid(lot, "a")
    said = receipts.Ack(bid.manifest_sha256, 4, ((bid.bid_id, "sheet"),), "2026-11-23T01:00:00Z")
    body = stage.trustees["audit"].signed(said.content()).to_json()
    with stage.act() as now, pytest.raises(Forbidden) as found:
        trustees.take_ack("notary", body, now)
    assert found.value.code == "node.signature"
    with stage.act() as now, pytest.raises(Invalid):
        trustees.take_ack("audit", body, now)


# refused -------------------------------------------------------------------------------------------------------------


def test_a_bid_for_another_lot_is_refused_and_recorded(stage, lot):
    handed = resigned(stage, stage.handed(stage.seal(lot, "a"), "a"), "a", lot="E9901010000000999001001")
    refusal = refused(stage, lot, handed, "a")
    assert refusal.code == "seal.lot_wrong"
    assert isinstance(refusal.record.fact, facts.BidRefused)
    assert refusal.record.fact.manifest_sha256 == handed.sha256
    assert refusal.record.lot == lot


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keyset_sha256": "0" * 64}, "seal.keyset_wrong"),
        ({"bidder_ref": "0" * 64}, "seal.bidder_ref_wrong"),
        ({"suite": "age-mlkem768x25519/1"}, "seal.suite_wrong"),
        ({"envelopes": ()}, "seal.envelopes_wrong"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_with_its_own_code(stage, lot, changes, code):
    handed = resigned(stage, stage.handed(stage.seal(lot, "a"), "a"), "a", **changes)
    assert code in {
        fault["code"] and f"seal.{fault['code']}" for fault in refused(stage, lot, handed, "a").detail["faults"]
    }


def test_a_broken_signature_is_refused(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    assert refused(stage, lot, replace(handed, sig=bytes(64)), "a").code == "seal.signature_invalid"


@pytest.mark.parametrize("raw", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"type":"kaibiao-bid/1"}'])
def test_papers_that_cannot_be_read_are_refused(stage, lot, raw):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    assert refused(stage, lot, replace(handed, manifest=raw), "a").code == "seal.bid_malformed"
    assert refused(stage, lot, replace(handed, bidder=raw), "a").code == "seal.bid_malformed"


def test_an_unsealed_file_is_refused_in_words_a_bidder_understands(stage, lot):
    sealed = stage.seal(lot, "a")
    envelope = sealed.manifest.envelope("docs")
    plain = b"%PDF-1.7 not sealed at all" + bytes(2000)
    wrong = replace(envelope, ciphertext_sha256=canonical.sha(plain), size=len(plain))
    wrong = replace(wrong, core_sha256=sealed.manifest.core(wrong).sha256)
    handed = stage.handed(sealed, "a")
    envelopes = {**handed.envelopes, "docs": stage.upload(stage.bidder_of("a").actor, plain)}
    both = tuple(wrong if item.stage == "docs" else item for item in sealed.manifest.envelopes)
    refusal = refused(stage, lot, resigned(stage, replace(handed, envelopes=envelopes), "a", envelopes=both), "a")
    assert refusal.code == "seal.not_sealed"
    assert "实施条例" in refusal.rule
    assert "docs.age" in refusal.words.zh


def test_a_file_that_is_not_the_manifests_is_refused(stage, lot):
    handed, actor = stage.handed(stage.seal(lot, "a"), "a"), stage.bidder_of("a").actor
    other = stage.upload(actor, (stage.seal(lot, "a").folder / "sheet.age").read_bytes())
    changed = replace(handed, envelopes={**handed.envelopes, "sheet": other})
    assert refused(stage, lot, changed, "a").code == "seal.file_differs"


def test_a_bid_without_one_of_its_files_is_refused(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    only = replace(handed, envelopes={"sheet": handed.envelopes["sheet"]})
    assert refused(stage, lot, only, "a").code == "seal.file_missing"


def test_an_unfinished_upload_and_somebody_elses_upload_are_refused(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    with stage.act() as now:
        open_one = uploads.create(stage.bidder_of("a").actor, "x", 10, now).token
    theirs = stage.upload(stage.bidder_of("b").actor, b"theirs")
    for token in (open_one, theirs, "0" * 32):
        changed = replace(handed, envelopes={**handed.envelopes, "docs": token})
        assert refused(stage, lot, changed, "a", NotFound).code == "bid.upload_missing"


def test_a_copied_bid_is_refused(stage, lot):
    """B hands in a's ciphertexts, whose manifest leaked, under a name and key of its own."""
    sealed = stage.seal(lot, "a")
    stage.submit(lot, stage.handed(sealed, "a"), "a")
    mine = stage.handed(stage.seal(lot, "b"), "b")
    bidder = stage.bidder_of("b")
    stolen = [
        replace(item, core_sha256=replace(Manifest.parse(mine.manifest), envelopes=()).core(item).sha256)
        for item in sealed.manifest.envelopes
    ]
    files = {
        item.stage: stage.upload(bidder.actor, (sealed.folder / f"{item.stage}.age").read_bytes()) for item in stolen
    }
    copied = resigned(stage, replace(mine, envelopes=files), "b", envelopes=tuple(stolen))
    refusal = refused(stage, lot, copied, "b", Conflict)
    assert refusal.code == "bid.copied"
    assert refusal.record is not None


def test_a_certificate_that_is_not_the_organizations_is_refused(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    theirs = {stage_name: stage.upload(stage.bidder_of("b").actor, b"x" * 10) for stage_name in handed.envelopes}
    assert refused(stage, lot, replace(handed, envelopes=theirs), "b", Forbidden).code == "certificate.organization"


def test_c25_m87_a_late_bid_is_refused_by_law_and_recorded(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    stage.now = stage.lot(lot).closes_at
    refusal = refused(stage, lot, handed, "a", TooLate)
    assert refusal.code == "bid.late"
    assert "《招标投标法》第二十八条" in refusal.rule
    assert "《电子招标投标办法》第二十六条、第二十七条" in refusal.rule
    assert refusal.record.fact.code == "bid.late"


def test_p13_owner_and_agency_do_not_bid_in_their_own_tender(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    owner = replace(stage.owner, roles=frozenset({Role.BIDDER}))
    with stage.act() as now, pytest.raises(Forbidden) as found:
        submission.submit(owner, lot, handed, now)
    assert found.value.code == "bid.own_tender"


def test_who_is_no_bidder_hands_in_nothing(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    with stage.act() as now, pytest.raises(Forbidden):
        submission.submit(stage.operator, lot, handed, now)


def test_a_lot_that_is_not_published_takes_nothing(stage):
    code = stage.ready()
    handed = stage.handed(stage.seal(stage.lots(code)[0], "a"), "a")
    with pytest.raises(NotFound):
        stage.submit(stage.lots(code)[0], handed, "a")


# replaced and withdrawn ----------------------------------------------------------------------------------------------


def test_a_replacement_ends_the_live_head_and_only_that(stage, lot):
    first = stage.bid(lot, "a")
    second = stage.bid(lot, "a", prev=first.manifest_sha256)
    by_hash = {bid.manifest_sha256: bid for bid in stage.rows(Bid)}
    assert by_hash[first.manifest_sha256].status is BidStatus.REPLACED
    assert by_hash[first.manifest_sha256].ended_by == second.manifest_sha256
    assert by_hash[second.manifest_sha256].status is BidStatus.LIVE


def test_a_second_first_bid_is_refused_and_the_first_stays(stage, lot):
    first = stage.bid(lot, "a")
    handed = stage.handed(stage.seal(lot, "a"), "a")
    assert refused(stage, lot, handed, "a", Conflict).code == "bid.already_live"
    assert stage.rows(Bid)[0].manifest_sha256 == first.manifest_sha256


def test_a_replacement_of_what_is_no_longer_live_is_refused(stage, lot):
    first = stage.bid(lot, "a")
    stage.bid(lot, "a", prev=first.manifest_sha256)
    handed = stage.handed(stage.seal(lot, "a", prev=first.manifest_sha256), "a")
    assert refused(stage, lot, handed, "a", Conflict).code == "bid.prev_not_live"


def test_nobody_replaces_another_partys_bid(stage, lot):
    theirs = stage.bid(lot, "a")
    handed = stage.handed(stage.seal(lot, "b", prev=theirs.manifest_sha256), "b")
    assert refused(stage, lot, handed, "b", Conflict).code == "bid.prev_not_live"
    assert stage.rows(Bid)[0].status is BidStatus.LIVE


def test_a_replacement_signed_by_another_key_is_refused(stage, lot):
    from tendering_stage import _certify

    first = stage.bid(lot, "a")
    bidder = stage.bidder_of("a")
    bidder.key = keys.generate()
    with stage.act():
        bidder.cert = _certify(bidder.actor, bidder.key, stage.now)
    handed = stage.handed(stage.seal(lot, "a", prev=first.manifest_sha256), "a")
    assert refused(stage, lot, handed, "a").code == "seal.key_differs"


def test_c27_m87_a_withdrawal_ends_the_bid_and_has_a_receipt_of_its_own(stage, lot):
    bid = stage.bid(lot, "a")
    withdrawn, ended = stage.withdraw(lot, bid, "a")
    assert ended.ended_by == withdrawn.sha256
    assert stage.rows(Bid)[0].status is BidStatus.WITHDRAWN
    stage.run(6)
    with stage.act(write=False):
        standing = receipting.standing(stage.bidder_of("a").actor, withdrawn.receipt_id)
    assert standing.state is ReceiptState.WITNESSED
    assert all(claim.held for claim in keepsake.claims(standing.to_json(), mail.policy()))


def test_a_withdrawal_repeated_gives_the_same_receipt(stage, lot):
    bid = stage.bid(lot, "a")
    first, again = stage.withdraw(lot, bid, "a"), stage.withdraw(lot, bid, "a")
    assert first[0].receipt_id == again[0].receipt_id


def test_after_a_withdrawal_a_new_first_bid_is_taken(stage, lot):
    stage.withdraw(lot, stage.bid(lot, "a"), "a")
    assert stage.bid(lot, "a").status is BidStatus.LIVE


def test_nobody_withdraws_another_partys_bid(stage, lot):
    bid = stage.bid(lot, "a")
    with pytest.raises(NotFound):
        stage.withdraw(lot, bid, "b")
    forged = stage.withdrawal(lot, bid.manifest_sha256, "b")
    with stage.act() as now, pytest.raises(Invalid) as found:
        withdrawal.withdraw(stage.bidder_of("a").actor, lot, forged, now)
    assert found.value.code == "seal.key_differs"
    assert found.value.record is not None
    assert stage.rows(Bid)[0].status is BidStatus.LIVE


def test_a_late_withdrawal_is_refused_and_the_bid_stands(stage, lot):
    bid = stage.bid(lot, "a")
    stage.now = stage.lot(lot).closes_at
    with pytest.raises(TooLate):
        stage.withdraw(lot, bid, "a")
    assert stage.rows(Bid)[0].status is BidStatus.LIVE


def test_a_withdrawn_bid_is_not_withdrawn_twice_by_another_statement(stage, lot):
    bid = stage.bid(lot, "a")
    stage.withdraw(lot, bid, "a")
    stage.now += seconds(1)
    with pytest.raises(Conflict):
        stage.withdraw(lot, bid, "a")


# seen by nobody else -------------------------------------------------------------------------------------------------


def test_a_receipt_is_found_by_its_own_organization_only(stage, lot):
    bid = stage.bid(lot, "a")
    for stranger in (stage.bidder_of("b").actor, stage.owner, stage.operator, stage.supervising, stage.manager):
        with stage.act(write=False), pytest.raises(NotFound):
            receipting.standing(stranger, bid.receipt_id)


def test_a_taken_upload_can_neither_be_deleted_nor_used_again(stage, lot):
    handed = stage.handed(stage.seal(lot, "a"), "a")
    stage.submit(lot, handed, "a")
    actor = stage.bidder_of("a").actor
    with stage.act(), pytest.raises(Conflict) as found:
        uploads.discard(actor, handed.envelopes["docs"])
    assert found.value.code == "upload.taken"
    again = stage.handed(stage.seal(lot, "b"), "b")
    changed = replace(again, envelopes={**again.envelopes, "docs": handed.envelopes["docs"]})
    assert refused(stage, lot, changed, "b", NotFound).code == "bid.upload_missing"
    assert {row.state for row in stage.rows(Upload, Upload.token.in_(handed.envelopes.values()))} == {UploadState.TAKEN}
    assert io.BytesIO(site().blobs.open(stage.rows(Upload)[0].blob_key).read()).read()
