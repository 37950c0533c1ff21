/** The terms of a lot as the page points to them: keyset, its signatures, the policy; checked before anything is sealed. */
import { given } from "../ui/dom.ts";
import { getBytes, getJson, getText } from "../ui/http.ts";
import { parsePolicy, type Policy } from "../log/policy.ts";
import { checkKeyset, type KeysetSignatures } from "./keyset.ts";
import type { Keyset } from "./protocol.ts";

export interface Terms {
  keyset: Keyset;
  policy: Policy;
}

export async function fetchTerms(form: HTMLElement): Promise<Terms> {
  const [raw, sigs, policyText] = await Promise.all([
    getBytes(given(form, "keyset")),
    getJson(given(form, "keysetSigs")) as Promise<KeysetSignatures>,
    getText(given(form, "policy")),
  ]);
  const policy = parsePolicy(policyText);
  const keyset = checkKeyset(raw, sigs, policy, { lot: given(form, "lot"), sha256: given(form, "keysetSha256") });
  return { keyset, policy };
}
