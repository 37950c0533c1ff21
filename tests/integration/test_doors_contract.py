"""The published contract holds: schemathesis calls every documented operation with what its schema allows and does not.

`positive` data obey the schema, `negative` break it; whatever comes, no accident, and every answer is as documented.
"""

from __future__ import annotations

import tempfile

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from portal_doors import Street, built
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bidding.models import Bid
from kernel import clock
from kernel.settings import load
from portal.app import create_app
from portal.limits import limiter

EXAMPLES = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _operations() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load({"KAIBIAO_VAR": folder}))
        schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
        return [found.ok().label for found in schema.get_all_operations()]


OPERATIONS = _operations()


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    yield from built(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module")
def schema(street):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", street.stage.app)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_answers_as_documented(street: Street, schema, label):
    operation = schema.find_operation_by_label(label)
    who = _callers(street, operation)
    before = len(street.stage.rows(Bid))

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        caller=st.sampled_from(who),
        real=st.booleans(),
    )
    def called(case, caller, real):
        if real:
            _lead_somewhere(street, case)
        limiter.reset()
        with clock.at(street.stage.now):
            answer = case.call(headers=caller)
        case.validate_response(answer, checks=CHECKS)

    called()
    assert len(street.stage.rows(Bid)) == before


def _callers(street: Street, operation) -> list[dict[str, str]]:
    """Nobody, and somebody of an office to whom the door is open."""
    names = ("bidding", "OWNER", "MGR", "OPS", "EXPERT")
    return [{}, *({"Authorization": f"Bearer {street.token(street.people[name])}"} for name in names)]


def _lead_somewhere(street: Street, case) -> None:
    known = street.values["collecting"]
    for name in case.path_parameters or {}:
        value = known.get(name, "1")
        case.path_parameters[name] = value[:20] if name == "code" and "/tenders/" in case.path else value
