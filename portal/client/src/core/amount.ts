/** Amounts in capital figures as 支付结算办法 annex 1 writes them; the same results as kernel/money.py (shared vectors). */
const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const UNITS = ["", "拾", "佰", "仟"];
const GROUPS = ["", "万", "亿", "万亿"];
const WIRE = /^(0|[1-9][0-9]{0,14})\.([0-9]{2})$/;

/** What people type (`21,846,300`, `21846300.5`) as the wire form `21846300.00`; undefined if it is no amount. */
export function toWire(typed: string): string | undefined {
  const match = /^(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,2}))?$/.exec(typed.replace(/[,\s，]/g, ""));
  return match === null ? undefined : `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}`;
}

/** `21,846,300.00` of the wire form. */
export const figures = (wire: string): string => wire.replace(/\B(?=(\d{3})+\.)/g, ",");

export function words(wire: string): string {
  const match = WIRE.exec(wire);
  if (match === null) throw new Error("not an amount in yuan with two decimals");
  const yuan = match[1] as string;
  const [jiao, fen] = [...(match[2] as string)].map(Number) as [number, number];
  const whole = yuan !== "0" || (jiao === 0 && fen === 0) ? `${integer(yuan)}元` : "";
  if (jiao === 0 && fen === 0) return `${whole}整`;
  const tenth = jiao > 0 ? `${DIGITS[jiao]}角` : whole === "" ? "" : "零";
  return `${whole}${tenth}${fen > 0 ? `${DIGITS[fen]}分` : "整"}`;
}

function integer(digits: string): string {
  if (digits === "0") return "零";
  const groups = (digits.padStart(16, "0").match(/.{4}/g) ?? []).map(Number);
  let read = "";
  let gap = false;
  groups.forEach((group, k) => {
    if (group === 0) {
      gap = read !== "";
      return;
    }
    read += (read !== "" && (gap || group < 1000) ? "零" : "") + four(group) + GROUPS[groups.length - 1 - k];
    gap = false;
  });
  return read;
}

function four(value: number): string {
  let read = "";
  let gap = false;
  for (const place of [3, 2, 1, 0]) {
    const digit = Math.floor(value / 10 ** place) % 10;
    if (digit === 0) {
      gap = read !== "";
      continue;
    }
    read += (gap ? "零" : "") + DIGITS[digit] + UNITS[place];
    gap = false;
  }
  return read;
}
