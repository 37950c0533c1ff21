/** Reading a log by its tiles; whatever is read is checked against the tree's root by the caller. */
import { equal, type Bytes } from "../core/bytes.ts";
import { leafHash, nodeHash, rootOf, tilePath, type Subtree } from "./merkle.ts";
import type { Checkpoint } from "./proof.ts";

const TILE = 256;

/** Hashes and entries of one tree from its tiles, each fetched once; every complete subtree is recomputed from leaves of its tile. */
export class Tiles {
  private readonly known = new Map<string, Promise<Bytes>>();

  constructor(
    private readonly log: string,
    private readonly tree: Checkpoint,
    private readonly get: (url: string) => Promise<Bytes>,
  ) {}

  subtree: Subtree = async (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const span = 2 ** (level % 8);
    const first = index * span;
    const tile = await this.tile(tileLevel, Math.floor(first / TILE));
    let row: Bytes[] = Array.from({ length: span }, (_, k) => hashAt(tile, (first % TILE) + k));
    while (row.length > 1) row = pairs(row);
    return row[0] as Bytes;
  };

  /** Throws unless the tiles make the checkpoint's root. */
  async checkRoot(): Promise<void> {
    if (!equal(await rootOf(this.tree.size, this.subtree), this.tree.root)) throw new Error("the tiles do not make the checkpoint's root");
  }

  /** The entry, if it is the leaf of that index; the root is checked apart. */
  async provenEntry(index: number): Promise<Bytes> {
    const entry = await this.entry(index);
    if (!equal(leafHash(entry), await this.subtree(0, index))) throw new Error("the entry is not the tree's leaf");
    return entry;
  }

  private async entry(index: number): Promise<Bytes> {
    const tile = Math.floor(index / TILE);
    let rest = await this.fetch("entries", tile, Math.min(TILE, this.tree.size - tile * TILE));
    for (let skip = index % TILE; skip > 0; skip--) rest = rest.subarray(2 + length(rest));
    return rest.slice(2, 2 + length(rest));
  }

  private tile(level: number, index: number): Promise<Bytes> {
    const across = Math.floor(this.tree.size / TILE ** level);
    return this.fetch(level, index, Math.min(TILE, across - index * TILE));
  }

  private fetch(level: number | "entries", index: number, width: number): Promise<Bytes> {
    const path = tilePath(level, index, width);
    const found = this.known.get(path) ?? this.get(`${this.log}/${path}`);
    this.known.set(path, found);
    return found;
  }
}

const length = (raw: Uint8Array): number => ((raw[0] ?? 0) << 8) | (raw[1] ?? 0);

function hashAt(tile: Bytes, index: number): Bytes {
  const hash = tile.slice(index * 32, index * 32 + 32);
  if (hash.length !== 32) throw new Error("a tile is too short");
  return hash;
}

const pairs = (row: Bytes[]): Bytes[] => Array.from({ length: row.length / 2 }, (_, k) => nodeHash(row[2 * k] as Bytes, row[2 * k + 1] as Bytes));
