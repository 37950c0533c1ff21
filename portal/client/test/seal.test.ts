import assert from "node:assert/strict";
import { test } from "node:test";
import { Decrypter } from "age-encryption";
import { combine } from "shamir-secret-sharing";
import { recipientOf, spellIdentity } from "../src/age/header.ts";
import { decryptBy } from "../src/age/small.ts";
import { b64, concat, random, text, unb64, unhex, utf8, type Bytes } from "../src/core/bytes.ts";
import { sha } from "../src/core/digest.ts";
import { generate } from "../src/core/keys.ts";
import { parsePolicy } from "../src/log/policy.ts";
import { checkFile, checkParts, checkTerms } from "../src/seal/check.ts";
import { checkKeyset } from "../src/seal/keyset.ts";
import { asTar, readSaved, savedFiles } from "../src/seal/saved.ts";
import { sealBid, type SealedBid, type SealRequest } from "../src/seal/sealer.ts";
import { BlobStore } from "../src/seal/store.ts";
import { fakeCertificate, LOT, sampleLot } from "./sample.ts";

const lot = sampleLot();
const keyset = checkKeyset(lot.keyset, lot.sigs, parsePolicy(lot.policy), { lot: LOT, sha256: undefined });

async function sealed(change: Partial<SealRequest> = {}): Promise<{ bid: SealedBid; files: Record<string, Blob> }> {
  const key = generate();
  const store = new BlobStore();
  const request: SealRequest = {
    keyset, key, certChain: [fakeCertificate(key)], bidder: "清河宏图建设有限公司", previous: null, rescuePassphrase: "correct horse battery", now: new Date(1_795_400_000_123),
    sheet: { price: "21846300.00", period_days: 180, items: { 质保期: "两年" } },
    files: [{ path: "施工组织设计.pdf", blob: new Blob([random(60_000), random(50_000)]) }, { path: "empty.txt", blob: new Blob() }],
    client: { name: "test", version: "0", bundle_sha256: "0".repeat(64) },
    ...change,
  };
  const bid = await sealBid(request, (stage) => store.sink(`${stage}.age`), () => undefined);
  return { bid, files: await store.files() };
}

/** Opens as 1.6 does: t lines by their trustees' identities, interpolation at 0, age. */
async function opened(bid: SealedBid, files: Record<string, Blob>, stage: string, trustees: number[]): Promise<Bytes> {
  const envelope = bid.envelopes.find((one) => one.stage === stage);
  assert.ok(envelope);
  const shares: Bytes[] = [];
  for (const k of trustees) {
    const open = new Decrypter();
    open.addIdentity(spellIdentity((lot.secrets[stage] as Bytes[])[k] as Bytes));
    const line: string = await open.decrypt(unb64(envelope.shares[k]?.wrapped ?? ""), "text");
    assert.equal(sha(line), envelope.shares[k]?.plain_sha256);
    assert.equal(line.split(" ")[1], envelope.core_sha256);
    shares.push(unhex(line.trim().split(" ")[3] ?? ""));
  }
  const secret = (await combine(shares)) as Bytes;
  assert.equal(recipientOf(secret), envelope.recipient);
  const open = new Decrypter();
  open.addIdentity(spellIdentity(secret));
  return (await open.decrypt(new Uint8Array(await (files[`${stage}.age`] as Blob).arrayBuffer()))) as Bytes;
}

test("three of four trustees open both envelopes, and what was entered is inside", async () => {
  const { bid, files } = await sealed();
  const sheet = JSON.parse(text(await opened(bid, files, "sheet", [3, 0, 2]))) as Record<string, unknown>;
  assert.deepEqual([sheet["price"], sheet["price_words"], sheet["quality"], sheet["bid_id"]], ["21846300.00", "贰仟壹佰捌拾肆万陆仟叁佰元整", null, bid.bidId]);
  const docs = await opened(bid, files, "docs", [0, 1, 2]);
  assert.equal(text(docs.slice(0, 8)), "bid.json");
  assert.equal(text(docs.slice(257, 262)), "ustar");
});

test("the platform's checks hold on a fresh bid, and each alteration is seen", async () => {
  const { bid, files } = await sealed();
  const about = checkParts(bid);
  checkTerms(about, keyset);
  for (const envelope of about.envelopes) await checkFile(envelope, files[`${envelope.stage}.age`] as Blob);
  assert.throws(() => checkParts({ ...bid, sig: random(64) }), /signature/);
  assert.throws(() => checkParts({ ...bid, manifest: concat(bid.manifest, utf8(" ")) }), /signature/);
  assert.throws(() => checkTerms({ ...about, keyset_sha256: "0".repeat(64) }, keyset), /keyset/);
  assert.throws(() => checkTerms({ ...about, envelopes: about.envelopes.slice(1) }, keyset), /stages/);
  const docs = files["docs.age"] as Blob;
  await assert.rejects(checkFile(about.envelopes[1] as never, docs.slice(0, -1)), /length/);
  await assert.rejects(checkFile({ ...(about.envelopes[1] as object), size: docs.size + 1 } as never, new Blob([docs, "x"])), /padded/);
});

test("two seals of the same content share nothing", async () => {
  const [one, other] = [await sealed(), await sealed()];
  const marks = (bid: SealedBid) => [bid.bidId, ...bid.envelopes.flatMap((envelope) => [envelope.recipient, envelope.ciphertext_sha256])];
  assert.equal(new Set([...marks(one.bid), ...marks(other.bid)]).size, 10);
});

test("the rescue file opens by its passphrase alone and holds both identities", async () => {
  const { bid } = await sealed();
  const rescue = JSON.parse(text(await decryptBy("correct horse battery", bid.rescue))) as { keys: { stage: string; recipient: string }[]; manifest_sha256: string };
  assert.deepEqual(rescue.keys.map((one) => [one.stage, one.recipient]), bid.envelopes.map((one) => [one.stage, one.recipient]));
  assert.equal(rescue.manifest_sha256, sha(bid.manifest));
  await assert.rejects(decryptBy("wrong", bid.rescue));
});

test("a file name that could hurt who unpacks it, or a missing price, is refused before sealing", async () => {
  for (const path of ["../x", "a/b", "bid.json", "", ".", "a\u0000b", "x".repeat(161)]) {
    await assert.rejects(sealed({ files: [{ path, blob: new Blob(["x"]) }] }), /file name|twice/, path);
  }
  await assert.rejects(sealed({ files: [{ path: "a", blob: new Blob() }, { path: "a", blob: new Blob() }] }), /twice/);
  await assert.rejects(sealed({ sheet: { items: {} } }), /price/);
  await assert.rejects(sealed({ certChain: [] }), /certificate/);
});

test("finished files come back whole from a tar and from single files", async () => {
  const { bid, files } = await sealed();
  const saved = savedFiles({ ...bid, files }, bid.rescue);
  const asFiles = (named: Record<string, Blob>) => Object.entries(named).map(([name, blob]) => Object.assign(blob, { name }) as unknown as File);
  const tar = Object.assign(asTar(savedFiles({ ...bid, files }, undefined)), { name: "sealed.tar" }) as unknown as File;
  for (const picked of [asFiles(saved), [tar]]) {
    const read = await readSaved(picked);
    assert.deepEqual([b64(read.manifest), b64(read.sig), Object.keys(read.files).sort()], [b64(bid.manifest), b64(bid.sig), ["docs.age", "sheet.age"]]);
    for (const envelope of checkParts(read).envelopes) await checkFile(envelope, read.files[`${envelope.stage}.age`] as Blob);
  }
  await assert.rejects(readSaved(asFiles({ "manifest.json": new Blob() })), /missing/);
});
