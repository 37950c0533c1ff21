/** A keyset is taken only when every promise of sealing.md 1.1 that a bidder can check holds. */
import { RECIPIENT } from "../age/header.ts";
import { text, unb64 } from "../core/bytes.ts";
import { encode, parse, type JsonObject } from "../core/canonical.ts";
import { sha } from "../core/digest.ts";
import { verified } from "../core/keys.ts";
import { signKeys, type Policy } from "../log/policy.ts";
import { SUITE, type Keyset, type Stage, type Trustee } from "./protocol.ts";

export class KeysetRefused extends Error {
  override name = "KeysetRefused";
}

export interface KeysetSignatures {
  owner: string;
  supervisor: string;
}

export interface Expected {
  lot: string;
  /** As the notice prints it; undefined only offline, where the person compares it. */
  sha256: string | undefined;
}

export function readKeyset(raw: Uint8Array): Keyset {
  const content = parse(text(raw), "kaibiao-keyset/1");
  demand(content["suite"] === SUITE, `the suite ${String(content["suite"])} is not known to this client`);
  return {
    lot: string(content, "lot"),
    version: Number(content["version"]),
    stages: list(content, "stages").map(readStage),
    fact_keys: content["fact_keys"] as unknown as Keyset["fact_keys"],
    sha256: sha(raw),
  };
}

export function checkKeyset(raw: Uint8Array, sigs: KeysetSignatures, policy: Policy, expected: Expected): Keyset {
  const keyset = readKeyset(raw);
  demand(keyset.lot === expected.lot, "the keyset is for another lot");
  demand(expected.sha256 === undefined || keyset.sha256 === expected.sha256, "the keyset is not the one printed in the notice");
  demand(verified(unb64(sigs.owner), raw, keyset.fact_keys.owner), "the owner's signature does not hold");
  demand(verified(unb64(sigs.supervisor), raw, keyset.fact_keys.supervisor), "the supervising authority's signature does not hold");
  const nodes = signKeys(policy);
  demand([...nodes.values()].includes(keyset.fact_keys.supervisor), "the supervising authority's key is not in the policy");
  const priced = keyset.stages.filter((stage) => stage.holds_price).length;
  demand(priced === 1 || (priced === 0 && forEvaluation(keyset)), "exactly one stage holds the price");
  for (const stage of keyset.stages) checkStage(stage, keyset, nodes);
  return keyset;
}

/** Nothing of the bid is ever public: a first response in a negotiation, in which no price is read out. */
export const forEvaluation = (keyset: Keyset): boolean => keyset.stages.length > 0 && keyset.stages.every((stage) => stage.audience === "evaluation");

function checkStage(stage: Stage, keyset: Keyset, nodes: Map<string, string>): void {
  const n = stage.trustees.length;
  demand(Number.isInteger(stage.t) && stage.t >= 2 && stage.t < n && n <= 9, `stage ${stage.name}: not 2 <= t < n <= 9`);
  demand(distinct(stage.trustees.map((one) => String(one.i))), `stage ${stage.name}: a number stands twice`);
  demand(distinct(stage.trustees.map((one) => one.recipient)), `stage ${stage.name}: a recipient stands twice`);
  for (const org of new Set(stage.trustees.map((one) => one.org))) {
    demand(stage.trustees.filter((one) => one.org === org).length < stage.t, `stage ${stage.name}: ${org} alone could open`);
    demand(stage.trustees.filter((one) => one.org !== org).length >= stage.t, `stage ${stage.name}: lost with ${org}`);
  }
  for (const trustee of stage.trustees) checkTrustee(trustee, stage, keyset, nodes);
}

function checkTrustee(trustee: Trustee, stage: Stage, keyset: Keyset, nodes: Map<string, string>): void {
  const who = `stage ${stage.name}, trustee ${trustee.i} (${trustee.org})`;
  demand(Number.isInteger(trustee.i) && trustee.i >= 1 && trustee.i <= 9, `${who}: not a number of 1 to 9`);
  demand(RECIPIENT.test(trustee.recipient), `${who}: not a recipient`);
  demand(nodes.get(trustee.org) === trustee.sign_key, `${who}: the key is not the one in the policy`);
  const { i, org, recipient, sign_key } = trustee;
  const entry = { type: "kaibiao-trustee/1", lot: keyset.lot, stage: stage.name, version: keyset.version, i, org, recipient, sign_key };
  demand(verified(unb64(trustee.sig), encode(entry), sign_key), `${who}: the signature does not hold`);
}

function readStage(content: JsonObject): Stage {
  const audience = string(content, "audience");
  demand(audience === "public" || audience === "evaluation", "an audience is public or evaluation");
  return {
    name: string(content, "name"),
    t: Number(content["t"]),
    holds_price: content["holds_price"] === true,
    audience: audience as Stage["audience"],
    trustees: list(content, "trustees") as unknown as Trustee[],
  };
}

function string(content: JsonObject, name: string): string {
  const value = content[name];
  demand(typeof value === "string", `${name} is missing`);
  return value as string;
}

function list(content: JsonObject, name: string): JsonObject[] {
  const value = content[name];
  demand(Array.isArray(value), `${name} is missing`);
  return value as JsonObject[];
}

const distinct = (values: string[]): boolean => new Set(values).size === values.length;

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new KeysetRefused(otherwise);
}
