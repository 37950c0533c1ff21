"""Sealing and opening by the CLI, against stock `age` and against copy + raw ChaCha20-Poly1305, in one run.

Usage: python benchmarks/seal.py [--mib 256] [--rounds 5]. The three ways alternate, so that a busy machine is busy for
all of them; medians are reported, with the ratio to each rival and the CLI's peak memory (the child's own rusage).

What is compared: `kaibiao seal` hashes the documents, packs them into a padded tar, encrypts, hashes the ciphertext and
signs; `age -r` only encrypts; the raw way reads, encrypts 64 KiB blocks and writes, without any header. Two of the hashes
can only follow each other (the ciphertext begins with the documents' hashes), so at 1.8 GB/s they alone take what `age` takes
in all; the row "the same job" does all steps with stock tools: openssl dgst, tar, age, openssl dgst. The key file is one
without a passphrase and no rescue file is written: scrypt at age's work factor 18 takes 256 MiB and most of a second
by design, whatever program runs it. It is timed on its own line.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit" / "sealing")]

from sealed_lot import make_lot  # noqa: E402  the tests' lot with four trustees

from sealing import age, bid, keyfile, rescue  # noqa: E402

MIB = 1 << 20
SEAL = "import sys; from sealing.cli import seal_main; sys.exit(seal_main(sys.argv[1:]))"
OPEN = "import sys; from sealing.cli_opening import open_main; sys.exit(open_main(sys.argv[1:]))"
SAME_SEALING = (
    'set -e; openssl dgst -sha256 "$1"; tar c -C "${1%/*}" "${1##*/}" | age -r "$2" -o "$3"; openssl dgst -sha256 "$3"'
)
SAME_OPENING = 'set -e; openssl dgst -sha256 "$1"; age -d -i "$2" -o "$3" "$1"'
RAW = """
import sys
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
cipher, step = ChaCha20Poly1305(bytes(32)), int(sys.argv[3])
work = cipher.encrypt if step == 65536 else cipher.decrypt
with open(sys.argv[1], "rb", buffering=0) as src, open(sys.argv[2], "wb", buffering=0) as dst:
    counter = 0
    while block := src.read(16 * step):
        view = memoryview(block)
        parts = []
        for at in range(0, len(block), step):
            parts.append(work(counter.to_bytes(12, "big"), view[at : at + step], None))
            counter += 1
        dst.write(b"".join(parts))
"""


# An installed program has its byte code on disk; here it goes to a folder of its own, in a first round that does not count.
INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
# A small process starts each command and waits for it: its peak memory would otherwise be no less than this program's.
LAUNCH = """
import os, sys, time
quiet = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)])
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)
"""


@dataclass
class Way:
    """One way of doing it: what to run, what to remove before the next round, and what was measured."""

    name: str
    command: list[str]
    made: Path
    seconds: list[float]
    cpu: list[float] = field(default_factory=list)
    peak: int = 0

    def run(self) -> None:
        remove(self.made)
        launched = [sys.executable, "-I", "-S", "-c", LAUNCH, *self.command]
        done = subprocess.run(launched, cwd=ROOT, check=True, capture_output=True, text=True, env=INSTALLED)
        answer = done.stdout.split()
        if int(answer[3]):
            sys.exit(f"{self.name} failed: {' '.join(self.command)}")
        self.seconds.append(float(answer[0]))
        self.cpu.append(float(answer[1]))
        self.peak = max(self.peak, int(answer[2]))

    def forget(self) -> None:
        self.seconds.clear()
        self.cpu.clear()

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def measured(ways: list[Way], rounds: int) -> None:
    for number in range(rounds + 1):
        for way in ways:
            way.run()
            if number == 0:
                way.forget()


def report(title: str, ways: list[Way], size: int) -> None:
    ours = ways[0].median
    print(f"\n{title}: {size / MIB:.0f} MiB, median of {len(ways[0].seconds)} alternating runs")
    for way in ways:
        rate = size / 1e6 / way.median
        spread = f"{min(way.seconds):.2f}-{max(way.seconds):.2f}"
        print(
            f"  {way.name:34} {way.median:6.3f} s ({spread})  {rate:6.0f} MB/s"
            f"  {way.median / ours:5.2f} x our time   cpu {statistics.median(way.cpu):5.2f} s   peak {way.peak / 1024:5.1f} MiB"
        )


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def prepared(folder: Path, size: int) -> dict[str, Path]:
    """A lot's keyset, a certified key without passphrase, and the document to seal."""
    lot = make_lot()
    identity = lot.bidder()
    held = keyfile.KeyFile(identity.key, identity.cert_chain, "甲公司", "p-1", "2026-11-23T00:00:00Z")
    paths = {name: folder / name for name in ("keyset.json", "my.key", "bid.pdf", "id.txt", "recipient")}
    paths["keyset.json"].write_bytes(lot.raw)
    paths["my.key"].write_bytes(held.encode())
    secret, recipient = age.generate()
    paths["id.txt"].write_text(age.encode_identity(secret) + "\n")
    paths["recipient"].write_text(recipient)
    with paths["bid.pdf"].open("wb") as out:
        for _ in range(size // MIB):
            out.write(secrets.token_bytes(MIB))
    return paths


def sealing_ways(folder: Path, paths: dict[str, Path]) -> list[Way]:
    document, out = paths["bid.pdf"], folder / "sealed"
    ours = python(SEAL, "--keyset", paths["keyset.json"], "--key", paths["my.key"], "--price", "21846300.00",
                  "--no-rescue", "-o", out, document)  # fmt: skip
    stock = ["age", "-r", paths["recipient"].read_text(), "-o", str(folder / "stock.age"), str(document)]
    raw = python(RAW, document, folder / "raw.bin", 65536)
    same = [str(document), paths["recipient"].read_text(), str(folder / "same.age")]
    return [
        Way("kaibiao seal", ours, out, []),
        Way("age -r (stock)", stock, folder / "stock.age", []),
        Way("the same job with stock tools", ["sh", "-c", SAME_SEALING, "sh", *same], folder / "same.age", []),
        Way("copy + raw ChaCha20-Poly1305", raw, folder / "raw.bin", []),
    ]


def opening_ways(folder: Path, paths: dict[str, Path]) -> list[Way]:
    """The same ciphertext format for both: a bid whose key we keep, opened by the CLI and by stock age."""
    secret = keep_identity(folder, paths)
    out = folder / "opened"
    ours = python(OPEN, folder / "kept", "--stage", "docs", "--identity", secret, "--tar", "-o", out)
    stock = ["age", "-d", "-i", str(secret), "-o", str(folder / "plain.tar"), str(folder / "kept" / "docs.age")]
    raw = python(RAW, folder / "raw.bin", folder / "raw.plain", 65552)
    same = [str(folder / "kept" / "docs.age"), str(secret), str(folder / "same.tar")]
    return [
        Way("kaibiao open", ours, out, []),
        Way("age -d (stock)", stock, folder / "plain.tar", []),
        Way("the same job with stock tools", ["sh", "-c", SAME_OPENING, "sh", *same], folder / "same.tar", []),
        Way("copy + raw ChaCha20-Poly1305", raw, folder / "raw.plain", []),
    ]


def keep_identity(folder: Path, paths: dict[str, Path]) -> Path:
    """Seal once with a rescue file, and take the documents' key out of it."""
    command = python(SEAL, "--keyset", paths["keyset.json"], "--key", paths["my.key"], "--price", "1.00",
                     "-o", folder / "kept", paths["bid.pdf"])  # fmt: skip
    environment = os.environ | {"KAIBIAO_RESCUE_PASSPHRASE": "benchmark"}
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    print(f"(once, with rescue.age at scrypt work factor 18: {time.perf_counter() - start:.2f} s)")
    found = rescue.read((folder / "kept" / bid.RESCUE).read_bytes(), "benchmark")
    kept = folder / "docs.key"
    kept.write_text(age.encode_identity(found["docs"]) + "\n")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    args = parser.parse_args()
    size = args.mib * MIB
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        INSTALLED["PYTHONPYCACHEPREFIX"] = str(folder / "byte code")
        paths = prepared(folder, size)
        steps: list[tuple[str, Callable[[Path, dict[str, Path]], list[Way]]]] = [
            ("sealing", sealing_ways),
            ("opening", opening_ways),
        ]
        good = True
        for title, made in steps:
            ways = made(folder, paths)
            measured(ways, args.rounds)
            report(title, ways, size)
            good &= ways[0].median <= ways[1].median and ways[0].peak < 64 * 1024
    print(f"\ngoal (no slower than stock age, peak under 64 MiB): {'met' if good else 'MISSED'}")
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
