/** The STREAM of an age payload: 64 KiB chunks, sealed in batches of 1 MiB so that hashing and writing overlap. */
import type { Bytes } from "../core/bytes.ts";
import type { SealChunk } from "./cipher.ts";

export const CHUNK = 65_536;
export const TAG = 16;
const BATCH = 16;

export interface Sink {
  write(part: Bytes): void | Promise<void>;
}

/** Length of the payload (without header and nonce) for a plaintext of `size` bytes. */
export const payloadSize = (size: number): number => size + TAG * Math.max(1, Math.ceil(size / CHUNK));

/** The inverse; undefined where no plaintext has that payload length. */
export function plaintextSize(payload: number): number | undefined {
  const chunks = Math.ceil(payload / (CHUNK + TAG));
  const size = payload - chunks * TAG;
  return chunks >= 1 && size >= 0 && payloadSize(size) === payload ? size : undefined;
}

export async function sealStream(source: AsyncIterable<Bytes>, seal: SealChunk, sink: Sink): Promise<void> {
  let counter = 0;
  let before: Promise<void> = Promise.resolve();
  for await (const { chunks, last } of batches(source)) {
    const sealed = Promise.all(chunks.map((chunk, k) => seal(nonceOf(counter + k, last && k === chunks.length - 1), chunk)));
    counter += chunks.length;
    await before; // at most one batch is being written while the next one is sealed
    before = sealed.then((parts) => writeAll(parts, sink));
    before.catch(() => undefined); // rethrown by the await above or below; this only marks it as seen
  }
  await before;
}

async function writeAll(parts: Bytes[], sink: Sink): Promise<void> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  await sink.write(whole);
}

/** 11 bytes big-endian counter, one byte that is 1 on the last chunk. */
export function nonceOf(counter: number, last: boolean): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(counter));
  if (last) nonce[11] = 1;
  return nonce;
}

interface Batch {
  chunks: Bytes[];
  last: boolean;
}

/** Cut the source into full chunks; the last batch ends with the final chunk, which is empty only for an empty source. */
async function* batches(source: AsyncIterable<Bytes>): AsyncGenerator<Batch> {
  const cutter = new Cutter();
  for await (const part of source) {
    for (const chunks of cutter.take(part)) yield { chunks, last: false };
  }
  yield { chunks: cutter.rest(), last: true };
}

class Cutter {
  private full: Bytes[] = [];
  /** The chunk under way: a view of a part that was long enough, else a buffer being filled. */
  private open: Bytes = new Uint8Array(0);
  private used = 0;

  /** Full batches made by `part`. A chunk leaves only once a byte follows it, for the last one is sealed differently. */
  *take(part: Bytes): Generator<Bytes[]> {
    let rest = part;
    while (rest.length > 0) {
      if (this.used === CHUNK) yield* this.shut();
      const taken = this.used === 0 && rest.length >= CHUNK ? this.view(rest) : this.copy(rest);
      rest = rest.subarray(taken);
    }
  }

  rest(): Bytes[] {
    return [...this.full, this.open.slice(0, this.used)];
  }

  private view(rest: Bytes): number {
    this.open = rest.subarray(0, CHUNK);
    return (this.used = CHUNK);
  }

  private copy(rest: Bytes): number {
    if (this.used === 0) this.open = new Uint8Array(CHUNK);
    const taken = Math.min(CHUNK - this.used, rest.length);
    this.open.set(rest.subarray(0, taken), this.used);
    this.used += taken;
    return taken;
  }

  private *shut(): Generator<Bytes[]> {
    this.full.push(this.open);
    this.used = 0;
    if (this.full.length === BATCH) {
      yield this.full;
      this.full = [];
    }
  }
}
