/** SHA-256, whole and streaming. The streaming one is WebAssembly where the page's policy allows it, else plain. */
import { sha256 } from "@noble/hashes/sha2.js";
import { createSHA256 } from "hash-wasm";
import { hex, utf8 } from "./bytes.ts";

export interface Digest {
  update(part: Uint8Array): void;
  hex(): string;
}

export const sha = (raw: Uint8Array | string): string => hex(sha256(typeof raw === "string" ? utf8(raw) : raw));

export async function streaming(): Promise<Digest> {
  try {
    const fast = await createSHA256();
    fast.init();
    return { update: (part) => void fast.update(part), hex: () => fast.digest("hex") };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return plain();
  }
}

/** The content security policy forbids WebAssembly (no 'wasm-unsafe-eval'). */
const isForbidden = (error: unknown): boolean => error instanceof WebAssembly.CompileError;

export function plain(): Digest {
  const slow = sha256.create();
  return { update: (part) => void slow.update(part), hex: () => hex(slow.digest()) };
}

const WHOLE = 32 * 1024 * 1024;

/** SHA-256 of a file; small ones at once by the browser's native code, others part by part. */
export async function ofBlob(blob: Blob, parts: AsyncIterable<Uint8Array>, each: (bytes: number) => void): Promise<string> {
  if (blob.size <= WHOLE) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
    each(blob.size);
    return hex(digest);
  }
  const digest = await streaming();
  for await (const part of parts) {
    digest.update(part);
    each(part.length);
  }
  return digest.hex();
}
