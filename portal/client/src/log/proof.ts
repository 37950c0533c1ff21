/** `.tlog-proof` files (c2sp.org/tlog-proof@v1): an entry, its index, the path to a cosigned checkpoint. */
import { equal, unb64, type Bytes } from "../core/bytes.ts";
import { leafHash, nodeHash } from "./merkle.ts";
import { openNote } from "./note.ts";
import { cosigners, isQuorum, verifiers, type Policy } from "./policy.ts";

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

export function parseCheckpoint(note: string): Checkpoint {
  const [origin = "", size = "", root = "", ...rest] = note.split("\n");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || rest.join("") !== "") throw new Error("not a checkpoint");
  return { origin, size: Number(size), root: unb64(root) };
}

export interface Checked {
  checkpoint: Checkpoint;
  witnesses: string[];
  quorum: boolean;
}

/** The checkpoint in `note`; throws unless the log of its origin signed it and no known signature fails. */
export function checkCheckpoint(note: string, policy: Policy): Checked {
  const { text, lines } = openNote(note, verifiers(policy));
  const checkpoint = parseCheckpoint(text);
  const signed = lines.some((line) => policy.logs.includes(line.verifier) && line.verifier.name === checkpoint.origin);
  if (!signed) throw new Error("the checkpoint is not signed by its log");
  const witnesses = cosigners(policy, lines);
  return { checkpoint, witnesses, quorum: isQuorum(policy, witnesses) };
}

/** RFC 9162 2.1.3.2. */
export function included(leaf: Bytes, index: number, path: Bytes[], tree: Checkpoint): boolean {
  if (index >= tree.size) return false;
  let [at, last, hash] = [index, tree.size - 1, leaf];
  for (const step of path) {
    if (last === 0 || step.length !== 32) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(step, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(hash, tree.root);
}

/** Throws unless `entry` stands where the proof says, in a tree that the log and a quorum of the policy signed. */
export function checkProof(proof: string, entry: Bytes, policy: Policy): { index: number; witnesses: string[] } {
  const cut = proof.indexOf("\n\n");
  const [magic, index = "", ...path] = proof.slice(0, cut).split("\n");
  const match = /^index (0|[1-9][0-9]{0,15})$/.exec(index);
  if (cut < 0 || magic !== "c2sp.org/tlog-proof@v1" || match === null) throw new Error("not a tlog-proof");
  const { checkpoint, witnesses, quorum } = checkCheckpoint(proof.slice(cut + 2), policy);
  if (!quorum) throw new Error("too few nodes cosigned the checkpoint");
  const at = Number(match[1]);
  if (!included(leafHash(entry), at, path.map(unb64), checkpoint)) throw new Error("the entry is not in the log's tree");
  return { index: at, witnesses };
}

