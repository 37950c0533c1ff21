import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { combine } from "shamir-secret-sharing";
import { text, unb64, unhex, utf8 } from "../src/core/bytes.ts";
import { spellPublic } from "../src/core/keys.ts";
import { decodeKeyFile, encodeKeyFile, open } from "../src/keyfile/format.ts";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../../tests/vectors");
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), "utf8"));

interface KeyVector {
  passphrase: string;
  public_key: string;
  content: string;
  file: string;
}

for (const name of ["sealing-keyfile.json", "client-keyfile.json"]) {
  test(`the key files of ${name} open to exactly their content`, async () => {
    const vectors = (read(name) as { vectors: KeyVector[] }).vectors;
    assert.ok(vectors.length > 0);
    for (const vector of vectors) {
      const file = await open(unb64(vector.file), vector.passphrase);
      assert.equal(spellPublic(file.key), vector.public_key);
      if (file.key.kind === "ed25519") assert.equal(text(encodeKeyFile(file)), vector.content);
      await assert.rejects(open(unb64(vector.file), `${vector.passphrase} `));
      assert.throws(() => decodeKeyFile(utf8(vector.content.replace("kaibiao-keyfile/1", "kaibiao-keyfile/2"))));
    }
  });
}

test("the shared Shamir vectors combine, whichever t shares come", async () => {
  for (const { n, t, secret, shares } of (read("sealing-shamir.json") as { vectors: { n: number; t: number; secret: string; shares: string[] }[] }).vectors) {
    for (let from = 0; from < n; from++) {
      const some = Array.from({ length: t }, (_, k) => unhex(shares[(from + k) % n] as string));
      assert.deepEqual(await combine(some), unhex(secret));
    }
  }
});
