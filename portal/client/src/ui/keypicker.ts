/** Opening the person's key file with the passphrase typed, in the worker (scrypt takes seconds). */
import type { KeyFile } from "../keyfile/format.ts";
import { workshop } from "../worker/client.ts";
import { input, oneFile, readFile } from "./dom.ts";
import { dictionary } from "./language.ts";

const say = dictionary({
  choose: ["请选择密钥文件并输入口令", "Choose your key file and enter its passphrase"],
  wrong: ["口令不对,或这不是密钥文件", "Wrong passphrase, or this is not a key file"],
});

export async function openPicked(form: ParentNode): Promise<KeyFile> {
  const file = oneFile(input(form, "keyfile"));
  const passphrase = input(form, "passphrase").value;
  if (file === undefined || passphrase === "") throw new Error(say("choose"));
  const raw = await readFile(file);
  try {
    return await workshop().call("openKey", { raw, passphrase });
  } catch (error) {
    console.warn("the key file did not open", error);
    throw new Error(say("wrong"));
  }
}
