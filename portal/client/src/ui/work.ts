/** A box that shows a long act: what is being done, how far, how fast. */
import { el } from "./dom.ts";
import { bytes } from "./language.ts";

export class WorkBox {
  readonly box: HTMLElement;
  private readonly label = el("p", {});
  private readonly value = el("p", { class: "soft" });
  private readonly bar = el("progress", { max: "1", value: "0" });
  private readonly status = el("p", { class: "hidden-visually", role: "status" });
  private started = 0;
  private title = "";

  /** Red is for what binds: a bid being sealed, not a file going up. */
  constructor(place: HTMLElement, kind: "binding" | "plain" = "binding") {
    this.bar.className = kind === "binding" ? "seal-progress" : "";
    this.box = el("div", { class: "work" }, el("div", { class: "work-row" }, this.label, this.value), this.bar, this.status);
    this.bar.setAttribute("aria-label", "progress");
    place.replaceChildren(this.box);
  }

  begin(title: string): void {
    if (title === this.title) return;
    this.title = title;
    this.started = performance.now();
    this.label.textContent = title;
    this.status.textContent = title;
    this.value.textContent = "";
    this.bar.removeAttribute("value");
  }

  /** `done` of `total` bytes. */
  advance(done: number, total: number): void {
    this.bar.value = total > 0 ? done / total : 1;
    const seconds = (performance.now() - this.started) / 1000;
    const speed = seconds > 0.3 ? ` · ${bytes(done / seconds)}/s` : "";
    this.value.textContent = `${bytes(done)} / ${bytes(total)}${speed}`;
  }

  end(title: string): void {
    this.begin(title);
    this.bar.value = 1;
    this.bar.toggleAttribute("data-done", true);
  }
}
