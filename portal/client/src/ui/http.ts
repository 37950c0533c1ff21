/** JSON over fetch with the page's CSRF token; a refusal keeps the platform's code and words. */
import { english } from "./language.ts";

export class Refused extends Error {
  override name = "Refused";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const csrfToken = (): string => document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";

export async function getJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  return (await checked(answer)).json();
}

export async function getBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await checked(await fetch(url, { cache: "no-store" }))).arrayBuffer());
}

export async function getText(url: string): Promise<string> {
  return (await checked(await fetch(url, { cache: "no-store" }))).text();
}

export async function postJson(url: string, body: unknown, idempotencyKey?: string): Promise<unknown> {
  const headers: Record<string, string> = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrfToken() };
  if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
  const answer = await checked(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
  return answer.status === 204 ? {} : answer.json();
}

async function checked(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const text = await answer.text();
  const told = parsed(text);
  const words = told[english() ? "message_en" : "message_zh"] ?? told["message"] ?? `${answer.status} ${answer.statusText}`;
  const rule = told["rule"] ? ` (${told["rule"]})` : "";
  throw new Refused(answer.status, told["code"] ?? String(answer.status), `${words}${rule}`);
}

/** An answer from something before the platform (a proxy) may be no JSON at all. */
function parsed(text: string): Record<string, string | undefined> {
  try {
    return JSON.parse(text) as Record<string, string | undefined>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
