/** RFC 6962 hashes, and inclusion computed from tlog-tiles: the proof is made by the reader, not by the log. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, type Bytes } from "../core/bytes.ts";

export const leafHash = (entry: Uint8Array): Bytes => sha256(concat(Uint8Array.of(0), entry)) as Bytes;
export const nodeHash = (left: Uint8Array, right: Uint8Array): Bytes => sha256(concat(Uint8Array.of(1), left, right)) as Bytes;

/** Gives the hash of the complete subtree at `level` (0 = leaves) and `index`. */
export type Subtree = (level: number, index: number) => Promise<Bytes>;

/** Root of the tree of `size` leaves, from complete subtrees only. */
export async function rootOf(size: number, subtree: Subtree): Promise<Bytes> {
  let root: Bytes | undefined;
  for (const { level, index } of peaks(size).reverse()) {
    const peak = await subtree(level, index);
    root = root === undefined ? peak : nodeHash(peak, root);
  }
  return root ?? (sha256(new Uint8Array()) as Bytes);
}

/** The complete subtrees that make up a tree of `size`, from left to right. */
export function peaks(size: number): { level: number; index: number }[] {
  const found = [];
  let start = 0;
  for (let level = 52; level >= 0; level--) {
    const width = 2 ** level;
    if (Math.floor(size / width) % 2 === 0) continue;
    found.push({ level, index: start / width });
    start += width;
  }
  return found;
}

/** Path of a tile below the log's address; `width` is less than 256 only for the last, partial one. */
export function tilePath(level: number | "entries", index: number, width: number): string {
  const groups = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, "0"));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const name = groups.map((part, k) => (k < groups.length - 1 ? `x${part}` : part)).join("/");
  return `tile/${level}/${name}${width < 256 ? `.p/${width}` : ""}`;
}
