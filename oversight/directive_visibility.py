"""Who sees what of a supervising authority's directive, and when: everybody once it is in force, overseers before."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each
from oversight.directive_models import DirectiveOrder


class Viewer(StrEnum):
    OVERSEER = "overseer"
    """The supervising authority, inspection and the management office: who may give or second it."""
    PUBLIC = "public"


class Stage(StrEnum):
    WAITING = "waiting"
    IN_FORCE = "in_force"


_LAW = "《招标投标法实施条例》第六十一条、第八十一条；《政府采购法实施条例》第七十一条"

TABLE: Table[Viewer, Stage] = Table(
    "directive",
    Words("监督指令", "Directives"),
    {
        Viewer.OVERSEER: Words("监督、监察、管理机构", "Supervision, inspection, management"),
        Viewer.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {Stage.WAITING: Words("待第二次确认", "Waiting for its second"), Stage.IN_FORCE: Words("已生效", "In force")},
    alike(
        each((Viewer.OVERSEER,), Stage) | each((Viewer.PUBLIC,), (Stage.IN_FORCE,)), _LAW,
        act=("指令", "act"), reasons=("理由", "reasons"), law=("依据", "law"), signed_at=("签署时间", "when signed"),
        in_force_at=("生效时间", "when in force"), file=("签署的文件", "signed file"), sig=("签名", "signature"),
    ),
)  # fmt: skip


def viewer(actor: Actor | None) -> Viewer:
    overseer = actor is not None and actor.roles & {Role.SUP, Role.INSP, Role.MGR}
    return Viewer.OVERSEER if overseer else Viewer.PUBLIC


def fields(order: DirectiveOrder, actor: Actor | None) -> frozenset[str]:
    return TABLE.fields(viewer(actor), Stage.WAITING if order.in_force_at is None else Stage.IN_FORCE)
