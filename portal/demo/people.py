"""The cast: organizations with invented names, their people, second factors and signing keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyotp

from accounts.rules import ALPHABET, uscc_ok
from kernel import canonical, clock, keys
from kernel.statements import Signed
from portal.demo.stage import PASSPHRASE, PASSWORD, Actor, Stage
from sealing import keyfile

WORK_FACTOR = "12"
EXPERTISE = {"field": "市政工程", "years": 12, "title": "高级工程师"}
CONSORTIUM = "北辰—松城联合体"


@dataclass(frozen=True)
class Role:
    """One organization with its first person."""

    login: str
    kind: str
    organization: str
    person: str
    number: int
    grants: tuple[str, ...] = ()


OFFICE = Role("mgr", "manager", "清江县公共资源交易管理办公室", "管理员甲", 1)
OWNER = Role("owner", "owner", "清江县交通运输局", "招标人代表", 2, ("OWNER",))
SUPERVISOR = Role("supervisor", "supervisor", "清江县住房和城乡建设局", "监督人员", 4, ("SUP",))
CENTRE = Role("centre", "centre", "清江县公共资源交易中心", "开标主持", 3, ("OPS",))
BIDDERS = (
    Role("hongtu", "bidder", "清河宏图建设有限公司", "宏图投标员", 11, ("BIDDER",)),
    Role("nanshan", "bidder", "南山路桥工程有限公司", "南山投标员", 12, ("BIDDER",)),
    Role("shuidian", "bidder", "清江水电工程有限公司", "水电投标员", 13, ("BIDDER",)),
    Role("beichen", "bidder", "北辰市政工程有限公司", "北辰投标员", 14, ("BIDDER",)),
    Role("dongling", "bidder", "东岭公路养护有限公司", "东岭投标员", 15, ("BIDDER",)),
    Role("xihe", "bidder", "西河交通建设有限公司", "西河投标员", 16, ("BIDDER",)),
)
PARTNER = Role("songcheng", "bidder", "松城市政有限公司", "松城投标员", 17, ("BIDDER",))
EXPERTS = tuple(
    Role(f"expert{n}", "expert_pool", f"练习专家库第{n}组", f"评标专家{n}", 20 + n, ("EXPERT",)) for n in range(1, 6)
)
SIGNERS = (OWNER, *BIDDERS, PARTNER, *EXPERTS)


def uscc(number: int) -> str:
    """An invented code of the practice county with a right check character."""
    body = f"91990101MAK{number:06d}"
    return next(body + last for last in ALPHABET if uscc_ok(body + last))


def cast(stage: Stage) -> dict[str, Actor]:
    """Register everybody through the doors that people use; the signed-in actors by login."""
    actors = {OFFICE.login: _office(stage)}
    office = actors[OFFICE.login]
    others = (OWNER, CENTRE, SUPERVISOR, *BIDDERS, PARTNER, *EXPERTS)
    with ThreadPoolExecutor(4) as pool:
        joined = pool.map(lambda role: _join(stage, office, role), others)
    actors |= {actor.login: actor for actor in joined}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda role: make_key(stage, actors[role.login]), SIGNERS))
    return actors


def _office(stage: Stage) -> Actor:
    environ = {"KAIBIAO_MGR_PASSWORD": PASSWORD}
    stage.fleet.environ = {**stage.fleet.environ, **environ}
    words = ("--uscc", uscc(OFFICE.number), "--organization", OFFICE.organization, "--name", OFFICE.person)
    stage.cli(None, "bootstrap", *words, "--login", OFFICE.login)
    return sign_in(stage, OFFICE)


def _join(stage: Stage, office: Actor, role: Role) -> Actor:
    body = {
        "uscc": uscc(role.number), "name": role.organization, "kind": role.kind,
        "person_name": role.person, "login": role.login, "password": PASSWORD,
    }  # fmt: skip
    stage.must("POST", "organizations", body, office)
    actor = sign_in(stage, role)
    held = stage.must("GET", "me", None, actor)["roles"]
    for name in set(role.grants) - set(held):
        stage.must("POST", "grants", {"login": role.login, "role": name, **admission(name)}, office)
    return actor


def admission(role: str) -> dict[str, object]:
    """What the office records of an expert."""
    return {"expertise": EXPERTISE} if role == "EXPERT" else {}


def sign_in(stage: Stage, role: Role) -> Actor:
    """Sign in, set up the second factor, and keep the token."""
    first = stage.must("POST", "sessions", {"login": role.login, "password": PASSWORD})
    folder = stage.folder / "people" / role.login
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    actor = Actor(role.organization, role.login, first["token"], folder)
    secret = stage.must("POST", "totp", {}, actor)["secret"]
    (folder / "totp.txt").write_text(secret + "\n")
    stage.must("POST", "totp/confirm", {"code": pyotp.TOTP(secret).now()}, actor)
    return actor


def make_key(stage: Stage, actor: Actor) -> None:
    """`kaibiao key new`: made, certified, written, loaded back, confirmed."""
    stage.cli(actor, "key", "new", "--url", stage.url, "--work-factor", WORK_FACTOR, "-o", str(actor.key))


def consortium(stage: Stage, lead: Actor, partner: Actor) -> str:
    """Declared by its lead, confirmed by both with their signatures; how its bids name the party."""
    members = [stage.must("GET", "me", None, actor)["uscc"] for actor in (lead, partner)]
    agreement = canonical.sha(f"联合体协议书：{lead.name}、{partner.name}".encode())
    body = {"name": CONSORTIUM, "members": members, "agreement_sha256": agreement}
    declared = stage.must("POST", "consortia", body, lead)
    for actor in (lead, partner):
        key = key_of(actor)
        sig = keys.b64(keys.sign(declared["statement"].encode(), key.key))
        confirmed = {"sig": sig, "cert": keys.b64(key.cert_chain[0])}
        stage.must("POST", f"consortia/{declared['id']}/confirm", confirmed, actor)
    return f"consortium:{declared['id']}"


def signed(actor: Actor, content: dict[str, str]) -> dict[str, str]:
    """A statement signed with the actor's key file, as the API takes it."""
    return Signed.make(content, key_of(actor).key).to_json()


def key_of(actor: Actor) -> keyfile.KeyFile:
    return keyfile.load(actor.key.read_bytes(), PASSPHRASE)


def fresh_code(actor: Actor) -> str:
    """A one-time code not used before: that of the next half minute, which the portal takes for a clock that drifts."""
    secret = (actor.folder / "totp.txt").read_text().strip()
    return pyotp.TOTP(secret).at(clock.wall(), counter_offset=1)
