import pytest
from evaluation_samples import LOT, criterion, entry, method, sheet, sheet_json

from evaluation import sheets
from kernel import canonical
from kernel.errors import Invalid

SPEC = method(criteria=[criterion("plan", "40"), criterion("staff", "20", step="1", objective=True)])
GOOD = {"plan": "30.5", "staff": "20"}
IDS = frozenset({"A"})


def fields(value, ids=IDS):
    return {one.field for one in sheets.faults(SPEC, value, ids)}


def of(scores, **changed):
    return sheet(SPEC, {"A": {**entry(scores), **changed}})


def test_a_whole_sheet_has_no_fault():
    assert fields(of(GOOD)) == set()


@pytest.mark.parametrize(
    ("scores", "wrong"),
    [
        ({"plan": "40.5", "staff": "20"}, "A.plan"),
        ({"plan": "30.3", "staff": "20"}, "A.plan"),
        ({"plan": "30", "staff": "1.5"}, "A.staff"),
        ({"plan": "30"}, "A.staff"),
        ({"plan": "30", "staff": "20", "smile": "1"}, "A.smile"),
    ],
)
def test_range_and_step_are_enforced(scores, wrong):
    assert fields(of(scores)) == {wrong}


@pytest.mark.parametrize("score", ["0", "40"])
def test_both_ends_of_a_subjective_criterion_need_a_reason(score):
    assert fields(of({**GOOD, "plan": score}, notes={})) == {"A.plan"}
    assert fields(of({**GOOD, "plan": score}, notes={"plan": "  "})) == {"A.plan"}
    assert fields(of({**GOOD, "plan": score}, notes={"plan": "nothing handed in"})) == set()


def test_an_objective_criterion_needs_no_reason():
    assert fields(of({"plan": "30", "staff": "0"}, notes={})) == set()


def test_c43_a_rejection_needs_its_head_and_its_ground():
    assert fields(of(GOOD, conforms=False)) == {"A.ground", "A.head"}
    assert fields(of(GOOD, conforms=False, ground="not signed")) == {"A.head"}
    assert fields(of(GOOD, conforms=False, ground="not signed", head="unsigned")) == set()


def test_c43_no_other_head_than_the_laws_is_read():
    with pytest.raises(Invalid, match=r"sheet\.malformed"):
        of(GOOD, conforms=False, ground="not signed", head="we_do_not_like_it")


def test_every_bid_is_assessed_and_no_other():
    assert fields(of(GOOD), frozenset({"A", "B"})) == {"B"}
    assert fields(of(GOOD), frozenset()) == {"A"}


def test_faults_are_told_in_both_languages_with_their_fields():
    with pytest.raises(Invalid) as refused:
        sheets.refuse_faults(sheets.faults(SPEC, of({"plan": "41"}), IDS))
    assert refused.value.detail["fields"].keys() == {"A.plan", "A.staff"}
    assert "超出范围" in refused.value.words.zh


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("lot"),
        lambda one: one.update(type="kaibiao-sheet/2"),
        lambda one: one.update(more=1),
        lambda one: one.update(bids=[]),
        lambda one: one["bids"]["A"].pop("notes"),
        lambda one: one["bids"]["A"].update(conforms="yes"),
        lambda one: one["bids"]["A"].update(ground=5),
        lambda one: one["bids"]["A"].update(scores={"plan": 30}),
        lambda one: one["bids"]["A"].update(scores={"plan": "-3"}),
        lambda one: one["bids"]["A"].update(notes={"plan": "x" * 4001}),
    ],
)
def test_a_malformed_sheet_is_refused(spoil):
    value = sheet_json(SPEC, {"A": entry(GOOD)})
    spoil(value)
    with pytest.raises(Invalid) as refused:
        sheets.parse(canonical.encode(value))
    assert refused.value.code == "sheet.malformed"


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"[" * 5000, b'{"lot":1.5}', b'{"a":"\\ud800"}'])
def test_bytes_that_are_no_sheet_are_refused(raw):
    with pytest.raises(Invalid):
        sheets.parse(raw)


def test_the_hash_is_of_the_signed_bytes():
    raw = canonical.encode(sheet_json(SPEC, {"A": entry(GOOD)}))
    assert sheets.parse(raw).sha256 == canonical.sha(raw)
    assert sheets.parse(raw).lot == LOT
