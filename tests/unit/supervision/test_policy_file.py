"""Policy files: who counts, when a quorum is reached, and that practice never passes for earnest."""

import pytest

from kernel import keys, merkle
from supervision.checkpoint import Checkpoint
from supervision.note import Kind, Note, NoteError
from supervision.note_key import NoteKey
from supervision.policy import Policy, refuse_practice
from supervision.policy_file import PolicyError

NAMES = ("supervision", "management", "audit", "notary")
INBOX = "age1" + "q" * 58


class Cast:
    """A log, four nodes and the policy that names them."""

    def __init__(self, prefix=""):
        self.log = NoteKey.generate(f"{prefix}kaibiao.example")
        self.nodes = {name: NoteKey.generate(f"{prefix}{name}", Kind.COSIGNATURE) for name in NAMES}
        lines = [f"log {self.log.vkey} http://127.0.0.1/log", ""]
        lines += [f"witness {name} {key.vkey}" for name, key in self.nodes.items()]
        lines += ["group nodes 3 " + " ".join(NAMES), "quorum nodes"]
        self.lines = lines

    @property
    def policy(self):
        return Policy.parse(("\n".join(self.lines) + "\n").encode())

    def note(self, *names, time=100, size=1):
        text = Checkpoint(self.log.name, size, merkle.leaf_hash(b"x")).text
        return Note(text, (self.log.sign(text), *(self.nodes[name].cosign(text, time) for name in names)))


@pytest.fixture
def cast():
    return Cast()


def parse(text):
    return Policy.parse(text.encode())


def test_three_of_four_satisfy_and_two_do_not(cast):
    assert not cast.policy.satisfied(cast.note("supervision", "audit"))
    assert cast.policy.satisfied(cast.note("supervision", "audit", "notary"))
    assert cast.policy.quorum_of(cast.note("audit", "notary", time=7)) == [("audit", 7), ("notary", 7)]


def test_a_checkpoint_without_its_logs_signature_counts_for_nothing(cast):
    note = cast.note(*NAMES)
    orphan = Note(note.text, note.signatures[1:])
    assert not cast.policy.satisfied(orphan)
    with pytest.raises(NoteError):
        cast.policy.quorum_of(orphan)


def test_a_checkpoint_of_another_origin_is_refused(cast):
    text = Checkpoint("other.example", 1, merkle.leaf_hash(b"x")).text
    nodes = [key.cosign(text, 1) for key in cast.nodes.values()]
    assert not cast.policy.satisfied(Note(text, (cast.log.sign(text), *nodes)))


def test_a_spoiled_line_of_a_witness_spoils_the_quorum(cast):
    good, other = cast.note(*NAMES), cast.note("audit", size=2)
    spoiled = Note(good.text, (*good.signatures[:3], other.signatures[1]))
    assert not cast.policy.satisfied(spoiled)


def test_a_cut_needs_a_quorum_whose_times_all_lie_in_the_window(cast):
    early, late = cast.note("supervision", time=99), cast.note("audit", "management", "notary", time=100)
    note = Note(late.text, (*late.signatures, early.signatures[1]))
    assert cast.policy.satisfied_within(note, 100, 130)
    assert not cast.policy.satisfied_within(note, 101, 130)
    assert not cast.policy.satisfied_within(cast.note("audit", "notary", time=100), 100, 130)


def test_a_spoiled_note_is_no_cut(cast):
    good, other = cast.note(*NAMES), cast.note("audit", size=2)
    spoiled = Note(good.text, (*good.signatures[:3], other.signatures[1]))
    assert cast.policy.satisfied_within(good, 100, 100)
    assert not cast.policy.satisfied_within(spoiled, 100, 100)


def test_groups_nest_and_any_and_all_are_thresholds(cast):
    cast.lines[-2:] = ["group watchers any supervision management", "group both all watchers audit", "quorum both"]
    assert cast.policy.satisfied(cast.note("management", "audit"))
    assert not cast.policy.satisfied(cast.note("management", "supervision"))


def test_quorum_none_wants_the_log_only(cast):
    cast.lines[-1] = "quorum none"
    assert cast.policy.satisfied(cast.note())


def test_our_own_lines_are_read_and_are_comments_to_others(cast):
    key = keys.spell(cast.nodes["audit"].private.public_key())
    cast.lines += [
        "# kaibiao org audit 审计局  第一处",
        f"# kaibiao inbox audit {INBOX}",
        "# kaibiao url audit http://127.0.0.1:9/",
        f"# kaibiao sign audit {key}",
        "#another comment",
    ]
    audit = cast.policy.witnesses["audit"]
    assert (audit.org, audit.inbox, audit.url, audit.sign_key) == ("审计局 第一处", INBOX, "http://127.0.0.1:9/", key)
    assert cast.policy.log.url == "http://127.0.0.1/log"


@pytest.mark.parametrize(
    "line",
    [
        "# kaibiao inbox nobody " + INBOX,
        "# kaibiao inbox audit age1short",
        "# kaibiao inbox audit " + INBOX.upper(),
        "# kaibiao sign audit ed25519:" + "A" * 43 + "=",
        "# kaibiao url audit ftp://x",
        "# kaibiao moon audit cheese",
        "witness audit",
        "quorum nodes",
        "quorum nobody",
        "group nodes any audit",
        "group none any audit",
        "group more any audit",
        "group more 1",
        "group more any somebody",
        "unknown line",
    ],
)
def test_a_wrong_line_is_refused(cast, line):
    cast.lines.append(line)
    with pytest.raises(PolicyError):
        _ = cast.policy


@pytest.mark.parametrize("threshold", ["0", "5", "03", "-1", "some", "٣"])
def test_a_threshold_is_one_to_the_number_of_members(cast, threshold):
    cast.lines[-2] = f"group nodes {threshold} " + " ".join(NAMES)
    with pytest.raises(PolicyError):
        _ = cast.policy


def test_a_key_stands_once_and_where_its_type_belongs(cast):
    twin = NoteKey("twin", Kind.COSIGNATURE, cast.nodes["audit"].private)
    wrong = NoteKey.generate("wrong")
    for line in (f"witness twin {twin.vkey}", f"witness wrong {wrong.vkey}", f"log {cast.log.vkey}"):
        with pytest.raises(PolicyError):
            parse("\n".join([*cast.lines, line]) + "\n")


@pytest.mark.parametrize(
    "raw", [b"quorum none", b"quorum none\r\n", b"quorum none\n#\x00\n", b"quorum none\n#\xff\n", b""]
)
def test_control_characters_and_missing_newlines_are_refused(raw):
    with pytest.raises(PolicyError):
        Policy.parse(raw)


def test_tabs_and_indents_part_items_but_other_spaces_do_not(cast):
    cast.lines[-1] = " \tquorum\t nodes "
    assert cast.policy.quorum == "nodes"
    with pytest.raises(PolicyError):
        parse("quorum\u00a0none\n")


def test_a_practice_policy_says_so_and_its_keys_show_it():
    practice = Cast("practice/")
    assert practice.policy.practice
    assert practice.policy.satisfied(practice.note(*NAMES))


def test_practice_and_earnest_do_not_mix_in_one_policy(cast):
    practice = Cast("practice/")
    for log, nodes in ((cast.log, practice.nodes), (practice.log, cast.nodes)):
        lines = [f"log {log.vkey}", *(f"witness {name} {key.vkey}" for name, key in nodes.items()), "quorum none"]
        with pytest.raises(PolicyError):
            parse("\n".join(lines) + "\n")


def test_a_practice_key_under_another_name_is_refused_by_every_other_policy(cast):
    practice = Cast("practice/")
    refuse_practice(cast.policy, practice.policy)
    renamed = NoteKey("sincere", Kind.COSIGNATURE, practice.nodes["audit"].private)
    cast.lines.insert(0, f"witness sincere {renamed.vkey}")
    with pytest.raises(PolicyError):
        refuse_practice(cast.policy, practice.policy)
    refuse_practice(practice.policy, practice.policy)


def test_a_practice_inbox_is_refused_by_every_other_policy(cast):
    practice = Cast("practice/")
    practice.lines.append(f"# kaibiao inbox audit {INBOX}")
    cast.lines.append(f"# kaibiao inbox notary {INBOX}")
    with pytest.raises(PolicyError):
        refuse_practice(cast.policy, practice.policy)


def test_the_policy_is_pinned_by_the_hash_of_its_exact_bytes(cast):
    spaced = Policy.parse(cast.policy.raw + b"\n")
    assert spaced.sha256 != cast.policy.sha256
    with pytest.raises(PolicyError):
        _ = parse("quorum none\n").log
