/** A lot with four trustees and a bidder, made fresh for each test. */
import { recipientOf } from "../src/age/header.ts";
import { b64, concat, random, utf8, type Bytes } from "../src/core/bytes.ts";
import { encode, type Json } from "../src/core/canonical.ts";
import { generate, publicKey, sign, spellPublic, type SigningKey } from "../src/core/keys.ts";
import { keyId, type Verifier } from "../src/log/note.ts";
import { hex } from "../src/core/bytes.ts";

export const LOT = "E9901010000000117001001";
export const NODES = ["supervisor", "manager", "audit", "notary"];

export interface SampleLot {
  keyset: Bytes;
  sigs: { owner: string; supervisor: string };
  policy: string;
  /** Identities by stage and trustee. */
  secrets: Record<string, Bytes[]>;
  nodeKeys: SigningKey[];
  content: { [key: string]: Json };
  owner: SigningKey;
}

export function vkey(name: string, kind: 1 | 4, key: SigningKey): string {
  const verifier: Verifier = { name, kind, public: publicKey(key) };
  return `${name}+${hex(keyId(verifier))}+${b64(concat(Uint8Array.of(kind), publicKey(key)))}`;
}

export function sampleLot(change: (content: { [key: string]: Json }) => void = () => undefined): SampleLot {
  const nodeKeys = NODES.map(generate);
  const owner = generate();
  const secrets: Record<string, Bytes[]> = {};
  const stages = [stage("sheet", true, "public", nodeKeys, secrets), stage("docs", false, "evaluation", nodeKeys, secrets)];
  const fact_keys = { owner: spellPublic(owner), agency: spellPublic(owner), supervisor: spellPublic(nodeKeys[0] as SigningKey) };
  const content: { [key: string]: Json } = {
    type: "kaibiao-keyset/1", suite: "age-x25519/1", lot: LOT, version: 1, ack_min: 3, fact_keys,
    cut_grace: 30, roll_window: 60, open_wait: 600, release_by: 1800, rescue_until: 7200, stages,
  };
  change(content);
  const keyset = encode(content);
  const sigs = { owner: b64(sign(keyset, owner)), supervisor: b64(sign(keyset, nodeKeys[0] as SigningKey)) };
  return { keyset, sigs, policy: policyOf(nodeKeys), secrets, nodeKeys, content, owner };
}

function stage(name: string, holds_price: boolean, audience: string, nodeKeys: SigningKey[], secrets: Record<string, Bytes[]>): Json {
  const identities = NODES.map(() => random(32));
  secrets[name] = identities;
  const trustees = NODES.map((org, k) => {
    const entry = { i: k + 1, org: `${org} office`, recipient: recipientOf(identities[k] as Bytes), sign_key: spellPublic(nodeKeys[k] as SigningKey) };
    return { ...entry, sig: b64(sign(encode({ type: "kaibiao-trustee/1", lot: LOT, stage: name, version: 1, ...entry }), nodeKeys[k] as SigningKey)) };
  });
  const audience_recipients = audience === "public" ? [] : [{ org: "evaluator", recipient: recipientOf(random(32)) }];
  return { name, t: 3, holds_price, audience, audience_recipients, trustees };
}

export function policyOf(nodeKeys: SigningKey[], logKey: SigningKey = generate()): string {
  const witnesses = NODES.flatMap((name, k) => [`witness ${name} ${vkey(`practice/${name}`, 4, nodeKeys[k] as SigningKey)}`, `# kaibiao org ${name} ${name} office`]);
  return [`log ${vkey("practice/log", 1, logKey)}`, ...witnesses, `group nodes 3 ${NODES.join(" ")}`, "quorum nodes", ""].join("\n");
}

/** Not a real certificate, only bytes with the key's SPKI inside: the client reads no more than that. */
export const fakeCertificate = (key: SigningKey): Bytes =>
  concat(utf8("certificate "), new Uint8Array([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]), publicKey(key));
