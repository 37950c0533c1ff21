/** Reading our own tar back: plain ustar members, each as a slice of the file. */
import { BLOCK } from "./tar.ts";

export async function readTar(file: Blob): Promise<Record<string, Blob>> {
  const found: Record<string, Blob> = {};
  for (let at = 0; at + BLOCK <= file.size; ) {
    const head = new TextDecoder("latin1").decode(await file.slice(at, at + BLOCK).arrayBuffer());
    const name = field(head, 0, 100);
    if (name === "") break;
    const size = parseInt(field(head, 124, 12), 8);
    if (!head.startsWith("ustar", 257) || !Number.isSafeInteger(size)) throw new Error("not a tar of sealed files");
    found[name] = file.slice(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return found;
}

const field = (head: string, at: number, length: number): string => head.slice(at, at + length).split("\0")[0]?.trim() ?? "";
