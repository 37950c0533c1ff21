"""python3 hand_open.py s2.txt s4.txt s1.txt > bid.key: t share lines of one envelope become its age key."""

import pathlib
import sys


def times(a: int, b: int) -> int:  # in GF(2^8), polynomial 0x11b
    product = 0
    while b:
        product, a, b = product ^ (a if b & 1 else 0), a << 1 ^ (0x11B if a & 0x80 else 0), b >> 1
    return product


shares = [bytes.fromhex(pathlib.Path(name).read_text().split()[3]) for name in sys.argv[1:]]
secret = [0] * 32
for own in shares:  # Lagrange at 0; a share is 32 bytes y and 1 byte x
    weight = 1
    for other in (share for share in shares if share is not own):
        weight = next(w for w in range(256) if times(w, own[32] ^ other[32]) == times(weight, other[32]))
    secret = [byte ^ times(y, weight) for byte, y in zip(secret, own[:32], strict=True)]
prefix, bits = b"age-secret-key-", "".join(f"{byte:08b}" for byte in secret) + "0000"
data, check = [int(bits[at : at + 5], 2) for at in range(0, 260, 5)], 1  # Bech32, as age reads it
for value in [*(c >> 5 for c in prefix), 0, *(c & 31 for c in prefix), *data, 0, 0, 0, 0, 0, 0]:
    top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
    for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
        check ^= g if top >> i & 1 else 0
data += [(check ^ 1) >> 5 * (5 - i) & 31 for i in range(6)]
print("AGE-SECRET-KEY-1" + "".join("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"[value] for value in data))
