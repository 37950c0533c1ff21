/** For whom the bid is: what the person chose in the form, or what the page says when there is nothing to choose. */
export interface Party {
  /** Empty for the own organization, `consortium:<id>` otherwise. */
  ref: string;
  /** The name that goes into the sealed header. */
  bidder: string;
  /** The manifest hash of the party's live bid, which the new one replaces. */
  previous: string | null;
}

export function partyOf(form: HTMLFormElement): Party {
  const chosen = form.querySelector<HTMLInputElement>('input[name="party"]:checked');
  const told = (chosen ?? form).dataset;
  return { ref: chosen?.value ?? form.dataset["party"] ?? "", bidder: told["bidder"] ?? "", previous: told["prev"] || null };
}
