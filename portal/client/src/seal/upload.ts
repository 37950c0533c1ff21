/** Resumable upload (tus 1.0): goes on after a dropped line, a reload or a new day, as long as the platform keeps the part. */
import { Upload } from "tus-js-client";
import { csrfToken } from "../ui/http.ts";

const PART = 16 * 1024 * 1024;
const MARK = "kaibiao-tus ";
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

export interface UploadJob {
  endpoint: string;
  file: Blob;
  /** Names the bytes, so that the same file goes on where it stopped. */
  fingerprint: string;
  metadata: Record<string, string>;
  report: (done: number, total: number) => void;
}

/** Uploads all of the file; gives the upload's address. */
export async function upload(job: UploadJob): Promise<string> {
  return new Promise((resolve, reject) => {
    const transfer = new Upload(job.file, {
      endpoint: job.endpoint,
      metadata: job.metadata,
      chunkSize: PART,
      retryDelays: RETRY_MS,
      fingerprint: () => Promise.resolve(MARK + job.fingerprint),
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrfToken()),
      onProgress: (sent, total) => job.report(sent, total ?? job.file.size),
      onError: reject,
      onSuccess: () => (transfer.url === null ? reject(new Error("the upload has no address")) : resolve(transfer.url)),
    });
    void resume(transfer).then(() => transfer.start(), reject);
  });
}

async function resume(transfer: Upload): Promise<void> {
  const [earlier] = await transfer.findPreviousUploads();
  if (earlier !== undefined) transfer.resumeFromPreviousUpload(earlier);
}

/** The platform's token of an upload: the last part of its address. */
export const tokenOf = (url: string): string => new URL(url, location.href).pathname.split("/").filter(Boolean).pop() ?? "";

/** Forget the finished uploads of a bid that has arrived; until then even a complete one is found again after a reload. */
export function forgetUploads(): void {
  const mine = Object.keys(localStorage).filter((key) => key.startsWith(`tus::${MARK}`));
  for (const key of mine) localStorage.removeItem(key);
}
