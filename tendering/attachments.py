"""A file that came with a form: stored already, and no row's yet."""

from __future__ import annotations

from dataclasses import dataclass

from tendering import filenames


@dataclass(frozen=True)
class Attachment:
    """Its name as the sender gave it, its size in bytes, and where its bytes lie."""

    name: str
    size: int
    sha256: str
    blob_key: str

    @property
    def media_type(self) -> str:
        return filenames.media_type(self.name)
