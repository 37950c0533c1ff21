/** A sealed bid that has not arrived yet: kept beside its ciphertexts, found again after a reload. */
import { b64, unb64 } from "../core/bytes.ts";
import { folderOf } from "./store.ts";
import type { Finished } from "./delivery.ts";

const NAME = "draft.json";

interface Draft {
  manifest: string;
  sig: string;
  bidder: string;
  files: string[];
  party: string;
}

export async function keepDraft(lot: string, bid: Finished): Promise<void> {
  const draft: Draft = { manifest: b64(bid.manifest), sig: b64(bid.sig), bidder: b64(bid.bidder), files: Object.keys(bid.files), party: bid.party ?? "" };
  const handle = await (await folderOf(lot, true)).getFileHandle(NAME, { create: true });
  const writable = await handle.createWritable();
  await writable.write(JSON.stringify(draft));
  await writable.close();
}

/** Undefined when there is none, or no private file system. */
export async function findDraft(lot: string): Promise<Finished | undefined> {
  try {
    const folder = await folderOf(lot, false);
    const draft = JSON.parse(await (await (await folder.getFileHandle(NAME)).getFile()).text()) as Draft;
    const files = await Promise.all(draft.files.map(async (name) => [name, await (await folder.getFileHandle(name)).getFile()] as const));
    return { manifest: unb64(draft.manifest), sig: unb64(draft.sig), bidder: unb64(draft.bidder), files: Object.fromEntries(files), party: draft.party };
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return undefined;
    throw error;
  }
}

export async function dropDraft(lot: string): Promise<void> {
  const folder = await folderOf(lot, true);
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) await folder.removeEntry(name);
}
