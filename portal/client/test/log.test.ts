import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, concat, utf8, type Bytes } from "../src/core/bytes.ts";
import { generate, sign, type SigningKey } from "../src/core/keys.ts";
import { leafHash, nodeHash, peaks, rootOf, tilePath, type Subtree } from "../src/log/merkle.ts";
import { keyId, openNote, parseVkey, type Verifier } from "../src/log/note.ts";
import { cosigners, isQuorum, parsePolicy } from "../src/log/policy.ts";
import { checkCheckpoint, included } from "../src/log/proof.ts";
import { findOnRoll } from "../src/recheck/receipt.ts";
import { NODES, policyOf, vkey } from "./sample.ts";

const FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const LINE = "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";

test("the golden note of C2SP opens, and one altered letter spoils it", () => {
  const note = `This is an example message.\n\n${LINE}\n`;
  assert.equal(openNote(note, [parseVkey(FOO)]).text, "This is an example message.\n");
  assert.throws(() => openNote(note.replace("example message", "exemple message"), [parseVkey(FOO)]), /does not hold/);
  assert.throws(() => openNote(note, []), /no known key/);
  assert.throws(() => parseVkey(FOO.replace("530d903a", "530d903b")), /key id/);
});

/** The tree computed the plain way, from RFC 6962's definition. */
function plainRoot(leaves: Bytes[]): Bytes {
  if (leaves.length === 1) return leaves[0] as Bytes;
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(plainRoot(leaves.slice(0, half)), plainRoot(leaves.slice(half)));
}

function plainPath(leaves: Bytes[], index: number): Bytes[] {
  if (leaves.length === 1) return [];
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
  return index < half ? [...plainPath(left, index), plainRoot(right)] : [...plainPath(right, index - half), plainRoot(left)];
}

const leaves = Array.from({ length: 33 }, (_, k) => leafHash(utf8(`entry ${k}`)));

test("inclusion holds for every leaf of every tree up to 33 and for no other leaf, index or tree", () => {
  for (let size = 1; size <= leaves.length; size++) {
    const some = leaves.slice(0, size);
    const tree = { origin: "o", size, root: plainRoot(some) };
    for (let index = 0; index < size; index++) {
      const path = plainPath(some, index);
      assert.ok(included(some[index] as Bytes, index, path, tree), `${index} of ${size}`);
      assert.ok(!included(leafHash(utf8("other")), index, path, tree));
      assert.ok(!included(some[index] as Bytes, index + size, path, tree));
      assert.ok(size === 1 || !included(some[index] as Bytes, index, path.slice(1), tree));
      assert.ok(!included(some[index] as Bytes, index, [...path, leaves[0] as Bytes], tree));
    }
  }
});

test("a root is made of complete subtrees alone", async () => {
  const subtree: Subtree = (level, index) => Promise.resolve(plainRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
  for (let size = 1; size <= leaves.length; size++) {
    assert.deepEqual(await rootOf(size, subtree), plainRoot(leaves.slice(0, size)), String(size));
  }
  assert.deepEqual(peaks(5), [{ level: 2, index: 0 }, { level: 0, index: 4 }]);
});

test("tiles are named as tlog-tiles names them", () => {
  assert.equal(tilePath(0, 1_234_067, 256), "tile/0/x001/x234/067");
  assert.equal(tilePath("entries", 5, 17), "tile/entries/005.p/17");
});

function cosigned(text: string, log: SigningKey, nodes: SigningKey[], count: number): string {
  const lines = [line("practice/log", 1, log, sign(utf8(text), log))];
  for (let k = 0; k < count; k++) {
    const time = 1_795_400_000;
    const key = nodes[k] as SigningKey;
    const stamp = new Uint8Array(8);
    new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
    lines.push(line(`practice/${NODES[k]}`, 4, key, concat(stamp, sign(utf8(`cosignature/v1\ntime ${time}\n${text}`), key))));
  }
  return `${text}\n${lines.join("\n")}\n`;
}

function line(name: string, kind: 1 | 4, key: SigningKey, blob: Bytes): string {
  const verifier: Verifier = parseVkey(vkey(name, kind, key));
  return `\u2014 ${name} ${b64(concat(keyId(verifier), blob))}`;
}

test("three of four nodes make a quorum, two do not, and without the log there is nothing", () => {
  const nodes = NODES.map(generate);
  const log = generate();
  const policy = parsePolicy(policyOf(nodes, log));
  const text = `practice/log\n33\n${b64(plainRoot(leaves))}\n`;
  for (const [count, held] of [[4, true], [3, true], [2, false]] as const) {
    const found = checkCheckpoint(cosigned(text, log, nodes, count), policy);
    assert.deepEqual([found.quorum, found.witnesses.length, found.checkpoint.size], [held, count, 33]);
  }
  assert.throws(() => checkCheckpoint(cosigned(text, generate(), nodes, 4), policy), /not signed by its log/);
  const foreign = cosigned(text, log, NODES.map(generate), 4);
  assert.equal(checkCheckpoint(foreign, policy).quorum, false);
});

test("groups nest, and a repeated witness counts once", () => {
  const nodes = NODES.map(generate);
  const base = policyOf(nodes).replace(/group nodes[\s\S]*/, "");
  const policy = parsePolicy(`${base}group a any supervisor manager\ngroup b all audit notary\ngroup both 2 a b\nquorum both\n`);
  assert.ok(isQuorum(policy, ["manager", "audit", "notary"]));
  assert.ok(!isQuorum(policy, ["manager", "supervisor", "audit"]));
  assert.deepEqual(cosigners(policy, []), []);
  assert.throws(() => parsePolicy(`${base}group a 5 supervisor manager\nquorum a\n`), /threshold/);
  assert.throws(() => parsePolicy(base), /quorum/);
});

test("a receipt's bid is found on the roll, and its absence is told apart from standing after the cut", () => {
  const receipt = { id: "r", lot: "L", manifestSha256: "m1", receivedAt: "", index: 7, witnesses: 3 };
  const closed = (bids: object[], cut_size = 10) => JSON.stringify({ v: 1, fact: { kind: "box.closed", lot: "L", cut_size, bids } });
  for (const status of ["live", "replaced", "withdrawn", "void"]) {
    assert.equal(findOnRoll(closed([{ manifest_sha256: "m0", status: "live" }, { manifest_sha256: "m1", status }]), receipt).status, status);
  }
  assert.deepEqual(findOnRoll(closed([]), receipt), { count: 0, status: "absent" });
  assert.equal(findOnRoll(closed([], 7), receipt).status, "late");
  assert.throws(() => findOnRoll(closed([]).replace("box.closed", "box.opened"), receipt));
  assert.throws(() => findOnRoll(closed([]), { ...receipt, lot: "M" }));
});
