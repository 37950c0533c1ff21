/** A finished bid on its way: envelopes first, then the manifest that makes them a bid. */
import { b64 } from "../core/bytes.ts";
import { sha } from "../core/digest.ts";
import { given } from "../ui/dom.ts";
import { postJson } from "../ui/http.ts";
import { dictionary } from "../ui/language.ts";
import type { WorkBox } from "../ui/work.ts";
import type { ReadManifest } from "./check.ts";
import { tokenOf, upload } from "./upload.ts";

const say = dictionary({
  uploading: ["正在上传密封文件 {name}", "Uploading the sealed file {name}"],
  submitting: ["正在提交投标清单", "Submitting the manifest"],
});

export interface Finished {
  manifest: Uint8Array;
  sig: Uint8Array;
  bidder: Uint8Array;
  files: Record<string, Blob>;
  /** For whom it is handed in; empty or absent: for the own organization. */
  party?: string;
}

export interface Delivered {
  receipt_id: string;
  state: string;
}

export async function deliver(place: HTMLElement, bid: Finished, about: ReadManifest, work: WorkBox): Promise<Delivered> {
  const envelopes: Record<string, string> = {};
  for (const { stage, ciphertext_sha256 } of about.envelopes) {
    const filename = `${stage}.age`;
    work.begin(say("uploading", { name: filename }));
    const url = await upload({
      endpoint: given(place, "uploads"),
      file: bid.files[filename] as Blob,
      fingerprint: ciphertext_sha256,
      metadata: { filename, lot: about.lot, stage },
      report: (done, total) => work.advance(done, total),
    });
    envelopes[stage] = tokenOf(url);
  }
  work.begin(say("submitting"));
  const party = bid.party ? { party: bid.party } : {};
  const body = { manifest: b64(bid.manifest), sig: b64(bid.sig), bidder: b64(bid.bidder), envelopes, ...party };
  return (await postJson(given(place, "bids"), body, sha(bid.manifest))) as Delivered;
}
