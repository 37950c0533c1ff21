/** What a receipt proves, checked here: it names this bid, trustees acknowledged it, and the log holds it. */
import { sha256 } from "@noble/hashes/sha2.js";
import { b64, concat, text, unb64 } from "../core/bytes.ts";
import { encode, parse, type Json, type JsonObject } from "../core/canonical.ts";
import { sha } from "../core/digest.ts";
import { verified } from "../core/keys.ts";
import { checkProof } from "../log/proof.ts";
import type { Policy } from "../log/policy.ts";
import type { Terms } from "./terms.ts";

export interface SignedFile {
  file: string;
  sig: string;
}

export interface ReceiptAnswer {
  state: "received" | "integrated" | "witnessed";
  receipt: SignedFile;
  acks: SignedFile[];
  proof: string | null;
  refusals?: SignedFile[];
}

export interface Findings {
  receivedAt: string;
  /** Numbers of trustees whose signed acknowledgement names this bid. */
  acknowledged: number[];
  index: number | undefined;
  witnesses: string[];
}

/** Throws when the receipt is for another bid, an acknowledgement's signature fails, or the proof does not hold. */
export function checkReceipt(answer: ReceiptAnswer, manifest: Uint8Array, sig: Uint8Array, terms: Terms | undefined): Findings {
  const receipt = parse(text(unb64(answer.receipt.file)), "kaibiao-receipt/1");
  const fact = receipt["fact"] as JsonObject;
  if (fact["manifest_sha256"] !== sha(manifest) || fact["sig_sha256"] !== sha(sig))
    throw new Error("the receipt is for another bid");
  const found: Findings = { receivedAt: String(fact["received_at"]), acknowledged: [], index: undefined, witnesses: [] };
  if (terms === undefined) return found;
  checkPlatform(answer.receipt, terms.policy);
  found.acknowledged = answer.acks.map((ack) => checkAck(ack, sha(manifest), terms));
  if (answer.proof) Object.assign(found, checkProof(answer.proof, sealedEntry(String(receipt["salt"]), fact), terms.policy));
  return found;
}

/** The platform's signature, where the policy names its key. */
export function checkPlatform(receipt: SignedFile, { platform }: Policy): void {
  const holds = platform === undefined || verified(unb64(receipt.sig), unb64(receipt.file), platform);
  if (!holds) throw new Error("the platform's signature on the receipt does not hold");
}

function checkAck(ack: SignedFile, manifestSha256: string, { keyset }: Terms): number {
  const raw = unb64(ack.file);
  const content = parse(text(raw), "kaibiao-ack/1");
  const trustee = keyset.stages[0]?.trustees.find((one) => one.i === content["i"]);
  const holds = trustee !== undefined && content["manifest_sha256"] === manifestSha256 && verified(unb64(ack.sig), raw, trustee.sign_key);
  if (!holds) throw new Error(`the acknowledgement of trustee ${String(content["i"])} does not hold`);
  return trustee.i;
}

/** The log's entry of a sealed fact (log-and-nodes.md, section 2). */
export function sealedEntry(salt: string, fact: Json): Uint8Array<ArrayBuffer> {
  const seal = sha256(concat(unb64(salt), encode(fact)));
  return encode({ v: 1, seal: b64(seal) });
}
