/** Signs the statements that a page shows: their exact bytes, with the person's key file, in this browser. */
import { b64, text, unb64 } from "../core/bytes.ts";
import { sha } from "../core/digest.ts";
import { sign } from "../core/keys.ts";
import { all, el, find, given, input } from "../ui/dom.ts";
import { clearErrors, showFailure } from "../ui/errors.ts";
import { csrfToken, postJson, Refused } from "../ui/http.ts";
import { openPicked } from "../ui/keypicker.ts";
import { dictionary } from "../ui/language.ts";

const say = dictionary({
  raw: ["将签署的原文(逐字节)", "The exact text to be signed"],
  opening: ["正在打开密钥文件", "Opening the key file"],
  signing: ["正在签署 {n} 份文件", "Signing {n} statements"],
  sent: ["已签署,正在提交", "Signed; submitting"],
  confirm: ["请核对以上内容,再按一次签署", "Read the above, then press once more to sign"],
  uncertified: ["密钥文件中还没有证书", "The key file holds no certificate yet"],
  unsaved: ["草稿没有保存成功，请检查所填内容后再签署", "The draft was not saved: check what you entered, then sign"],
  changed: ["内容已修改,请重新核对", "The content changed: read it again"],
});

interface Signed {
  statement: string;
  signature: string;
  sha256: string;
}

function start(): void {
  for (const form of all<HTMLFormElement>(document, "form[data-sign]")) {
    showRaw(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(form);
    });
    form.addEventListener("htmx:after:swap", () => showRaw(form));
    if (form.dataset["prepare"] !== undefined) document.addEventListener("input", (event) => forget(form, event));
  }
}

const statements = (form: HTMLFormElement): string[] => all<HTMLInputElement>(form, 'input[name="statement"]').map((one) => one.value);
const state = (form: HTMLFormElement, words: string): void => void (find(form, "[data-sign-state]").textContent = words);

async function attempt(form: HTMLFormElement): Promise<void> {
  const buttons = all<HTMLButtonElement>(form, "button");
  for (const button of buttons) button.disabled = true;
  clearErrors(form);
  try {
    if (form.dataset["prepare"] !== undefined && statements(form).length === 0) await prepare(form);
    else await signAndSend(form);
  } catch (error) {
    state(form, "");
    showFailure(form, error instanceof Error ? error.message : String(error));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function signAndSend(form: HTMLFormElement): Promise<void> {
  state(form, say("opening"));
  const { key, certChain } = await openPicked(form);
  const cert = certChain[0];
  if (cert === undefined) throw new Error(say("uncertified"));
  const all64 = statements(form);
  state(form, say("signing", { n: all64.length }));
  const signed = all64.map((statement) => {
    const raw = unb64(statement);
    return { statement, signature: b64(sign(raw, key)), sha256: sha(raw) };
  });
  state(form, say("sent"));
  if (form.dataset["json"] !== undefined) await sendJson(form, signed, b64(cert));
  else sendForm(form, signed, b64(cert));
}

/** The key file and the passphrase are disabled, so that no form ever carries them. */
function sendForm(form: HTMLFormElement, signed: Signed[], cert: string): void {
  for (const old of all(form, 'input[name="signature"], input[name="cert"]')) old.remove();
  for (const { signature } of signed) form.append(hidden("signature", signature));
  form.append(hidden("cert", cert));
  input(form, "passphrase").value = "";
  for (const name of ["keyfile", "passphrase"]) input(form, name).disabled = true;
  HTMLFormElement.prototype.submit.call(form);
}

async function sendJson(form: HTMLFormElement, signed: Signed[], cert: string): Promise<void> {
  const signatures = signed.map(({ sha256, signature }) => ({ statement_sha256: sha256, sig: signature }));
  await postJson(form.action, { statements: signed.map((one) => one.statement), signatures, cert }, sha(signed.map((one) => one.sha256).join()));
  location.assign(form.dataset["next"] ?? location.href);
}

const hidden = (name: string, value: string): HTMLInputElement => el("input", { type: "hidden", name, value });

/** The page's inputs become a statement on the server, which is shown in words before anything is signed. */
async function prepare(form: HTMLFormElement): Promise<void> {
  await saveDraft(form);
  const data = new FormData(form);
  for (const name of ["keyfile", "passphrase"]) data.delete(name);
  const answer = await fetch(given(form, "prepare"), { method: "POST", body: data, headers: { Accept: "application/json", "X-CSRF-Token": csrfToken() } });
  const content = (await answer.json()) as { statements?: string[]; words?: string[]; message?: string; code?: string };
  if (!answer.ok || content.statements === undefined) throw new Refused(answer.status, content.code ?? "", content.message ?? answer.statusText);
  const items = content.statements.map((one, k) => el("li", {}, content.words?.[k] ?? "", hidden("statement", one)));
  find(form, ".statements").replaceChildren(...items);
  showRaw(form);
  state(form, say("confirm"));
}

/** The form that `data-draft` names is saved first: what was typed in the last moment belongs to what is signed. */
async function saveDraft(form: HTMLFormElement): Promise<void> {
  const draft = form.dataset["draft"] === undefined ? null : document.querySelector<HTMLFormElement>(form.dataset["draft"]);
  if (draft === null) return;
  const answer = await fetch(draft.action, { method: "POST", body: new FormData(draft), headers: { "HX-Request": "true", "X-CSRF-Token": csrfToken() } });
  if (!answer.ok) throw new Refused(answer.status, "draft.unsaved", say("unsaved"));
}

/** Whatever is typed anywhere on the page may belong to the statement: what was prepared before is no longer shown or signed. */
function forget(form: HTMLFormElement, event: Event): void {
  const field = event.target instanceof HTMLInputElement ? event.target.name : "";
  if (["keyfile", "passphrase"].includes(field) || statements(form).length === 0) return;
  find(form, ".statements").replaceChildren();
  form.querySelector("details[data-raw]")?.remove();
  state(form, say("changed"));
}

function showRaw(form: HTMLFormElement): void {
  form.querySelector("details[data-raw]")?.remove();
  const found = statements(form);
  if (found.length === 0) return;
  const texts = found.map((one) => el("pre", {}, text(unb64(one))));
  const hashes = found.map((one) => el("p", { class: "hash soft" }, `SHA-256 ${sha(unb64(one))}`));
  find(form, ".statements").after(el("details", { "data-raw": true }, el("summary", {}, say("raw")), ...texts.flatMap((one, k) => [one, hashes[k]])));
}

start();
