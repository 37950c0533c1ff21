/** Finished files as a person saves and brings them: six files, or one .tar of them. */
import { b64, text, unb64, utf8, type Bytes } from "../core/bytes.ts";
import type { Finished } from "./delivery.ts";
import { readTar } from "./untar.ts";
import { BLOCK, headers } from "./tar.ts";

export type Named = Record<string, Blob>;

export function savedFiles(bid: Finished, rescue: Uint8Array<ArrayBuffer> | undefined): Named {
  return {
    "manifest.json": new Blob([bid.manifest as Bytes]),
    "manifest.sig": new Blob([utf8(`${b64(bid.sig)}\n`)]),
    "bidder.json": new Blob([bid.bidder as Bytes]),
    ...bid.files,
    ...(rescue === undefined ? {} : { "rescue.age": new Blob([rescue]) }),
  };
}

/** One uncompressed tar. Its envelopes stay the Blobs they are, so that nothing large is copied in memory. */
export function asTar(files: Named): Blob {
  const parts: BlobPart[] = [];
  for (const [path, blob] of Object.entries(files)) {
    parts.push(headers({ path, size: blob.size }), blob, new Uint8Array((BLOCK - (blob.size % BLOCK)) % BLOCK));
  }
  return new Blob([...parts, new Uint8Array(2 * BLOCK)]);
}

/** Read what was picked; throws naming the first file that is missing. rescue.age is never read from here. */
export async function readSaved(picked: Iterable<File>): Promise<Finished> {
  const files: Named = {};
  for (const file of picked) {
    if (file.name.endsWith(".tar")) Object.assign(files, await readTar(file));
    else files[file.name] = file;
  }
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const blob = files[name];
    if (blob === undefined) throw new Error(`${name} is missing`);
    return new Uint8Array(await blob.arrayBuffer());
  };
  const envelopes = Object.entries(files).filter(([name]) => name.endsWith(".age") && name !== "rescue.age");
  return { manifest: await read("manifest.json"), sig: readSig(await read("manifest.sig")), bidder: await read("bidder.json"), files: Object.fromEntries(envelopes) };
}

/** 64 raw bytes, or their base64 with or without a newline. */
const readSig = (raw: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => (raw.length === 64 ? raw : unb64(text(raw).trim()));
