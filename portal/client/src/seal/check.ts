/** The bidder's own check of a sealed bid before it leaves the machine: what 1.3 will check, as far as it can be seen. */
import { payloadSize, plaintextSize } from "../age/stream.ts";
import { text, unb64 } from "../core/bytes.ts";
import { parse } from "../core/canonical.ts";
import { sha } from "../core/digest.ts";
import { keyOfCertificate, verified } from "../core/keys.ts";
import { bidderRef, coreOf, isSheet, padme, shareLine, SHEET_MINIMUM, type EnvelopeEntry, type Keyset } from "./protocol.ts";

export interface Parts {
  manifest: Uint8Array;
  sig: Uint8Array;
  bidder: Uint8Array;
}

export interface ReadManifest {
  lot: string;
  keyset_sha256: string;
  bid_id: string;
  bidder_ref: string;
  prev_manifest_sha256: string | null;
  envelopes: EnvelopeEntry[];
}

const LINE_SIZE = shareLine("0".repeat(64), 1, new Uint8Array(33)).length;

/** The manifest, if its signature, its bidder and all cores hold. */
export function checkParts({ manifest, sig, bidder }: Parts): ReadManifest {
  const content = parse(text(manifest), "kaibiao-bid/1") as unknown as ReadManifest;
  const about = parse(text(bidder), "kaibiao-bidder/1");
  const leaf = unb64(String((about["cert_chain"] as string[])[0]));
  demand(verified(sig, manifest, keyOfCertificate(leaf)), "the manifest's signature does not hold");
  demand(content.bidder_ref === bidderRef(String(about["nonce"]), leaf), "bidder.json is not this manifest's");
  for (const envelope of content.envelopes) {
    demand(sha(coreOf({ ...content, ...envelope })) === envelope.core_sha256, `${envelope.stage}: the core does not recompute`);
  }
  return content;
}

/** Whether manifest and keyset belong together. */
export function checkTerms(manifest: ReadManifest, keyset: Keyset): void {
  demand(manifest.lot === keyset.lot && manifest.keyset_sha256 === keyset.sha256, "the bid is for another lot or keyset");
  demand(names(manifest.envelopes.map((one) => one.stage)) === names(keyset.stages.map((one) => one.name)), "the envelopes are not the stages");
  for (const envelope of manifest.envelopes) {
    const stage = keyset.stages.find((one) => one.name === envelope.stage);
    demand(stage?.t === envelope.t, `${envelope.stage}: another threshold`);
    demand(names(envelope.shares.map((one) => String(one.i))) === names(stage?.trustees.map((one) => String(one.i)) ?? []), `${envelope.stage}: other trustees`);
    const xs = envelope.shares.map((one) => one.x);
    demand(new Set(xs).size === xs.length && xs.every((x) => x > 0 && x < 256), `${envelope.stage}: x not distinct and nonzero`);
  }
}

/** Whether the file is the envelope's: length, padding, one X25519 stanza, each wrapped line's form. */
export async function checkFile(envelope: EnvelopeEntry, file: Blob): Promise<void> {
  demand(file.size === envelope.size, `${envelope.stage}.age has another length`);
  const head = text(new Uint8Array(await file.slice(0, headerLength(await start(file))).arrayBuffer()));
  const stanzas = head.match(/^-> .*$/gm)?.filter((line) => !line.split(" ")[1]?.endsWith("-grease")) ?? [];
  demand(stanzas.length === 1 && stanzas[0]?.startsWith("-> X25519 ") === true, `${envelope.stage}.age is not for exactly one recipient`);
  const plain = plaintextSize(file.size - head.length - 16);
  demand(plain !== undefined && padme(plain) === plain && plain >= minimum(envelope.stage), `${envelope.stage}.age is not padded`);
  for (const share of envelope.shares) checkWrapped(unb64(share.wrapped), `${envelope.stage}, share ${share.i}`);
}

function checkWrapped(wrapped: Uint8Array, where: string): void {
  demand(wrapped.length - headerLength(wrapped) - 16 === payloadSize(LINE_SIZE), `${where}: not the size of a line`);
}

const minimum = (stage: string): number => (isSheet(stage) ? SHEET_MINIMUM : 1024);
const names = (list: string[]): string => [...list].sort().join(" ");
const start = async (file: Blob): Promise<Uint8Array> => new Uint8Array(await file.slice(0, 4096).arrayBuffer());

/** Length of the textual header: up to the end of the line that begins with `---`. */
function headerLength(raw: Uint8Array): number {
  const head = new TextDecoder("latin1").decode(raw.subarray(0, 4096));
  const at = head.indexOf("\n--- ");
  const end = head.indexOf("\n", at + 1);
  demand(head.startsWith("age-encryption.org/v1\n") && at > 0 && end > 0, "not an age file");
  return end + 1;
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

