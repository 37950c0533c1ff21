/** On every page: server's clock, countdowns, amounts in words, copy and print buttons. */
import { all, find } from "../ui/dom.ts";
import { clockFace, measure, serverNow } from "../ui/clock.ts";
import { pick } from "../ui/language.ts";
import { left, nearness } from "./left.ts";
import { toWire, words } from "../core/amount.ts";

const TICK_MS = 250;

function start(): void {
  document.addEventListener("click", onClick);
  document.addEventListener("input", onInput);
  for (const field of all<HTMLInputElement>(document, "input[data-amount]")) showWords(field);
  if (document.querySelector("[data-clock], [data-countdown]") !== null) void run();
}

async function run(): Promise<void> {
  tick();
  setInterval(tick, TICK_MS);
  await measure().catch((error: unknown) => console.warn("the server's clock is away", error));
}

function tick(): void {
  const now = serverNow();
  for (const face of all<HTMLElement>(document, "[data-clock]")) set(face, clockFace(now));
  for (const time of all<HTMLTimeElement>(document, "time[data-countdown]")) count(time, now);
}

function count(time: HTMLTimeElement, now: Date): void {
  const ms = Date.parse(time.dateTime) - now.getTime();
  if (Number.isNaN(ms)) return;
  set(time, pick(left(ms)));
  const was = time.dataset["left"];
  time.dataset["left"] = nearness(ms);
  const passed = was !== undefined && was !== "over" && ms <= 0;
  if (passed && time.dataset["reload"] !== undefined) setTimeout(() => location.reload(), 1500);
}

/** Only when it differs, so that a screen reader and the layout rest. */
function set(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function onClick(event: Event): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy], [data-print]") : null;
  if (button === null) return;
  if (button.dataset["print"] !== undefined) window.print();
  else void copy(button);
}

async function copy(button: HTMLElement): Promise<void> {
  await navigator.clipboard.writeText(find<HTMLElement>(document, button.dataset["copy"] ?? "").textContent ?? "");
  const before = button.textContent;
  button.textContent = pick(["已复制", "Copied"]);
  setTimeout(() => (button.textContent = before), 1500);
}

function onInput(event: Event): void {
  if (event.target instanceof HTMLInputElement && event.target.dataset["amount"] !== undefined) showWords(event.target);
}

function showWords(field: HTMLInputElement): void {
  const place = document.querySelector<HTMLElement>(field.dataset["amount"] ?? "");
  const wire = toWire(field.value);
  if (place !== null) place.textContent = wire === undefined ? "" : words(wire);
}

start();
