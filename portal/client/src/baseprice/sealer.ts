/** The owner's secret base price, sealed as a bid's sheet is (kaibiao-base-price/1): one envelope, a core of the owner's key. */
import { recipientOf, spellIdentity } from "../age/header.ts";
import { decryptWith, encryptTo } from "../age/small.ts";
import { b64, equal, hex, random, type Bytes } from "../core/bytes.ts";
import { encode, type Json } from "../core/canonical.ts";
import { sha } from "../core/digest.ts";
import { spellPublic, type SigningKey } from "../core/keys.ts";
import { rfc3339 } from "../core/moment.ts";
import { sheetPayload } from "../seal/payload.ts";
import { coreOf, SUITE, type Client, type Header, type Keyset, type Stage } from "../seal/protocol.ts";
import { sharesOf, wrapShares } from "../seal/shares.ts";

export interface BasePriceRequest {
  keyset: Keyset;
  owner: string;
  /** In yuan with two decimals. */
  amount: string;
  key: SigningKey;
  now: Date;
  client: Client;
}

export const ownerRef = (spelledKey: string): string => sha(`kaibiao-base-price/1\n${spelledKey}\n`);

/** The bytes for the owner to sign: manifest and ciphertext in one statement. */
export async function sealBasePrice(request: BasePriceRequest): Promise<Bytes> {
  const { keyset, owner, amount, key } = request;
  const stage = keyset.stages[0];
  if (stage === undefined || !stage.holds_price || stage.audience !== "public") throw new Error("no price is read out at the opening of this lot");
  const spelled = spellPublic(key);
  if (spelled !== keyset.fact_keys.owner) throw new Error("the key is not the one that the keyset names for the owner");
  const header: Header = { lot: keyset.lot, bid_id: hex(random(16)), bidder_ref: ownerRef(spelled) };
  const { manifest, ciphertext } = await sealed(request, stage, header, sheetPayload({ price: amount, items: {} }, { ...header, bidder: owner }).content());
  return encode({ type: "kaibiao-base-price/1", lot: keyset.lot, manifest: b64(manifest), ciphertext: b64(ciphertext) });
}

async function sealed(request: BasePriceRequest, stage: Stage, header: Header, payload: AsyncIterable<Bytes>): Promise<{ manifest: Bytes; ciphertext: Bytes }> {
  const secret = random(32);
  const recipient = recipientOf(secret);
  const ciphertext = await encrypted(recipient, secret, await whole(payload));
  const ciphertext_sha256 = sha(ciphertext);
  const keyset_sha256 = request.keyset.sha256;
  const core_sha256 = sha(coreOf({ ...header, stage: stage.name, keyset_sha256, recipient, ciphertext_sha256 }));
  const shares = await wrapShares(await sharesOf(secret, stage), stage, core_sha256);
  const envelope = { stage: stage.name, size: ciphertext.length, ciphertext_sha256, recipient, core_sha256, t: stage.t, shares };
  const manifest = encode({
    type: "kaibiao-bid/1",
    suite: SUITE,
    ...header,
    keyset_sha256,
    created_at: rfc3339(request.now),
    prev_manifest_sha256: null,
    client: { ...request.client },
    envelopes: [envelope] as unknown as Json,
  });
  return { manifest, ciphertext };
}

/** Opened again before anything is signed: a base price that does not open would be announced as such at the opening. */
async function encrypted(recipient: string, secret: Bytes, payload: Bytes): Promise<Bytes> {
  const made = await encryptTo(recipient, payload);
  if (!equal(await decryptWith(spellIdentity(secret), made), payload)) throw new Error("the envelope does not open with its own key");
  return made;
}

/** A sheet's payload comes in one part. */
async function whole(payload: AsyncIterable<Bytes>): Promise<Bytes> {
  for await (const part of payload) return part;
  throw new Error("the sheet is empty");
}
