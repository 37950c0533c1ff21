/** A POSIX tar as a stream: ustar headers, a pax record where a name is not plain ASCII or a size too large.
 * Headers tell nothing about the bidder's machine: no owner, no time, one mode. */
import { concat, utf8, type Bytes } from "../core/bytes.ts";

export const BLOCK = 512;
const OCTAL_LIMIT = 8 ** 11;

export interface Member {
  path: string;
  size: number;
  content: () => AsyncIterable<Bytes>;
}

/** Length of the archive with its two closing blocks. */
export function tarSize(members: Pick<Member, "path" | "size">[]): number {
  return members.reduce((sum, one) => sum + headers(one).length + rounded(one.size), 0) + 2 * BLOCK;
}

export async function* tar(members: Member[]): AsyncGenerator<Bytes> {
  for (const member of members) {
    yield headers(member);
    yield* exactly(member);
    const gap = rounded(member.size) - member.size;
    if (gap > 0) yield new Uint8Array(gap);
  }
  yield new Uint8Array(2 * BLOCK);
}

async function* exactly(member: Member): AsyncGenerator<Bytes> {
  let length = 0;
  for await (const part of member.content()) {
    length += part.length;
    yield part;
  }
  if (length !== member.size) throw new Error(`${member.path} changed while it was being sealed`);
}

const rounded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

export function headers(member: Pick<Member, "path" | "size">): Bytes {
  const plain = /^[\x20-\x7e]{1,100}$/.test(member.path) && member.size < OCTAL_LIMIT;
  if (plain) return block(member.path, member.size, "0");
  const records = utf8(record("path", member.path) + (member.size < OCTAL_LIMIT ? "" : record("size", String(member.size))));
  const body = new Uint8Array(rounded(records.length));
  body.set(records);
  const short = member.path.replace(/[^\x20-\x7e]/g, "_").slice(0, 100);
  return concat(block("PaxHeader/file", records.length, "x"), body, block(short, member.size % OCTAL_LIMIT, "0"));
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const size = utf8(rest).length;
  let length = size + String(size).length;
  length = size + String(length).length;
  return `${length}${rest}`;
}

function block(name: string, size: number, kind: "0" | "x"): Bytes {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, value: string): void => header.set(utf8(value), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, "0000644\0" + "0000000\0" + "0000000\0");
  put(124, `${octal(size, 11)}\0${octal(0, 11)}\0`);
  put(148, "        ");
  put(156, kind);
  put(257, "ustar\0" + "00");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
