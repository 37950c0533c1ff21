/** The owner's page of the base price: read the amount in words, then seal and sign it here; the server gets ciphertext alone. */
import { toWire, words } from "../core/amount.ts";
import { b64 } from "../core/bytes.ts";
import { sha } from "../core/digest.ts";
import { sign } from "../core/keys.ts";
import { clientClaim } from "../seal/client.ts";
import { fetchTerms } from "../seal/terms.ts";
import { measure, serverNow } from "../ui/clock.ts";
import { all, find, given, input } from "../ui/dom.ts";
import { clearErrors, showErrors, showFailure } from "../ui/errors.ts";
import { postJson } from "../ui/http.ts";
import { openPicked } from "../ui/keypicker.ts";
import { dictionary } from "../ui/language.ts";
import { sealBasePrice } from "./sealer.ts";

const say = dictionary({
  amount: ["金额写成元，最多两位小数，如 21846300.00", "Write the amount in yuan with at most two decimals, such as 21846300.00"],
  opening: ["正在打开密钥文件", "Opening the key file"],
  sealing: ["正在封存 {words}", "Sealing {words}"],
  sent: ["已封存，正在提交密文", "Sealed; sending the ciphertext"],
});

function start(): void {
  for (const form of all<HTMLFormElement>(document, "form[data-base-price]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(form);
    });
  }
}

async function attempt(form: HTMLFormElement): Promise<void> {
  const amount = toWire(input(form, "amount").value.trim());
  if (amount === undefined || amount === "0.00") return showErrors(form, [{ field: "amount", text: say("amount") }]);
  const button = find<HTMLButtonElement>(form, "button.seal");
  button.disabled = true;
  clearErrors(form);
  try {
    await sealAndSend(form, amount);
  } catch (error) {
    state(form, "");
    showFailure(form, error instanceof Error ? error.message : String(error));
  } finally {
    button.disabled = false;
  }
}

async function sealAndSend(form: HTMLFormElement, amount: string): Promise<void> {
  state(form, say("opening"));
  const [{ key }, { keyset }] = [await openPicked(form), await fetchTerms(form)];
  state(form, say("sealing", { words: words(amount) }));
  await measure();
  const raw = await sealBasePrice({ keyset, owner: given(form, "owner"), amount, key, now: new Date(serverNow()), client: clientClaim("kaibiao-web") });
  state(form, say("sent"));
  await postJson(form.action, { file: b64(raw), sig: b64(sign(raw, key)) }, sha(raw));
  location.assign(given(form, "next"));
}

const state = (form: HTMLFormElement, text: string): void => void (find(form, "[data-state]").textContent = text);

start();
