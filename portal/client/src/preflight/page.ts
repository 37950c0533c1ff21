/** The bidder's pre-flight test: everything that could fail on the day, tried beforehand on this very machine. */
import { Upload } from "tus-js-client";
import { measure } from "../ui/clock.ts";
import { el, find, given, input, oneFile } from "../ui/dom.ts";
import { csrfToken } from "../ui/http.ts";
import { openPicked } from "../ui/keypicker.ts";
import { bytes, dictionary } from "../ui/language.ts";
import { privateStore } from "../seal/store.ts";
import { workshop } from "../worker/client.ts";

const say = dictionary({
  clock: ["本机时钟", "This machine's clock"],
  clockValue: ["与平台相差 {s} 秒", "{s} s off the platform's"],
  clockHint: ["截止时间一律以平台时钟为准,请校准本机时钟", "Deadlines go by the platform's clock; set yours"],
  crypto: ["浏览器加密能力", "Cryptography in this browser"],
  cryptoValue: ["可用", "available"],
  worker: ["后台封标程序", "The sealing worker"],
  store: ["本机私有存储(断线、刷新后可续传)", "Private storage (uploads survive a reload)"],
  storeHint: ["没有私有存储:封标仍可进行,但刷新页面后需要重新封标", "None: sealing works, but a reload means sealing again"],
  storeFree: ["可用 {size}", "{size} free"],
  key: ["密钥文件", "Key file"],
  keySkip: ["未选择文件,跳过", "no file chosen, skipped"],
  keyValue: ["可以打开,{org}", "opens, {org}"],
  upload: ["试传 1 MiB 并删除", "Test upload of 1 MiB, then deleted"],
  minutes: ["100 MB 约需 {s} 秒", "100 MB takes about {s} s"],
});

type Verdict = "ok" | "missing" | "bad";
interface Outcome {
  verdict: Verdict;
  value: string;
  hint?: string;
}
type Check = (section: HTMLElement) => Promise<Outcome>;

const CHECKS: [title: Parameters<typeof say>[0], check: Check][] = [
  ["clock", clock],
  ["crypto", cryptography],
  ["worker", sealing],
  ["store", storage],
  ["key", keyFile],
  ["upload", testUpload],
];
const SKEW_MS = 2000;
const MIB = 1024 * 1024;
const SAMPLE = 16 * MIB;

function start(): void {
  const section = document.querySelector<HTMLElement>("[data-preflight]");
  if (section === null) return;
  const button = find<HTMLButtonElement>(section, "[data-run]");
  button.addEventListener("click", () => void run(section, button));
}

async function run(section: HTMLElement, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  const list = find(section, "[data-checks]");
  list.replaceChildren();
  for (const [title, check] of CHECKS) {
    const item = el("li", { class: "wait" }, el("span", {}, say(title)));
    list.append(item);
    const outcome = await attempt(section, check);
    item.className = outcome.verdict;
    item.append(el("span", { class: "value" }, outcome.value));
    if (outcome.hint !== undefined) item.append(el("span", { class: "soft" }, outcome.hint));
  }
  button.disabled = false;
  section.dispatchEvent(new CustomEvent("kaibiao:preflight", { bubbles: true }));
}

/** A check that throws has failed; its message is what the person can tell the help desk. */
async function attempt(section: HTMLElement, check: Check): Promise<Outcome> {
  try {
    return await check(section);
  } catch (error) {
    return { verdict: "bad", value: "✗", hint: error instanceof Error ? error.message : String(error) };
  }
}

async function clock(): Promise<Outcome> {
  const { offset } = await measure();
  const off = Math.abs(offset) > SKEW_MS;
  const value = say("clockValue", { s: (Math.abs(offset) / 1000).toFixed(1) });
  return off ? { verdict: "missing", value, hint: say("clockHint") } : { verdict: "ok", value };
}

async function cryptography(): Promise<Outcome> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  if (digest.byteLength !== 32 || !window.isSecureContext) throw new Error("WebCrypto");
  return { verdict: "ok", value: say("cryptoValue") };
}

async function sealing(): Promise<Outcome> {
  const { sealed, native, wasm } = await workshop().call("speed", { bytes: SAMPLE });
  const how = [native ? "native ChaCha20" : "JS ChaCha20", wasm ? "WASM SHA-256" : "JS SHA-256"].join(", ");
  return { verdict: "ok", value: `${bytes(sealed)}/s`, hint: how };
}

async function storage(section: HTMLElement): Promise<Outcome> {
  const store = await privateStore(given(section, "lot"));
  if (store === undefined) return { verdict: "missing", value: "–", hint: say("storeHint") };
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return { verdict: "ok", value: say("storeFree", { size: bytes(quota - usage) }) };
}

async function keyFile(section: HTMLElement): Promise<Outcome> {
  if (oneFile(input(section, "keyfile")) === undefined) return { verdict: "missing", value: say("keySkip") };
  const { org } = await openPicked(section);
  return { verdict: "ok", value: say("keyValue", { org }) };
}

async function testUpload(section: HTMLElement): Promise<Outcome> {
  const sample = new Uint8Array(MIB);
  for (let at = 0; at < sample.length; at += 65_536) crypto.getRandomValues(sample.subarray(at, at + 65_536));
  const from = performance.now();
  await uploadAndDelete(given(section, "uploads"), new Blob([sample]), given(section, "lot"));
  const speed = sample.length / ((performance.now() - from) / 1000);
  return { verdict: "ok", value: `${bytes(speed)}/s`, hint: say("minutes", { s: Math.ceil(1e8 / speed) }) };
}

function uploadAndDelete(endpoint: string, file: Blob, lot: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint,
      metadata: { filename: "preflight", lot, stage: "preflight" },
      retryDelays: [500],
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrfToken()),
      onError: reject,
      onSuccess: () => void upload.abort(true).then(resolve, reject),
    });
    upload.start();
  });
}

start();
