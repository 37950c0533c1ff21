/** RFC 8785 for what is hashed or signed: integers, strings, booleans, null, arrays, objects. No floats. */
import { utf8, type Bytes } from "./bytes.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const encode = (value: Json): Bytes => utf8(spell(value));

export function spell(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return integer(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(spell).join(",")}]`;
  const keys = Object.keys(value).sort(); // by UTF-16 code units, as RFC 8785 wants
  return `{${keys.map((key) => `${quoted(key)}:${spell(value[key] as Json)}`).join(",")}}`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError("only integers below 2^53 are signed");
  return String(value);
}

function quoted(value: string): string {
  if (!isWellFormed(value)) throw new TypeError("a lone surrogate has no UTF-8");
  return JSON.stringify(value);
}

const isWellFormed = (value: string): boolean => !/\p{Surrogate}/u.test(value);

/** Parse a JSON object whose `type` is `kind`; the caller has checked, or will check, the signature of the bytes. */
export function parse(raw: string, kind: string): JsonObject {
  const value: unknown = JSON.parse(raw);
  if (!isObject(value) || value["type"] !== kind) throw new Error(`not a ${kind}`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
