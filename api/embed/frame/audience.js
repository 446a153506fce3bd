// Who a campaign is for, in words: on the rules sheet, and to a member it is not for.

/** What an audience asks, in the form in which a refusal names what is not met. */
export function asksOf({ tiers, segments, registered_within_days: days, lists }) {
  return [
    tiers.length && { kind: "tier", any_of: tiers },
    segments.length && { kind: "segment", any_of: segments },
    days && { kind: "new-member", days },
    lists.length && { kind: "list", names: lists.map((list) => list.name) },
  ].filter(Boolean);
}

/** Words for each thing asked: sentences about who may take part, or (`pool`) what those have in common who draw from one. */
export function asksInWords(texts, asks, said = "who") {
  return asks.map(({ kind, any_of: words, names, days }) =>
    texts.t(`${said}.${kind}`, { names: (names?.length ? names.map((name) => texts.own(name)) : words)?.join(texts.t("list")), n: days }));
}
