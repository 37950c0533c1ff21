/** Small age files (share lines, key files, rescue files) by the reference implementation of the age authors. */
import { Decrypter, Encrypter } from "age-encryption";
import type { Bytes } from "../core/bytes.ts";

export async function encryptTo(recipient: string, raw: Uint8Array): Promise<Bytes> {
  const to = new Encrypter();
  to.addRecipient(recipient);
  return (await to.encrypt(raw)) as Bytes;
}

export async function encryptBy(passphrase: string, raw: Uint8Array): Promise<Bytes> {
  const by = new Encrypter();
  by.setPassphrase(passphrase);
  return (await by.encrypt(raw)) as Bytes;
}

/** Throws when the passphrase is wrong or the file is not one of ours; nothing of a damaged file is returned. */
export async function decryptBy(passphrase: string, raw: Uint8Array): Promise<Bytes> {
  const by = new Decrypter();
  by.addPassphrase(passphrase);
  return (await by.decrypt(raw)) as Bytes;
}

export async function decryptWith(identity: string, raw: Uint8Array): Promise<Bytes> {
  const by = new Decrypter();
  by.addIdentity(identity);
  return (await by.decrypt(raw)) as Bytes;
}

/** Whether the header (with its MAC) of `file` opens with `identity`. */
export async function headerOpens(identity: string, start: Uint8Array): Promise<boolean> {
  const by = new Decrypter();
  by.addIdentity(identity);
  try {
    await by.decryptHeader(start);
    return true;
  } catch {
    return false;
  }
}
