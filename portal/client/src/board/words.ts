/** What is announced and written in the feed, one sentence for each kind of event. */
import { figures } from "../core/amount.ts";
import { english, pick, type Pair, type Values } from "../ui/language.ts";
import { STEPS, type BoardEvent } from "./events.ts";

const STEP: Record<(typeof STEPS)[number], Pair> = {
  sealed: ["投标截止,已封箱", "The deadline has passed; the box is sealed"],
  closed: ["名册已由监督节点签认", "The nodes have signed the roll"],
  released: ["监督节点正在释放份额", "The nodes are releasing their shares"],
  unsealing: ["开始逐份解封", "Unsealing has begun"],
  readout: ["全部解封完毕,开始唱标", "All are unsealed; the read-out begins"],
  confirming: ["请投标人确认", "Bidders confirm their lines"],
  record: ["正在形成开标记录", "The opening record is being made"],
};

export const NODE_STATE: Record<string, Pair> = {
  waiting: ["等待", "waiting"],
  closed: ["已签认名册", "roll signed"],
  committed: ["份额已锁定", "share committed"],
  released: ["已释放", "released"],
  missing: ["未响应", "no answer"],
};

const SENTENCE: Record<string, Pair> = {
  "node.closed": ["{node}签认了投标名册", "{node} signed the roll"],
  "node.committed": ["{node}锁定了份额", "{node} committed to its share"],
  "node.released": ["{node}释放了份额,核对无误", "{node} released its share; it checks"],
  "node.missing": ["{node}未响应", "{node} does not answer"],
  "bid.unsealing": ["正在解封第 {n} 份,共 {of} 份", "Unsealing bid {n} of {of}"],
  "bid.unsealed": ["第 {n} 份已解封,共 {of} 份", "Bid {n} of {of} is unsealed"],
  "bid.judged": ["{bidder}的投标未能打开:{reason}", "The bid of {bidder} could not be opened: {reason}"],
  "bid.readout": ["第 {line} 份:{bidder},{price} 元", "Line {line}: {bidder}, {price} yuan"],
  "base_price.readout": ["公布标底:{amount} 元", "The base price: {amount} yuan"],
  "base_price.unread": ["标底未能开启:{reason}", "The base price could not be opened: {reason}"],
  "bid.confirmed": ["第 {line} 份已由投标人确认", "Line {line} confirmed by its bidder"],
  "opening.objection": ["有投标人当场提出异议{text}", "A bidder raises an objection {text}"],
  "opening.ended": ["开标结束", "The opening has ended"],
};

export function sentence(event: BoardEvent, nodeName: string): string | undefined {
  if (event.kind === "opening.step") {
    const step = STEP[event.step as keyof typeof STEP];
    return step === undefined ? undefined : pick(step);
  }
  const words = SENTENCE[event.kind];
  return words === undefined ? undefined : pick(words, values(event, nodeName));
}

function values(event: BoardEvent, node: string): Values {
  const reason = (english() ? event.reason_en : event.reason) ?? event.reason ?? "";
  const { n = "", of = "", line = "", bidder = "", text = "" } = event;
  return { node, n, of, line, bidder, reason, price: figures(event.price ?? ""), amount: figures(event.amount ?? ""), text: text === "" ? "" : `:${text}` };
}
