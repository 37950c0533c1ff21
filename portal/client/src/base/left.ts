/** What is left until a deadline, in words; pure. */
import type { Pair } from "../ui/language.ts";

export type Nearness = "far" | "soon" | "over";
const SOON_MS = 15 * 60_000;
const DAY_S = 86_400;

export const nearness = (ms: number): Nearness => (ms <= 0 ? "over" : ms <= SOON_MS ? "soon" : "far");

export function left(ms: number): Pair {
  if (ms <= 0) return ["已到时间", "time is up"];
  const seconds = Math.ceil(ms / 1000);
  const days = Math.floor(seconds / DAY_S);
  const rest = seconds % DAY_S;
  if (days === 0) return [face(rest), face(rest)];
  const hours = Math.floor(rest / 3600);
  return [`还有 ${days} 天 ${hours} 小时`, `${days} d ${hours} h left`];
}

function face(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
