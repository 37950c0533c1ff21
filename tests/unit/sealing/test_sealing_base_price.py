"""C20.base, kaibiao-base-price/1: the base price opens for t trustees alone, is nobody's but its owner's, and cannot serve as an oracle."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from sealed_lot import CLIENT, CREATED_AT, SUITE, Lot

from kernel import canonical, keys, money
from kernel.statements import Signed
from sealing import baseprice
from sealing.baseprice import BaseLine, BasePrice, Revealed
from sealing.faults import Judgment
from sealing.keyset import Audience, FactKeys, Keyset
from sealing.opening import TooFewLinesError
from sealing.sheet import Header, Sheet
from sealing.wire import WireError

AMOUNT = money.parse("19500000.00")
OWNER = keys.generate()


def owned(lot: Lot) -> Keyset:
    spelled = keys.spell(OWNER.public_key())
    return replace(lot.keyset, fact_keys=FactKeys(spelled, spelled, lot.keyset.fact_keys.supervisor))


@pytest.fixture(scope="module")
def keyset(lot: Lot) -> Keyset:
    return owned(lot)


@pytest.fixture(scope="module")
def signed(keyset: Keyset) -> Signed:
    return sealed(keyset)


def sealed(keyset: Keyset, amount: money.Fen = AMOUNT) -> Signed:
    return baseprice.seal(keyset, keyset.encode(), ("青山县交通运输局", OWNER), amount, (CREATED_AT, CLIENT))


def codes(signed: Signed, keyset: Keyset) -> list[str]:
    found = baseprice.faults(signed, keyset, canonical.sha(keyset.encode()))
    assert all(fault.zh and fault.en for fault in found)
    return [fault.code for fault in found]


def lines(signed: Signed, lot: Lot, keyset: Keyset) -> dict[int, bytes]:
    found, given = BasePrice.read(signed), {}
    for trustee in lot.trustees:
        said = baseprice.trustee_line(found, signed.sha256, keyset, trustee.i, trustee.secrets["sheet"])
        assert BaseLine.read(Signed.make(said.content(), trustee.key)) == said
        if said.line is not None:
            given[said.i] = said.line.encode()
    return given


def test_c20_base_every_three_trustees_open_what_was_sealed_and_two_open_nothing(
    lot: Lot, keyset: Keyset, signed: Signed
) -> None:
    assert codes(signed, keyset) == []
    every, found = lines(signed, lot, keyset), BasePrice.read(signed)
    for some in combinations(every, 3):
        opened = baseprice.reveal(found, {i: every[i] for i in some})
        assert isinstance(opened, Revealed)
        assert opened.amount == AMOUNT
        assert Sheet.parse(opened.plain).price_words == money.words(AMOUNT)
    with pytest.raises(TooFewLinesError):
        baseprice.reveal(found, {i: every[i] for i in (1, 2)})


def test_c20_base_the_statement_fits_the_log_and_shows_neither_amount_nor_its_length(keyset: Keyset) -> None:
    small, large = sealed(keyset, money.parse("1.00")), sealed(keyset, money.parse("999999999999999.99"))
    sizes = {len(BasePrice.read(one).ciphertext) for one in (small, large)}
    assert len(sizes) == 1
    assert max(len(one.raw) for one in (small, large)) <= baseprice.MAX_FILE
    assert b"999999999999999" not in large.raw


def test_c20_base_only_the_owners_key_and_the_keyset_in_force_count(lot: Lot, keyset: Keyset, signed: Signed) -> None:
    stranger = keys.generate()
    assert codes(Signed(signed.raw, keys.sign(signed.raw, stranger)), keyset) == ["base_signature"]
    assert codes(signed, replace(keyset, version=2)) == ["base_target"]
    with pytest.raises(ValueError, match="owner's key"):
        baseprice.seal(keyset, keyset.encode(), ("某", stranger), AMOUNT, (CREATED_AT, CLIENT))
    with pytest.raises(ValueError, match="amount"):
        sealed(keyset, money.Fen(0))


def test_c20_base_where_the_first_opening_reads_no_price_out_there_is_none(keyset: Keyset) -> None:
    first, *rest = keyset.stages
    for change in ({"holds_price": False}, {"audience": Audience.EVALUATION}):
        other = replace(keyset, stages=(replace(first, **change), *rest))
        assert baseprice.stage_of(other) is None
        with pytest.raises(ValueError, match="reads prices out"):
            sealed(other)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ciphertext": b"age-encryption.org/v1\n"}, "file_differs"),
        ({"t": 2}, "threshold_wrong"),
        ({"core_sha256": "0" * 64}, "core_wrong"),
        ({"shares": ()}, "trustees_wrong"),
    ],
)
def test_c20_base_what_is_not_whole_is_not_taken(keyset: Keyset, signed: Signed, change: dict, code: str) -> None:
    found = BasePrice.read(signed)
    ciphertext = change.pop("ciphertext", found.ciphertext)
    manifest = replace(found.manifest, envelopes=(replace(found.envelope, **change),))
    assert code in codes(Signed.make(BasePrice(manifest, ciphertext).content(), OWNER), keyset)


def test_c20_base_malformed_statements_and_lines_are_refused(keyset: Keyset, signed: Signed) -> None:
    found = BasePrice.read(signed)
    two = BasePrice(replace(found.manifest, envelopes=(found.envelope, found.envelope)), found.ciphertext)
    for content in (two.content(), found.content() | {"lot": "E990101"}, found.content() | {"type": "kaibiao-bid/1"}):
        assert codes(Signed.make(content, OWNER), keyset) == ["base_malformed"]
    long = BasePrice(found.manifest, bytes(baseprice.MAX_FILE))
    assert codes(Signed.make(long.content(), OWNER), keyset) == ["base_malformed"]
    for line in (7, "短", "x"):
        content = BaseLine(keyset.lot, "0" * 64, 1, None).content() | {"line": line}
        with pytest.raises(WireError):
            BaseLine.read(Signed.make(content, OWNER))


def test_c20_base_no_trustee_opens_a_bid_passed_off_as_a_base_price(lot: Lot, tmp_path) -> None:
    """Else whoever holds the owner's key and a withdrawn bid's papers could have it opened."""
    bid = lot.seal(tmp_path / "bid")
    keyset = owned(lot)
    own = BasePrice.read(sealed(keyset)).manifest
    stolen = bid.manifest.envelope("sheet")
    ciphertext = (tmp_path / "bid" / "sheet.age").read_bytes()
    posing = BasePrice(replace(own, envelopes=(stolen,)), ciphertext)
    assert "core_wrong" in codes(Signed.make(posing.content(), OWNER), keyset)
    bent = replace(stolen, core_sha256=posing.manifest.core(stolen).sha256)
    bent_price = BasePrice(replace(own, envelopes=(bent,)), ciphertext)
    assert codes(Signed.make(bent_price.content(), OWNER), keyset) == [], "the secrets alone show it"
    for trustee in lot.trustees:
        said = baseprice.trustee_line(bent_price, "0" * 64, keyset, trustee.i, trustee.secrets["sheet"])
        assert said.line is None


def test_c20_base_an_owner_that_seals_no_amount_or_bad_shares_is_found_out(lot: Lot, keyset: Keyset) -> None:
    own = BasePrice.read(sealed(keyset)).manifest
    bare = replace(own, envelopes=())
    header = Header(keyset.lot, own.bid_id, own.bidder_ref, "某")
    empty = baseprice._sealed(bare, keyset.stages[0], Sheet(header=header).padded())
    given = lines(Signed.make(empty.content(), OWNER), lot, keyset)
    judged = baseprice.reveal(empty, given)
    assert isinstance(judged, Judgment)
    assert judged.rule == "1.6(f)"
    share = empty.envelope.shares[0]
    other = replace(share, wrapped=keys.b64(SUITE.wrap(b"x" * 150, keyset.stages[0].trustees[0].recipient)))
    spoiled = replace(empty.envelope, shares=(other, *empty.envelope.shares[1:]))
    broken = BasePrice(replace(empty.manifest, envelopes=(spoiled,)), empty.ciphertext)
    assert set(lines(Signed.make(broken.content(), OWNER), lot, keyset)) == {2, 3, 4}
