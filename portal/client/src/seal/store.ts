/** Where ciphertexts lie: the browser's private file system, which survives a reload, or Blob parts where there is none. */
import type { Sink } from "../age/stream.ts";
import type { Bytes } from "../core/bytes.ts";

export interface Store {
  sink(name: string): Promise<Sink>;
  /** Close what was written and hand it back as files. */
  files(): Promise<Record<string, Blob>>;
}

const ROOT = "kaibiao-sealed";

export async function folderOf(lot: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle(ROOT, { create });
  return all.getDirectoryHandle(encodeURIComponent(lot), { create });
}

/** Undefined where there is no private file system: file://, private windows, old browsers. */
export async function privateStore(lot: string): Promise<Store | undefined> {
  try {
    return new PrivateStore(await folderOf(lot, true));
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return undefined;
    throw error;
  }
}

interface SyncHandle {
  write(part: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

class PrivateStore implements Store {
  private readonly open = new Map<string, SyncHandle>();

  constructor(private readonly folder: FileSystemDirectoryHandle) {}

  async sink(name: string): Promise<Sink> {
    const file = await this.folder.getFileHandle(name, { create: true });
    const handle = await (file as unknown as { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle();
    handle.truncate(0);
    this.open.set(name, handle);
    let at = 0;
    const write = (part: Bytes): void => {
      const written = handle.write(part, { at });
      if (written !== part.length) throw new Error("the disk is full");
      at += written;
    };
    return { write };
  }

  async files(): Promise<Record<string, Blob>> {
    const found: Record<string, Blob> = {};
    for (const [name, handle] of this.open) {
      handle.flush();
      handle.close();
      found[name] = await (await this.folder.getFileHandle(name)).getFile();
    }
    this.open.clear();
    return found;
  }
}

const PART = 8 * 1024 * 1024;

/** Chromium keeps large Blobs on disk, so that even these parts do not stay in memory. */
export class BlobStore implements Store {
  private readonly parts = new Map<string, { blobs: Blob[]; open: Bytes[]; size: number }>();

  async sink(name: string): Promise<Sink> {
    const part = { blobs: [] as Blob[], open: [] as Bytes[], size: 0 };
    this.parts.set(name, part);
    const write = (bytes: Bytes): void => {
      part.open.push(bytes);
      part.size += bytes.length;
      if (part.size < PART) return;
      part.blobs.push(new Blob(part.open));
      [part.open, part.size] = [[], 0];
    };
    return { write };
  }

  async files(): Promise<Record<string, Blob>> {
    const whole = [...this.parts].map(([name, part]) => [name, new Blob([...part.blobs, ...part.open])] as const);
    return Object.fromEntries(whole);
  }
}
