/** ChaCha20-Poly1305 of one 64 KiB chunk: the browser's native code where it has it and agrees with ours, else noble. */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { equal, type Bytes } from "../core/bytes.ts";

export type SealChunk = (nonce: Bytes, chunk: Bytes) => Bytes | Promise<Bytes>;

export const plainCipher = (key: Bytes): SealChunk => (nonce, chunk) => chacha20poly1305(key, nonce).encrypt(chunk) as Bytes;

export async function bestCipher(key: Bytes): Promise<SealChunk> {
  const native = await nativeCipher(key);
  return native ?? plainCipher(key);
}

/** Undefined where the browser lacks the algorithm (draft "Modern Algorithms in WebCrypto") or disagrees with noble. */
export async function nativeCipher(key: Bytes): Promise<SealChunk | undefined> {
  try {
    const name = "ChaCha20-Poly1305";
    const handle = await crypto.subtle.importKey("raw-secret" as "raw", key, { name }, false, ["encrypt"]);
    const seal: SealChunk = async (iv, chunk) =>
      new Uint8Array(await crypto.subtle.encrypt({ name, iv, tagLength: 128 } as AesGcmParams, handle, chunk));
    return (await agrees(seal, plainCipher(key))) ? seal : undefined;
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Probed under a nonce whose last byte (2) the STREAM never uses. */
async function agrees(one: SealChunk, other: SealChunk): Promise<boolean> {
  const nonce = new Uint8Array(12);
  nonce[11] = 2;
  const probe = new Uint8Array(100).fill(7);
  return equal(await one(nonce, probe), await other(nonce, probe));
}
