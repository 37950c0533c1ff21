/** Step 5 and 6: a secret in n shares, each as a line that names its envelope, committed to and wrapped for its trustee. */
import { combine, split } from "shamir-secret-sharing";
import { encryptTo } from "../age/small.ts";
import { b64, equal, type Bytes } from "../core/bytes.ts";
import { sha } from "../core/digest.ts";
import { shareLine, type ShareEntry, type Stage } from "./protocol.ts";

/** Shares in the Vault layout: 32 bytes y, then one byte x. */
export async function sharesOf(secret: Bytes, stage: Stage): Promise<Bytes[]> {
  const shares = (await split(secret, stage.trustees.length, stage.t)) as Bytes[];
  await checkShares(shares, secret, stage.t);
  return shares;
}

/** Every t neighbors (cyclically) give the secret back, and the x are distinct and nonzero. */
async function checkShares(shares: Bytes[], secret: Bytes, t: number): Promise<void> {
  const xs = shares.map(xOf);
  if (new Set(xs).size !== xs.length || xs.includes(0)) throw new Error("the shares' x are not distinct and nonzero");
  for (let from = 0; from < shares.length; from++) {
    const some = Array.from({ length: t }, (_, k) => shares[(from + k) % shares.length] as Bytes);
    if (!equal(await combine(some), secret)) throw new Error("the shares do not give the secret back");
  }
}

export const xOf = (share: Uint8Array): number => share[share.length - 1] ?? 0;

export async function wrapShares(shares: Bytes[], stage: Stage, core: string): Promise<ShareEntry[]> {
  return Promise.all(
    stage.trustees.map(async (trustee, k) => {
      const share = shares[k] as Bytes;
      const line = shareLine(core, trustee.i, share);
      const wrapped = b64(await encryptTo(trustee.recipient, line));
      return { i: trustee.i, x: xOf(share), plain_sha256: sha(line), wrapped };
    }),
  );
}
