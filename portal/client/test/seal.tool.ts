/** The client's sealing for other languages' tests and for measuring: `node seal.tool.mjs <command> < job.json`. */
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { openAsBlob } from "node:fs";
import { basename, join } from "node:path";
import { text, unb64, b64, type Bytes } from "../src/core/bytes.ts";
import { toPkcs8 } from "../src/core/keys.ts";
import * as keyfile from "../src/keyfile/format.ts";
import { parsePolicy } from "../src/log/policy.ts";
import { checkProof } from "../src/log/proof.ts";
import { checkFile, checkParts, checkTerms } from "../src/seal/check.ts";
import { checkKeyset, readKeyset } from "../src/seal/keyset.ts";
import { checkReceipt, type ReceiptAnswer } from "../src/seal/receipt.ts";
import { savedFiles } from "../src/seal/saved.ts";
import { sealBid } from "../src/seal/sealer.ts";
import { words } from "../src/core/amount.ts";
import { sign } from "../src/core/keys.ts";
import { sealBasePrice } from "../src/baseprice/sealer.ts";

interface Job {
  [name: string]: string;
}

const bytesOf = async (path: string | undefined): Promise<Bytes> => new Uint8Array(await readFile(path ?? "")) as Bytes;

async function terms(job: Job) {
  const raw = await bytesOf(job["keyset"]);
  const policy = parsePolicy(text(await bytesOf(job["policy"])));
  const sigs = JSON.parse(text(await bytesOf(job["sigs"])));
  return { policy, keyset: checkKeyset(raw, sigs, policy, { lot: readKeyset(raw).lot, sha256: job["keyset_sha256"] }) };
}

async function seal(job: Job): Promise<unknown> {
  const out = job["out"] as string;
  await mkdir(out, { recursive: true });
  const { keyset } = await terms(job);
  const { key, certChain, org } = await keyfile.open(await bytesOf(job["keyfile"]), job["passphrase"] as string);
  const files = await Promise.all((job["files"] as string).split("\n").filter(Boolean).map(async (path) => ({ path: basename(path), blob: await openAsBlob(path) })));
  const from = performance.now();
  const request = { keyset, key, certChain, files, bidder: org, sheet: JSON.parse(job["sheet"] as string), previous: job["prev"] ?? null };
  const client = { name: "kaibiao-node", version: "0", bundle_sha256: "0".repeat(64) };
  const handles: { close(): Promise<void> }[] = [];
  const sinkOf = async (stage: string) => {
    const handle = await open(join(out, `${stage}.age`), "w");
    handles.push(handle);
    return { write: async (part: Bytes) => void (await handle.writeFile(part)) };
  };
  const bid = await sealBid({ ...request, client, rescuePassphrase: job["passphrase"] as string, now: new Date() }, sinkOf, () => undefined);
  for (const handle of handles) await handle.close();
  const saved = savedFiles({ ...bid, files: {} }, bid.rescue as Bytes);
  for (const [name, blob] of Object.entries(saved)) await writeFile(join(out, name), new Uint8Array(await blob.arrayBuffer()));
  return { manifest_sha256: bid.manifestSha256, seconds: (performance.now() - from) / 1000, rss: process.resourceUsage().maxRSS };
}

async function check(job: Job): Promise<unknown> {
  const at = (name: string): string => join(job["folder"] as string, name);
  const parts = { manifest: await bytesOf(at("manifest.json")), sig: unb64(text(await bytesOf(at("manifest.sig"))).trim()), bidder: await bytesOf(at("bidder.json")) };
  const about = checkParts(parts);
  checkTerms(about, (await terms(job)).keyset);
  for (const envelope of about.envelopes) await checkFile(envelope, await openAsBlob(at(`${envelope.stage}.age`)));
  return { bid_id: about.bid_id };
}

async function openKey(job: Job): Promise<unknown> {
  const file = await keyfile.open(await bytesOf(job["keyfile"]), job["passphrase"] as string);
  return { key: b64(toPkcs8(file.key)), certs: file.certChain.map(b64), org: file.org, person: file.person, created_at: file.createdAt };
}

async function lockKey(job: Job): Promise<unknown> {
  const file = keyfile.decodeKeyFile(await bytesOf(job["plain"]));
  await writeFile(job["out"] as string, await keyfile.protect(file, job["passphrase"] as string));
  return { same: b64(keyfile.encodeKeyFile(file)) === b64(await bytesOf(job["plain"])) };
}

async function receipt(job: Job): Promise<unknown> {
  const answer = JSON.parse(job["answer"] as string) as ReceiptAnswer;
  return checkReceipt(answer, await bytesOf(job["manifest"]), await bytesOf(job["sig"]), await terms(job));
}

async function proof(job: Job): Promise<unknown> {
  return checkProof(job["proof"] as string, new TextEncoder().encode(job["entry"]) as Bytes, parsePolicy(job["policy"] as string));
}

async function basePrice(job: Job): Promise<unknown> {
  const { keyset } = await terms(job);
  const { key, org } = await keyfile.open(await bytesOf(job["keyfile"]), job["passphrase"] as string);
  const client = { name: "kaibiao-node", version: "0", bundle_sha256: "0".repeat(64) };
  const raw = await sealBasePrice({ keyset, owner: org, amount: job["amount"] as string, key, now: new Date(), client });
  return { file: b64(raw), sig: b64(sign(raw, key)) };
}

async function amounts(job: Job): Promise<unknown> {
  return (job["wire"] as string).split(" ").map(words);
}

const COMMANDS: Record<string, (job: Job) => Promise<unknown>> = { seal, check, openKey, lockKey, receipt, proof, amounts, basePrice };

async function main(): Promise<void> {
  const job = JSON.parse(await readFile("/dev/stdin", "utf8")) as Job;
  const answer = await (COMMANDS[process.argv[2] ?? ""] as (job: Job) => Promise<unknown>)(job).catch((error: Error) => ({ refused: error.message }));
  process.stdout.write(JSON.stringify(answer));
}

await main();
