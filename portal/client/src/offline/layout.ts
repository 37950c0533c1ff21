/** The offline page's forms, drawn in the language chosen. */
import { el } from "../ui/dom.ts";
import { say } from "./words.ts";

type Attributes = Record<string, string | boolean>;

function field(name: string, label: string, attributes: Attributes, hint?: string): HTMLElement {
  const control = el("input", { name, id: `f-${name}`, autocomplete: "off", ...attributes });
  return el("div", { class: "field" }, el("label", { for: `f-${name}` }, label), hint === undefined ? undefined : el("span", { class: "hint" }, hint), control);
}

function choice(name: string, label: string, options: [string, string][], hint: string): HTMLElement {
  const control = el("select", { name, id: `f-${name}` }, ...options.map(([value, text]) => el("option", { value }, text)));
  return el("div", { class: "field" }, el("label", { for: `f-${name}` }, label), el("span", { class: "hint" }, hint), control);
}

export function termsForm(): HTMLFormElement {
  return el("form", { class: "panel", "data-terms": true, novalidate: true },
    el("h2", {}, say("terms")),
    el("p", { class: "soft" }, say("termsHint")),
    field("keyset", say("keyset"), { type: "file", accept: ".json" }),
    field("sigs", say("sigs"), { type: "file", accept: ".json" }),
    field("policy", say("policy"), { type: "file" }),
    el("div", { class: "actions" }, el("button", { type: "submit" }, say("checkTerms"))),
    el("div", { "data-found": true, role: "status" }),
  );
}

export function sealForm(): HTMLFormElement {
  return el("form", { "data-offline-seal": true, novalidate: true },
    el("section", { class: "panel" },
      el("h2", {}, say("bid")),
      field("bidder", say("bidder"), { type: "text" }, say("bidderHint")),
      el("fieldset", { "data-sheet": true },
        field("price", say("price"), { type: "text", inputmode: "decimal", "data-amount": "#amount-words" }, say("priceHint")),
        el("p", { class: "amount-words", id: "amount-words" }),
        field("period_days", say("period"), { type: "text", inputmode: "numeric" }),
        field("quality", say("quality"), { type: "text" }),
        field("project_leader", say("leader"), { type: "text" }),
        field("brand", say("brand"), { type: "text", maxlength: "100" }, say("brandHint")),
        choice("enterprise", say("enterprise"), [["", say("noDeduction")], ["small", say("smallFirm")]], say("enterpriseHint")),
      ),
      field("documents", say("documents"), { type: "file", multiple: true }),
      field("prev", say("previous"), { type: "text", class: "mono" }),
    ),
    el("section", { class: "panel" },
      el("h2", {}, say("keys")),
      field("keyfile", say("keyfile"), { type: "file", accept: ".age" }),
      field("passphrase", say("passphrase"), { type: "password" }),
      field("rescue", say("rescue"), { type: "password" }),
    ),
    el("div", { class: "actions" }, el("button", { type: "submit", class: "seal" }, say("seal"))),
    el("div", { "data-seal-work": true }),
  );
}
