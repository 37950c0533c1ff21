"""A tender on a stage: database, nodes that answer, an owner with a certified key, a clock that the test moves."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from accounts import certificates
from accounts.actor import Actor
from accounts.certificates import Possession
from accounts.models import Organization, Person
from accounts.roles import OrgKind, Part, Role
from kernel import clock, keys
from kernel import db as database
from kernel import site as sites
from kernel.clock import rfc3339
from kernel.db import db, transaction
from kernel.outbox import Outgoing
from kernel.settings import load
from kernel.statements import Signed
from sealing.keyset import trustee_statement
from sealing.suite import named
from supervision import facts
from supervision.models import LogFact
from supervision.note import Kind
from supervision.note_key import NoteKey
from tendering import service, terms
from tendering.models import Lot, Tender
from tests import tables
from tests.log_stage import postgres_url

ORIGIN = "practice/stage"
REAL = "log.example.gov.cn"
NODES = ("supervisor", "management", "audit", "notary")
START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
SUITE = named("age-x25519/1")


def seconds(number: int) -> dt.timedelta:
    return dt.timedelta(seconds=number)


def method(**changes: Any) -> dict[str, Any]:
    found = {
        "type": "kaibiao-method/1", "id": "cn_lowest", "price_weight": "100", "criteria": [],
        "rounding": {"price_score": "0.01", "criterion_mean": "0.01", "total": "0.01"},
        "deduction": None, "tie": ["price"], "minimum_valid": 3, "max_price": "21846300.00",
        "goods_or_services": "works",
    }  # fmt: skip
    return {**found, **changes}


def notice(closes_at: dt.datetime | None = None, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "trade": "construction",
        "pack": "practice.construction.open",
        "title": "青山县农村公路改造工程施工招标公告",
        "region": "990101",
        "project_name": "青山县农村公路改造工程",
        "content": "路基、路面、桥涵、交通安全设施施工",
        "scale": "全长 12.6 公里",
        "fund_source": "县级财政资金",
        "approval_doc": "青发改投资〔2026〕18号",
        "qualification": "公路工程施工总承包三级及以上",
        "consortium_allowed": True,
        "contact": {"name": "王工", "phone": "0990-1234567", "address": "青山县人民路1号"},
        "documents_obtained": "自公告发布起在本平台免费下载",
        "submission": "在本平台封标后上传",
        "bid_validity_days": 90,
        "lots": [
            {
                "name": "第一标段",
                "ceiling": "21846300.00",
                "closes_at": rfc3339(closes_at) if closes_at else None,
                "method": method(),
            }
        ],
        "agency_uscc": None,
    }
    return {**found, **changes}


@dataclass
class Stage:
    """Actors by name, the owner's key, and what the nodes would answer."""

    folder: Path
    origin: str
    nodes: dict[str, NoteKey]
    now: dt.datetime = START
    owner_key: keys.PrivateKey = field(default_factory=keys.generate)
    cert: bytes = b""
    agency_key: keys.PrivateKey = field(default_factory=keys.generate)
    agency_cert: bytes = b""
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.actors[name]
        except KeyError:
            raise AttributeError(name) from None

    @contextlib.contextmanager
    def act(self, *, write: bool = True):
        """One request: the clock stands still, one transaction."""
        with clock.at(self.now), transaction(write=write):
            yield self.now

    def draft(self, **changes: Any) -> str:
        data = notice(self.now + seconds(60), **changes)
        with self.act() as now:
            return service.create_draft(self.owner, data, now).code

    def document(self, code: str, name: str = "招标文件.pdf", raw: bytes = PDF) -> str:
        with clock.at(self.now):
            return service.add_document(self.owner, code, name, iter([raw]), self.now).sha256

    def confirm_agency(self, code: str) -> None:
        """The agency's officer names the agency's key."""
        if not self.agency_cert:
            with self.act():
                self.agency_cert = _certify(self.agency, self.agency_key, self.now)
        with self.act() as now:
            service.confirm_key(self.agency, service.tender_of(code), self.agency_cert, now)

    def request_keys(self, code: str) -> None:
        if self.tender(code).agency_org is not None and self.tender(code).agency_cert is None:
            self.confirm_agency(code)
        with self.act() as now:
            service.request_keysets(self.owner, service.tender_of(code), self.cert, now)

    def answer(self, node: str, lot: str, odd: dict[str, Any] | None = None) -> None:
        """The node's answer to a request for its keys; `odd` fields make it wrong."""
        with self.act() as now:
            version = service.lot_of(lot).keyset_version
            entries = [self.entry(node, lot, version, stage, odd) for stage in ("sheet", "docs")]
            service.take_trustee_entries(node, {"lot": lot, "version": version, "entries": entries}, now)

    def entry(self, node: str, lot: str, version: int, stage: str, odd: dict[str, Any] | None = None) -> dict[str, Any]:
        key = self.nodes[node]
        fields = {
            "lot": lot, "stage": stage, "version": version, "i": NODES.index(node) + 1, "org": f"{node} org",
            "recipient": SUITE.keygen()[1], "sign_key": keys.spell(key.private.public_key()),
        }  # fmt: skip
        raw = trustee_statement(**{**fields, **(odd or {})})
        return {"stage": stage, "file": keys.b64(raw), "sig": keys.b64(keys.sign(raw, key.private))}

    def countersign(self, lot: str, node: str = "supervisor") -> None:
        with self.act() as now:
            row = service.lot_of(lot)
            sig = keys.b64(keys.sign(row.keyset or b"", self.nodes[node].private))
            service.take_keyset_signature(node, {"lot": lot, "version": row.keyset_version, "sig": sig}, now)

    def keyed(self, code: str) -> None:
        self.request_keys(code)
        for lot in self.lots(code):
            for node in NODES:
                self.answer(node, lot)
            self.countersign(lot)

    def lots(self, code: str) -> list[str]:
        with self.act(write=False):
            return [lot.code for lot in service.tender_of(code).lots]

    def sign(self, code: str, key: keys.PrivateKey | None = None) -> dict[str, str]:
        with self.act(write=False):
            sheet = service.signing_sheet(service.tender_of(code))
        return {item.sha256: keys.b64(keys.sign(item.raw, key or self.owner_key)) for item in sheet}

    def publish(self, code: str) -> None:
        if self.tender(code).state == "draft":
            self.file(code)
        signatures = self.sign(code)
        with self.act() as now:
            service.publish(self.owner, service.tender_of(code), signatures, self.cert, now)

    def file(self, code: str) -> None:
        with self.act() as now:
            service.file_plan(self.owner, service.tender_of(code), now)

    def ready(self, **changes: Any) -> str:
        code = self.draft(**changes)
        self.document(code)
        self.keyed(code)
        self.file(code)
        return code

    def published(self, **changes: Any) -> str:
        code = self.ready(**changes)
        self.publish(code)
        return code

    def signed(self, item: Any) -> Signed:
        return Signed(item.raw, keys.sign(item.raw, self.owner_key))

    def lot(self, code: str) -> Lot:
        with self.act(write=False):
            return service.lot_of(code)

    def tender(self, code: str) -> Tender:
        with self.act(write=False):
            return service.tender_of(code)

    def facts(self, kind: str) -> list[facts.Fact]:
        with self.act(write=False):
            rows = db.session.scalars(select(LogFact).where(LogFact.kind == kind).order_by(LogFact.id))
            return [row.value for row in rows]

    def mail(self, kind: str) -> list[dict[str, Any]]:
        with self.act(write=False):
            rows = db.session.scalars(select(Outgoing).where(Outgoing.kind == "node.mail").order_by(Outgoing.id))
            return [row.payload for row in rows if row.payload["kind"] == kind]


def keyed_anew(stage: Stage, lot: str, version: int) -> None:
    """All nodes give their keys for changed terms, and the supervising one signs the keyset they make."""
    for node in NODES:
        with stage.act() as now:
            entries = [stage.entry(node, lot, version, name) for name in ("sheet", "docs")]
            service.take_trustee_entries(node, {"lot": lot, "version": version, "entries": entries}, now)
    with stage.act() as now:
        raw = terms.proposed(service.lot_of(lot)).keyset or b""
        sig = keys.b64(keys.sign(raw, stage.nodes["supervisor"].private))
        service.take_keyset_signature("supervisor", {"lot": lot, "version": version, "sig": sig}, now)


def settle(stage: Stage) -> None:
    """Register the people the stories are about, and certify the owner's key."""
    people = {
        "owner": (OrgKind.OWNER, Role.OWNER, "91350100M000100Y43"),
        "agency": (OrgKind.AGENCY, Role.AGENCY, "12350100MB02709751"),
        "other_owner": (OrgKind.OWNER, Role.OWNER, "91110000600037341L"),
        "bidder": (OrgKind.BIDDER, Role.BIDDER, "91330106673959654P"),
        "manager": (OrgKind.MANAGER, Role.MGR, "914403001922038216"),
        "supervising": (OrgKind.SUPERVISOR, Role.SUP, "11350100003603305X"),
        "operator": (OrgKind.CENTRE, Role.OPS, "123501004887560000"),
    }
    with stage.act():
        for name, (kind, role, uscc) in people.items():
            stage.actors[name] = _actor(name, kind, role, uscc)
    with stage.act():
        stage.cert = _certify(stage.owner, stage.owner_key, stage.now)


def _actor(name: str, kind: OrgKind, role: Role, uscc: str) -> Actor:
    from accounts import people

    form = people.Registration(uscc, f"{name} 单位", kind, f"{name} 某", f"{name}-login".replace("_", "-"), "hash")
    by = None if kind in (OrgKind.OWNER, OrgKind.AGENCY, OrgKind.BIDDER) else _manager()
    done = people.register_organization(form, by, START)
    organization, person = done.organization, done.person
    return Actor(
        person.id, person.name, organization.id, organization.name, organization.uscc,
        frozenset({role}), frozenset(Part), address="192.0.2.7", user_agent="test",
    )  # fmt: skip


def _manager() -> Actor:
    person = db.session.scalar(select(Person.id)) or 0
    organization = db.session.scalar(select(Organization.id)) or 0
    return Actor(person, "office", organization, "office", "x", frozenset({Role.MGR}), frozenset())


def _certify(actor: Actor, key: keys.PrivateKey, now: dt.datetime) -> bytes:
    with clock.at(now):
        nonce = certificates.challenge(actor, now)
        possession = Possession(keys.spell(key.public_key()), "", nonce)
        proof = keys.b64(keys.sign(certificates.statement(possession), key))
        issued = certificates.issue(actor, replace(possession, proof=proof), now)
        certificates.confirm(actor, issued.serial, now)
        issued.countersigned_at = now
        db.session.flush()
        return issued.der


def policy_text(origin: str, nodes: dict[str, NoteKey]) -> str:
    lines = [f"log {NoteKey.generate(origin).vkey}"]
    for name, node in nodes.items():
        lines.append(f"witness {name} {node.vkey}")
        lines.append(f"# kaibiao org {name} {name} org")
        lines.append(f"# kaibiao inbox {name} {SUITE.keygen()[1]}")
    lines += [f"group all-nodes 3 {' '.join(nodes)}", "quorum all-nodes"]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def staged(folder: Path, origin: str = ORIGIN, now: dt.datetime = START, url: str | None = None):
    """A stage over a fresh SQLite file in `folder`, or over the empty database at `url`."""
    where = url or f"sqlite:///{folder / 'kaibiao.sqlite'}"
    app = Flask("stage")
    app.config["SQLALCHEMY_DATABASE_URI"] = where
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(where)
    db.init_app(app)
    prefix = "practice/" if origin.startswith("practice/") else ""
    nodes = {name: NoteKey.generate(f"{prefix}{name}", Kind.COSIGNATURE) for name in NODES}
    (folder / "policy.txt").write_text(policy_text(origin, nodes), encoding="utf8")
    settings = load(
        {
            "KAIBIAO_VAR": str(folder),
            "KAIBIAO_DATABASE": where,
            "KAIBIAO_ORIGIN": origin,
            "KAIBIAO_UPLOAD_MAX": "1000000",
        }
    )
    here = sites.make(settings)
    for name in ("ca", "platform", "log"):
        sites.make_key(here, name)
    card = {"sign_key": keys.spell(keys.generate().public_key()), "recipient": SUITE.keygen()[1]}
    (here.folder("keys") / "evaluator.json").write_text(json.dumps(card), encoding="utf8")
    with app.app_context(), sites.used(here):
        database.tune(db.engine)
        tables.make()
        stage = Stage(folder, origin, nodes, now)
        settle(stage)
        try:
            yield stage
        finally:
            db.session.remove()
            db.engine.dispose()


@contextlib.contextmanager
def on_each_engine(engine: str, folder: Path):
    """A stage on `sqlite`, or on `postgres` where KAIBIAO_TEST_POSTGRES names a server."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(postgres_url(template=tables.template)) if engine == "postgres" else None
        yield stack.enter_context(staged(folder, url=url))
