/** Saving a file to the person's disk: by the picker where the browser has one, else as a download. */
import { el } from "./dom.ts";

interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

export async function save(name: string, blob: Blob): Promise<boolean> {
  const picker = (window as Picker).showSaveFilePicker;
  if (picker === undefined) {
    download(name, blob);
    return true;
  }
  try {
    const handle = await picker.call(window, { suggestedName: name });
    await blob.stream().pipeTo(await handle.createWritable());
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return false;
    if (!(error instanceof DOMException)) throw error;
    download(name, blob); // the picker may be forbidden here (automation, embedded views)
    return true;
  }
}

const KEEP_MS = 60_000;

export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
