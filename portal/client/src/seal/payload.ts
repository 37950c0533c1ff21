/** The two payloads: `docs`, a tar that begins with bid.json, and `sheet`, sheet.json padded with blanks. */
import { encode, type JsonObject } from "../core/canonical.ts";
import { words } from "../core/amount.ts";
import { ofBlob } from "../core/digest.ts";
import type { Bytes } from "../core/bytes.ts";
import { padme, SHEET_MINIMUM, type Header } from "./protocol.ts";
import { tar, tarSize, type Member } from "./tar.ts";

export interface InputFile {
  path: string;
  blob: Blob;
}

export interface Payload {
  size: number;
  content: () => AsyncIterable<Bytes>;
}

const PART = 2 * 1024 * 1024;
const ZEROS = 1024 * 1024;

/** The file in parts, the next one read ahead: fewer, larger reads than Blob.stream() gives, alike in browser and Node. */
export async function* partsOf(blob: Blob): AsyncGenerator<Bytes> {
  const read = async (at: number): Promise<Bytes> => new Uint8Array(await blob.slice(at, at + PART).arrayBuffer());
  let next = read(0);
  for (let at = 0; at < blob.size; at += PART) {
    const part = await next;
    next = read(at + PART);
    next.catch(() => undefined); // rethrown when it is its turn; a reader that stops early does not care
    yield part;
  }
}

/** As sealing/documents.py has it: bare names, for whoever unpacks a bid must not be hurt by them. */
const NAME = /^[^\u0000-\u001f\u007f/\\\p{Surrogate}]{1,160}$/u;
const MAX_FILES = 2000;

export function checkPaths(files: InputFile[]): void {
  if (files.length > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`);
  const seen = new Set<string>(["bid.json", ".", ".."]);
  for (const { path } of files) {
    if (!NAME.test(path)) throw new Error(`not a usable file name: ${path}`);
    if (seen.has(path)) throw new Error(`a file name stands twice or is reserved: ${path}`);
    seen.add(path);
  }
}

export async function docsPayload(
  files: InputFile[],
  header: Header & { bidder: string },
  hashed: (bytes: number) => void,
): Promise<Payload> {
  checkPaths(files);
  const listed: JsonObject[] = [];
  for (const { path, blob } of files) {
    listed.push({ path, size: blob.size, sha256: await ofBlob(blob, partsOf(blob), hashed) });
  }
  const first = encode({ type: "kaibiao-docs/1", ...header, files: listed });
  const members: Member[] = [
    { path: "bid.json", size: first.length, content: () => once(first) },
    ...files.map(({ path, blob }) => ({ path, size: blob.size, content: () => partsOf(blob) })),
  ];
  const bare = tarSize(members);
  return { size: padme(bare), content: () => padded(tar(members), padme(bare) - bare) };
}

/** What a bidder fills in; every key is always in the sheet, null for what the stage does not ask (sealing/sheet.py). */
export interface SheetContent {
  price?: string;
  period_days?: number;
  quality?: string;
  project_leader?: string;
  items: Record<string, string>;
}

export function sheetPayload(sheet: SheetContent, header: Header & { bidder: string }): Payload {
  const { price = null, period_days = null, quality = null, project_leader = null, items } = sheet;
  const price_words = price === null ? null : words(price);
  const bare = encode({ type: "kaibiao-sheet/1", ...header, price, price_words, period_days, quality, project_leader, items });
  const whole = new Uint8Array(Math.max(SHEET_MINIMUM, padme(bare.length))).fill(0x20);
  whole.set(bare);
  return { size: whole.length, content: () => once(whole) };
}

async function* once(raw: Bytes): AsyncGenerator<Bytes> {
  yield raw;
}

async function* padded(content: AsyncIterable<Bytes>, zeros: number): AsyncGenerator<Bytes> {
  yield* content;
  for (let left = zeros; left > 0; left -= ZEROS) yield new Uint8Array(Math.min(left, ZEROS));
}
