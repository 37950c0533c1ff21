/** Bytes and their spellings. Base64 is strict: canonical, padded, no white space; hex is lower case only. */
import { base64 } from "@scure/base";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;
export const text = (raw: Uint8Array): string => decoder.decode(raw);
export const b64 = (raw: Uint8Array): string => base64.encode(raw);
export const hex = (raw: Uint8Array): string => bytesToHex(raw);

export function unb64(spelled: string): Bytes {
  const raw = base64.decode(spelled);
  if (base64.encode(raw) !== spelled) throw new Error("base64 is not canonical");
  return raw as Bytes;
}

export function unhex(spelled: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(spelled)) throw new Error("not lower-case hex");
  return hexToBytes(spelled) as Bytes;
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
