/** The opening hall, live: the server's page, kept up to date event by event. */
import { all, el, find, given } from "../ui/dom.ts";
import { clockFace } from "../ui/clock.ts";
import { dictionary, english, pick } from "../ui/language.ts";
import { figures } from "../core/amount.ts";
import type { BoardEvent } from "./events.ts";
import { Feed, type Liveness } from "./source.ts";
import { NODE_STATE, sentence } from "./words.ts";

const say = dictionary({
  on: ["直播", "live"],
  poll: ["每 2 秒更新", "updated every 2 s"],
  off: ["连接中断,正在重连", "connection lost, trying again"],
  unsealed: ["{n} / {of} 份已解封", "{n} of {of} unsealed"],
  opened: ["已打开", "opened"],
  sealed: ["密封", "sealed"],
  confirmed: ["✓ 已确认", "✓ confirmed"],
});

class Board {
  private quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly root: HTMLElement) {}

  live(state: Liveness): void {
    const place = this.root.querySelector<HTMLElement>("[data-live-state]");
    if (place === null) return;
    place.dataset["live"] = state;
    place.textContent = say(state);
  }

  take(event: BoardEvent): void {
    const [topic] = event.kind.split(".");
    if (topic === "node") this.node(event);
    else if (event.kind === "opening.step") this.step(event.step ?? "", event.until);
    else if (event.kind === "opening.ended") void this.ended();
    else if (event.kind === "bid.unsealing" || event.kind === "bid.unsealed") this.envelope(event);
    else if (event.kind === "bid.judged") this.judged(event);
    else if (event.kind === "bid.readout") this.readout(event);
    else if (event.kind === "bid.confirmed") this.confirmed(event);
    else if (topic === "base_price") this.basePrice(event);
    this.tell(event);
  }

  /** The record, the last word on each line and the command to recheck are the server's: they come once all is over. */
  private async ended(): Promise<void> {
    this.step("");
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok) return console.warn("the record did not come", answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of all<HTMLElement>(this.root, "[data-at-end]")) {
      const come = fresh.getElementById(part.id);
      if (come !== null) part.replaceWith(document.adoptNode(come));
    }
  }

  /** Shown from the last line read out until the opening ends. */
  private confirming(until: string | undefined): void {
    const box = this.root.querySelector<HTMLElement>("[data-confirm]");
    if (box === null) return;
    box.hidden = until === undefined;
    if (until !== undefined) find<HTMLTimeElement>(box, "time").dateTime = until;
  }

  /** The step named is now; those before it are done; with no name all are. */
  private step(name: string, until?: string): void {
    this.confirming(until);
    const items = all<HTMLElement>(this.root, "[data-step]");
    const at = name === "" ? items.length : items.findIndex((item) => item.dataset["step"] === name);
    if (at < 0) return;
    items.forEach((item, k) => {
      item.classList.toggle("done", k < at);
      item.classList.toggle("now", k === at);
      if (k === at) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  private nodeItem(name: string): HTMLElement | undefined {
    return all<HTMLElement>(this.root, "[data-node]").find((item) => item.dataset["node"] === name);
  }

  private node(event: BoardEvent): void {
    const item = this.nodeItem(event.node ?? "");
    const state = event.kind.slice("node.".length);
    if (item === undefined || (state === "missing" && item.dataset["state"] === "released")) return;
    item.dataset["state"] = state;
    const place = item.querySelector("[data-node-state]");
    if (place !== null) place.textContent = pick(NODE_STATE[state] ?? [state, state]);
    const released = all(this.root, '[data-node][data-state="released"]').length;
    all<HTMLElement>(this.root, ".shares i").forEach((bar, k) => bar.toggleAttribute("data-have", k < released));
  }

  private envelope({ kind, n = 0, of = 0 }: BoardEvent): void {
    const open = kind === "bid.unsealed";
    const list = this.root.querySelector("[data-envelopes]");
    if (list !== null) this.drawEnvelopes(list, of);
    const envelope = list?.querySelector<HTMLElement>(`[data-n="${n}"] .envelope`);
    if (envelope !== null && envelope !== undefined) setEnvelope(envelope, open ? "opened" : "unsealing");
    const bar = this.root.querySelector<HTMLProgressElement>("progress[data-unsealing]");
    if (bar === null) return;
    [bar.max, bar.value] = [of, open ? n : n - 1];
    bar.toggleAttribute("data-done", of > 0 && bar.value === of);
    const text = this.root.querySelector("[data-unsealing-text]");
    if (text !== null) text.textContent = say("unsealed", { n: bar.value, of });
  }

  private drawEnvelopes(list: Element, of: number): void {
    for (let n = list.children.length + 1; n <= of; n++) {
      const envelope = el("span", { class: "envelope", role: "img" });
      setEnvelope(envelope, "sealed");
      list.append(el("li", { "data-n": String(n) }, envelope, String(n)));
    }
  }

  private row(line: number): HTMLElement {
    const known = this.root.querySelector<HTMLElement>(`[data-line="${line}"]`);
    if (known !== null) return known;
    const copy = find<HTMLTemplateElement>(this.root, "template[data-line-template]").content.cloneNode(true) as DocumentFragment;
    const row = find<HTMLElement>(copy, "tr");
    row.dataset["line"] = String(line);
    find(this.root, "[data-lines]").append(row);
    return row;
  }

  private readout(event: BoardEvent): void {
    const row = this.row(event.line ?? 0);
    row.dataset["state"] = "opened";
    row.classList.add("fresh");
    fill(row, "bidder", event.bidder ?? "");
    fill(row, "price", figures(event.price ?? ""));
    fill(row, "price_words", event.price_words ?? "");
    fill(row, "period_days", event.period_days == null ? "" : String(event.period_days));
    const link = row.querySelector<HTMLAnchorElement>('[data-field="log_index"]');
    if (link === null || event.log_index == null) return;
    link.textContent = `#${event.log_index.toLocaleString("en")}`;
    link.href = `${link.getAttribute("href") ?? ""}${event.log_index}`;
  }

  private basePrice(event: BoardEvent): void {
    const box = this.root.querySelector<HTMLElement>("[data-base-price]");
    if (box === null) return;
    const unread = (english() ? event.reason_en : event.reason) ?? "";
    box.hidden = false;
    fill(box, "amount", event.amount === undefined ? unread : figures(event.amount));
    fill(box, "amount_words", event.amount_words ?? "");
  }

  private judged(event: BoardEvent): void {
    if (event.line === undefined) return;
    const row = this.row(event.line);
    row.dataset["state"] = "void";
    const envelope = row.querySelector<HTMLElement>(".envelope");
    if (envelope !== null) envelope.dataset["state"] = "void";
    fill(row, "bidder", event.bidder ?? "");
    fill(row, "price_words", (english() ? event.reason_en : event.reason) ?? event.reason ?? "");
    fill(row, "confirmed", "");
  }

  private confirmed(event: BoardEvent): void {
    const row = this.root.querySelector<HTMLElement>(`[data-line="${event.line ?? 0}"]`);
    const place = row?.querySelector<HTMLElement>('[data-field="confirmed"]');
    if (place === null || place === undefined) return;
    place.textContent = say("confirmed");
    place.classList.replace("due", "true");
  }

  /** Into the feed, newest first, and politely to screen readers, several at once when they come fast. */
  private tell(event: BoardEvent): void {
    const name = this.nodeItem(event.node ?? "")?.firstElementChild?.textContent ?? event.node ?? "";
    const words = sentence(event, name);
    if (words === undefined) return;
    this.feed(event, words);
    const announce = this.root.querySelector<HTMLElement>("[data-announce]");
    if (announce === null) return;
    announce.append(el("span", {}, `${words}。 `));
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => announce.replaceChildren(), 5000);
  }

  private feed(event: BoardEvent, words: string): void {
    const list = this.root.querySelector("[data-feed]");
    const template = this.root.querySelector<HTMLTemplateElement>("template[data-feed-template]");
    if (list === null || template === null) return;
    const item = template.content.cloneNode(true) as DocumentFragment;
    const time = find<HTMLTimeElement>(item, "time");
    [time.dateTime, time.textContent] = [event.at, clockFace(new Date(event.at))];
    find(item, "span").textContent = words;
    const link = item.querySelector("a");
    if (link !== null && event.log_index != null) [link.href, link.textContent] = [`${link.getAttribute("href") ?? "/log/entry/"}${event.log_index}`, `#${event.log_index}`];
    else link?.remove();
    list.prepend(item);
  }
}

function setEnvelope(envelope: HTMLElement, state: "sealed" | "unsealing" | "opened"): void {
  envelope.dataset["state"] = state;
  envelope.setAttribute("aria-label", say(state === "opened" ? "opened" : "sealed"));
}

function fill(row: HTMLElement, field: string, text: string): void {
  const place = row.querySelector(`[data-field="${field}"]`);
  if (place !== null) place.textContent = text;
}

function start(): void {
  const root = document.querySelector<HTMLElement>("[data-board]");
  if (root === null) return;
  const last = Number(root.dataset["lastEventId"] ?? "0") || 0;
  new Feed(given(root, "edge").replace(/\/$/, ""), given(root, "lot"), last, new Board(root)).stream();
}

start();
