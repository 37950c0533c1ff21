/** The hall's events as the edge sends them; what is not one of these is ignored. */
export const STEPS = ["sealed", "closed", "released", "unsealing", "readout", "confirming", "record"] as const;

export interface BoardEvent {
  seq: number;
  at: string;
  kind: string;
  step?: string;
  until?: string;
  node?: string;
  stage?: string;
  n?: number;
  of?: number;
  line?: number;
  bidder?: string;
  price?: string;
  price_words?: string;
  period_days?: number | null;
  log_index?: number | null;
  reason?: string;
  reason_en?: string;
  text?: string;
  amount?: string;
  amount_words?: string;
}

export function readEvent(raw: unknown): BoardEvent | undefined {
  const event = raw as BoardEvent | null;
  const sound = typeof event === "object" && event !== null && Number.isSafeInteger(event.seq) && typeof event.kind === "string";
  return sound ? event : undefined;
}
