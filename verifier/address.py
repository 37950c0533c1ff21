"""A tender's public files at a portal's address: the same paths as in an archive, each fetched whole or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx

from kernel import canonical
from sealing.replacing import Replacing

_PAGE = re.compile(r"(?P<portal>.*?)/tenders/(?P<code>[A-Z0-9]{20})/?")
_CODE = re.compile(r"[A-Z0-9]{20}")
_LOT = re.compile(r"[A-Z0-9]{23}")
_SEALED = re.compile(r".*?/lots/[A-Z0-9]{23}/archive")
TIMEOUT = httpx.Timeout(10.0, read=60.0)


class AddressError(ValueError):
    """The portal cannot be reached, or does not answer as one."""


@dataclass(frozen=True)
class Address:
    """Where one tender is published."""

    portal: str
    tender: str

    @classmethod
    def parse(cls, text: str, portal: str | None = None) -> Address:
        """From a tender's page address, or its code and the portal's address; AddressError otherwise."""
        parts = urlsplit(text)
        if parts.scheme in ("http", "https"):
            found = _PAGE.fullmatch(parts.path)
            if found is None:
                raise AddressError(f"{text} is not the address of a tender's page")
            return cls(f"{parts.scheme}://{parts.netloc}{found['portal']}", found["code"])
        if portal is None or not _CODE.fullmatch(text):
            raise AddressError("give the address of the tender's page, or its code and --url of the portal")
        return cls(portal.rstrip("/"), text)

    def of(self, path: str) -> str:
        """Where the portal serves what stands at `path` in an archive."""
        first, _, rest = path.partition("/")
        lot, _, name = rest.partition("/")
        if first == "lots" and name == "disclosures.json":
            return f"{self.portal}/log/disclosures?lot={quote(lot)}"
        served = {
            "log/checkpoint": "log/checkpoint.cosigned",
            "policy.txt": "log/policy",
            "tender.json": f"public/tenders/{self.tender}/tender.json",
        }
        folders = {"log": "log", "documents": f"tenders/{self.tender}/documents"}
        folder = folders.get(first, f"public/{first}")
        where = served.get(path, f"{folder}/{rest}")
        return f"{self.portal}/{where}"


@dataclass(frozen=True)
class Downloads:
    """Saves files into a folder that becomes an archive."""

    address: Address
    client: httpx.Client
    folder: Path

    def save(self, path: str, name: str | None = None) -> bool:
        """Fetch `path` (kept as `name`); False when the portal has no such file, AddressError on any other answer."""
        target = self.folder / (name or path)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.client.stream("GET", self.address.of(path)) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return False
                answer.raise_for_status()
                with Replacing(target) as replacing:
                    for block in answer.iter_bytes(1 << 20):
                        replacing.file.write(block)
        except httpx.HTTPError as error:
            raise AddressError(f"{self.address.of(path)}: {error}") from error
        return True

    def need(self, path: str) -> None:
        """Fetch what must be there; AddressError when it is not."""
        if not self.save(path):
            raise AddressError(f"{self.address.of(path)}: there is no such file")

    def disclosures(self, lot: str) -> None:
        """What of the lot's sealed facts is public now, as the archive keeps it: the bare list."""
        path = f"lots/{lot}/disclosures.json"
        self.need(path)
        answer = canonical.decode((self.folder / path).read_bytes())
        (self.folder / path).write_bytes(canonical.encode(answer["disclosures"]))


def sealed_archive(text: str, portal: str | None = None) -> str | None:
    """The address of a lot's sealed archive, where `text` is one or a lot's code; None where it names a tender."""
    if text.startswith(("http://", "https://")):
        return text if _SEALED.fullmatch(urlsplit(text).path) else None
    if portal is None or not _LOT.fullmatch(text):
        return None
    return f"{portal.rstrip('/')}/lots/{text}/archive"


def fetch(where: str, target: Path) -> None:
    """Save one file whole; AddressError on any answer but the file."""
    try:
        with client() as asked, asked.stream("GET", where) as answer:
            answer.raise_for_status()
            with Replacing(target) as replacing:
                for block in answer.iter_bytes(1 << 20):
                    replacing.file.write(block)
    except httpx.HTTPError as error:
        raise AddressError(f"{where}: {error}") from error


def client() -> httpx.Client:
    """Follows no redirects and takes no proxy from the environment: the address given is the address asked."""
    return httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)
