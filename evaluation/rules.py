"""Pure decisions about a committee: who may sit on it, when it may change, and what its members sign."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts.roles import Plane, Role
from evaluation import composition
from evaluation.composition import SeatKind
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.law import holds
from kernel.money import Fen
from kernel.statements import Signed
from tendering.packs import Kind, Pack

_RECUSAL = "《招标投标法》第三十七条；《招标投标法实施条例》第四十六条"


@dataclass(frozen=True)
class Candidate:
    """A person proposed for a seat; `uscc` is the organization's whose member the person is.

    `represents`: speaks for the owner of this very tender, and so sits as its representative.
    """

    person_id: int
    login: str
    uscc: str
    roles: frozenset[Role]
    plane: Plane | None
    certified: bool
    represents: bool = False
    years: int | None = None
    """Of work in the field, as recorded at admission; None without a record."""

    @property
    def kind(self) -> SeatKind:
        return SeatKind.OWNER if self.represents else SeatKind.EXPERT


def check_committee(pack: Pack, planned: Fen, candidates: Sequence[Candidate], parties: Collection[str]) -> None:
    """Refuses a committee that is too small, and the first person who may not sit.

    `parties` are the codes of bidders, their consortia, owner and agency.
    """
    if len({one.person_id for one in candidates}) != len(candidates):
        raise Invalid("committee.twice", "同一人只能占一个席位", "Nobody sits twice", fields={"persons": "twice"})
    composition.check(pack, planned, [one.kind for one in candidates])
    for one in candidates:
        check_candidate(one, parties)
        check_experience(pack, one)


@holds("C40", "G24")
def check_candidate(one: Candidate, parties: Collection[str]) -> None:
    """Forbidden with the reason for which this person may not sit."""
    if one.plane is Plane.SUPERVISE:
        raise _recused(one, "监督人员不得进入评标委员会", "supervisors never sit on a committee")
    if Role.EXPERT not in one.roles and not one.represents:
        raise _recused(one, "不是评标专家", "not an expert")
    if one.uscc in parties and not one.represents:
        raise _recused(
            one,
            "与投标人、招标人或代理机构属同一单位，应当回避",
            "of a bidder's, the owner's or the agency's organization",
        )
    if not one.certified:
        raise _recused(one, "尚无可用的签名证书", "has no certificate to sign with")


@holds("expert.years")
def check_experience(pack: Pack, one: Candidate) -> None:
    """Forbidden to an expert whose admission records fewer years in the field than the pack asks (C37)."""
    for rule in pack.find(Kind.MIN_COUNT, "expert.years"):
        if one.kind is SeatKind.EXPERT and (one.years or 0) < rule.value:
            raise Forbidden(
                "committee.experience",
                f"{one.login}：登记的从业年限不满 {rule.value} 年",
                f"{one.login}: admitted with fewer than {rule.value} years in the field",
                rule=rule.cited,
                login=one.login,
            )


def _recused(one: Candidate, zh: str, en: str) -> Forbidden:
    return Forbidden("committee.recused", f"{one.login}：{zh}", f"{one.login}: {en}", rule=_RECUSAL, login=one.login)


@holds("C40", "G26", "G34")
def check_changeable(*, computed: bool) -> None:
    """A member is replaced until the result stands; what the replaced one signed is void and done again (条例 第48条)."""
    if computed:
        raise Conflict(
            "committee.at_work",
            "评审结果已经产生，不能再更换评标委员会成员",
            "The result stands: the committee can no longer be changed",
            rule="《招标投标法实施条例》第四十八条；财政部令第87号第四十九条、第六十四条",
        )


def check_statement(signed: Signed, expected: bytes) -> None:
    """The member signed exactly what the platform shows; anything else is refused."""
    if signed.raw != expected:
        raise Conflict(
            "admission.other",
            "所签文件与当前应签文件不一致，请刷新后重签",
            "That is not the statement to be signed now: reload and sign again",
            rule="sealing.md 1.5",
        )


def check_declared(*, declared: bool, conflict: str | None) -> None:
    """Nobody sees a bid before having declared, or after having declared a conflict."""
    if not declared:
        raise Conflict(
            "seat.undeclared",
            "请先作回避声明",
            "Declare conflicts of interest first",
            rule="《评标委员会和评标方法暂行规定》第十二条",
        )
    if conflict is not None:
        raise Forbidden(
            "seat.conflict",
            "您已声明存在利害关系，须回避",
            "You declared a conflict of interest and take no part",
            rule=_RECUSAL,
        )
