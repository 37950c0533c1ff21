/** Signing keys: Ed25519, and P-256/SHA-256 as r||s. Own code (noble), so that older browsers sign alike. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { b64, concat, equal, random, unb64, unhex, type Bytes } from "./bytes.ts";

export type Kind = "ed25519" | "p256";
export interface SigningKey {
  kind: Kind;
  secret: Bytes;
}

const ED_PKCS8 = unhex("302e020100300506032b657004220420");
const ED_SPKI = unhex("302a300506032b6570032100");
const P256_SPKI = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
const P256_OID = unhex("06082a8648ce3d030107");
const P256_SECRET = unhex("0201010420");

export const generate = (): SigningKey => ({ kind: "ed25519", secret: random(32) });

export function publicKey(key: SigningKey): Bytes {
  return (key.kind === "ed25519" ? ed25519.getPublicKey(key.secret) : p256.getPublicKey(key.secret, false)) as Bytes;
}

export const spellPublic = (key: SigningKey): string => `${key.kind}:${b64(publicKey(key))}`;

export function sign(raw: Uint8Array, key: SigningKey): Bytes {
  return (key.kind === "ed25519" ? ed25519.sign(raw, key.secret) : p256.sign(raw, key.secret)) as Bytes;
}

/** Whether `signature` (64 bytes) is over exactly `raw` by the key spelled `ed25519:<b64>` or `p256:<b64>`. */
export function verified(signature: Uint8Array, raw: Uint8Array, spelled: string): boolean {
  const [kind, body] = spelled.split(":");
  if (signature.length !== 64 || body === undefined) return false;
  const key = unb64(body);
  if (kind === "ed25519" && key.length === 32) return quietly(() => ed25519.verify(signature, raw, key, { zip215: false }));
  if (kind === "p256" && key.length === 65) return quietly(() => p256.verify(signature, raw, key, { lowS: false }));
  return false;
}

/** noble throws on points that are not on the curve; to us that is a signature that does not hold. */
function quietly(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

export function toPkcs8(key: SigningKey): Bytes {
  if (key.kind !== "ed25519") throw new Error("only Ed25519 keys are made here");
  return concat(ED_PKCS8, key.secret);
}

export function fromPkcs8(der: Uint8Array): SigningKey {
  if (der.length === 48 && equal(der.subarray(0, 16), ED_PKCS8)) return { kind: "ed25519", secret: der.slice(16) as Bytes };
  const at = find(der, P256_SECRET);
  if (find(der, P256_OID) < 0 || at < 0) throw new Error("neither an Ed25519 nor a P-256 key");
  return { kind: "p256", secret: der.slice(at + 5, at + 37) as Bytes };
}

/** The public key inside a certificate, spelled; the certificate's chain is checked by the platform, not here. */
export function keyOfCertificate(der: Uint8Array): string {
  const ed = find(der, ED_SPKI);
  if (ed >= 0) return `ed25519:${b64(der.slice(ed + 12, ed + 44))}`;
  const p = find(der, P256_SPKI);
  if (p >= 0) return `p256:${b64(der.slice(p + 26, p + 91))}`;
  throw new Error("the certificate holds neither an Ed25519 nor a P-256 key");
}

function find(whole: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= whole.length; at++) {
    if (part.every((byte, k) => whole[at + k] === byte)) return at;
  }
  return -1;
}
