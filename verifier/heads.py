"""Other checkpoints of the same log: each must be of the one tree, or the log showed somebody another history."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.errors import Words
from supervision.checkpoint import Checkpoint
from supervision.note import Note, NoteError
from supervision.policy import Policy
from supervision.witnessed import Witnessed
from verifier.claims import Section, holds, lie, one

Roots = Mapping[int, bytes]
"""Size to root, computed from the entries."""


def earlier(policy: Policy, notes: Mapping[str, bytes], roots: Roots, head: Checkpoint) -> Section[list[Witnessed]]:
    found, faults = list[Witnessed](), list[Words]()
    for name, raw in notes.items():
        try:
            opened, _ = policy.opened(Note.parse(raw))
        except NoteError as error:
            faults.append(Words(f"{name}：签名无效({error})", f"{name}: {error}"))
            continue
        if opened.size > head.size or roots.get(opened.size) != opened.root:
            faults.append(Words(f"{name} 与日志分叉", f"{name} is of another tree: the log showed two histories"))
            continue
        found.append(witnessed(policy, Note.parse(raw)))
    good = Words(
        f"另有 {len(found)} 个历史检查点，均是同一棵树", f"{len(found)} earlier checkpoints, all of the same tree"
    )
    yield from one("cosigned", faults, good)
    return found


def kept(policy: Policy, note: Note, roots: Roots, head: Checkpoint) -> Section[None]:
    old, _ = policy.opened(note)
    if old.size > head.size:
        yield lie(
            "kept",
            f"您留存的检查点有 {old.size} 条记录，现在只有 {head.size} 条",
            f"you kept a tree of {old.size} entries; this one has only {head.size}",
        )
    elif roots.get(old.size) != old.root:
        yield lie("kept", "日志与您留存的检查点分叉", "the log is not a continuation of the checkpoint that you kept")
    else:
        yield holds("kept", f"延续您留存的 {old.size} 条记录", f"continues the {old.size} entries that you kept")


def witnessed(policy: Policy, note: Note) -> Witnessed:
    head, _ = policy.opened(note)
    return Witnessed(head.size, head.root, tuple(policy.quorum_of(note)))
