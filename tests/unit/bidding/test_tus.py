import base64
from datetime import UTC, datetime

import pytest

from bidding import tus
from kernel.errors import Invalid, TooLarge


def pair(key: str, value: str) -> str:
    return f"{key} {base64.b64encode(value.encode()).decode()}"


def test_a_length_is_a_whole_number_in_one_spelling():
    assert tus.length("17", 100) == 17
    for text in (None, "", "-1", "+1", "01", "1.0", "0x1", "１", "99999999999999999"):
        with pytest.raises(Invalid) as refused:
            tus.length(text, 10**18)
        assert refused.value.code == "upload.header"


def test_an_empty_file_is_refused():
    with pytest.raises(Invalid) as refused:
        tus.length("0", 100)
    assert refused.value.code == "upload.empty"


def test_a_file_above_the_limit_is_refused_and_the_limit_named():
    with pytest.raises(TooLarge) as refused:
        tus.length("101", 100)
    assert refused.value.detail["limit"] == 100


def test_metadata_names_the_file_in_any_script():
    text = ",".join([pair("filename", "投标文件.age"), pair("lot", "E9901010000000117001001"), "flag"])
    assert tus.metadata(text) == {"filename": "投标文件.age", "lot": "E9901010000000117001001", "flag": ""}
    assert tus.metadata(None) == {}


@pytest.mark.parametrize(
    "text",
    ["filename !!!", "filename /w==", pair("a", "1") + "," + pair("a", "2"), pair("a", "x" * 513), pair("a", "\0")],
)
def test_metadata_that_cannot_be_read_is_refused(text):
    with pytest.raises(Invalid) as refused:
        tus.metadata(text)
    assert refused.value.code == "upload.metadata"


def test_a_checksum_has_a_known_algorithm_and_its_length():
    digest = bytes(32)
    said = tus.checksum("sha256 " + base64.b64encode(digest).decode())
    assert said == tus.Checksum("sha256", digest)
    assert tus.checksum(None) is None
    for text in ("md5 AAAA", "sha256 AAAA", "sha256", "sha256 !", ""):
        with pytest.raises(Invalid):
            tus.checksum(text)


def test_another_version_and_another_body_type_are_refused():
    for check, text in ((tus.check_version, "0.2.2"), (tus.check_version, None), (tus.check_body_type, "text/plain")):
        with pytest.raises(Invalid):
            check(text)
    tus.check_version("1.0.0")
    tus.check_body_type("application/offset+octet-stream")


def test_an_expiry_is_an_http_date():
    assert tus.http_date(datetime(2026, 11, 23, 1, 30, tzinfo=UTC)) == "Mon, 23 Nov 2026 01:30:00 GMT"
