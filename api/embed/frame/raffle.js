// A raffle in words: the tickets one holds, what came of them, and how the draw goes.

import { h, picture } from "./dom.js";

/** The word for where a raffle stands when its campaign is over: awaited until each winner has their award, then "over". */
export function standingOf({ raffle, state }) {
  if (!raffle) return state;
  const isGiven = raffle.places.every(({ state: place, award }) => place !== "won" || award);
  return raffle.state === "drawn" && isGiven ? state : "awaiting-draw";
}

/** "3 tickets · draw on 1 December", or null for one who holds none. */
export function ticketWords({ texts, calendar, definition, me }) {
  const n = me?.raffle?.tickets;
  if (!n) return null;
  const at = definition.raffle.draws_at;
  return at ? texts.t("raffle.tickets", { n, time: calendar.when(at) }) : texts.t("raffle.tickets_beacon", { n });
}

/** What came of one's tickets, a sentence for each that was drawn; nothing for one who held none. */
export function resultWords({ texts, definition, me }) {
  const mine = me?.raffle;
  if (!mine?.tickets) return [];
  if (mine.state !== "drawn") return [texts.t("raffle.sealed", { n: mine.tickets })];
  if (!mine.places.length) return [texts.t("raffle.none", { n: mine.tickets })];
  const winners = definition.raffle.prizes.reduce((sum, { units }) => sum + units, 0);
  return mine.places.map(({ ticket, rank, state, prize }) =>
    texts.t(`raffle.${state}`, { ticket: texts.number(ticket), prize: prizeName(texts, definition, prize), place: rank - winners }));
}

export function raffleRules({ texts, calendar, definition }) {
  const { raffle } = definition;
  if (!raffle) return [];
  const when = raffle.beacon
    ? texts.t("raffle.when_beacon", { beacon: texts.own(raffle.beacon) })
    : texts.t("raffle.when", { time: calendar.when(definition.ends_at) });
  return [
    texts.t("raffle.how"),
    when,
    texts.t("raffle.each", { n: raffle.member_wins_max }),
    raffle.runners_up > 0 && texts.t("raffle.reserve", { n: raffle.runners_up }),
    texts.t("raffle.claim", { n: raffle.claim_days }),
  ];
}

/** The prizes of the draw, with how many there are of each. */
export function raffleTable({ texts, definition, prizePicture }) {
  const head = ["prize", "quantity"].map((name) => h("th", { scope: "col" }, texts.t(`rules.${name}`)));
  const rows = definition.raffle.prizes.map(({ prize, units }) =>
    h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "prize-cell" }, picture(prizePicture(prize)), h("span", {}, texts.own(prize.name)))),
      h("td", {}, texts.t("rules.units", { n: texts.number(units) }))));
  return h("table", { class: "prizes" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

/** What is published to check the draw by, as [name, value]. */
export function raffleProof({ texts, definition }) {
  const { sealed, entered } = definition.raffle ?? {};
  return [
    sealed && [texts.t("raffle.digest", { n: texts.number(sealed.tickets) }), sealed.digest],
    entered && [texts.t("raffle.beacon"), `${entered.value} (${entered.source})`],
  ].filter(Boolean);
}

function prizeName(texts, definition, key) {
  const found = definition.raffle.prizes.find((prize) => prize.key === key);
  return found ? texts.own(found.prize.name) : "";
}
