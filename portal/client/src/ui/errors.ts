/** The error summary: what is wrong, linked to its field, focused and announced. */
import { all, el } from "./dom.ts";
import { dictionary } from "./language.ts";

const say = dictionary({ title: ["有 {n} 处需要改正", "{n} things need correcting"], failed: ["未能完成", "This could not be done"] });

export interface FieldError {
  field: string;
  text: string;
}

export function showErrors(form: HTMLFormElement, errors: FieldError[]): void {
  clearErrors(form);
  if (errors.length === 0) return;
  const items = errors.map(({ field, text }) => el("li", {}, el("a", { href: `#${markWrong(form, field, text)}` }, text)));
  const box = summary(say("title", { n: errors.length }), el("ul", {}, ...items));
  form.prepend(box);
  box.focus();
}

export function showFailure(form: HTMLElement, text: string): void {
  clearErrors(form);
  const box = summary(say("failed"), el("p", {}, text));
  form.prepend(box);
  box.focus();
}

export function clearErrors(form: HTMLElement): void {
  for (const old of all(form, ".error-summary[data-script], .field-error[data-script]")) old.remove();
  for (const field of all(form, "[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const field of all(form, ".field-wrong")) field.classList.remove("field-wrong");
}

function summary(title: string, body: HTMLElement): HTMLElement {
  return el("div", { class: "error-summary", role: "alert", tabindex: "-1", "data-script": true }, el("h2", {}, title), body);
}

let counter = 0;

function markWrong(form: HTMLFormElement, name: string, text: string): string {
  const field = form.querySelector<HTMLElement>(`[name="${name}"]`);
  if (field === null) return "";
  field.id ||= `field-${++counter}`;
  field.setAttribute("aria-invalid", "true");
  const note = el("span", { class: "field-error", id: `${field.id}-error`, "data-script": true }, text);
  field.setAttribute("aria-describedby", note.id);
  field.closest(".field")?.classList.add("field-wrong");
  (field.closest(".amount-input") ?? field).before(note);
  return field.id;
}
