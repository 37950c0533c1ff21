"""A file that takes its name only when all of it is right: half a plaintext never stands under that name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class Replacing:
    """Writes beside `path`; renames at a clean end of the body, unless `keep` was set to False; deletes otherwise."""

    def __init__(self, path: Path) -> None:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        self._path = path
        self.temporary = Path(name)
        self.file: BinaryIO = os.fdopen(handle, "wb")
        self.keep = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if kind is None and self.keep:
            self.temporary.replace(self._path)
        else:
            self.temporary.unlink()
