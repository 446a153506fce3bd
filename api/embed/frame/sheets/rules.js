// Prizes and odds, how it works, and how to check that it was fair.

import { asksInWords, asksOf } from "../audience.js";
import { h, picture } from "../dom.js";
import { raffleProof, raffleRules, raffleTable } from "../raffle.js";
import { inviteWords } from "./invite.js";

export function showRules(app) {
  app.sheets.show({ name: "rules", title: () => app.texts.t("rules.title"), render: (body) => body.append(...content(app)) });
}

function content(app) {
  const { definition } = app;
  const pools = definition.raffle ? definition.pools.filter(hasPrizes) : definition.pools;
  return [
    ...(definition.raffle ? [section(app, "raffle.prizes", raffleTable(app))] : []),
    ...(pools.length ? [section(app, "rules.prizes", ...pools.flatMap((pool) => [...poolWords(app, pool), prizeTable(app, pool)]))] : []),
    section(app, "rules.how", h("ul", { class: "plain" }, ruleWords(app).map((words) => h("li", {}, words)))),
    section(app, "rules.fairness", fairness(app)),
  ];
}

const hasPrizes = ({ lines }) => lines.some((line) => line.prize);

function section(app, title, ...children) {
  return h("section", {}, h("h3", {}, app.texts.t(title)), ...children);
}

/** Who draws from a pool, where members of one tier draw from several. */
function poolWords({ texts, definition, me, game }, pool) {
  if (game.poolTitle && definition.pools.filter(({ tier }) => tier === pool.tier).length < 2) return [h("p", { class: "pool" }, game.poolTitle(definition.view, pool, texts.locale))];
  if (definition.pools.filter(({ tier }) => tier === pool.tier).length < 2) return [];
  const asks = asksInWords(texts, asksOf(pool.audience), "pool");
  const whose = asks.length ? texts.t("pool.for", { asks: asks.join(texts.t("pool.and")) }) : texts.t("pool.others");
  const words = [whose, me?.pools.includes(pool.key) && texts.t("pool.yours")];
  return [h("p", { class: "pool" }, words.filter(Boolean).join(texts.locale === "zh" ? "" : " "))];
}

function prizeTable(app, pool) {
  const { texts } = app;
  const head = ["prize", "odds", "quantity"].map((name) => h("th", { scope: "col" }, texts.t(`rules.${name}`)));
  const rows = pool.lines.map((line) =>
    h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "prize-cell" }, picture(app.pictures.get(line.key)), h("span", {}, app.lineName(line)))),
      h("td", {}, odds(texts, line, pool.total)),
      h("td", {}, line.prize ? quantity(texts, line) : "—"),
    ));
  return h("table", { class: "prizes" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

/** The odds as they were typed; the line that takes the rest shows what the rest comes to, exactly. */
function odds(texts, line, total) {
  const drawn = drawnOdds(texts, line, total);
  return line.effective === null || line.effective === drawn ? drawn : `${drawn}\n${texts.t("rules.effective", { odds: line.effective })}`;
}

function drawnOdds(texts, { odds: typed, weight, is_by_moment: byMoment }, total) {
  if (byMoment) return texts.t("rules.by_moment");
  if (weight === 0) return texts.t("rules.when_gone");
  if (/\d/.test(typed)) return typed;
  const decimals = [0, 1, 2, 3, 4, 5, 6, 7].find((digits) => (BigInt(weight) * 10n ** BigInt(digits + 2)) % BigInt(total) === 0n);
  return decimals === undefined ? `${weight}/${total}` : `${((weight * 100) / total).toFixed(decimals)}%`;
}

/** How many there are, how many an hour or a day gives, and how many one member may win, each on a line of its own. */
function quantity(texts, { stock, release, hour_cap: hour, day_cap: day, member_wins_max: each }) {
  const facts = [["units", stock], ["hour_cap", hour], ["day_cap", day], ["each_wins", each]].filter(([, n]) => n !== null);
  const words = facts.map(([name, n]) => texts.t(`rules.${name}`, { n: texts.number(n) }));
  if (release !== "at_once") words.push(texts.t(release === "linear" ? "rules.released_evenly" : "rules.released_in_stages"));
  return words.length ? words.join("\n") : texts.t("rules.unlimited");
}

const LIMITS = [
  ["hour_limit", "member_hour_plays_max"],
  ["day_limit", "member_day_plays_max"],
  ["week_limit", "member_week_plays_max"],
  ["month_limit", "member_month_plays_max"],
  ["total_limit", "member_plays_max"],
];
const OTHERS = [
  ["all_limit", "plays_max"],
  ["day_wins", "member_day_wins_max"],
  ["total_wins", "member_wins_max"],
];

function limitWords({ texts, calendar, definition, lineName }) {
  const { limits, pools } = definition;
  const zone = calendar.zoneName();
  const said = (rows) => rows.filter(([, name]) => limits[name]).map(([path, name]) => texts.t(`rules.${path}`, { n: texts.number(limits[name]), zone }));
  const lines = pools.flatMap((pool) => pool.lines);
  const groups = limits.groups.map(({ lines: keys, member_wins_max: n }) =>
    texts.t("rules.group_wins", { n, lines: keys.map((key) => lineName(lines.find((line) => line.key === key))).join(texts.t("list")) }));
  const plays = said(LIMITS);
  return [
    ...(plays.length || definition.chances ? plays : [texts.t("rules.no_limit")]),
    limits.plays_at_once_max && texts.t("rules.at_once", { n: limits.plays_at_once_max }),
    limits.cooldown_seconds && texts.t("rules.cooldown", { n: limits.cooldown_seconds }),
    definition.velocity.length > 0 && texts.t("rules.velocity"),
    definition.velocity.includes("review") && texts.t("rules.review"),
    ...said(OTHERS),
    ...groups,
  ];
}

/** What a play costs: the free chances, the price of more, how many may be bought and how long they last. */
function chanceWords({ texts, calendar, definition: { chances } }) {
  if (!chances) return [];
  const { free, price } = chances;
  const zone = calendar.zoneName();
  const bought = price && [
    texts.t("rules.price", { points: texts.number(price.points) }),
    price.per_member_day_max && texts.t("rules.price_day", { n: texts.number(price.per_member_day_max) }),
    price.per_member_max && texts.t("rules.price_total", { n: texts.number(price.per_member_max) }),
    price.lasts_days ? texts.t("rules.price_lasts", { n: price.lasts_days }) : texts.t("rules.price_for_good"),
    texts.t("rules.price_back"),
  ];
  return [
    free ? texts.t(`rules.free_${free.period}`, { n: texts.number(free.count), zone }) : texts.t("rules.free_none"),
    ...(bought || []),
    texts.t("rules.spent_first"),
  ];
}

/** How many prizes are won by the hour, and in which hours. */
function momentWords({ texts, calendar, definition }) {
  const zone = calendar.zoneName();
  const within = ({ begins, ends, days }) =>
    days.length === 7
      ? texts.t("rules.every_day", { begins, ends })
      : texts.t("rules.some_days", { begins, ends, days: days.map((day) => texts.weekday(day)).join(texts.t("list")) });
  return definition.pools.filter((pool) => pool.moments).map(({ moments: { windows, unclaimed }, lines }) => {
    const count = lines.filter((line) => line.is_by_moment).reduce((sum, line) => sum + line.stock, 0);
    const hours = windows.length ? [...windows.map(within), zone].join(texts.t("list")) : texts.t("rules.any_time");
    return texts.t(`rules.moments_${unclaimed}`, { n: texts.number(count), hours });
  });
}

function guaranteeWords({ texts, definition, lineName }) {
  return definition.pools.filter((pool) => pool.guarantee).map(({ guarantee, lines }) =>
    texts.t("rules.guarantee", { n: guarantee.after, line: lineName(lines.find((line) => line.key === guarantee.line)) }));
}

/** What becomes of a play whose prize is gone; said once where several pools do the same. */
function soldOutWords({ texts, definition, lineName }) {
  const words = definition.pools.filter(hasPrizes).map(({ lines, fallback, sold_out: then }) =>
    texts.t(then === "renormalise" ? "rules.sold_out_again" : "rules.sold_out", { fallback: lineName(lines.find((line) => line.key === fallback)) }));
  return [...new Set(words)];
}

function ruleWords(app) {
  const { texts, calendar, definition } = app;
  const { pools, starts_at: from, ends_at: to } = definition;
  const zone = calendar.zoneName();
  const asks = asksInWords(texts, asksOf(definition.audience));
  return [
    ...(asks.length ? asks : [texts.t("who.everybody")]),
    ...gameWords(app),
    texts.t("rules.window", { from: calendar.when(from), to: calendar.when(to), zone }),
    ...chanceWords(app),
    ...inviteWords(app),
    ...limitWords(app),
    ...raffleRules(app),
    ...pools.filter((pool) => pool.urn_plays).map((pool) => texts.t("rules.urn", { n: texts.number(pool.urn_plays) })),
    ...momentWords(app),
    ...guaranteeWords(app),
    definition.has_budget && texts.t("rules.budget"),
    ...soldOutWords(app),
    pools.some(hasPrizes) && texts.t("rules.claim", { n: definition.claim_days }),
    texts.t("rules.organiser", { organiser: texts.own(definition.organiser) }),
  ].filter(Boolean);
}

/** How this game is played, where it has something to say. */
function gameWords({ game, texts, definition }) {
  return game.rules?.(definition.view, texts.locale) ?? [];
}

function fairness({ texts, definition }) {
  const { algorithm, commitment, seed } = definition.fairness;
  const later = texts.t(definition.raffle ? "raffle.seed_later" : "rules.seed_later");
  const facts = [
    [texts.t("rules.algorithm"), algorithm],
    [texts.t("rules.commitment"), commitment],
    ...raffleProof({ texts, definition }),
    [texts.t("rules.seed"), seed ?? later],
  ];
  return h("div", {},
    h("p", {}, texts.t("rules.fairness_before")),
    h("dl", { class: "proof" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}
