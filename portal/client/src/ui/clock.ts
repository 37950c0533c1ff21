/** The server's clock: its offset is measured, and every deadline on the page is counted on it. */
import { getJson } from "./http.ts";

const SAMPLES = 3;
let offset = 0;

export interface Measured {
  /** Milliseconds that the server's clock is ahead of this machine's. */
  offset: number;
  /** Half of the shortest round trip: how far the offset may be off. */
  uncertainty: number;
}

/** Of some samples, the one with the shortest round trip is nearest to the truth. */
export async function measure(url = "/api/v1/clock"): Promise<Measured> {
  let best: Measured = { offset: 0, uncertainty: Infinity };
  for (let k = 0; k < SAMPLES; k++) {
    const [sent, from] = [Date.now(), performance.now()];
    const { now } = (await getJson(url)) as { now: string };
    const half = (performance.now() - from) / 2;
    if (half < best.uncertainty) best = { offset: Date.parse(now) - (sent + half), uncertainty: half };
  }
  offset = best.offset;
  return best;
}

export const serverNow = (): Date => new Date(Date.now() + offset);

const BEIJING = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** `09:31:42` in Beijing. */
export const clockFace = (instant: Date): string => BEIJING.format(instant);
