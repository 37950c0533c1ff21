/** A stranger's first check in the browser: who signed the log's checkpoint, and does the entry stand in its tree? */
import { equal, text, type Bytes } from "../core/bytes.ts";
import { leafHash, nodeHash, rootOf, tilePath, type Subtree } from "../log/merkle.ts";
import { parsePolicy } from "../log/policy.ts";
import { checkCheckpoint, type Checkpoint } from "../log/proof.ts";
import { el, find, given } from "../ui/dom.ts";
import { getBytes, getText } from "../ui/http.ts";
import { dictionary } from "../ui/language.ts";

const say = dictionary({
  checkpoint: ["公开日志 {origin} 的检查点:{size} 条,日志签名成立", "Checkpoint of {origin}: {size} entries, signed by the log"],
  quorum: ["{n} 个监督节点共同签名:{names}", "Cosigned by {n} supervision nodes: {names}"],
  few: ["监督节点签名不足:{names}", "Too few nodes cosigned: {names}"],
  root: ["从公开数据重新计算的树根与检查点一致", "The root recomputed from public tiles equals the checkpoint's"],
  entry: ["第 {index} 条就在这棵树中", "Entry {index} stands in this tree"],
  content: ["该条记载:{text}", "It says: {text}"],
  failed: ["不成立:{why}", "Does not hold: {why}"],
});

const TILE = 256;

function start(): void {
  for (const section of document.querySelectorAll<HTMLElement>("[data-recheck]")) {
    find(section, "[data-run]").addEventListener("click", () => void recheck(section));
  }
}

async function recheck(section: HTMLElement): Promise<void> {
  const list = find(section, "[data-claims]");
  list.replaceChildren();
  const claim = (held: boolean, words: string): void => list.append(el("li", { "data-held": held ? "yes" : "no" }, words));
  try {
    await claims(section, claim);
  } catch (error) {
    claim(false, say("failed", { why: error instanceof Error ? error.message : String(error) }));
  }
}

async function claims(section: HTMLElement, claim: (held: boolean, words: string) => void): Promise<void> {
  const log = given(section, "log");
  const policy = parsePolicy(await getText(given(section, "policy")));
  const { checkpoint, witnesses, quorum } = checkCheckpoint(await getText(`${log}/checkpoint`), policy);
  claim(true, say("checkpoint", { origin: checkpoint.origin, size: checkpoint.size }));
  claim(quorum, say(quorum ? "quorum" : "few", { n: witnesses.length, names: witnesses.join(", ") }));
  const tiles = new Tiles(log, checkpoint);
  if (!equal(await rootOf(checkpoint.size, tiles.subtree), checkpoint.root)) throw new Error("root");
  claim(true, say("root"));
  const index = Number(section.dataset["index"] ?? "-1");
  if (index < 0) return;
  const entry = await tiles.entry(index);
  claim(equal(leafHash(entry), await tiles.subtree(0, index)), say("entry", { index }));
  claim(true, say("content", { text: text(entry).slice(0, 400) }));
}

/** Hashes and entries of one tree from its tiles, each fetched once; every complete subtree is recomputed from leaves of its tile. */
class Tiles {
  private readonly known = new Map<string, Promise<Bytes>>();

  constructor(
    private readonly log: string,
    private readonly tree: Checkpoint,
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

  async entry(index: number): Promise<Bytes> {
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
    const found = this.known.get(path) ?? getBytes(`${this.log}/${path}`);
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

start();
