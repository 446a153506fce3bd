// Who a campaign is for, in words: on the rules sheet, and to a member it is not for.

/** What an audience asks, in the form in which a refusal names what is not met. */
export function asksOf({ tiers, segments, registered_within_days: days }) {
  return [
    tiers.length && { kind: "tier", any_of: tiers },
    segments.length && { kind: "segment", any_of: segments },
    days && { kind: "new-member", days },
  ].filter(Boolean);
}

/** One sentence for each thing asked. */
export function asksInWords(texts, asks) {
  return asks.map(({ kind, any_of: names, days }) => texts.t(`who.${kind}`, { names: names?.join(texts.t("list")), n: days }));
}
