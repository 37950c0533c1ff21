/** The whole of sealing in one file that works from disk: terms from files, a worker from inside, finished files out. */
import "../base/page.ts";
import { base64 } from "@scure/base";
import { text } from "../core/bytes.ts";
import { parsePolicy } from "../log/policy.ts";
import { clientClaim } from "../seal/client.ts";
import { readFields } from "../seal/fields.ts";
import { checkKeyset, readKeyset, type KeysetSignatures } from "../seal/keyset.ts";
import type { Keyset } from "../seal/protocol.ts";
import { asTar, savedFiles } from "../seal/saved.ts";
import { say as saySeal } from "../seal/words.ts";
import { el, find, input, oneFile, readFile } from "../ui/dom.ts";
import { clearErrors, showErrors, showFailure } from "../ui/errors.ts";
import { english } from "../ui/language.ts";
import { save } from "../ui/saving.ts";
import { WorkBox } from "../ui/work.ts";
import { Workshop } from "../worker/client.ts";
import type { Sealed } from "../worker/messages.ts";
import { sealForm, termsForm } from "./layout.ts";
import { say } from "./words.ts";

let shop: Workshop | undefined;
let keyset: Keyset | undefined;

/** Called by the bundle with the worker's code in base64: the same bytes as the portal's worker, so one hash names both. */
export function start(workerCode: string): void {
  const url = URL.createObjectURL(new Blob([base64.decode(workerCode) as Uint8Array<ArrayBuffer>], { type: "text/javascript" }));
  shop = new Workshop(new Worker(url));
  find(document, "[data-toggle]").addEventListener("click", toggle);
  draw();
}

function toggle(): void {
  const root = document.documentElement;
  const next = english() ? "zh" : "en";
  root.dataset["lang"] = next;
  root.lang = next === "zh" ? "zh-CN" : "en";
  find(document, "[data-toggle]").textContent = next === "zh" ? "English" : "中文";
  draw();
}

/** Redrawing drops what was entered, files included; so the language is best chosen first. */
function draw(): void {
  keyset = undefined;
  const [terms, seal] = [termsForm(), sealForm()];
  listen(terms, () => takeTerms(terms));
  listen(seal, () => sealBid(seal));
  const { name, version, bundle_sha256 } = clientClaim("kaibiao-offline");
  const claim = el("p", { class: "soft" }, `${say("asset")}: ${name} ${version}, `, el("span", { class: "hash" }, bundle_sha256));
  find(document, "[data-offline]").replaceChildren(el("h1", {}, say("title")), el("p", { class: "lead" }, say("lead")), terms, seal, claim);
}

function listen(form: HTMLFormElement, act: () => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = find<HTMLButtonElement>(form, '[type="submit"]');
    button.disabled = true;
    clearErrors(form);
    act()
      .catch((error: unknown) => showFailure(form, error instanceof Error ? error.message : String(error)))
      .finally(() => (button.disabled = false));
  });
}

async function takeTerms(form: HTMLFormElement): Promise<void> {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const file = oneFile(input(form, name));
    if (file === undefined) throw new Error(say(name as "keyset"));
    return readFile(file);
  };
  const raw = await read("keyset");
  const sigs = JSON.parse(text(await read("sigs"))) as KeysetSignatures;
  const expected = { lot: readKeyset(raw).lot, sha256: undefined };
  keyset = checkKeyset(raw, sigs, parsePolicy(text(await read("policy"))), expected);
  const stages = keyset.stages.map(({ name, t, trustees }) =>
    el("li", {}, say("stage", { name, t, n: trustees.length, orgs: trustees.map((one) => one.org).join(", ") })),
  );
  find(form, "[data-found]").replaceChildren(
    el("div", { class: "callout callout-true" }, el("p", {}, say("held", { lot: keyset.lot })), el("p", { class: "hash" }, keyset.sha256), el("ul", {}, ...stages)),
  );
}

async function sealBid(form: HTMLFormElement): Promise<void> {
  if (keyset === undefined || shop === undefined) throw new Error(say("needTerms"));
  const { sheet, files, errors } = readFields(form);
  const previous = input(form, "prev").value.trim();
  if (!/^([0-9a-f]{64})?$/.test(previous)) errors.push({ field: "prev", text: say("previousForm") });
  if (errors.length > 0) return showErrors(form, errors);
  const job = {
    keyset,
    bidder: input(form, "bidder").value.trim(),
    sheet,
    files,
    keyFile: await readFile(oneFile(input(form, "keyfile")) as File),
    passphrase: input(form, "passphrase").value,
    previous: previous || null,
    rescuePassphrase: input(form, "rescue").value,
    now: new Date(),
    client: clientClaim("kaibiao-offline"),
  };
  const place = find<HTMLElement>(form, "[data-seal-work]");
  const work = new WorkBox(place);
  const sealed = await shop.call("seal", job, (phase, done, total) => {
    work.begin(saySeal(phase));
    work.advance(done, total);
  });
  offer(place, sealed);
}

function offer(place: HTMLElement, { bid, files }: Sealed): void {
  const finished = { ...bid, files };
  const button = (label: string, name: string, make: () => Blob): HTMLButtonElement => {
    const made = el("button", { type: "button", class: name.endsWith(".tar") ? undefined : "quiet", "data-save": name }, label);
    made.addEventListener("click", () => void save(name, make()));
    return made;
  };
  const each = Object.entries(savedFiles(finished, bid.rescue)).map(([name, blob]) => button(saySeal("save", { name }), name, () => blob));
  const whole = button(saySeal("saveAll"), `bid-${bid.bidId.slice(0, 8)}.tar`, () => asTar(savedFiles(finished, undefined)));
  place.replaceChildren(
    el("section", { class: "receipt", "data-state": "witnessed", "data-sealed": bid.manifestSha256 },
      el("h2", {}, say("sealedTitle")), el("p", {}, say("sealed")),
      el("p", { class: "soft" }, saySeal("fingerprint")), el("p", { class: "hash" }, bid.manifestSha256),
      el("div", { class: "actions" }, whole, ...each)),
  );
}
