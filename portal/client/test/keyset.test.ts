import assert from "node:assert/strict";
import { test } from "node:test";
import { b64 } from "../src/core/bytes.ts";
import { generate, sign } from "../src/core/keys.ts";
import { sha } from "../src/core/digest.ts";
import { parsePolicy } from "../src/log/policy.ts";
import { checkKeyset, KeysetRefused } from "../src/seal/keyset.ts";
import { LOT, policyOf, sampleLot, type SampleLot } from "./sample.ts";

type Loose = Record<string, any>; // eslint-free: tests bend the content on purpose

const check = (lot: SampleLot, policy = lot.policy, sigs = lot.sigs) =>
  checkKeyset(lot.keyset, sigs, parsePolicy(policy), { lot: LOT, sha256: sha(lot.keyset) });

test("a sound keyset is taken", () => {
  const keyset = check(sampleLot());
  assert.deepEqual(keyset.stages.map((stage) => [stage.name, stage.t, stage.trustees.length]), [["sheet", 3, 4], ["docs", 3, 4]]);
});

test("a keyset for another lot, or not the one printed in the notice, is refused", () => {
  const lot = sampleLot();
  const policy = parsePolicy(lot.policy);
  assert.throws(() => checkKeyset(lot.keyset, lot.sigs, policy, { lot: "other", sha256: undefined }), KeysetRefused);
  assert.throws(() => checkKeyset(lot.keyset, lot.sigs, policy, { lot: LOT, sha256: "0".repeat(64) }), KeysetRefused);
});

test("a keyset that owner or supervising authority did not sign is refused", () => {
  const lot = sampleLot();
  const forged = b64(sign(lot.keyset, generate()));
  assert.throws(() => check(lot, lot.policy, { ...lot.sigs, owner: forged }), /owner/);
  assert.throws(() => check(lot, lot.policy, { ...lot.sigs, supervisor: forged }), /supervising/);
});

test("trustees whose keys are not in the policy are refused, though they signed", () => {
  assert.throws(() => check(sampleLot(), policyOf(Array.from({ length: 4 }, generate))), /policy/);
});

test("a keyset that is all the evaluation's holds no price, and is taken", () => {
  const lot = sampleLot((content) => ((content as Loose)["stages"] = [(content as Loose)["stages"][1]]));
  assert.deepEqual(check(lot).stages.map((stage) => [stage.name, stage.holds_price]), [["docs", false]]);
});

const bent: [string, (content: Loose) => void][] = [
  ["t of n with t = n", (content) => (content["stages"][0].t = 4)],
  ["t = 1", (content) => (content["stages"][0].t = 1)],
  ["a repeated number", (content) => (content["stages"][0].trustees[1].i = 1)],
  ["a recipient used twice", (content) => (content["stages"][0].trustees[1].recipient = content["stages"][0].trustees[0].recipient)],
  ["another's recipient", (content) => (content["stages"][0].trustees[1].recipient = content["stages"][1].trustees[1].recipient)],
  ["an upper-case recipient", (content) => (content["stages"][0].trustees[1].recipient = content["stages"][0].trustees[1].recipient.toUpperCase())],
  ["one organization with two shares", (content) => (content["stages"][0].trustees[1].org = content["stages"][0].trustees[0].org)],
  ["no price", (content) => (content["stages"][0].holds_price = false)],
  ["two prices", (content) => (content["stages"][1].holds_price = true)],
  ["another suite", (content) => (content["suite"] = "gm/1")],
  ["another version than the trustees signed", (content) => (content["version"] = 2)],
];
for (const [what, change] of bent) {
  test(`a keyset with ${what} is refused, though it is signed`, () => {
    const lot = sampleLot(change as never);
    assert.throws(() => check(lot), KeysetRefused);
  });
}
