/** The header of an age file for exactly one X25519 recipient, and the key of its payload. */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64nopad, bech32 } from "@scure/base";
import { concat, random, utf8, type Bytes } from "../core/bytes.ts";

export interface Header {
  /** Everything before the first chunk: textual header and payload nonce. */
  bytes: Bytes;
  streamKey: Bytes;
}

/** The only recipient that this protocol accepts; lower case, so that one key has one spelling. */
export const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;

export function recipientKey(recipient: string): Bytes {
  if (!RECIPIENT.test(recipient)) throw new Error("not an age X25519 recipient");
  return bech32.fromWords(bech32.decode(recipient as `age1${string}`).words) as Bytes;
}

export const spellRecipient = (key: Uint8Array): string => bech32.encode("age", bech32.toWords(key));
export const recipientOf = (identity: Uint8Array): string => spellRecipient(x25519.getPublicKey(identity));
export const spellIdentity = (identity: Uint8Array): string =>
  bech32.encode("age-secret-key-", bech32.toWords(identity)).toUpperCase();

export function headerFor(recipient: string): Header {
  const fileKey = random(16);
  const nonce = random(16);
  const start = `age-encryption.org/v1\n${stanza(fileKey, recipientKey(recipient), random(32))}---`;
  const mac = hmac(sha256, hkdf(sha256, fileKey, undefined, utf8("header"), 32), utf8(start));
  return { bytes: concat(utf8(`${start} ${base64nopad.encode(mac)}\n`), nonce), streamKey: payloadKey(fileKey, nonce) };
}

export const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): Bytes =>
  hkdf(sha256, fileKey, nonce, utf8("payload"), 32) as Bytes;

function stanza(fileKey: Bytes, recipient: Bytes, ephemeral: Bytes): string {
  const share = x25519.getPublicKey(ephemeral);
  const shared = x25519.getSharedSecret(ephemeral, recipient);
  const wrapKey = hkdf(sha256, shared, concat(share, recipient), utf8("age-encryption.org/v1/X25519"), 32);
  const body = chacha20poly1305(wrapKey, new Uint8Array(12)).encrypt(fileKey);
  return `-> X25519 ${base64nopad.encode(share)}\n${base64nopad.encode(body)}\n`;
}
