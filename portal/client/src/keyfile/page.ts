/** A signing key made here: certified, put under a passphrase, downloaded, loaded back, and only then confirmed. */
import { b64, equal, unb64, type Bytes } from "../core/bytes.ts";
import { encode } from "../core/canonical.ts";
import { generate, sign, spellPublic, type SigningKey } from "../core/keys.ts";
import { rfc3339 } from "../core/moment.ts";
import { el, find, given, input } from "../ui/dom.ts";
import { clearErrors, showErrors, showFailure } from "../ui/errors.ts";
import { getJson, postJson } from "../ui/http.ts";
import { openPicked } from "../ui/keypicker.ts";
import { dictionary } from "../ui/language.ts";
import { download } from "../ui/saving.ts";
import { workshop } from "../worker/client.ts";
import { MIN_PASSPHRASE, type KeyFile } from "./format.ts";

const say = dictionary({
  short: ["口令至少 {n} 个字符", "The passphrase needs at least {n} characters"],
  differ: ["两次输入的口令不同", "The two passphrases differ"],
  making: ["正在生成密钥并申请证书", "Making the key and asking for its certificate"],
  protecting: ["正在用口令加密密钥文件", "Encrypting the key file with your passphrase"],
  downloaded: ["密钥文件 {name} 已下载。请选中刚下载的文件并重新输入口令,核对无误后证书才会启用。", "The key file {name} was downloaded. Choose it and enter the passphrase again: only then is the certificate put to use."],
  again: ["再次下载", "Download again"],
  other: ["这不是刚才生成的密钥文件", "This is not the key file just made"],
  confirmed: ["核对无误,证书已启用。请把密钥文件备份到安全的地方;遗失后只能重新申请。", "Checked: the certificate is in use. Keep a backup of the key file; a lost one can only be replaced by a new certificate."],
});

interface Made {
  serial: string;
  file: KeyFile;
}

function start(): void {
  const section = document.querySelector<HTMLElement>("[data-keyfile]");
  if (section === null) return;
  const make = find<HTMLFormElement>(section, "form[data-keyfile-make]");
  make.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(make, () => makeKey(section, make));
  });
}

async function attempt(form: HTMLFormElement, act: () => Promise<void>): Promise<void> {
  const button = find<HTMLButtonElement>(form, "button");
  button.disabled = true;
  clearErrors(form);
  try {
    await act();
  } catch (error) {
    showFailure(form, error instanceof Error ? error.message : String(error));
  } finally {
    button.disabled = false;
  }
}

async function makeKey(section: HTMLElement, form: HTMLFormElement): Promise<void> {
  const passphrase = input(form, "passphrase").value;
  if (passphrase.length < MIN_PASSPHRASE) return showErrors(form, [{ field: "passphrase", text: say("short", { n: MIN_PASSPHRASE }) }]);
  if (passphrase !== input(form, "again").value) return showErrors(form, [{ field: "again", text: say("differ") }]);
  tell(section, say("making"));
  const made = await certify(section, generate());
  tell(section, say("protecting"));
  const raw = await workshop().call("protectKey", { file: made.file, passphrase });
  form.reset();
  offer(section, made, raw);
}

async function certify(section: HTMLElement, key: SigningKey): Promise<Made> {
  const { nonce } = (await getJson(given(section, "challenge"))) as { nonce: string };
  const public_key = spellPublic(key);
  const proof = b64(sign(encode({ type: "kaibiao-certify/1", public_key, nonce }), key));
  const answer = (await postJson(given(section, "certificates"), { public_key, proof, nonce })) as { serial: string; cert_chain: string[] };
  return { serial: answer.serial, file: { key, certChain: answer.cert_chain.map(unb64), org: given(section, "org"), person: given(section, "person"), createdAt: rfc3339(new Date()) } };
}

function offer(section: HTMLElement, made: Made, raw: Bytes): void {
  const name = `kaibiao-key-${made.serial.slice(0, 12)}.age`;
  const blob = new Blob([raw], { type: "application/octet-stream" });
  download(name, blob);
  const again = el("button", { type: "button", class: "quiet" }, say("again"));
  again.addEventListener("click", () => download(name, blob));
  tell(section, say("downloaded", { name }), again);
  const check = find<HTMLFormElement>(section, "form[data-keyfile-check]");
  check.hidden = false;
  input(check, "keyfile").focus();
  check.onsubmit = (event) => {
    event.preventDefault();
    void attempt(check, () => confirm(section, check, made));
  };
}

async function confirm(section: HTMLElement, form: HTMLFormElement, made: Made): Promise<void> {
  const loaded = await openPicked(form);
  if (!equal(loaded.key.secret, made.file.key.secret)) throw new Error(say("other"));
  await postJson(`${given(section, "certificates")}/${made.serial}/confirm`, {});
  form.hidden = true;
  find<HTMLFormElement>(section, "form[data-keyfile-make]").hidden = true;
  tell(section, say("confirmed"));
  section.dispatchEvent(new CustomEvent("kaibiao:key", { bubbles: true, detail: { serial: made.serial } }));
}

function tell(section: HTMLElement, text: string, ...more: HTMLElement[]): void {
  find(section, "[data-keyfile-state]").replaceChildren(el("p", { class: "callout" }, text), ...more);
}

start();
