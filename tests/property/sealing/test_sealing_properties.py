"""Shamir, padding, lengths and payloads, for whatever values: what must hold for every bid."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealing import age, bech32, padding, shamir, shares, stream

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
secrets32 = st.binary(min_size=32, max_size=32)
thresholds = st.tuples(st.integers(2, 8), st.integers(1, 7)).map(lambda p: (min(9, p[0] + p[1]), p[0]))
byte = st.integers(0, 255)


@given(secrets32)
@settings(max_examples=30)
def test_every_three_of_four_shares_give_the_secret_and_the_fourth_share(secret):
    every = shamir.split(secret, 4, 3)
    for chosen in itertools.combinations(every, 3):
        assert shamir.combine(chosen) == secret
        for share in every:
            assert shamir.interpolate(chosen, share[32]) + share[32:] == share


@given(secrets32, thresholds)
@settings(max_examples=30)
def test_any_t_of_n_shares_give_the_secret(secret, terms):
    n, t = terms
    every = shamir.split(secret, n, t)
    assert len({share[32] for share in every}) == n
    assert shamir.combine(every[-t:]) == shamir.combine(every[:t]) == secret


@given(secrets32, secrets32)
@settings(max_examples=30)
def test_two_shares_fit_every_secret_there_is(secret, candidate):
    """For two shares of three and any candidate there is a third share that makes exactly that candidate."""
    first, second, _, _ = shamir.split(secret, 4, 3)
    third = bytearray(32)
    for place in range(32):
        third[place] = fitting(candidate[place], first[place], second[place])
    assert shamir.combine([first, second, bytes(third) + b"\x03"]) == candidate


def fitting(at_zero: int, at_one: int, at_two: int) -> int:
    """The value at 3 of the parabola through (0, at_zero), (1, at_one), (2, at_two), by Newton's differences."""
    slope = at_zero ^ at_one
    bend = shamir.divide(shamir.divide(at_two ^ at_one, 3) ^ slope, 2)
    return at_zero ^ shamir.multiply(3, slope) ^ shamir.multiply(shamir.multiply(3, 2), bend)


@given(byte, byte, byte)
def test_the_field_is_a_field(a, b, c):
    times = shamir.multiply
    assert times(a, b) == times(b, a)
    assert times(a, times(b, c)) == times(times(a, b), c)
    assert times(a, b ^ c) == times(a, b) ^ times(a, c)
    assert times(a, 1) == a
    if b:
        assert times(shamir.divide(a, b), b) == a


def test_the_field_is_that_of_aes():
    assert shamir.multiply(0x57, 0x83) == 0xC1
    assert shamir.multiply(0x53, 0xCA) == 0x01
    with pytest.raises(ZeroDivisionError):
        shamir.divide(1, 0)


def test_shares_of_the_npm_package_combine_here():
    for vector in json.loads((VECTORS / "sealing-shamir.json").read_text())["vectors"]:
        every = [bytes.fromhex(text) for text in vector["shares"]]
        assert len(every) == vector["n"]
        for chosen in itertools.islice(itertools.combinations(every, vector["t"]), 10):
            assert shamir.combine(chosen).hex() == vector["secret"]
            assert shamir.interpolate(chosen, every[-1][32]) == every[-1][:32]


@pytest.mark.parametrize(
    "given_shares",
    [
        [],
        [bytes(32) + b"\x01"],
        [bytes(32) + b"\x01", bytes(32) + b"\x01"],
        [bytes(32) + b"\x00", bytes(32) + b"\x01"],
        [bytes(31) + b"\x01", bytes(32) + b"\x02"],
    ],
)
def test_shares_that_cannot_be_are_refused(given_shares):
    with pytest.raises(ValueError, match="shares are 33 bytes"):
        shamir.combine(given_shares)


@pytest.mark.parametrize(("n", "t"), [(3, 1), (2, 3), (256, 3)])
def test_thresholds_that_cannot_be_are_refused(n, t):
    with pytest.raises(ValueError, match="2 <= t"):
        shamir.split(bytes(32), n, t)


@given(st.integers(0, 1 << 44))
def test_padding_is_its_own_and_adds_little(length):
    padded = padding.padme(length)
    assert padded >= length
    assert padding.padme(padded) == padded
    assert padded - length <= length * 12 // 100 + 1
    tar = padding.padded_tar_length(padding.TAR_BLOCK * (2 + length // padding.TAR_BLOCK))
    assert padding.is_padded_tar(tar)


@given(st.binary(max_size=40_000))
@settings(max_examples=30)
def test_a_padded_sheet_hides_its_length_and_keeps_its_content(raw):
    padded = padding.pad_sheet(raw)
    assert padded[: len(raw)] == raw
    assert not padded[len(raw) :].strip(b" ")
    assert padding.is_padded_sheet(len(padded))


@given(st.integers(0, 1 << 40))
def test_lengths_of_stream_come_back(length):
    assert stream.plain_length(stream.sealed_length(length)) == length


@given(st.integers(0, 300_000))
@settings(max_examples=15, deadline=None)
def test_a_file_of_any_length_comes_back_with_the_length_its_header_tells(length):
    secret, recipient = age.generate()
    plain = bytes(length)
    sealed = age.encrypt_bytes(plain, recipient)
    assert age.decrypt_bytes(sealed, secret) == plain
    assert age.check_header(io.BytesIO(sealed)).payload_length == length


@given(st.binary(max_size=80))
def test_bech32_comes_back(raw):
    assert bech32.decode("age", bech32.encode("age", raw)) == raw


@given(secrets32, st.integers(0, 61), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_no_single_letter_of_a_recipient_can_change(raw, place, letter):
    text = bech32.encode("age", raw)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(ValueError, match=r"Bech32|key"):
            age.decode_recipient(changed)


@given(st.binary(max_size=400))
def test_no_bytes_are_taken_for_a_share_line_by_mistake(raw):
    with pytest.raises(ValueError, match="not a share line"):
        shares.parse_line(raw)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_header_check(raw):
    for head in (raw, b"age-encryption.org/v1\n" + raw, b"age-encryption.org/v1\n-> X25519 " + raw):
        with pytest.raises(age.AgeError):
            age.check_header(io.BytesIO(head))
