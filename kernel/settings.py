"""Typed settings, read once from the environment; every problem is reported at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(ValueError):
    """All that is wrong with the environment, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the settings do not hold:\n" + "\n".join(f"  - {line}" for line in problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """Where things lie and how the installation behaves; see docs/settings.md for each variable."""

    var: Path
    database: str
    secret_key: str
    origin: str
    url: str
    edge_url: str
    inbox_url: str
    evaluator_url: str
    node_port: int
    policy: Path
    trusted_cas: Path | None
    cover_slot_s: int
    cover_entries: int
    upload_max: int
    recording_gap_s: int
    recording_grace_s: int
    log_level: str
    secure_cookies: bool

    @property
    def practice(self) -> bool:
        """Whether this installation plays: periods of seconds, and keys that no real policy accepts."""
        return self.origin.startswith("practice/")


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environ.get(f"KAIBIAO_{name}", default)

    def whole(self, name: str, default: int, least: int) -> int:
        given = self.text(name, str(default))
        if given.isascii() and given.isdigit() and int(given) >= least:
            return int(given)
        self.problems.append(f"KAIBIAO_{name}: a whole number of at least {least}, not {given!r}")
        return default

    def url(self, name: str, default: str) -> str:
        given = self.text(name, default).rstrip("/")
        if not given.startswith(("http://", "https://")):
            self.problems.append(f"KAIBIAO_{name}: an http or https address, not {given!r}")
        return given

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        given = self.text(name, default)
        if given not in allowed:
            self.problems.append(f"KAIBIAO_{name}: one of {', '.join(allowed)}, not {given!r}")
        return given

    def folder(self, name: str) -> Path | None:
        given = self.text(name, "")
        if given and not Path(given).is_dir():
            self.problems.append(f"KAIBIAO_{name}: a folder that exists, not {given!r}")
        return Path(given) if given else None


def load(environ: Mapping[str, str]) -> Settings:
    """Read `KAIBIAO_*`; SettingsError lists every problem. Makes the data folder and its secret if missing."""
    read = _Reader(environ)
    var = Path(read.text("VAR", "var")).resolve()
    database = read.text("DATABASE", f"sqlite:///{var / 'kaibiao.sqlite'}")
    if not database.startswith(("sqlite:///", "postgresql+psycopg://")):
        read.problems.append("KAIBIAO_DATABASE: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
    url = read.url("URL", "http://127.0.0.1:8000")
    origin = read.text("ORIGIN", "practice/kaibiao.local")
    settings = Settings(
        var=var,
        database=database,
        secret_key=read.text("SECRET_KEY", "") or _secret(var),
        origin=origin,
        url=url,
        edge_url=read.url("EDGE_URL", "http://127.0.0.1:8001"),
        inbox_url=read.url("INBOX_URL", "http://127.0.0.1:8002"),
        evaluator_url=read.url("EVALUATOR_URL", "http://127.0.0.1:8003"),
        node_port=read.whole("NODE_PORT", 8010, 1),
        policy=Path(read.text("POLICY", str(var / "policy.txt"))),
        trusted_cas=read.folder("TRUSTED_CAS"),
        cover_slot_s=read.whole("COVER_SLOT_S", 2, 1),
        cover_entries=read.whole("COVER_ENTRIES", 8, 1),
        upload_max=read.whole("UPLOAD_MAX", 8 * 1024**3, 1),
        recording_gap_s=read.whole("RECORDING_GAP_S", 5 if origin.startswith("practice/") else 60, 1),
        recording_grace_s=read.whole("RECORDING_GRACE_S", 10 if origin.startswith("practice/") else 1800, 1),
        log_level=read.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        secure_cookies=url.startswith("https://"),
    )
    if read.problems:
        raise SettingsError(read.problems)
    return settings


def _secret(var: Path) -> str:
    path = var / "keys" / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
