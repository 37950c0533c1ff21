/** The page's side of the worker: calls as promises. */
import type { Phase } from "../seal/sealer.ts";
import type { Answer, Call, Calls } from "./messages.ts";

declare const KAIBIAO_WORKER: string;

export class WorkerFailure extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

type Report = (phase: Phase, done: number, total: number) => void;

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
  report: Report | undefined;
}

export class Workshop {
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor(private readonly worker: Worker) {
    worker.addEventListener("message", (event: MessageEvent<Answer>) => this.take(event.data));
    worker.addEventListener("error", (event) => this.broken(event.message || "the worker did not start"));
  }

  call<K extends Call>(call: K, ask: Calls[K]["ask"], report?: Report): Promise<Calls[K]["answer"]> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (answer: never) => void, reject, report });
      this.worker.postMessage({ id, call, ask });
    });
  }

  private take(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    if (waiting === undefined) return;
    if (answer.kind === "progress") return waiting.report?.(answer.phase, answer.done, answer.total);
    this.waiting.delete(answer.id);
    if (answer.kind === "done") waiting.resolve(answer.answer as never);
    else waiting.reject(new WorkerFailure(answer.name, answer.message));
  }

  private broken(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new WorkerFailure("WorkerError", message));
    this.waiting.clear();
  }
}

let shared: Workshop | undefined;

/** One worker a page, started at first need from the file beside this script. */
export function workshop(): Workshop {
  shared ??= new Workshop(new Worker(new URL(KAIBIAO_WORKER, import.meta.url)));
  return shared;
}
