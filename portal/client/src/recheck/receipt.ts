/** A bidder's kept receipt against the log's `box.closed`: what holds a receipt cannot be left off the roll unseen. */
import { text, unb64 } from "../core/bytes.ts";
import { isObject, parse, type JsonObject } from "../core/canonical.ts";
import { checkProof } from "../log/proof.ts";
import type { Policy } from "../log/policy.ts";
import { checkPlatform, sealedEntry, type ReceiptAnswer } from "../seal/receipt.ts";

export interface KeptReceipt {
  id: string;
  lot: string;
  manifestSha256: string;
  receivedAt: string;
  index: number | undefined;
  witnesses: number;
}

export interface OnRoll {
  count: number;
  status: "live" | "replaced" | "withdrawn" | "void" | "absent" | "late";
}

/** Throws when the file is no receipt, or holds a proof that does not hold. */
export function readReceipt(kept: string, policy: Policy): KeptReceipt {
  const answer = JSON.parse(kept) as ReceiptAnswer;
  const receipt = parse(text(unb64(answer.receipt.file)), "kaibiao-receipt/1");
  checkPlatform(answer.receipt, policy);
  const fact = receipt["fact"] as JsonObject;
  const proof = answer.proof ? checkProof(answer.proof, sealedEntry(String(receipt["salt"]), fact), policy) : undefined;
  return {
    id: String(fact["receipt_id"]),
    lot: String(fact["lot"]),
    manifestSha256: String(fact["manifest_sha256"]),
    receivedAt: String(fact["received_at"]),
    index: proof?.index,
    witnesses: proof?.witnesses.length ?? 0,
  };
}

/** What the entry `box.closed` says of the receipt's bid; throws when the entry is another, or of another lot. */
export function findOnRoll(entry: string, receipt: KeptReceipt): OnRoll {
  const value: unknown = JSON.parse(entry);
  const fact = isObject(value) ? value["fact"] : undefined;
  if (!isObject(fact) || fact["kind"] !== "box.closed" || fact["lot"] !== receipt.lot) throw new Error("not this lot's box.closed");
  const bids = fact["bids"] as { manifest_sha256: string; status: "live" | "replaced" | "withdrawn" | "void" }[];
  const found = bids.find((bid) => bid.manifest_sha256 === receipt.manifestSha256);
  const late = receipt.index !== undefined && receipt.index >= Number(fact["cut_size"]);
  return { count: bids.length, status: found === undefined ? (late ? "late" : "absent") : found.status };
}
