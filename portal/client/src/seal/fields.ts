/** What the person entered: checked, and as the sheet and files of the bid. */
import { toWire } from "../core/amount.ts";
import { all, input, oneFile } from "../ui/dom.ts";
import type { FieldError } from "../ui/errors.ts";
import { dictionary } from "../ui/language.ts";
import type { InputFile, SheetContent } from "./payload.ts";

const say = dictionary({
  missing: ["请填写{name}", "Fill in {name}"],
  amount: ["报价写成元,最多两位小数,如 21846300.00", "Write the price in yuan with at most two decimals, such as 21846300.00"],
  integer: ["{name}应为整数", "{name} must be a whole number"],
  documents: ["请选择投标文件", "Choose the bid's documents"],
  keyfile: ["请选择密钥文件", "Choose your key file"],
  passphrase: ["请输入密钥文件的口令", "Enter the key file's passphrase"],
  rescue: ["救援口令至少 10 个字符", "The rescue passphrase needs at least 10 characters"],
});

const RESCUE_MINIMUM = 10;

export interface Entered {
  sheet: SheetContent;
  files: InputFile[];
  errors: FieldError[];
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function readFields(form: HTMLFormElement): Entered {
  const { sheet, errors } = readSheet(form);
  const files = documentsOf(input(form, "documents"));
  if (files.length === 0 && input(form, "documents").required) errors.push({ field: "documents", text: say("documents") });
  if (oneFile(input(form, "keyfile")) === undefined) errors.push({ field: "keyfile", text: say("keyfile") });
  if (input(form, "passphrase").value === "") errors.push({ field: "passphrase", text: say("passphrase") });
  if (input(form, "rescue").value.length < RESCUE_MINIMUM) errors.push({ field: "rescue", text: say("rescue") });
  return { sheet, files, errors };
}

/** Controls named price, period_days, quality, project_leader; any other named control is a further public item. */
export function readSheet(form: HTMLFormElement): { sheet: SheetContent; errors: FieldError[] } {
  const sheet: SheetContent = { items: {} };
  const errors: FieldError[] = [];
  for (const control of all<Control>(form, "[data-sheet] [name]")) {
    const value = control.value.trim();
    const problem = value === "" ? absent(control) : put(sheet, control.name, value, labelOf(control));
    if (problem !== undefined) errors.push({ field: control.name, text: problem });
  }
  return { sheet, errors };
}

const labelOf = (control: Control): string => control.labels?.[0]?.firstChild?.textContent?.trim() || control.name;
const absent = (control: Control): string | undefined => (control.required ? say("missing", { name: labelOf(control) }) : undefined);

/** Put the value into the sheet, or say what is wrong with it. */
function put(sheet: SheetContent, field: string, value: string, name: string): string | undefined {
  if (field === "price") {
    sheet.price = toWire(value);
    return sheet.price === undefined ? say("amount") : undefined;
  }
  if (field === "period_days") {
    sheet.period_days = Number(value);
    return /^[1-9][0-9]{0,4}$/.test(value) ? undefined : say("integer", { name });
  }
  if (field === "quality" || field === "project_leader") sheet[field] = value;
  else sheet.items[field] = value;
  return undefined;
}

/** Files of a picked folder get their path as one bare name. */
export function documentsOf(field: HTMLInputElement): InputFile[] {
  return [...(field.files ?? [])].map((file) => ({ path: (file.webkitRelativePath || file.name).replaceAll("/", " - "), blob: file }));
}
