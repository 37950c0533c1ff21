/** Tender documents going up one by one, with progress; what failed is tried again alone, what arrived stays. */
import { all, el, given, input } from "../ui/dom.ts";
import { clearErrors, showFailure } from "../ui/errors.ts";
import { csrfToken } from "../ui/http.ts";
import { dictionary, english } from "../ui/language.ts";
import { WorkBox } from "../ui/work.ts";

const say = dictionary({
  choose: ["请选择文件", "Choose files"],
  uploading: ["正在上传 {name}", "Uploading {name}"],
  arrived: ["已送达 {name}", "{name} has arrived"],
  failed: ["{name} 没有传完：{why}", "{name} did not arrive: {why}"],
  lost: ["连接中断", "the connection was lost"],
  again: ["重传没有送达的文件", "Try the missing files again"],
});

const warn = (event: Event): void => event.preventDefault();

class Upload {
  private readonly places: HTMLElement;

  constructor(private readonly form: HTMLFormElement) {
    this.places = el("div", { "data-uploads": true });
    form.append(this.places);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const files = [...(input(form, "documents").files ?? [])];
      if (files.length === 0) showFailure(form, say("choose"));
      else void this.send(files);
    });
  }

  /** One at a time, so that the first is whole as early as can be. */
  private async send(files: File[]): Promise<void> {
    clearErrors(this.form);
    this.places.replaceChildren();
    const failed: File[] = [];
    this.busy(true);
    for (const file of files) if (!(await this.one(file))) failed.push(file);
    this.busy(false);
    await this.list();
    if (failed.length === 0) this.form.reset();
    else this.offer(failed);
  }

  /** What has arrived, as the server lists it; the rest of the page, with whatever is being typed there, stays. */
  private async list(): Promise<void> {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) return console.warn("the list did not come", answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [old, come] = [document, fresh].map((page) => page.querySelector("#documents .file-list"));
    if (old && come) old.replaceWith(document.adoptNode(come));
  }

  private busy(on: boolean): void {
    for (const button of all<HTMLButtonElement>(this.form, "button")) button.disabled = on;
    if (on) window.addEventListener("beforeunload", warn);
    else window.removeEventListener("beforeunload", warn);
  }

  private async one(file: File): Promise<boolean> {
    const place = el("div", {});
    this.places.append(place);
    const work = new WorkBox(place, "plain");
    work.begin(say("uploading", { name: file.name }));
    const why = await put(given(this.form, "documents") + encodeURIComponent(file.name), file, (done) => work.advance(done, file.size));
    if (why === "") work.end(say("arrived", { name: file.name }));
    else place.replaceChildren(el("p", { class: "callout callout-alarm", role: "alert" }, say("failed", { name: file.name, why })));
    return why === "";
  }

  private offer(files: File[]): void {
    const again = el("button", { type: "button" }, say("again"));
    again.addEventListener("click", () => void this.send(files));
    this.places.append(el("div", { class: "actions" }, again));
    again.focus();
  }
}

/** Empty when it arrived, else why not. Fetch tells no progress of what is sent; this older way does. */
function put(url: string, file: File, report: (done: number) => void): Promise<string> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => report(event.loaded);
    request.onload = () => resolve(request.status < 300 ? "" : reason(request));
    request.onerror = request.ontimeout = request.onabort = () => resolve(say("lost"));
    request.send(file);
  });
}

function reason(request: XMLHttpRequest): string {
  try {
    const told = JSON.parse(request.responseText) as Record<string, string | undefined>;
    return told[english() ? "message_en" : "message_zh"] ?? String(request.status);
  } catch (error) {
    if (error instanceof SyntaxError) return String(request.status);
    throw error;
  }
}

for (const form of all<HTMLFormElement>(document, "form[data-upload-documents]")) new Upload(form);
