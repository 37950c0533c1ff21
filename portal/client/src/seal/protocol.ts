/** The words of kaibiao-seal/1 (sealing.md 1.1 and 1.2): formats, limits, and the strings that are hashed. */
import { sha } from "../core/digest.ts";
import { hex, utf8, type Bytes } from "../core/bytes.ts";

export const SUITE = "age-x25519/1";
export const SHEET_MINIMUM = 16_384;

/** Whether a stage's payload is a sheet; all others are documents (sealing/sheet.py). */
export const isSheet = (stage: string): boolean => stage === "sheet" || stage.endsWith("-sheet");

export interface Trustee {
  i: number;
  org: string;
  recipient: string;
  sign_key: string;
  sig: string;
}

export interface Stage {
  name: string;
  t: number;
  holds_price: boolean;
  audience: "public" | "evaluation";
  trustees: Trustee[];
}

export interface Keyset {
  lot: string;
  version: number;
  stages: Stage[];
  fact_keys: { owner: string; agency: string; supervisor: string };
  /** Of the exact bytes. */
  sha256: string;
}

export interface ShareEntry {
  i: number;
  x: number;
  plain_sha256: string;
  wrapped: string;
}

export interface EnvelopeEntry {
  stage: string;
  size: number;
  ciphertext_sha256: string;
  recipient: string;
  core_sha256: string;
  t: number;
  shares: ShareEntry[];
}

export interface Client {
  name: string;
  version: string;
  bundle_sha256: string;
}

/** What one bid has in common with all its parts. */
export interface Header {
  lot: string;
  bid_id: string;
  bidder_ref: string;
}

export function bidderRef(nonce: string, certDer: Uint8Array): string {
  return sha(`kaibiao-bidder/1\n${nonce}\n${sha(certDer)}\n`);
}

export interface CoreParts extends Header {
  stage: string;
  keyset_sha256: string;
  recipient: string;
  ciphertext_sha256: string;
}

export function coreOf(parts: CoreParts): string {
  const { lot, stage, keyset_sha256, bid_id, bidder_ref, recipient, ciphertext_sha256 } = parts;
  return ["kaibiao-core/1", lot, stage, keyset_sha256, bid_id, bidder_ref, recipient, ciphertext_sha256, ""].join("\n");
}

export const shareLine = (core: string, i: number, share: Uint8Array): Bytes =>
  utf8(`kaibiao-share/1 ${core} ${i} ${hex(share)}\n`);

/** Padmé (Nikitin et al. 2019): at most 12 % longer, and only O(log log L) bits of the length remain. */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = Math.floor(Math.log2(length));
  const unit = 2 ** (exponent - (Math.floor(Math.log2(exponent || 1)) + 1));
  return unit < 1 ? length : Math.ceil(length / unit) * unit;
}
