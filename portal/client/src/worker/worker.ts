/** The worker's side: one answer for each ask. A failure travels as its name and message. */
import { nativeCipher } from "../age/cipher.ts";
import { recipientOf } from "../age/header.ts";
import { random, type Bytes } from "../core/bytes.ts";
import { createSHA256 } from "hash-wasm";
import { open, protect } from "../keyfile/format.ts";
import { checkFile, checkParts, checkTerms } from "../seal/check.ts";
import { encrypt, sealBid, type Progress } from "../seal/sealer.ts";
import { BlobStore, privateStore } from "../seal/store.ts";
import type { Answer, Ask, Calls, SealJob, Sealed } from "./messages.ts";

const INTERVAL_MS = 80;

self.addEventListener("message", (event: MessageEvent<Ask>) => void respond(event.data));

async function respond(ask: Ask): Promise<void> {
  try {
    post({ id: ask.id, kind: "done", answer: await perform(ask) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    post({ id: ask.id, kind: "failed", name, message });
  }
}

const post = (answer: Answer): void => self.postMessage(answer);

function perform(ask: Ask): Promise<Calls[keyof Calls]["answer"]> {
  switch (ask.call) {
    case "seal":
      return seal(ask.ask, throttled(ask.id));
    case "openKey":
      return open(ask.ask.raw, ask.ask.passphrase);
    case "protectKey":
      return protect(ask.ask.file, ask.ask.passphrase);
    case "speed":
      return speed(ask.ask.bytes);
  }
}

function throttled(id: number): Progress {
  let last = 0;
  return (phase, done, total) => {
    const now = performance.now();
    if (done < total && now - last < INTERVAL_MS) return;
    last = now;
    post({ id, kind: "progress", phase, done, total });
  };
}

async function seal(job: SealJob, progress: Progress): Promise<Sealed> {
  const { key, certChain, org } = await open(job.keyFile, job.passphrase);
  const kept = await privateStore(job.keyset.lot);
  const store = kept ?? new BlobStore();
  const bid = await sealBid({ ...job, bidder: job.bidder || org, key, certChain }, (stage) => store.sink(`${stage}.age`), progress);
  const files = await store.files();
  progress("check", 0, 1);
  checkTerms(checkParts(bid), job.keyset);
  for (const envelope of bid.envelopes) await checkFile(envelope, files[`${envelope.stage}.age`] as Blob);
  progress("check", 1, 1);
  return { bid, files, kept: kept !== undefined };
}

/** Bytes a second of sealing (age and SHA-256), measured on zeros. */
async function speed(bytes: number): Promise<Calls["speed"]["answer"]> {
  const part = new Uint8Array(1024 * 1024);
  async function* zeros(): AsyncGenerator<Bytes> {
    for (let left = bytes; left > 0; left -= part.length) yield part;
  }
  const payload = { size: Math.ceil(bytes / part.length) * part.length, content: zeros };
  const from = performance.now();
  await encrypt(payload, recipientOf(random(32)), { write: () => undefined }, () => undefined);
  const seconds = (performance.now() - from) / 1000;
  const native = (await nativeCipher(random(32))) !== undefined;
  return { sealed: payload.size / seconds, native, wasm: await hasWasm() };
}

async function hasWasm(): Promise<boolean> {
  try {
    await createSHA256();
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}
