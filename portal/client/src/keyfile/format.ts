/** The key file: JSON {type:"kaibiao-keyfile/1", key, cert_chain, org, person, created_at} under an age passphrase. */
import { decryptBy, encryptBy } from "../age/small.ts";
import { b64, text, unb64, type Bytes } from "../core/bytes.ts";
import { encode, parse } from "../core/canonical.ts";
import { fromPkcs8, keyOfCertificate, spellPublic, toPkcs8, type SigningKey } from "../core/keys.ts";

export const TYPE = "kaibiao-keyfile/1";
export const MIN_PASSPHRASE = 10;

export interface KeyFile {
  key: SigningKey;
  /** DER, the key's own certificate first; empty before it is issued. */
  certChain: Bytes[];
  org: string;
  person: string;
  createdAt: string;
}

export function protect(file: KeyFile, passphrase: string): Promise<Bytes> {
  return encryptBy(passphrase, encodeKeyFile(file));
}

export function encodeKeyFile(file: KeyFile): Bytes {
  const { org, person, createdAt } = file;
  return encode({ type: TYPE, key: b64(toPkcs8(file.key)), cert_chain: file.certChain.map(b64), org, person, created_at: createdAt });
}

/** Throws when passphrase or form is wrong, or the certificate is for another key. */
export async function open(raw: Uint8Array, passphrase: string): Promise<KeyFile> {
  return decodeKeyFile(await decryptBy(passphrase, raw));
}

export function decodeKeyFile(plain: Uint8Array): KeyFile {
  const content = parse(text(plain), TYPE);
  const key = fromPkcs8(unb64(String(content["key"])));
  const certChain = (content["cert_chain"] as string[]).map(unb64);
  const leaf = certChain[0];
  if (leaf !== undefined && keyOfCertificate(leaf) !== spellPublic(key)) throw new Error("the certificate is not this key's");
  return { key, certChain, org: String(content["org"]), person: String(content["person"]), createdAt: String(content["created_at"]) };
}
