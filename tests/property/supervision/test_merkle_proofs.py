"""RFC 9162: every proof of small trees, random proofs of larger ones, in agreement with another implementation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metamorphic_log import VerifyError
from metamorphic_log import verify_consistency as their_consistency
from metamorphic_log import verify_inclusion as their_inclusion

from kernel import merkle
from kernel.merkle import Frontier

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(5000)]


def rfc_root(leaves):
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(rfc_root(leaves[:k]), rfc_root(leaves[k:]))


ROOTS = [rfc_root(LEAVES[:size]) for size in range(72)]


def test_known_hashes():
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root([]) == merkle.EMPTY_ROOT
    assert merkle.root([b"a"]) == merkle.leaf_hash(b"a")


@pytest.mark.parametrize("size", range(1, 71))
def test_every_inclusion_and_consistency_proof_of_a_small_tree(size):
    assert merkle.root_of_hashes(LEAVES[:size]) == ROOTS[size]
    for index in range(size):
        proof = merkle.inclusion_proof(LEAVES, index, size)
        assert merkle.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        their_inclusion(index, size, LEAVES[index], proof, ROOTS[size])
    for old in range(size + 1):
        proof = merkle.consistency_proof(LEAVES, old, size)
        assert merkle.verify_consistency(old, ROOTS[old], size, ROOTS[size], proof)
        if old:
            their_consistency(old, size, proof, ROOTS[old], ROOTS[size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_no_proof_passes_for_another_leaf_index_size_or_root(size):
    for index in range(size):
        proof = merkle.inclusion_proof(LEAVES, index, size)
        for leaf, at, of, root in (
            (LEAVES[index + 1], index, size, ROOTS[size]),
            (LEAVES[index], index + 1, size, ROOTS[size]),
            (LEAVES[index], index, size, ROOTS[size + 1]),
        ):
            assert not merkle.verify_inclusion(leaf, at, of, proof, root)
        assert not merkle.verify_inclusion(LEAVES[index], index, size, [*proof, bytes(32)], ROOTS[size])


sizes = st.integers(1, 5000)


@settings(max_examples=settings.default.max_examples * 3 // 5)
@given(data=st.data(), size=sizes)
def test_random_proofs_of_larger_trees(data, size):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = merkle.root_of_hashes(LEAVES[:size]), merkle.root_of_hashes(LEAVES[:old])
    inclusion = merkle.inclusion_proof(LEAVES, index, size)
    consistency = merkle.consistency_proof(LEAVES, old, size)
    assert merkle.verify_inclusion(LEAVES[index], index, size, inclusion, root)
    assert merkle.verify_consistency(old, old_root, size, root, consistency)
    their_inclusion(index, size, LEAVES[index], inclusion, root)
    their_consistency(old, size, consistency, old_root, root)


@settings(max_examples=settings.default.max_examples * 2)
@given(data=st.data(), size=st.integers(2, 70))
def test_a_damaged_proof_is_refused_and_the_other_implementation_agrees(data, size):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    for proof, ours, theirs in (
        (
            merkle.inclusion_proof(LEAVES, index, size),
            lambda p: merkle.verify_inclusion(LEAVES[index], index, size, p, ROOTS[size]),
            lambda p: their_inclusion(index, size, LEAVES[index], p, ROOTS[size]),
        ),
        (
            merkle.consistency_proof(LEAVES, old, size),
            lambda p: merkle.verify_consistency(old, ROOTS[old], size, ROOTS[size], p),
            lambda p: their_consistency(old, size, p, ROOTS[old], ROOTS[size]),
        ),
    ):
        damaged = data.draw(damages(proof))
        if damaged == proof:
            continue
        assert not ours(damaged)
        with pytest.raises(VerifyError):
            theirs(damaged)


def damages(proof):
    """Drop, add, swap, shorten or flip one hash."""
    if not proof:
        return st.just([bytes(32)])
    place = st.integers(0, len(proof) - 1)
    return st.one_of(
        place.map(lambda i: proof[:i] + proof[i + 1 :]),
        place.map(lambda i: [*proof[:i], bytes(32), *proof[i:]]),
        place.map(lambda i: [*proof[:i], proof[i][:31], *proof[i + 1 :]]),
        place.map(lambda i: [*proof[:i], bytes([proof[i][0] ^ 1]) + proof[i][1:], *proof[i + 1 :]]),
        st.just(proof[::-1]),
    )


def test_hashes_that_are_not_32_bytes_are_refused():
    with pytest.raises(ValueError):
        Frontier().append(b"x" * 31)
    with pytest.raises(ValueError):
        merkle.root_of_hashes([b""])
    assert not merkle.verify_inclusion(b"x", 0, 1, [], b"x")
    assert not merkle.verify_consistency(1, b"x", 1, b"x", [])
    assert not merkle.verify_consistency(0, b"", 0, b"", [])


def test_impossible_sizes_are_refused():
    for index, size in ((-1, 3), (3, 3), (0, 0), (0, 6000)):
        with pytest.raises(ValueError):
            merkle.inclusion_proof(LEAVES, index, size)
    with pytest.raises(ValueError):
        merkle.consistency_proof(LEAVES, 4, 3)
    assert not merkle.verify_consistency(4, ROOTS[4], 3, ROOTS[3], [])
    assert not merkle.verify_consistency(-1, ROOTS[3], 3, ROOTS[3], [])


def test_nothing_follows_from_the_empty_tree_but_the_empty_root():
    assert merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, ROOTS[5], [])
    assert not merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, ROOTS[5], [ROOTS[1]])
    assert not merkle.verify_consistency(0, ROOTS[1], 5, ROOTS[5], [])
    assert not merkle.verify_consistency(0, ROOTS[1], 0, ROOTS[1], [])
    assert not merkle.verify_consistency(3, ROOTS[3], 3, ROOTS[4], [])


@settings(max_examples=settings.default.max_examples * 3 // 5)
@given(size=st.integers(0, 600), more=st.integers(0, 600))
def test_a_stored_frontier_goes_on_where_it_was(size, more):
    first = Frontier()
    first.extend(LEAVES[:size])
    again = Frontier.of(first.size, first.hashes)
    again.extend(LEAVES[size : size + more])
    assert again.root() == merkle.root_of_hashes(LEAVES[: size + more])
    assert first.size == size
    assert first.root() == merkle.root_of_hashes(LEAVES[:size])


def test_a_copied_frontier_grows_alone():
    first = Frontier()
    first.extend(LEAVES[:5])
    second = first.copy()
    second.append(LEAVES[5])
    assert (first.size, first.root()) == (5, ROOTS[5])
    assert (second.size, second.root()) == (6, ROOTS[6])


def test_a_frontier_with_the_wrong_number_of_hashes_is_refused():
    with pytest.raises(ValueError):
        Frontier.of(3, [LEAVES[0]])
    with pytest.raises(ValueError):
        Frontier.of(1, [b"short"])
    with pytest.raises(ValueError):
        Frontier.of(-1, [])
