"""The log: its signatures and quorum, every entry under its root, no fork since the checkpoint the stranger kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kernel import merkle
from kernel.errors import Words
from supervision import entries, facts, vocabulary
from supervision.checkpoint import Checkpoint
from supervision.note import Note, NoteError
from supervision.policy import Policy
from supervision.tiles import TileError, TileTree
from supervision.vocabulary import Fact
from supervision.witnessed import Cosigned
from verifier import heads, moments
from verifier.claims import Section, holds, lie, one
from verifier.source import Archive, find

CHECKPOINT, POLICY, COSIGNED = "log/checkpoint", "policy.txt", "log/cosigned/"
Kind = TypeVar("Kind", bound=Fact)


@dataclass(frozen=True)
class LogFiles:
    """The archive's `log/` as a tree's reader."""

    archive: Archive

    def get(self, path: str) -> bytes:
        return self.archive.get(f"log/{path}")


@dataclass(frozen=True)
class Book:
    """The log as proved: the tender's open facts by index, and every other entry by its place in the tree."""

    policy: Policy
    tree: TileTree
    facts: tuple[tuple[int, Fact], ...]
    cosigned: Cosigned

    def entry(self, index: int) -> bytes:
        """TileError when the tree has no such entry."""
        if not 0 <= index < self.tree.size:
            raise TileError(f"the log has no entry {index}")
        return next(self.tree.entries(index, index + 1))

    def find(self, kind: type[Kind], lot: str | None = None) -> list[tuple[int, Kind]]:
        """The facts of a kind, of one lot or of the tender, in the log's order."""
        found = [(index, fact) for index, fact in self.facts if isinstance(fact, kind)]
        return [(index, fact) for index, fact in found if lot is None or getattr(fact, "lot", None) == lot]


@dataclass(frozen=True)
class _Walk:
    """One pass over all entries."""

    roots: Mapping[int, bytes]
    facts: tuple[tuple[int, Fact], ...]
    open: int
    faults: tuple[Words, ...]


def read(archive: Archive, given: tuple[bytes | None, bytes | None], tender: str) -> Section[Book | None]:
    """Everything about the log; `given` are the policy and the checkpoint that the stranger kept, where there are such."""
    policy = yield from _policy(archive, given[0])
    note = Note.parse(archive.get(CHECKPOINT))
    head = yield from _head(policy, note)
    if head is None:
        return None
    tree = TileTree(LogFiles(archive), head.size)
    notes = {name: archive.get(name) for name in _note_names(archive)}
    kept = None if given[1] is None else Checkpoint.parse(Note.parse(given[1]).text)
    sizes = {_size(raw) for raw in notes.values()} | {head.size} | ({kept.size} if kept else set())
    walk = _walk(tree, sizes, tender)
    yield from _tree(tree, head, walk)
    yield from _genesis(policy, walk, head)
    known = yield from heads.earlier(policy, notes, walk.roots, head)
    if given[1] is not None:
        yield from heads.kept(policy, Note.parse(given[1]), walk.roots, head)
    ordered = tuple(sorted((*known, heads.witnessed(policy, note)), key=lambda one: one.size))
    return Book(policy, tree, walk.facts, Cosigned(policy, ordered))


def _policy(archive: Archive, given: bytes | None) -> Section[Policy]:
    carried = find(archive, POLICY)
    raw = given if given is not None else archive.get(POLICY)
    policy = Policy.parse(raw)
    names = ", ".join(policy.witnesses)
    if given is not None and carried not in (None, given):
        yield lie("policy", "资料包中的信任策略与您手中的不同", "the archive's policy is not the one you hold")
    elif given is not None:
        yield holds("policy", f"您手中的信任策略，节点：{names}", f"yours; nodes {', '.join(policy.witnesses)}")
    else:
        yield holds(
            "policy",
            f"取自资料包，请与监督部门公布的哈希核对：{policy.sha256}（节点：{names}）",
            f"from the archive itself: compare {policy.sha256} with what the authorities published",
        )
    return policy


def _head(policy: Policy, note: Note) -> Section[Checkpoint | None]:
    try:
        head, _ = policy.opened(note)
        cosigners = policy.quorum_of(note)
    except NoteError as error:
        yield lie("checkpoint", f"检查点签名无效({error})", f"a signature under the checkpoint is not valid: {error}")
        return None
    yield holds(
        "checkpoint",
        f"{head.origin}，{head.size} 条记录，日志签名有效",
        f"{head.origin}, {head.size} entries, signed by the log",
    )
    names = [name for name, _ in cosigners]
    if not policy.is_quorum(set(names)):
        who = ", ".join(names) or "nobody"
        yield lie("quorum", f"见证签名不足法定数，只有：{who}", f"no quorum cosigned the checkpoint, only {who}")
    else:
        last = moments.spelled(max(time for _, time in cosigners))
        yield holds(
            "quorum", f"{len(names)} 个节点见证，最近于 {last}", f"{len(names)} nodes cosigned, the last at {last}"
        )
    return head


def _note_names(archive: Archive) -> list[str]:
    cuts = [name for name in archive.names("lots/") if name.endswith("/cut.note")]
    return [*archive.names(COSIGNED), *cuts]


def _size(raw: bytes) -> int:
    return Checkpoint.parse(Note.parse(raw).text).size


def _walk(tree: TileTree, sizes: Iterable[int], tender: str) -> _Walk:
    """Hash every entry once; roots at the sizes asked for, and the facts of the tender."""
    frontier, wanted = merkle.Frontier(), set(sizes)
    roots, found, faults, seen = {0: merkle.EMPTY_ROOT}, list[tuple[int, Fact]](), list[Words](), 0
    for index, raw in enumerate(tree.entries()):
        frontier.append(merkle.leaf_hash(raw))
        if index + 1 in wanted:
            roots[index + 1] = frontier.root()
        fact = _fact(index, raw, faults)
        seen += fact is not None
        if fact is not None and _concerns(fact, tender):
            found.append((index, fact))
    return _Walk(roots, tuple(found), seen, tuple(faults))


def _fact(index: int, raw: bytes, faults: list[Words]) -> Fact | None:
    """The open fact of an entry; a sealed one, or a kind that this version does not know, has none."""
    try:
        entry = entries.parse(raw)
        if isinstance(entry, entries.OpenEntry) and entry.fact.get("kind") in vocabulary.KINDS:
            return vocabulary.from_json(entry.fact)
    except ValueError as error:
        faults.append(Words(f"第 {index} 条不是合格的记录({error})", f"entry {index} is malformed: {error}"))
    return None


def _concerns(fact: Fact, tender: str) -> bool:
    code = getattr(fact, "lot", None) or getattr(fact, "tender", None)
    return isinstance(fact, facts.Genesis) or (isinstance(code, str) and code.startswith(tender))


def _tree(tree: TileTree, head: Checkpoint, walk: _Walk) -> Section[None]:
    if walk.roots.get(head.size) != head.root:
        yield lie(
            "tree",
            "记录算出的树根与检查点不符：有记录被改动、增删或调换",
            "the entries do not make the checkpoint's root: some entry was changed, added, dropped or moved",
        )
    else:
        yield holds("tree", f"{head.size} 条记录全部在树根之下", f"all {head.size} entries stand under the root")
    tiles = Words("哈希分片与树根不符", "the hash tiles do not make the root")
    yield from one(
        "tiles",
        [] if tree.root() == head.root else [tiles],
        Words("哈希分片与树根相符", "the hash tiles make the same root"),
    )
    yield from one(
        "entries",
        walk.faults,
        Words(f"公开事实 {walk.open} 条，其余为封存记录", f"{walk.open} open facts, the rest sealed"),
    )


def _genesis(policy: Policy, walk: _Walk, head: Checkpoint) -> Section[None]:
    """The log pinned its policy in its first fact: another policy belongs to another log."""
    found = [fact for _, fact in walk.facts if isinstance(fact, facts.Genesis)]
    if found and (found[0].origin, found[0].policy_sha256) == (head.origin, policy.sha256):
        yield holds(
            "genesis",
            f"日志创建时即固定此策略 {policy.sha256[:12]}…",
            f"the log pinned this policy at its genesis, {policy.sha256[:12]}…",
        )
    else:
        yield lie(
            "genesis", "日志创建时固定的不是这份策略", "this is not the policy that the log pinned at its genesis"
        )


def facts_of(book: Book, lot: str) -> Iterator[tuple[int, Fact]]:
    """All open facts of a lot, in the log's order."""
    return ((index, fact) for index, fact in book.facts if getattr(fact, "lot", None) == lot)
