"""The opening: shown only when all is unsealed, with the right party blamed for what does not open."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import cut_json, seconds, staged

from bidding import board, readout, record, releases, stages, trustees
from bidding.models import Envelope, Opened, Opening, Release
from bidding.states import OpeningStep, Outcome
from kernel import canonical, keys, merkle
from kernel.clock import rfc3339
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooEarly, TooLate
from kernel.site import site
from kernel.statements import Signed
from sealing import age, release, shares
from sealing import disputes as sealing_disputes
from sealing.manifest import Manifest
from supervision import facts, log
from supervision.entries import seal_of
from supervision.models import LogEntry


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


def sealed_lot(stage, names="abc", dishonest=None):
    """A lot with these bids, closed and final; `dishonest` makes one of the submissions."""
    lot = stage.one_lot()
    bids = {}
    for name in names:
        handed = stage.handed(stage.seal(lot, name, price=f"{20 + len(bids)}000000.00"), name)
        bids[name] = stage.submit(lot, dishonest(handed) if dishonest and name == "a" else handed, name)
    stage.run_to_close(lot)
    stage.run(4)
    return lot, bids


def opened_lot(stage, names="abc", **options):
    lot, bids = sealed_lot(stage, names, **options)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run()
    return lot, bids


def rewritten(stage, handed, change):
    """A's manifest with its sheet envelope changed by its dishonest bidder and signed anew."""
    manifest = Manifest.parse(handed.manifest)
    envelopes = tuple(change(manifest, item) if item.stage == "sheet" else item for item in manifest.envelopes)
    raw = replace(manifest, envelopes=envelopes).encode()
    return replace(handed, manifest=raw, sig=keys.sign(raw, stage.bidder_of("a").key))


def test_the_hall_hears_every_step_in_order_and_no_price_before_all_is_unsealed(stage):
    _lot, _ = opened_lot(stage)
    kinds = [event["kind"] for event in stage.events if event["data"].get("node") is None]
    assert kinds.index("bid.readout") > max(n for n, kind in enumerate(kinds) if kind == "bid.unsealed")
    assert [step["step"] for step in stage.told("opening.step")] == [
        "sealed", "closed", "released", "unsealing", "readout", "confirming", "record",
    ]  # fmt: skip
    assert stage.told("bid.unsealed") == [{"n": n, "of": 3} for n in (1, 2, 3)]
    lines = stage.told("bid.readout")
    assert [line["line"] for line in lines] == [1, 2, 3]
    assert all(line["log_index"] is not None and line["price_words"].endswith("万元整") for line in lines)
    assert kinds[-1] == "opening.ended"


def test_every_line_is_a_fact_before_it_is_told(stage):
    _lot, bids = opened_lot(stage)
    logged = {fact.bid_id: fact for fact in stage.facts("bid.opened")}
    for bid in bids.values():
        row, fact = stage.outcome(bid), logged[bid.bid_id]
        assert fact.sheet_sha256 == canonical.sha(row.plain)
        assert fact.price == f"{20 + list(bids.values()).index(bid)}000000.00"


def test_while_bids_unseal_no_page_shows_a_name_or_a_price(stage):
    lot, _ = sealed_lot(stage)
    stage.start(lot)
    seen = []
    for _ in range(60):
        stage.now += seconds(1)
        stage._log()
        stage._release()
        stage._work()
        stage._post()
        with stage.act(write=False):
            seen.append(board.of_lot(lot))
        if stage.lot(lot).state == "opened":
            break
    early = [view for view in seen if view["phase"] not in ("readout", "recorded")]
    assert {view["phase"] for view in early} >= {"closed", "unsealing"}
    assert all(view["lines"] == [] for view in early)
    assert "20000000.00" not in str(early)
    assert "20000000.00" in str(seen[-1])


def test_without_a_start_the_opening_waits_and_then_goes_on_by_itself(stage):
    lot, _ = sealed_lot(stage)
    opens_at = stage.lot(lot).opens_at
    while stage.now < opens_at + seconds(stage.keyset(lot).open_wait - 1):
        stage.run()
    assert stage.lot(lot).state == "sealed"
    stage.run_until("opened", lot)


def test_one_absent_node_is_named_and_the_opening_goes_on_with_three(stage):
    lot, _ = sealed_lot(stage)
    stage.trustees["notary"].awake = False
    stage.start(lot)
    stage.run_until("opened", lot)
    assert len(stage.rows(Release)) == 3
    assert len(stage.told("node.released")) == 3
    assert stage.told("node.missing") == [{"node": "notary"}]
    stage.run()
    assert cut_json(stage, lot, "record.json")["missing_nodes"] == ["notary"]


def test_two_absent_nodes_stop_the_opening_and_are_named(stage):
    lot, _ = sealed_lot(stage)
    for name in ("audit", "notary"):
        stage.trustees[name].awake = False
    stage.start(lot)
    stage.run(50)
    assert stage.lot(lot).state == "opening"
    assert {event["node"] for event in stage.told("node.missing")} >= {"audit", "notary"}
    assert stage.rows(Opened) == []
    for name in ("audit", "notary"):
        stage.trustees[name].awake = True
    stage.run_until("opened", lot)


# faults ----------------------------------------------------------------------------------------------------------


def test_a_broken_share_is_the_bidders_fault(stage):
    def broken(handed):
        def change(manifest, envelope):
            # a well-formed share of another secret, wrapped for trustee 4 and committed to
            odd = bytes(32) + bytes([envelope.share(4).x])
            line = shares.share_line(envelope.core_sha256, 4, odd)
            entry = stage.keyset(manifest.lot).stage("sheet").trustee(4)
            wrapped = keys.b64(age.encrypt_bytes(line, entry.recipient))
            share = replace(envelope.share(4), plain_sha256=canonical.sha(line), wrapped=wrapped)
            return replace(envelope, shares=(*envelope.shares[:3], share))

        return rewritten(stage, handed, change)

    _lot, bids = opened_lot(stage, "abcd", dishonest=broken)
    assert stage.outcome(bids["a"]).outcome is Outcome.BIDDER
    judged = stage.facts("bid.judged")[0]
    assert (judged.verdict, judged.party, judged.rule) == ("revoked", "bidder", "1.6(b)")
    assert [stage.outcome(bids[name]).outcome for name in "bcd"] == [Outcome.OPENED] * 3
    assert stage.told("bid.judged")[0]["reason_en"]


def test_a_ciphertext_the_platform_damaged_is_the_platforms_fault(stage):
    lot, bids = sealed_lot(stage, "abcd")
    envelope = stage.rows(Envelope, Envelope.bid == bids["a"].id, Envelope.stage == "sheet")[0]
    size = site().blobs.size(envelope.blob_key)
    site().blobs.append(envelope.blob_key, size - 1, [b"!"])
    stage.start(lot)
    stage.run_until("opened", lot)
    judged = stage.facts("bid.judged")[0]
    assert (judged.verdict, judged.party, judged.rule) == ("returned", "platform", "1.6(d)")


def test_a_ciphertext_the_platform_lost_is_the_platforms_fault(stage):
    lot, bids = sealed_lot(stage, "abcd")
    envelope = stage.rows(Envelope, Envelope.bid == bids["a"].id, Envelope.stage == "sheet")[0]
    site().blobs.delete(envelope.blob_key)
    stage.start(lot)
    stage.run_until("opened", lot)
    assert stage.outcome(bids["a"]).outcome is Outcome.PLATFORM
    stage.run(2)
    digests = {name: Manifest.parse(bid.manifest).envelope("sheet").ciphertext_sha256 for name, bid in bids.items()}
    public = {path.stem for path in (site().public / "lots" / lot / "ciphertexts").iterdir()}
    assert public == {digests[name] for name in "bcd"}


def test_a_sheet_sealed_with_another_bids_header_is_the_bidders_fault(stage):
    def foreign(handed):
        other = stage.seal(Manifest.parse(handed.manifest).lot, "a", price="1.00")
        mine = Manifest.parse(handed.manifest)
        stolen = other.manifest.envelope("sheet")
        secret = recovered(stage, other.manifest)

        def change(manifest, envelope):
            core = replace(mine, envelopes=()).core(stolen)
            lines = shared(stage, mine.lot, core.sha256, secret, stolen)
            return replace(stolen, core_sha256=core.sha256, shares=lines)

        token = stage.upload(stage.bidder_of("a").actor, (other.folder / "sheet.age").read_bytes())
        return rewritten(stage, replace(handed, envelopes={**handed.envelopes, "sheet": token}), change)

    _lot, _bids = opened_lot(stage, "abcd", dishonest=foreign)
    judged = stage.facts("bid.judged")[0]
    assert (judged.party, judged.rule) == ("bidder", "1.6(f)")


def recovered(stage, manifest):
    """The secret of a bid's sheet, as its own bidder knows it."""
    from sealing import shamir

    envelope = manifest.envelope("sheet")
    parts = [
        shares.parse_line(
            shares.unwrap(envelope.share(trustee.i).wrapped, stage_suite(), trustee.secrets[manifest.lot, "sheet"])
        ).share
        for trustee in list(stage.trustees.values())[:3]
    ]
    return shamir.combine(parts)


def stage_suite():
    from tendering_stage import SUITE

    return SUITE


def shared(stage, lot, core_sha256, secret, envelope):
    from sealing import shamir

    found = []
    for share, part in zip(envelope.shares, shamir.split(secret, 4, 3), strict=True):
        line = shares.share_line(core_sha256, share.i, part)
        recipient = stage.keyset(lot).stage("sheet").trustee(share.i).recipient
        wrapped = keys.b64(age.encrypt_bytes(line, recipient))
        found.append(replace(share, x=part[32], plain_sha256=canonical.sha(line), wrapped=wrapped))
    return tuple(found)


def test_a_lying_trustee_is_disputed_and_the_bid_opens_from_the_others(stage):
    lot, bids = sealed_lot(stage, "abc")
    notary = stage.trustees["notary"]
    honest = stage.release_file

    def lying(trustee, of_lot, of_stage):
        raw = honest(trustee, of_lot, of_stage)
        if trustee is not notary:
            return raw
        said = release.Release.parse(raw)
        line = shares.parse_line(said.lines[bids["a"].bid_id])
        odd = shares.share_line(line.core_sha256, line.i, bytes(32) + line.share[32:])
        return replace(said, lines={**said.lines, bids["a"].bid_id: odd}).encode()

    stage.release_file = lying
    stage.start(lot)
    stage.run_until("opened", lot)
    row = stage.outcome(bids["a"])
    assert row.outcome is Outcome.OPENED
    # three honest releases may have been enough before the fourth came
    disputed = (row.finding or {"disputed": []})["disputed"]
    assert all(item["trustee"] == notary.i for item in disputed)


def test_a_release_that_breaks_its_promise_is_void_and_recorded(stage):
    lot, _bids = sealed_lot(stage)
    for trustee in stage.trustees.values():
        trustee.awake = False
    stage.start(lot)
    stage.run_until("opening", lot)
    for trustee in stage.trustees.values():
        trustee.awake = True
        stage.release(trustee, lot, "sheet")
    audit = stage.trustees["audit"]
    good = release.Release.parse(stage.release_file(audit, lot, "sheet"))
    cases = {
        "release_hash": replace(good, lines=dict(list(good.lines.items())[:2])),
        "release_excess": replace(good, lines={**good.lines, "0" * 32: b"x"}),
    }
    for code, wrong in cases.items():
        raw = wrong.encode()
        body = Signed(raw, keys.sign(raw, audit.key.private)).to_json()
        with stage.act() as now, pytest.raises(Invalid) as refused:
            trustees.take_release("audit", body, now)
        assert refused.value.code == "release.void"
        assert code in refused.value.detail["faults"]
        assert isinstance(refused.value.record.fact, facts.AttemptRefused)
    assert stage.rows(Release) == []


def test_nobody_gives_a_line_before_t_have_promised(stage):
    lot, _ = sealed_lot(stage)
    for name in ("supervisor", "management", "notary"):
        stage.trustees[name].awake = False
    stage.start(lot)
    stage.run_until("opening", lot)
    audit = stage.trustees["audit"]
    stage.release(audit, lot, "sheet")
    raw = stage.release_file(audit, lot, "sheet")
    with stage.act() as now, pytest.raises(Conflict) as refused:
        trustees.take_release("audit", Signed(raw, keys.sign(raw, audit.key.private)).to_json(), now)
    assert refused.value.code == "release.too_early"


def test_a_promise_for_another_roll_is_refused(stage):
    lot, _ = sealed_lot(stage)
    audit = stage.trustees["audit"]
    good = release.Release.parse(stage.release_file(audit, lot, "sheet"))
    for wrong in (replace(good, root="0" * 64), replace(good, i=1), replace(good, stage="docs")):
        said = release.commit(wrong, wrong.encode())
        with stage.act() as now, pytest.raises(Conflict):
            trustees.take_release_hash("audit", audit.signed(said.content()).to_json(), now)


def test_a_bid_short_of_good_lines_is_set_aside_and_the_others_are_opened(stage):
    lot, bids = stage.one_lot(), {}
    for name in "abcd":
        bids[name] = stage.bid(lot, name)
    for name in ("audit", "notary"):
        stage.trustees[name].bad = {(bids["a"].bid_id, "sheet")}
    stage.run_to_close(lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    assert stage.outcome(bids["a"]).outcome is Outcome.SET_ASIDE
    assert stage.facts("bid.judged") == []
    assert len(stage.told("bid.judged")) == 1
    assert len(stage.facts("bid.opened")) == 3


def short_of_a_node(stage, names="abcd"):
    """A lot whose first bid is called bad by one trustee, while another sleeps through the close."""
    lot = stage.one_lot()
    bids = {name: stage.bid(lot, name) for name in names}
    stage.trustees["audit"].bad = {(bids["a"].bid_id, "sheet")}
    stage.run(2)
    stage.trustees["notary"].awake = False
    stage.run_to_close(lot)
    stage.start(lot)
    return lot, bids


def wakes(stage):
    """The sleeping node comes back and closes late."""
    notary = stage.trustees["notary"]
    notary.awake = True
    letter = next(one["body"] for one in stage.mail("roll") if one["node"] == "notary")
    stage.close(notary, letter)


def test_a_late_close_clears_a_set_aside_bid_which_is_opened_and_added_to_the_record(stage):
    lot, bids = short_of_a_node(stage)
    stage.run_until("opened", lot)
    stage.run()
    assert stage.outcome(bids["a"]).outcome is Outcome.SET_ASIDE
    first = (stage.public(lot) / "record.json").read_bytes()
    with stage.act() as now:
        record.sign(stage.owner, lot, keys.b64(keys.sign(first, stage.owner_key)), stage.cert, now)
    wakes(stage)
    stage.run(5)
    admitted = stage.facts("stage.admitted")
    assert [len(fact.bids) for fact in admitted] == [3, 4]
    assert admitted[1].set_aside == ()
    row = stage.outcome(bids["a"])
    assert (row.outcome, row.line) == (
        Outcome.OPENED,
        sorted(bid.bid_id for bid in bids.values()).index(row.bid_id) + 1,
    )
    assert stage.told("bid.readout")[-1]["price"] == "20000000.00"
    latest = cut_json(stage, lot, "record.json")
    assert (latest["version"], latest["replaces"]) == (2, canonical.sha(first))
    assert {bid["outcome"] for bid in latest["bids"]} == {"opened"}
    assert (stage.public(lot) / "records" / "1.json").read_bytes() == first
    assert set(cut_json(stage, lot, "records/1.sigs.json")) == {"platform", "owner"}
    assert stage.facts("opening.record")[-1].record_sha256 == canonical.sha(
        (stage.public(lot) / "record.json").read_bytes()
    )
    names = {path.name for path in (stage.public(lot) / "releases").glob("*.json")}
    assert {f"sheet-{i}.2.json" for i in range(1, 5)} <= names
    before = len(stage.facts("opening.record"))
    stage.run(3)
    assert len(stage.facts("opening.record")) == before


def settled(stage, *, lies):
    """A bid called bad by two trustees, opened without it, inspected; then one of the two publishes its identity."""
    lot, bids = stage.one_lot(), {}
    for name in "bcd":
        bids[name] = stage.bid(lot, name)
    handed = stage.handed(stage.seal(lot, "a"), "a")
    bids["a"] = stage.submit(lot, handed if lies else rewritten(stage, handed, spoiled(stage)), "a")
    for name in ("audit", "notary"):
        stage.trustees[name].bad = {(bids["a"].bid_id, "sheet")}
    stage.run_to_close(lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    audit, raw = stage.trustees["audit"], bids["a"].manifest
    seen = sealing_disputes.inspect(
        raw, stage.keyset(lot), ("sheet", audit.i), audit.secrets[lot, "sheet"], rfc3339(stage.now)
    )
    for name in ("supervisor", "management"):
        stage.answer_with(trustees.handlers["finding"], stage.trustees[name], seen.content())
    said = sealing_disputes.Identity(lot, "sheet", audit.i, audit.secrets[lot, "sheet"], rfc3339(stage.now))
    stage.answer_with(trustees.handlers["stage.identity"], audit, said.content())
    stage.run(6)
    return lot, bids, seen


def spoiled(stage):
    """The two trustees get another line than the one committed to."""

    def change(manifest, envelope):
        entries = stage.keyset(manifest.lot).stage("sheet")
        changed = []
        for share in envelope.shares:
            name = next(one.name for one in stage.trustees.values() if one.i == share.i)
            line = shares.share_line(envelope.core_sha256, share.i, bytes(32) + bytes([share.x]))
            wrapped = keys.b64(age.encrypt_bytes(line, entries.trustee(share.i).recipient))
            changed.append(replace(share, wrapped=wrapped) if name in ("audit", "notary") else share)
        return replace(envelope, shares=tuple(changed))

    return change


def test_a_published_identity_that_shows_a_bad_line_ends_the_bid_as_its_bidders_fault(stage):
    lot, bids, seen = settled(stage, lies=False)
    assert seen.seen != "good"
    assert [(fact.by, fact.i) for fact in stage.facts("finding")] == [("supervisor", seen.i), ("management", seen.i)]
    line, judged = stage.facts("line.judged")[0], stage.facts("bid.judged")[0]
    assert (line.bid_id, line.i, line.party) == (bids["a"].bid_id, seen.i, "bidder")
    assert (judged.verdict, judged.party, judged.rule) == ("revoked", "bidder", "1.7")
    assert "份额是坏的" in stage.told("bid.judged")[-1]["reason"]
    assert {row["outcome"] for row in cut_json(stage, lot, "record.json")["bids"]} == {"opened", "bidder"}
    notary = stage.trustees["notary"]
    other = sealing_disputes.Identity(lot, "sheet", notary.i, notary.secrets[lot, "sheet"], rfc3339(stage.now))
    with stage.act() as now, pytest.raises(Conflict):
        trustees.handlers["stage.identity"]("notary", notary.signed(other.content()).to_json(), now)


def test_a_published_identity_that_shows_a_good_line_clears_the_bid_which_is_opened(stage):
    lot, bids, seen = settled(stage, lies=True)
    assert seen.seen == "good"
    line = stage.facts("line.judged")[0]
    assert (line.bid_id, line.party) == (bids["a"].bid_id, "trustee")
    assert [len(fact.bids) for fact in stage.facts("stage.admitted")] == [3, 4]
    assert stage.outcome(bids["a"]).outcome is Outcome.OPENED
    assert stage.facts("bid.judged") == []
    assert cut_json(stage, lot, "record.json")["version"] == 2


def test_two_readable_bids_wait_for_a_third_that_may_still_be_cleared_but_not_for_ever(stage):
    lot, _ = short_of_a_node(stage, "abc")
    stage.run_until("opening", lot)
    stage.run(30)
    assert stage.lot(lot).state == "opening"
    wakes(stage)
    stage.run_until("opened", lot)
    assert len(stage.facts("bid.opened")) == 3
    assert len(stage.told("bid.readout")) == 3
    assert cut_json(stage, lot, "record.json")["version"] == 1


def test_a_third_bid_that_is_never_cleared_ends_the_procedure_at_release_by(stage):
    lot, _ = short_of_a_node(stage, "abc")
    stage.run_until("opening", lot)
    until = stage.lot(lot).opens_at + seconds(stage.keyset(lot).release_by)
    while stage.now < until - seconds(1):
        stage.run()
    assert stage.lot(lot).state == "opening"
    stage.run_until("failed", lot)


def test_a_line_that_a_release_may_leave_out_is_waited_for_before_a_bid_is_set_aside(stage):
    """Three releases of four hold only two lines of a bid that one of them called bad: the fourth makes it open."""
    lot = stage.one_lot()
    bids = {name: stage.bid(lot, name) for name in "abc"}
    stage.trustees["audit"].bad = {(bids["a"].bid_id, "sheet")}
    stage.run_to_close(lot)
    stage.run(4)
    stage.trustees["notary"].awake = False
    stage.start(lot)
    stage.run(6)
    assert len(stage.rows(Release)) == 3
    assert stage.rows(Opened) == []
    stage.trustees["notary"].awake = True
    stage.run_until("opened", lot)
    assert stage.outcome(bids["a"]).outcome is Outcome.OPENED


def test_fewer_than_three_readable_bids_end_the_procedure(stage):
    lot, bids = sealed_lot(stage)
    envelope = stage.rows(Envelope, Envelope.bid == bids["a"].id, Envelope.stage == "sheet")[0]
    site().blobs.delete(envelope.blob_key)
    stage.start(lot)
    stage.run_until("failed", lot)
    stage.run()
    assert "少于 3 份" in stage.facts("tender.failed")[0].reason
    assert (stage.public(lot) / "record.json").exists()


# the bidder's word, objections, record ---------------------------------------------------------------------------


def test_a_bidder_confirms_its_own_line_and_all_confirmed_ends_the_wait(stage):
    lot, _bids = sealed_lot(stage)
    with stage.act() as now, pytest.raises(NotFound):
        readout.confirm(stage.bidder_of("a").actor, lot, now)
    stage.start(lot)
    while stage.rows(Opening)[0].step is not OpeningStep.CONFIRMING:
        stage.run()
    started = stage.now
    for name in "abc":
        for _ in range(2):
            with stage.act() as now:
                readout.confirm(stage.bidder_of(name).actor, lot, now)
    stranger = stage.bidder_of("d").actor
    with stage.act() as now, pytest.raises(NotFound):
        readout.confirm(stranger, lot, now)
    stage.run()
    assert stage.now - started <= seconds(2)
    assert stage.lot(lot).state == "opened"
    assert sorted(line["line"] for line in stage.told("bid.confirmed")) == [1, 2, 3]
    with stage.act() as now, pytest.raises(TooEarly):
        readout.confirm(stage.bidder_of("a").actor, lot, now)


def test_silence_until_the_window_closes_accepts(stage):
    _lot, _ = opened_lot(stage)
    assert all(row.confirmed_at is None for row in stage.rows(Opened))
    running = stage.rows(Opening)[0]
    assert running.ended_at >= running.confirm_until


def test_c34_g19_the_opening_does_not_end_before_an_objection_is_answered_on_the_spot(stage):
    lot, _ = sealed_lot(stage)
    stage.start(lot)
    while stage.rows(Opening)[0].step is not OpeningStep.CONFIRMING:
        stage.run()
    with stage.act() as now:
        raised = readout.object_to(stage.bidder_of("a").actor, lot, "唱标工期与标书不符", now)
    stage.run(20)
    assert stage.lot(lot).state == "opening"
    with stage.act() as now, pytest.raises(TooLate):
        readout.object_to(stage.bidder_of("b").actor, lot, "太晚了", now)
    with stage.act() as now, pytest.raises(Forbidden):
        readout.answer(stage.bidder_of("a").actor, lot, raised.token, "自答", now)
    with stage.act() as now:
        readout.answer(stage.owner, lot, raised.token, "已核对，无误", now)
    with stage.act() as now, pytest.raises(Conflict):
        readout.answer(stage.owner, lot, raised.token, "再答", now)
    stage.run_until("opened", lot)
    stage.run()
    said = cut_json(stage, lot, "record.json")["objections"]
    assert [(item["words"], item["answer"]) for item in said] == [("唱标工期与标书不符", "已核对，无误")]


def test_the_record_is_signed_published_and_says_everything(stage):
    lot, bids = opened_lot(stage)
    raw = (stage.public(lot) / "record.json").read_bytes()
    sigs = cut_json(stage, lot, "record.sigs.json")
    assert keys.verified(keys.unb64(sigs["platform"]), raw, site().key("platform").public_key())
    content = canonical.decode(raw)
    assert {bid["bid_id"] for bid in content["bids"]} == {bid.bid_id for bid in bids.values()}
    assert len(content["releases"]) >= 3
    assert content["started"]["type"] == "kaibiao-opening-started/1"
    assert stage.facts("opening.record")[0].record_sha256 == canonical.sha(raw)
    with stage.act() as now:
        record.sign(stage.owner, lot, keys.b64(keys.sign(raw, stage.owner_key)), stage.cert, now)
    with stage.act() as now, pytest.raises(Invalid):
        record.sign(stage.owner, lot, keys.b64(bytes(64)), stage.cert, now)
    stage.run()
    assert set(cut_json(stage, lot, "record.sigs.json")) >= {"platform", "owner"}
    assert [len(fact.signatures) for fact in stage.facts("opening.record")] == [1, 2]


def test_the_public_folder_lets_a_stranger_recompute_the_roll_and_open_every_seal(stage):
    lot = stage.one_lot()
    bids = {name: stage.bid(lot, name) for name in "abcde"}
    stage.withdraw(lot, bids["e"], "e")
    stage.bid(lot, "d", prev=bids["d"].manifest_sha256)
    assert not stage.public(lot).exists()
    stage.run_to_close(lot)
    stage.run(4)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run()
    roll = cut_json(stage, lot, "roll.json")
    hidden = [entry for entry in roll["entries"] if "bidder_json" not in entry]
    assert {entry["status"] for entry in hidden} == {"replaced", "withdrawn"}
    leaves = [
        bytes.fromhex(entry["leaf_sha256"]) if "leaf_sha256" in entry else merkle.leaf_hash(canonical.encode(entry))
        for entry in roll["entries"]
    ]
    assert merkle.root_of_hashes(leaves).hex() == roll["root"]
    disclosed = cut_json(stage, lot, "disclosures.json")
    with stage.act(write=False):
        from kernel.db import db

        for item in disclosed:
            entry = db.session.get_one(LogEntry, item["index"]).entry
            seal = seal_of(keys.unb64(item["salt"]), canonical.encode(item["fact"]))
            assert canonical.decode(entry)["seal"] == keys.b64(seal)
    assert {item["fact"]["kind"] for item in disclosed} == {"bid.sealed", "bid.withdrawn"}
    live = [entry for entry in roll["entries"] if entry["status"] == "live"]
    sealed = [Manifest.parse(keys.unb64(entry["manifest"])) for entry in live]
    names = {f"{item.envelope('sheet').ciphertext_sha256}.age" for item in sealed}
    assert {path.name for path in (stage.public(lot) / "ciphertexts").iterdir()} == names
    assert {path.stem for path in (stage.public(lot) / "sheets").iterdir()} == {item.bid_id for item in sealed}
    assert len(list((stage.public(lot) / "releases").glob("sheet-*.json"))) >= 3


# the stage after ---------------------------------------------------------------------------------------------------


def test_the_evaluation_stage_is_admitted_by_one_statement_and_its_releases_stay_shut(stage):
    lot, _bids = opened_lot(stage)
    with stage.act(write=False):
        content = stages.content(lot, "docs")
    member = keys.generate()
    signed = Signed.make(content, member).to_json()
    signatures = [facts.Signing(by=alias, file=signed["file"], sig=signed["sig"]) for alias in ("甲", "乙", "丙")]
    other = Signed.make({**content, "bids": content["bids"][:1]}, member).to_json()
    mixed = [*signatures[:2], facts.Signing(by="丙", file=other["file"], sig=other["sig"])]
    for wrong in (mixed, [], [facts.Signing(by="甲", file="e30=", sig=signed["sig"])]):
        with stage.act() as now, pytest.raises(Invalid):
            stages.admit_stage(lot, "docs", wrong, now)
    for _ in range(2):
        with stage.act() as now:
            stages.admit_stage(lot, "docs", signatures, now)
    assert [fact.stage for fact in stage.facts("stage.admitted")] == ["sheet", "docs"]
    with stage.act(write=False):
        assert stages.releases_for_evaluator(lot) == []
    for trustee in stage.trustees.values():
        file = age.encrypt_bytes(
            stage.release_file(trustee, lot, "docs"), stage.keyset(lot).stage("docs").audience_recipients[0].recipient
        )
        said = release.commit(release.Release.parse(stage.release_file(trustee, lot, "docs")), file)
        stage.answer_with(trustees.take_release_hash, trustee, said.content())
        trustee.given = {"lot": lot, "stage": "docs", "age": keys.b64(file), "hash": canonical.sha(file)}
    for trustee in stage.trustees.values():
        with stage.act() as now:
            trustees.take_release(trustee.name, trustee.given, now)
    with stage.act(write=False):
        assert len(stages.releases_for_evaluator(lot)) == 4
        with pytest.raises(ValueError):
            releases.lines(releases.complete(lot, "docs"))
    assert all(fact.file is None for fact in stage.facts("release") if fact.stage == "docs")
    stage.run()
    assert [row["stage"] for row in cut_json(stage, lot, "admissions.json")] == ["sheet", "docs"]
    assert len(cut_json(stage, lot, "release-hashes.json")) == 8
    assert not list((stage.public(lot) / "releases").glob("docs-*"))
    assert rfc3339(stage.now)
    with stage.act(write=False):
        assert log.latest("stage.admitted", lot).value.signatures
