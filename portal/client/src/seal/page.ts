/** The sealing form and the form for finished files: from what the person entered to the witnessed receipt. */
import { sha } from "../core/digest.ts";
import { documentsOf, readFields, type Entered } from "./fields.ts";
import { all, el, find, given, input, oneFile, readFile } from "../ui/dom.ts";
import { clearErrors, showErrors, showFailure } from "../ui/errors.ts";
import { measure, serverNow } from "../ui/clock.ts";
import { bytes } from "../ui/language.ts";
import { download, save } from "../ui/saving.ts";
import { WorkBox } from "../ui/work.ts";
import { workshop } from "../worker/client.ts";
import type { Sealed } from "../worker/messages.ts";
import { checkFile, checkParts, checkTerms } from "./check.ts";
import { clientClaim } from "./client.ts";
import { deliver, type Finished } from "./delivery.ts";
import { dropDraft, findDraft, keepDraft } from "./draft.ts";
import { partyOf, type Party } from "./party.ts";
import { awaitWitnesses } from "./receiptview.ts";
import { asTar, readSaved, savedFiles } from "./saved.ts";
import { fetchTerms, type Terms } from "./terms.ts";
import { forgetUploads } from "./upload.ts";
import { say } from "./words.ts";

function start(): void {
  for (const form of all<HTMLFormElement>(document, "form[data-seal]")) {
    listen(form, sealAndDeliver);
    input(form, "documents").addEventListener("change", () => listFiles(form));
    void offerDraft(form);
  }
  for (const form of all<HTMLFormElement>(document, "form[data-upload-sealed]")) listen(form, deliverSaved);
}

/** One act at a time; a failure is shown above the form and the person may try again. */
function listen(form: HTMLFormElement, act: (form: HTMLFormElement) => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void guarded(form, () => act(form));
  });
}

async function guarded(form: HTMLFormElement, act: () => Promise<void>): Promise<void> {
  const buttons = all<HTMLButtonElement>(form, "button").filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  clearErrors(form);
  window.addEventListener("beforeunload", warn);
  try {
    await act();
  } catch (error) {
    showFailure(form, error instanceof Error ? words(error) : String(error));
  } finally {
    window.removeEventListener("beforeunload", warn);
    for (const button of buttons) button.disabled = false;
  }
}

const warn = (event: Event): void => event.preventDefault();
const words = (error: Error): string => (/no identity matched|passphrase/.test(error.message) ? say("wrongPassphrase") : error.message);
const placeOf = (form: HTMLElement): HTMLElement => find(form, "[data-seal-work]");

function listFiles(form: HTMLFormElement): void {
  const list = form.querySelector("[data-files]");
  const items = documentsOf(input(form, "documents")).map(({ path, blob }) =>
    el("li", {}, el("span", {}, path), el("span", { class: "size" }, bytes(blob.size))),
  );
  list?.replaceChildren(...items);
}

async function sealAndDeliver(form: HTMLFormElement): Promise<void> {
  const entered = readFields(form);
  if (entered.errors.length > 0) return showErrors(form, entered.errors);
  const work = new WorkBox(placeOf(form));
  work.begin(say("terms"));
  const terms = await fetchTerms(form);
  await measure();
  const party = partyOf(form);
  const sealed = await sealInWorker(form, { ...entered, party }, terms, work);
  const bid = { ...sealed.bid, files: sealed.files, party: party.ref };
  forgetSecrets(form);
  download("rescue.age", new Blob([sealed.bid.rescue]));
  if (sealed.kept) await keepDraft(given(form, "lot"), bid);
  announce(form, sealed);
  if (form.querySelector<HTMLInputElement>('input[name="save_only"]')?.checked) return offerFiles(form, bid, sealed.bid.rescue);
  await deliverBid(form, bid, terms, work);
}

async function sealInWorker(form: HTMLFormElement, entered: Entered & { party: Party }, terms: Terms, work: WorkBox): Promise<Sealed> {
  const job = {
    keyset: terms.keyset,
    bidder: entered.party.bidder,
    sheet: entered.sheet,
    files: entered.files,
    keyFile: await readFile(oneFile(input(form, "keyfile")) as File),
    passphrase: input(form, "passphrase").value,
    previous: entered.party.previous,
    rescuePassphrase: input(form, "rescue").value,
    now: serverNow(),
    client: clientClaim("kaibiao-web"),
  };
  return workshop().call("seal", job, (phase, done, total) => {
    work.begin(say(phase));
    work.advance(done, total);
  });
}

function forgetSecrets(form: HTMLFormElement): void {
  for (const name of ["passphrase", "rescue"]) input(form, name).value = "";
}

function announce(form: HTMLFormElement, { bid }: Sealed): void {
  form.dispatchEvent(new CustomEvent("kaibiao:sealed", { bubbles: true, detail: { manifest_sha256: bid.manifestSha256, bid_id: bid.bidId } }));
}

function offerFiles(form: HTMLFormElement, bid: Finished, rescue: Uint8Array<ArrayBuffer>): void {
  const files = savedFiles(bid, rescue);
  const tarButton = el("button", { type: "button" }, say("saveAll"));
  tarButton.addEventListener("click", () => void save("sealed-bid.tar", asTar(savedFiles(bid, undefined))));
  const each = Object.entries(files).map(([name, blob]) => {
    const button = el("button", { type: "button", class: "quiet" }, say("save", { name }));
    button.addEventListener("click", () => void save(name, blob));
    return button;
  });
  placeOf(form).replaceChildren(
    el("div", { class: "work" },
      el("h3", {}, say("sealed")), el("p", {}, say("sealedHint")), el("p", {}, say("rescue")),
      el("p", { class: "hash" }, sha(bid.manifest)),
      el("div", { class: "actions" }, tarButton, ...each)),
  );
}

async function deliverBid(form: HTMLFormElement, bid: Finished, terms: Terms | undefined, work: WorkBox): Promise<void> {
  const about = checkParts(bid);
  if (terms !== undefined) checkTerms(about, terms.keyset);
  const { receipt_id } = await deliver(form, bid, about, work);
  work.end(say("delivered"));
  forgetUploads();
  await dropDraft(about.lot).catch((error: unknown) => console.warn("no private file system", error));
  await awaitWitnesses({ place: placeOf(form), form, receiptId: receipt_id, bid, terms });
}

async function offerDraft(form: HTMLFormElement): Promise<void> {
  const lot = given(form, "lot");
  const bid = await findDraft(lot);
  if (bid === undefined) return;
  const goOn = el("button", { type: "button" }, say("goOn"));
  const drop = el("button", { type: "button", class: "quiet" }, say("drop"));
  const box = el("div", { class: "callout callout-due", role: "status" }, el("p", {}, say("left")), el("div", { class: "actions" }, goOn, drop));
  goOn.addEventListener("click", () => void guarded(form, async () => deliverBid(form, bid, await fetchTerms(form), new WorkBox(placeOf(form)))).then(() => box.remove()));
  drop.addEventListener("click", () => void dropDraft(lot).then(() => box.remove()));
  form.before(box);
}

async function deliverSaved(form: HTMLFormElement): Promise<void> {
  const bid = { ...(await readSaved(input(form, "sealed").files ?? [])), party: partyOf(form).ref };
  const about = checkParts(bid);
  if (about.lot !== given(form, "lot")) throw new Error(`these files are for lot ${about.lot}`);
  for (const envelope of about.envelopes) {
    const file = bid.files[`${envelope.stage}.age`];
    if (file === undefined) throw new Error(`${envelope.stage}.age is missing`);
    await checkFile(envelope, file);
  }
  const terms = form.dataset["keyset"] === undefined ? undefined : await fetchTerms(form);
  await deliverBid(form, bid, terms, new WorkBox(placeOf(form)));
}

start();
