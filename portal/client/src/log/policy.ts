/** C2SP tlog-policy files: whose checkpoints and cosignatures count. Lines `# kaibiao …` are ours. */
import { parseVkey, spelledKey, type Line, type Verifier } from "./note.ts";

interface Group {
  threshold: number;
  members: string[];
}

export interface Policy {
  logs: Verifier[];
  witnesses: Map<string, Verifier>;
  groups: Map<string, Group>;
  quorum: string;
  /** Organization of each witness, from our `# kaibiao org` lines. */
  orgs: Map<string, string>;
  /** The key under the platform's receipts, from our line `# kaibiao platform`. */
  platform: string | undefined;
}

const PLATFORM = /^# kaibiao platform (\S+)$/;
const ORG = /^# kaibiao org (\S+) (.+)$/;

export function parsePolicy(raw: string): Policy {
  const policy: Policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "", orgs: new Map(), platform: undefined };
  for (const line of raw.split("\n")) {
    const org = ORG.exec(line);
    if (org !== null) policy.orgs.set(org[1] as string, org[2] as string);
    policy.platform = PLATFORM.exec(line)?.[1] ?? policy.platform;
    const items = line.split(/[ \t]+/).filter((item) => item !== "");
    if (items.length > 0 && !line.startsWith("#")) take(policy, items);
  }
  if (policy.quorum === "") throw new Error("a policy has one quorum line");
  return policy;
}

function take(policy: Policy, [first, name = "", ...rest]: string[]): void {
  if (first === "log") policy.logs.push(parseVkey(name));
  else if (first === "witness") policy.witnesses.set(name, parseVkey(rest[0] ?? ""));
  else if (first === "group") policy.groups.set(name, group(rest));
  else if (first === "quorum") policy.quorum = name;
  else throw new Error(`not a policy line: ${first}`);
}

function group([threshold = "", ...members]: string[]): Group {
  const count = threshold === "any" ? 1 : threshold === "all" ? members.length : Number(threshold);
  if (!Number.isInteger(count) || count < 1 || count > members.length) throw new Error("not a threshold");
  return { threshold: count, members };
}

/** The nodes' keys as statements spell them, by organization; the trustees of a keyset must be among them. */
export function signKeys(policy: Policy): Map<string, string> {
  return new Map([...policy.witnesses].map(([name, verifier]) => [policy.orgs.get(name) ?? name, spelledKey(verifier)]));
}

export const verifiers = (policy: Policy): Verifier[] => [...policy.logs, ...policy.witnesses.values()];

/** The names of the witnesses among the verified lines. */
export function cosigners(policy: Policy, lines: Line[]): string[] {
  const signed = new Set(lines.filter((line) => line.time !== undefined).map((line) => line.verifier));
  return [...policy.witnesses].filter(([, verifier]) => signed.has(verifier)).map(([name]) => name);
}

export function isQuorum(policy: Policy, names: string[], rule: string = policy.quorum): boolean {
  if (rule === "none") return true;
  const found = policy.groups.get(rule);
  if (found === undefined) return names.includes(rule);
  return found.members.filter((member) => isQuorum(policy, names, member)).length >= found.threshold;
}
