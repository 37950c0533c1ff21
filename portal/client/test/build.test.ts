import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { test } from "node:test";

const CLIENT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { outputs } = (await import(pathToFileURL(join(CLIENT, "build.mjs")).href)) as { outputs(): Promise<Record<string, Uint8Array>> };
const sha = (kind: string, bytes: Uint8Array | string, spelled: "hex" | "base64") => createHash(kind).update(bytes).digest(spelled);

test("two builds give the same bytes", async () => {
  const [one, other] = [await outputs(), await outputs()];
  assert.deepEqual(Object.keys(one), Object.keys(other));
  for (const name of Object.keys(one)) assert.equal(sha("sha256", one[name] as Uint8Array, "hex"), sha("sha256", other[name] as Uint8Array, "hex"), name);
});

test("the offline file allows exactly its own script and style, and names the worker that the portal serves", async () => {
  const made = await outputs();
  const page = new TextDecoder().decode(made["kaibiao-seal.html"]);
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
  assert.ok(policy.includes(`script-src 'sha256-${sha("sha256", script, "base64")}'`));
  assert.ok(policy.includes(`style-src 'sha256-${sha("sha256", style, "base64")}'`));
  assert.ok(policy.startsWith("default-src 'none'") && !policy.includes("connect-src") && !policy.includes("unsafe-inline"));
  assert.ok(page.includes(sha("sha256", made["seal-worker.js"] as Uint8Array, "hex")));
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.doesNotMatch(page, /(src|href)="https?:/);
});

test("no page but the sealing one asks for more than 200 kB of script", async () => {
  const made = await outputs();
  const base = (made["base.js"] as Uint8Array).length + (made["htmx.js"] as Uint8Array).length;
  for (const name of ["board.js", "keyfile.js", "sign.js", "preflight.js", "recheck.js"]) {
    assert.ok(base + (made[name] as Uint8Array).length < 200_000, name);
  }
});
