/** Where events come from: server-sent events with replay, or, when those fail, the same events as plain pages. */
import { readEvent, type BoardEvent } from "./events.ts";

export type Liveness = "on" | "poll" | "off";

export interface Listener {
  take(event: BoardEvent): void;
  live(state: Liveness): void;
}

const KINDS = [
  "opening.step", "node.closed", "node.committed", "node.released", "node.missing", "bid.unsealing", "bid.unsealed",
  "bid.judged", "bid.readout", "bid.confirmed", "base_price.readout", "base_price.unread", "opening.objection", "opening.ended",
];
const FAILURES = 3;
const POLL_MS = 2000;
const RETRY_STREAM_ROUNDS = 30;

export class Feed {
  private last: number;
  private failures = 0;

  constructor(
    private readonly edge: string,
    private readonly lot: string,
    lastEventId: number,
    private readonly listener: Listener,
  ) {
    this.last = lastEventId;
  }

  /** The browser itself sends Last-Event-ID on a reconnect; the first connection says it in the query. */
  stream(): void {
    this.failures = 0;
    const source = new EventSource(`${this.edge}/live/${encodeURIComponent(this.lot)}/events?last_event_id=${this.last}`);
    const onMessage = (message: MessageEvent<string>): void => this.read(message.data);
    source.onmessage = onMessage;
    for (const kind of KINDS) source.addEventListener(kind, onMessage);
    source.onopen = () => {
      this.failures = 0;
      this.listener.live("on");
    };
    source.onerror = () => {
      this.listener.live("off");
      if (++this.failures < FAILURES && source.readyState !== EventSource.CLOSED) return;
      source.close();
      void this.poll();
    };
  }

  /** Plain pages; after a while the stream is tried again. */
  async poll(): Promise<void> {
    for (let round = 0; round < RETRY_STREAM_ROUNDS; round++) {
      this.listener.live((await this.round()) ? "poll" : "off");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.stream();
  }

  private async round(): Promise<boolean> {
    try {
      const base = `${this.edge}/public/lots/${encodeURIComponent(this.lot)}/events`;
      const head = (await json(`${base}/head.json`)) as { last: number; pages: number };
      for (let page = Math.floor(this.last / 100) + 1; this.last < head.last && page <= head.pages; page++) {
        for (const raw of (await json(`${base}/p/${String(page).padStart(6, "0")}.json`)) as unknown[]) this.give(raw);
      }
      return true;
    } catch (error) {
      console.warn("the edge does not answer", error);
      return false;
    }
  }

  private read(data: string): void {
    this.give(JSON.parse(data));
  }

  /** Each event once, in order: replays and pages overlap. */
  private give(raw: unknown): void {
    const event = readEvent(raw);
    if (event === undefined || event.seq <= this.last) return;
    this.last = event.seq;
    this.listener.take(event);
  }
}

async function json(url: string): Promise<unknown> {
  const answer = await fetch(url, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer.json();
}
