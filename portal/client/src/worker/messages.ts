/** What pages ask of the worker, and what it answers. The worker holds everything slow: scrypt, hashing, sealing. */
import type { Bytes } from "../core/bytes.ts";
import type { KeyFile } from "../keyfile/format.ts";
import type { InputFile, SheetContent } from "../seal/payload.ts";
import type { Client, Keyset } from "../seal/protocol.ts";
import type { Phase, SealedBid } from "../seal/sealer.ts";

export interface SealJob {
  keyset: Keyset;
  /** Name in the sealed header; empty for the key file's organization. */
  bidder: string;
  sheet: SheetContent;
  files: InputFile[];
  keyFile: Bytes;
  passphrase: string;
  previous: string | null;
  rescuePassphrase: string;
  now: Date;
  client: Client;
}

export interface Sealed {
  bid: SealedBid;
  /** By file name, `sheet.age` and so on. */
  files: Record<string, Blob>;
  /** Whether the files lie in the private file system and survive a reload. */
  kept: boolean;
}

export interface Calls {
  seal: { ask: SealJob; answer: Sealed };
  openKey: { ask: { raw: Bytes; passphrase: string }; answer: KeyFile };
  protectKey: { ask: { file: KeyFile; passphrase: string }; answer: Bytes };
  speed: { ask: { bytes: number }; answer: { sealed: number; native: boolean; wasm: boolean } };
}

export type Call = keyof Calls;
export type Ask = { [K in Call]: { id: number; call: K; ask: Calls[K]["ask"] } }[Call];
export type Answer =
  | { id: number; kind: "done"; answer: Calls[Call]["answer"] }
  | { id: number; kind: "failed"; name: string; message: string }
  | { id: number; kind: "progress"; phase: Phase; done: number; total: number };
