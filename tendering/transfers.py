"""Files that come with a form and that go out as downloads. Call `posted` outside of a transaction: it streams."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import IO
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import FileStorage

from kernel.errors import Invalid
from kernel.site import site
from tendering import documents, filenames
from tendering.attachments import Attachment

CHUNK, MOST = 1 << 18, 20


def posted(field: str) -> list[Attachment]:
    """The files chosen in a form's field, stored; Invalid when they are too many or of a kind that is not taken."""
    given = [one for one in request.files.getlist(field) if one.filename]
    if len(given) > MOST:
        zh, en = f"最多 {MOST} 个文件。", f"At most {MOST} files."
        raise Invalid("application.files", zh, en, rule=filenames.RULE, fields={field: "many"})
    return [_stored(one) for one in given]


def _stored(given: FileStorage) -> Attachment:
    name = str(given.filename)
    filenames.media_type(name)
    stored = documents.store(name, iter(partial(given.stream.read, CHUNK), b""))
    return Attachment(name, stored.size, stored.sha256, stored.blob_key)


def drop(files: Iterable[Attachment]) -> None:
    """Nothing refers to the files: what they came with was refused."""
    for one in files:
        site().blobs.delete(one.blob_key)


def download(file: IO[bytes], name: str, size: int, media_type: str) -> Response:
    """The bytes as an attachment under their name; who may have them, and how long they keep, the caller says."""
    answer = Response(file, mimetype=media_type, direct_passthrough=True)
    answer.content_length = size
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def private(blob_key: str, name: str, size: int) -> Response:
    """A stored file for the eyes of the one who asks; no cache keeps it."""
    answer = download(site().blobs.open(blob_key), name, size, filenames.media_type(name))
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
