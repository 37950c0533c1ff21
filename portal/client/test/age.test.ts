import assert from "node:assert/strict";
import { test } from "node:test";
import { Decrypter } from "age-encryption";
import * as vectors from "cctv-age";
import { nativeCipher, plainCipher } from "../src/age/cipher.ts";
import { headerFor, payloadKey, recipientKey, recipientOf, spellIdentity, spellRecipient } from "../src/age/header.ts";
import { payloadSize, plaintextSize, sealStream } from "../src/age/stream.ts";
import { concat, random, unhex, type Bytes } from "../src/core/bytes.ts";

async function* cut(raw: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let at = 0; at < raw.length; at += size) yield raw.slice(at, at + size);
}

async function sealed(plain: Bytes, key: Bytes, part: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  await sealStream(cut(plain, part), plainCipher(key), { write: (bytes) => void parts.push(bytes) });
  return concat(...parts);
}

interface Vector {
  name: string;
  fields: Record<string, string>;
  file: Bytes;
}

/** A vector is `key: value` lines, a blank line, the age file. */
function read(name: string, raw: Uint8Array): Vector {
  const head = new TextDecoder("latin1").decode(raw);
  const end = head.indexOf("\n\n");
  const fields = Object.fromEntries(head.slice(0, end).split("\n").map((line) => line.split(": ") as [string, string]));
  return { name, fields, file: raw.slice(end + 2) as Bytes };
}

const known = Object.entries(vectors as unknown as Record<string, Uint8Array>).map(([name, raw]) => read(name, raw));
const streams = known.filter(({ fields }) => fields["expect"] === "success" && fields["file key"] && fields["identity"] && !fields["armored"] && !fields["passphrase"] && !fields["compressed"]);

test("the stream we write is the one in every successful CCTV vector, whatever parts it comes in", async () => {
  assert.ok(streams.length >= 10, `only ${streams.length} vectors`);
  for (const { name, fields, file } of streams) {
    const open = new Decrypter();
    open.addIdentity(fields["identity"] as string);
    const plain = (await open.decrypt(file)) as Bytes;
    const payload = file.length - payloadSize(plain.length);
    const key = payloadKey(unhex(fields["file key"] as string), file.slice(payload - 16, payload));
    for (const part of [1000, 65_536, 1_000_000]) {
      assert.deepEqual(await sealed(plain, key, part), file.slice(payload), `${name} in parts of ${part}`);
    }
  }
});

for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 16 * 65_536, 16 * 65_536 + 1, 3_000_000]) {
  test(`a file of ${size} bytes opens with the reference implementation and has the length foretold`, async () => {
    const secret = random(32);
    const plain = new Uint8Array(size).map((_, k) => k % 251);
    const { bytes, streamKey } = headerFor(recipientOf(secret));
    const payload = await sealed(plain, streamKey, 70_001);
    const open = new Decrypter();
    open.addIdentity(spellIdentity(secret));
    assert.deepEqual(await open.decrypt(concat(bytes, payload)), plain);
    assert.equal(payload.length, payloadSize(size));
    assert.equal(plaintextSize(payload.length), size);
  });
}

test("payload lengths that no plaintext has are refused", () => {
  for (const size of [0, 15, 65_536 + 16 + 1, 65_536 + 16 + 16]) assert.equal(plaintextSize(size), undefined, String(size));
});

test("a recipient has one spelling", () => {
  const recipient = recipientOf(random(32));
  assert.equal(spellRecipient(recipientKey(recipient)), recipient);
  for (const wrong of [recipient.toUpperCase(), ` ${recipient}`, recipient.slice(0, -1), `${recipient}q`]) {
    assert.throws(() => recipientKey(wrong), Error, wrong);
  }
});

test("where the runtime lacks native ChaCha20-Poly1305, or has it, chunks are the same", async () => {
  const key = random(32);
  const native = await nativeCipher(key);
  if (native === undefined) return;
  const nonce = random(12);
  assert.deepEqual(await native(nonce, random(0)), await plainCipher(key)(nonce, random(0)));
});
