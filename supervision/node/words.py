"""The words of the node's page, Chinese first."""

from __future__ import annotations

from typing import Literal, NewType

Language = NewType("Language", str)
ZH, EN = Language("zh"), Language("en")

Key = Literal[
    "title", "what", "practice", "halted", "latest", "entries", "cosigned", "ago", "never", "state", "agrees", "key",
    "peers", "peers_what", "node", "size", "seen", "address", "lots", "lots_none", "lot", "step", "closes", "opens", "left",
    "passed", "suspended", "said", "alerts", "alerts_none", "what_alert", "since", "evidence", "over", "bundle",
    "bundle_what", "download", "hash_of", "policy", "recheck", "root", "sign", "inbox", "origin", "clock", "other_language", "again", "brand",
]  # fmt: skip

WORDS: dict[Key, tuple[str, str]] = {
    "title": ("监督节点", "Supervision node"),
    "what": (
        "本节点独立于交易平台运行：逐条下载公开日志，自行重算，确认无误后才签名见证；保管开标密钥的一份，到时发布。",
        (
            "Independent of the trading platform, this node fetches every entry of the public log, recomputes it and"
            " only then cosigns. It keeps one share of the keys to each opening and releases it when the time comes."
        ),
    ),
    "practice": ("演练节点，不用于真实交易", "Practice node: not for real tenders"),
    "halted": (
        "日志出现两个版本，本节点已停止签名。证据见下。",
        "The log has shown two versions of itself. This node signs nothing any more; the evidence is below.",
    ),
    "latest": ("最近见证的日志", "Log as last cosigned"),
    "entries": ("条记录", "entries"),
    "cosigned": ("见证时间", "Cosigned"),
    "ago": ("前", "ago"),
    "never": ("尚未", "not yet"),
    "state": ("状态", "State"),
    "agrees": ("一致，未发现异常", "Consistent: nothing found amiss"),
    "key": ("本节点的公钥", "This node's keys"),
    "peers": ("其他节点", "The other nodes"),
    "peers_what": (
        "本节点定时查看其他节点见证的日志是否与自己的一致。",
        "This node regularly checks that the others see the same log.",
    ),
    "node": ("节点", "Node"),
    "size": ("日志条数", "Log size"),
    "seen": ("查看时间", "Seen"),
    "address": ("地址", "Address"),
    "lots": ("标段", "Lots"),
    "lots_none": ("目前没有标段。", "There are no lots yet."),
    "lot": ("标段编号", "Lot"),
    "step": ("阶段", "Step"),
    "closes": ("投标截止", "Closes"),
    "opens": ("开标", "Opens"),
    "left": ("还有", "in"),
    "passed": ("已到", "passed"),
    "suspended": ("已暂停", "suspended"),
    "said": ("本节点已签署", "Signed by this node"),
    "alerts": ("预警", "Alerts"),
    "alerts_none": ("没有未结预警。", "No open alerts."),
    "what_alert": ("事项", "What"),
    "since": ("时间", "Since"),
    "evidence": ("证据", "Evidence"),
    "over": ("已结束", "over"),
    "bundle": ("离线封标工具", "Offline sealing page"),
    "bundle_what": (
        "单个文件，断网可用，与平台提供的应当完全相同：下载后请核对摘要。",
        "One file that works without a network, the same as the platform's to the byte: compare the hash after downloading.",
    ),
    "download": ("下载", "Download"),
    "hash_of": ("摘要", "hash"),
    "policy": ("见证规则文件摘要", "Policy file hash"),
    "recheck": ("机器可读", "Machine-readable"),
    "root": ("根摘要", "Root hash"),
    "sign": ("签名公钥", "Signing key"),
    "inbox": ("收件公钥", "Inbox recipient"),
    "origin": ("日志", "Log"),
    "clock": ("本节点时钟（北京时间）", "This node's clock (Beijing time)"),
    "other_language": ("English", "中文"),
    "again": ("刷新", "Refresh"),
    "brand": ("开标 Kaibiao", "Kaibiao"),
}

STEPS = {
    "announced": ("已公布", "announced"),
    "collecting": ("接收投标", "collecting"),
    "closing": ("核对名册", "closing"),
    "closed": ("已封箱", "closed"),
    "opened": ("已发布密钥份额", "shares released"),
    "failed": ("流标", "failed"),
}

COLORS = {"red": ("红色", "red"), "yellow": ("黄色", "yellow"), "green": ("绿色", "green")}

POINTS = {
    "log.fork": ("日志分叉：同一密钥签署了两棵树", "Log fork: one key signed two trees"),
    "log.unserved": ("日志未提供其签名所指的内容", "The log does not serve what it signed"),
    "log.silent": ("日志已三分钟没有新的签名", "The log has signed nothing for three minutes"),
    "roll.refused": ("名册与本节点所见不符，未予封箱", "The roll is not what this node has seen: no close"),
    "roll.missing": ("名册未按时送达", "The roll has not come in time"),
    "admission.wrong": ("开启名单与封箱声明不符", "The bids admitted do not follow from the closes"),
    "presented.missing": ("曾向本节点出示的投标不在名册上", "A bid presented here is not on the roll"),
    "keyset.refused": ("密钥集未通过核对，未予签名", "A keyset failed the checks and was not signed"),
    "clock.step": ("本节点时钟跳变，暂停签署", "This node's clock stepped: signing paused"),
    "reply.due": ("异议、质疑或询问的答复即将到期", "A reply to an objection, query or inquiry is due soon"),
    "reply.late": ("异议、质疑或询问逾期未答复", "An objection, query or inquiry has no reply in time"),
    "complaint.due": ("投诉的受理或处理即将到期", "A complaint is soon to be taken or decided"),
    "complaint.late": ("投诉逾期未受理或未处理", "A complaint was not taken or decided in time"),
    "lot.unserved": ("本节点无法处理该标段", "This node cannot serve the lot"),
}

SAID = {
    "close": ("封箱声明", "close"),
    "release.hash": ("份额承诺", "release hash"),
    "destroyed": ("密钥销毁声明", "keys destroyed"),
}


def word(pair: tuple[str, str], language: Language) -> str:
    return pair[1] if language == EN else pair[0]
