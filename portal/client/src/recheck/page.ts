/** A stranger's first checks in the browser: who signed the log, does an entry stand in it, is my receipt on the roll? */
import { text } from "../core/bytes.ts";
import { parsePolicy, type Policy } from "../log/policy.ts";
import { checkCheckpoint } from "../log/proof.ts";
import { Tiles } from "../log/tiles.ts";
import { el, find, given, input, oneFile } from "../ui/dom.ts";
import { getBytes, getText } from "../ui/http.ts";
import { dictionary } from "../ui/language.ts";
import { findOnRoll, readReceipt, type OnRoll } from "./receipt.ts";

const say = dictionary({
  checkpoint: ["公开日志 {origin} 的检查点:{size} 条,日志签名成立", "Checkpoint of {origin}: {size} entries, signed by the log"],
  quorum: ["{n} 个监督节点共同签名:{names}", "Cosigned by {n} supervision nodes: {names}"],
  few: ["监督节点签名不足:{names}", "Too few nodes cosigned: {names}"],
  root: ["从公开数据重新计算的树根与检查点一致", "The root recomputed from public tiles equals the checkpoint's"],
  entry: ["第 {index} 条就在这棵树中", "Entry {index} stands in this tree"],
  content: ["该条记载:{text}", "It says: {text}"],
  failed: ["不成立:{why}", "Does not hold: {why}"],
  receipt: ["回执编号 {id},收讫时间 {at}", "Receipt {id}, received at {at}"],
  proven: ["您的投标在公开日志第 {index} 条,{n} 个节点见证", "Your bid is entry {index} of the public log, witnessed by {n} nodes"],
  unproven: ["回执中还没有日志证明,请先取得已见证的回执", "The receipt holds no proof yet: fetch the witnessed one first"],
  roll: ["封箱名册(日志第 {index} 条)共 {count} 份", "The roll (log entry {index}) lists {count} bids"],
  live: ["您的投标在名册上:有效", "Your bid is on the roll: live"],
  replaced: ["您的投标在名册上:已被替换", "Your bid is on the roll: replaced"],
  withdrawn: ["您的投标在名册上:已撤回", "Your bid is on the roll: withdrawn"],
  void: ["您的投标在名册上:因招标条件变更而失效", "Your bid is on the roll: void, for the terms changed"],
  absent: ["名册上没有您的投标!请立即把回执文件交给监督部门或任一监督节点", "Your bid is NOT on the roll. Take the receipt file to the supervising authority or any node at once"],
  late: ["您的投标记载在封箱界限之后", "Your bid stands after the cut"],
});

type Claim = (held: boolean, words: string) => void;

function start(): void {
  for (const section of document.querySelectorAll<HTMLElement>("[data-recheck]")) {
    find(section, "[data-run]").addEventListener("click", () => void run(section, entryClaims));
  }
  for (const section of document.querySelectorAll<HTMLElement>("[data-receipt-check]")) {
    input(section, "receipt").addEventListener("change", () => void run(section, receiptClaims));
  }
}

async function run(section: HTMLElement, check: (section: HTMLElement, claim: Claim) => Promise<void>): Promise<void> {
  const list = find(section, "[data-claims]");
  list.replaceChildren();
  const claim: Claim = (held, words) => list.append(el("li", { "data-held": held ? "yes" : "no" }, words));
  try {
    await check(section, claim);
  } catch (error) {
    claim(false, say("failed", { why: error instanceof Error ? error.message : String(error) }));
  }
}

async function treeClaims(section: HTMLElement, policy: Policy, claim: Claim): Promise<Tiles> {
  const log = given(section, "log");
  const { checkpoint, witnesses, quorum } = checkCheckpoint(await getText(`${log}/checkpoint`), policy);
  claim(true, say("checkpoint", { origin: checkpoint.origin, size: checkpoint.size }));
  claim(quorum, say(quorum ? "quorum" : "few", { n: witnesses.length, names: witnesses.join(", ") }));
  const tiles = new Tiles(log, checkpoint, getBytes);
  await tiles.checkRoot();
  claim(true, say("root"));
  return tiles;
}

const policyOf = async (section: HTMLElement): Promise<Policy> => parsePolicy(await getText(given(section, "policy")));

async function entryClaims(section: HTMLElement, claim: Claim): Promise<void> {
  const tiles = await treeClaims(section, await policyOf(section), claim);
  const index = Number(section.dataset["index"] ?? "-1");
  if (index < 0) return;
  const entry = await tiles.provenEntry(index);
  claim(true, say("entry", { index }));
  claim(true, say("content", { text: text(entry).slice(0, 400) }));
}

async function receiptClaims(section: HTMLElement, claim: Claim): Promise<void> {
  const file = oneFile(input(section, "receipt"));
  if (file === undefined) return;
  const policy = await policyOf(section);
  const receipt = readReceipt(await file.text(), policy);
  claim(true, say("receipt", { id: receipt.id, at: receipt.receivedAt }));
  if (receipt.index === undefined) claim(false, say("unproven"));
  else claim(true, say("proven", { index: receipt.index, n: receipt.witnesses }));
  const tiles = await treeClaims(section, policy, claim);
  const index = Number(given(section, "closedIndex"));
  const roll = findOnRoll(text(await tiles.provenEntry(index)), receipt);
  claim(true, say("roll", { index, count: roll.count }));
  claim(roll.status !== "absent" && roll.status !== "late", say(roll.status satisfies OnRoll["status"]));
}

start();
