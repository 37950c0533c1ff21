/** C2SP signed notes with Ed25519 signatures (01) and timestamped cosignatures (04), as far as a reader needs them. */
import { sha256 } from "@noble/hashes/sha2.js";
import { b64, concat, equal, hex, unb64, utf8, type Bytes } from "../core/bytes.ts";
import { verified } from "../core/keys.ts";

export interface Verifier {
  name: string;
  kind: 1 | 4;
  public: Bytes;
}

export interface Line {
  verifier: Verifier;
  /** Unix seconds, for cosignatures only. */
  time: number | undefined;
}

export const spelledKey = (verifier: Verifier): string => `ed25519:${b64(verifier.public)}`;

export function keyId(verifier: Verifier): Bytes {
  return sha256(concat(utf8(`${verifier.name}\n`), Uint8Array.of(verifier.kind), verifier.public)).slice(0, 4) as Bytes;
}

export function parseVkey(vkey: string): Verifier {
  const [name, id, ...body] = vkey.split("+");
  const raw = unb64(body.join("+"));
  const kind = raw[0];
  if (!name || raw.length !== 33 || (kind !== 1 && kind !== 4)) throw new Error("not a verifier key of a known type");
  const verifier: Verifier = { name, kind, public: raw.slice(1) };
  if (hex(keyId(verifier)) !== id) throw new Error("the key id is not the key's");
  return verifier;
}

/** The text and the lines of known keys; throws when a known key's signature fails, or when nobody known signed. */
export function openNote(note: string, known: Verifier[]): { text: string; lines: Line[] } {
  const at = note.lastIndexOf("\n\n");
  if (at < 0 || !note.endsWith("\n")) throw new Error("a note is text, a blank line and signature lines");
  const text = note.slice(0, at + 1);
  const lines = note.slice(at + 2, -1).split("\n").flatMap((row) => readLine(row, text, known));
  if (lines.length === 0) throw new Error("no known key signed the note");
  return { text, lines };
}

function readLine(row: string, text: string, known: Verifier[]): Line[] {
  const match = /^\u2014 (\S+) (\S+)$/u.exec(row);
  if (match === null) throw new Error("not a signature line");
  const blob = unb64(match[2] as string);
  const verifier = known.find((one) => one.name === match[1] && equal(keyId(one), blob.subarray(0, 4)));
  return verifier === undefined ? [] : [verifyLine(verifier, blob.subarray(4), text)];
}

function verifyLine(verifier: Verifier, blob: Uint8Array, text: string): Line {
  const time = verifier.kind === 4 ? Number(new DataView(blob.buffer, blob.byteOffset).getBigUint64(0)) : undefined;
  const signed = time === undefined ? text : `cosignature/v1\ntime ${time}\n${text}`;
  const signature = verifier.kind === 4 ? blob.subarray(8) : blob;
  if (!verified(signature, utf8(signed), spelledKey(verifier))) throw new Error(`the signature of ${verifier.name} does not hold`);
  return { verifier, time };
}
