import assert from "node:assert/strict";
import { test } from "node:test";
import { combine } from "shamir-secret-sharing";
import { figures, toWire, words } from "../src/core/amount.ts";
import { b64, random, unb64, utf8 } from "../src/core/bytes.ts";
import { encode, spell } from "../src/core/canonical.ts";
import { plain, sha, streaming } from "../src/core/digest.ts";
import { fromPkcs8, generate, sign, spellPublic, toPkcs8, verified } from "../src/core/keys.ts";
import { left, nearness } from "../src/base/left.ts";
import { padme, type Stage } from "../src/seal/protocol.ts";
import { sharesOf, wrapShares, xOf } from "../src/seal/shares.ts";
import { recipientOf } from "../src/age/header.ts";

test("canonical JSON sorts by UTF-16 units, escapes as RFC 8785 does and refuses floats", () => {
  assert.equal(spell({ "\u20ac": 1, "\r": 2, "\ud83d\ude02": 3, "\ufb33": 4, "1": [true, null, "\u000f\u2028\"\\/"] }), '{"\\r":2,"1":[true,null,"\\u000f\u2028\\"\\\\/"],"\u20ac":1,"\ud83d\ude02":3,"\ufb33":4}');
  assert.throws(() => encode({ price: 0.1 }), TypeError);
  assert.throws(() => encode(2 ** 53), TypeError);
  assert.throws(() => encode("\ud800"), TypeError);
});

test("base64 has one spelling", () => {
  assert.deepEqual(unb64(b64(utf8("开标"))), utf8("开标"));
  for (const wrong of ["QQ", "QR==", "QQ==\n", "QQ=", "_-8="]) assert.throws(() => unb64(wrong), Error, wrong);
});

test("both streaming digests are SHA-256", async () => {
  const raw = new Uint8Array(200_000).map((_, k) => k % 253);
  for (const digest of [plain(), await streaming()]) {
    digest.update(raw.subarray(0, 7));
    digest.update(raw.subarray(7));
    assert.equal(digest.hex(), sha(raw));
  }
});

test("a signature holds over exactly its bytes by exactly its key, and a key survives PKCS #8", () => {
  const key = generate();
  const signature = sign(utf8("bid"), key);
  assert.ok(verified(signature, utf8("bid"), spellPublic(key)));
  assert.ok(!verified(signature, utf8("bid "), spellPublic(key)));
  assert.ok(!verified(signature, utf8("bid"), spellPublic(generate())));
  assert.ok(!verified(signature.subarray(0, 63), utf8("bid"), spellPublic(key)));
  assert.deepEqual(fromPkcs8(toPkcs8(key)), key);
});

test("padding follows Padmé: own lengths are fixed points and waste stays under 12 %", () => {
  assert.deepEqual([0, 1, 2, 9, 16_384, 16_385, 1_000_000].map(padme), [0, 1, 2, 10, 16_384, 17_408, 1_015_808]);
  for (let length = 1; length < 3e9; length = Math.ceil(length * 1.37)) {
    const padded = padme(length);
    assert.equal(padme(padded), padded);
    assert.ok(padded >= length && padded <= length * 1.12, String(length));
    assert.equal(padme(Math.ceil(length / 512) * 512) % 512, 0);
  }
});

function stage(n: number, t: number): Stage {
  const trustees = Array.from({ length: n }, (_, k) => ({ i: k + 1, org: `org ${k}`, recipient: recipientOf(random(32)), sign_key: "", sig: "" }));
  return { name: "sheet", t, holds_price: true, audience: "public", trustees };
}

test("any t shares give the secret, x stands last, distinct and nonzero", async () => {
  const secret = random(32);
  const shares = await sharesOf(secret, stage(4, 3));
  assert.deepEqual(shares.map((share) => share.length), [33, 33, 33, 33]);
  assert.equal(new Set(shares.map(xOf)).size, 4);
  assert.ok(!shares.map(xOf).includes(0));
  for (let omitted = 0; omitted < 4; omitted++) assert.deepEqual(await combine(shares.filter((_, k) => k !== omitted)), secret);
});

test("each share's line is committed to and wrapped, 150 bytes long", async () => {
  const some = stage(4, 3);
  const entries = await wrapShares(await sharesOf(random(32), some), some, "c".repeat(64));
  assert.deepEqual(entries.map((one) => one.i), [1, 2, 3, 4]);
  for (const { plain_sha256, wrapped } of entries) {
    assert.match(plain_sha256, /^[0-9a-f]{64}$/);
    assert.ok(unb64(wrapped).length > 150);
  }
});

test("amounts read as bills require", () => {
  const cases: [string, string][] = [
    ["0.00", "零元整"], ["0.05", "伍分"], ["10.10", "壹拾元壹角整"], ["1001.01", "壹仟零壹元零壹分"],
    ["21846300.00", "贰仟壹佰捌拾肆万陆仟叁佰元整"], ["22090000.00", "贰仟贰佰零玖万元整"], ["100000000.00", "壹亿元整"],
    ["100010000.50", "壹亿零壹万元伍角整"], ["999999999999999.99", "玖佰玖拾玖万亿玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"],
  ];
  for (const [wire, read] of cases) assert.equal(words(wire), read);
  assert.equal(toWire(" 21,846,300.5 "), "21846300.50");
  for (const wrong of ["", "-1", "1.234", "01", "1e3", "12万"]) assert.equal(toWire(wrong), undefined, wrong);
  assert.equal(figures("21846300.00"), "21,846,300.00");
});

test("what is left is never shown as more than it is nor as nothing too early", () => {
  assert.deepEqual(left(14 * 60_000 + 26_000)[0], "00:14:26");
  assert.deepEqual(left(1)[0], "00:00:01");
  assert.deepEqual(left(0)[0], "已到时间");
  assert.deepEqual(left(21 * 86_400_000 + 3 * 3_600_000)[0], "还有 21 天 3 小时");
  assert.deepEqual([nearness(15 * 60_000), nearness(16 * 60_000), nearness(-1)], ["soon", "far", "over"]);
});
