/** Which program sealed: a claim that goes into the manifest. The bundle is the worker's, the code that seals. */
import type { Client } from "./protocol.ts";

declare const KAIBIAO_VERSION: string;
declare const KAIBIAO_WORKER_SHA256: string;

export const clientClaim = (name: string): Client => ({ name, version: KAIBIAO_VERSION, bundle_sha256: KAIBIAO_WORKER_SHA256 });
