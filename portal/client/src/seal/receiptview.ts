/** Waits for the witnessed receipt, checks what each answer proves, draws it, and offers the one file to keep. */
import { given, el } from "../ui/dom.ts";
import { getJson } from "../ui/http.ts";
import { save } from "../ui/saving.ts";
import type { Finished } from "./delivery.ts";
import { checkReceipt, type Findings, type ReceiptAnswer } from "./receipt.ts";
import type { Terms } from "./terms.ts";
import { say } from "./words.ts";

const POLL_MS = 1500;
const PATIENCE = 400;

export interface Awaited {
  place: HTMLElement;
  form: HTMLElement;
  receiptId: string;
  bid: Finished;
  terms: Terms | undefined;
}

export async function awaitWitnesses(awaited: Awaited): Promise<void> {
  const url = given(awaited.form, "receipts") + awaited.receiptId;
  let shown = "";
  for (let round = 0; round < PATIENCE; round++) {
    const answer = (await getJson(url)) as ReceiptAnswer;
    const findings = checkReceipt(answer, awaited.bid.manifest, awaited.bid.sig, awaited.terms);
    const state = `${answer.state} ${findings.acknowledged.length}`;
    if (state !== shown) {
      draw(awaited, answer, findings);
      announce(awaited, answer.state);
    }
    shown = state;
    if (answer.state === "witnessed") return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  awaited.place.append(el("p", { class: "callout callout-due", role: "status" }, say("stillWaiting")));
}

function announce({ form, receiptId }: Awaited, state: string): void {
  form.dispatchEvent(new CustomEvent("kaibiao:receipt", { bubbles: true, detail: { receipt_id: receiptId, state } }));
}

function draw({ place, receiptId }: Awaited, answer: ReceiptAnswer, found: Findings): void {
  const facts = el("dl", { class: "facts" });
  const row = (name: string, value: string): void => facts.append(el("dt", {}, name), el("dd", {}, value));
  row(say("receivedAt"), inBeijing(found.receivedAt));
  if (found.acknowledged.length > 0) row(say("acks"), found.acknowledged.join(", "));
  if (found.index !== undefined) row(say("index"), `#${found.index.toLocaleString("en")}`);
  if (found.witnesses.length > 0) row(say("witnesses"), found.witnesses.join(", "));
  const state = answer.state === "witnessed" ? "witnessed" : "received";
  const file = new Blob([JSON.stringify(answer, null, 1)], { type: "application/json" });
  const button = el("button", { type: "button" }, say("saveReceipt"));
  button.addEventListener("click", () => void save(`receipt-${receiptId}.json`, file));
  place.replaceChildren(
    el("article", { class: "receipt", "data-state": state },
      el("h2", {}, say("receipt")),
      el("p", { class: "receipt-state", role: "status" }, say(answer.state)),
      el("p", { class: "soft" }, say("receiptId")),
      el("p", { class: "receipt-id" }, receiptId),
      facts,
      el("p", { class: "soft" }, say("fingerprint")),
      el("p", { class: "hash" }, fingerprintOf(answer)),
      el("div", { class: "actions" }, button, el("button", { type: "button", class: "quiet", "data-print": true }, say("print"))),
    ),
  );
}

function fingerprintOf(answer: ReceiptAnswer): string {
  const content = JSON.parse(atob(answer.receipt.file)) as { fact: { manifest_sha256: string } };
  return content.fact.manifest_sha256;
}

function inBeijing(instant: string): string {
  const spelled = new Date(instant).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
  return `${spelled} (UTC+8)`;
}
