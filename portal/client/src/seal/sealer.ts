/** One bid, sealed: every step of sealing.md 1.2 in its order. Knows no page, no worker, no storage. */
import { bestCipher } from "../age/cipher.ts";
import { headerFor, recipientOf, spellIdentity } from "../age/header.ts";
import { encryptBy, headerOpens } from "../age/small.ts";
import { payloadSize, sealStream, type Sink } from "../age/stream.ts";
import { b64, hex, random, type Bytes } from "../core/bytes.ts";
import { encode, type Json } from "../core/canonical.ts";
import { sha, streaming } from "../core/digest.ts";
import { sign, type SigningKey } from "../core/keys.ts";
import { rfc3339 } from "../core/moment.ts";
import { docsPayload, sheetPayload, type InputFile, type Payload, type SheetContent } from "./payload.ts";
import { bidderRef, coreOf, isSheet, SUITE, type Client, type EnvelopeEntry, type Header, type Keyset, type Stage } from "./protocol.ts";
import { sharesOf, wrapShares } from "./shares.ts";

export interface SealRequest {
  keyset: Keyset;
  bidder: string;
  sheet: SheetContent;
  files: InputFile[];
  key: SigningKey;
  certChain: Bytes[];
  previous: string | null;
  rescuePassphrase: string;
  now: Date;
  client: Client;
}

export type Phase = "hash" | "seal" | "wrap" | "check";
export type Progress = (phase: Phase, done: number, total: number) => void;

export interface SealedBid {
  manifest: Bytes;
  sig: Bytes;
  bidder: Bytes;
  rescue: Bytes;
  bidId: string;
  manifestSha256: string;
  envelopes: EnvelopeEntry[];
}

/** Where the ciphertext of a stage goes. */
export type SinkOf = (stage: string) => Sink | Promise<Sink>;

/** The bidder's own key of an envelope: for the rescue of 1.7 and for nothing else (sealing/bid.py reads it). */
interface Kept {
  stage: string;
  recipient: string;
  identity: string;
}

export async function sealBid(request: SealRequest, sinkOf: SinkOf, progress: Progress): Promise<SealedBid> {
  const { nonce, header } = newHeader(request);
  const payloads = await payloadsOf(request, header, progress);
  const total = payloads.reduce((sum, { payload }) => sum + payload.size, 0);
  const kept: Kept[] = [];
  const envelopes: EnvelopeEntry[] = [];
  let done = 0;
  for (const { stage, payload } of payloads) {
    const report = (bytes: number): void => progress("seal", (done += bytes), total);
    const { entry, identity } = await sealEnvelope({ stage, payload, header, request, report }, await sinkOf(stage.name));
    envelopes.push(entry);
    kept.push({ stage: stage.name, recipient: entry.recipient, identity });
  }
  progress("wrap", 1, 1);
  return finish(request, header, nonce, envelopes, kept);
}

function newHeader(request: SealRequest): { nonce: string; header: Header } {
  const leaf = request.certChain[0];
  if (leaf === undefined) throw new Error("the key file holds no certificate");
  const nonce = hex(random(32));
  return { nonce, header: { lot: request.keyset.lot, bid_id: hex(random(16)), bidder_ref: bidderRef(nonce, leaf) } };
}

async function payloadsOf(request: SealRequest, header: Header, progress: Progress): Promise<{ stage: Stage; payload: Payload }[]> {
  const named = { ...header, bidder: request.bidder };
  const total = request.files.reduce((sum, file) => sum + file.blob.size, 0);
  let done = 0;
  const made = [];
  for (const stage of request.keyset.stages) {
    const payload = isSheet(stage.name)
      ? sheetPayload(shownIn(stage, request.sheet), named)
      : await docsPayload(request.files, named, (bytes) => progress("hash", (done += bytes), total));
    made.push({ stage, payload });
  }
  return made;
}

/** The price stands only in the stage that holds it, and must stand there. */
function shownIn(stage: Stage, sheet: SheetContent): SheetContent {
  if (stage.holds_price && sheet.price === undefined) throw new Error("the price is missing");
  return stage.holds_price ? sheet : { ...sheet, price: undefined };
}

interface EnvelopeJob {
  stage: Stage;
  payload: Payload;
  header: Header;
  request: SealRequest;
  report: (bytes: number) => void;
}

async function sealEnvelope(job: EnvelopeJob, sink: Sink): Promise<{ entry: EnvelopeEntry; identity: string }> {
  const secret = random(32);
  const recipient = recipientOf(secret);
  const written = await encrypt(job.payload, recipient, sink, job.report);
  if (!(await headerOpens(spellIdentity(secret), written.header))) throw new Error("the envelope does not open with its own key");
  const core = sha(
    coreOf({ ...job.header, stage: job.stage.name, keyset_sha256: job.request.keyset.sha256, recipient, ciphertext_sha256: written.sha256 }),
  );
  const shares = await wrapShares(await sharesOf(secret, job.stage), job.stage, core);
  const { name: stage, t } = job.stage;
  const entry = { stage, size: written.size, ciphertext_sha256: written.sha256, recipient, core_sha256: core, t, shares };
  return { entry, identity: spellIdentity(secret) };
}

/** age to one recipient, hashed in the same pass. */
export async function encrypt(
  payload: Payload,
  recipient: string,
  sink: Sink,
  report: (bytes: number) => void,
): Promise<{ size: number; sha256: string; header: Bytes }> {
  const header = headerFor(recipient);
  const digest = await streaming();
  let size = 0;
  const write = async (part: Bytes): Promise<void> => {
    await sink.write(part);
    digest.update(part);
    size += part.length;
    report(part.length);
  };
  await write(header.bytes);
  await sealStream(payload.content(), await bestCipher(header.streamKey), { write });
  if (size !== header.bytes.length + payloadSize(payload.size)) throw new Error("the sealed envelope has the wrong length");
  return { size, sha256: digest.hex(), header: header.bytes.slice(0, -16) };
}

async function finish(request: SealRequest, header: Header, nonce: string, envelopes: EnvelopeEntry[], kept: Kept[]): Promise<SealedBid> {
  const manifest = encode({
    type: "kaibiao-bid/1",
    suite: SUITE,
    ...header,
    keyset_sha256: request.keyset.sha256,
    created_at: rfc3339(request.now),
    prev_manifest_sha256: request.previous,
    client: { ...request.client },
    envelopes: envelopes as unknown as Json,
  });
  const manifestSha256 = sha(manifest);
  const { lot, bid_id } = header;
  const rescue = encode({ type: "kaibiao-rescue/1", lot, bid_id, manifest_sha256: manifestSha256, keys: kept as unknown as Json });
  return {
    manifest,
    sig: sign(manifest, request.key),
    bidder: encode({ type: "kaibiao-bidder/1", nonce, cert_chain: request.certChain.map(b64) }),
    rescue: await encryptBy(request.rescuePassphrase, rescue),
    bidId: header.bid_id,
    manifestSha256,
    envelopes,
  };
}
