// Prizes and odds, how it works, and how to check that it was fair.

import { asksInWords, asksOf } from "../audience.js";
import { h, picture } from "../dom.js";

export function showRules(app) {
  app.sheets.show({ name: "rules", title: () => app.texts.t("rules.title"), render: (body) => body.append(...content(app)) });
}

function content(app) {
  const { definition } = app;
  return [
    section(app, "rules.prizes", ...definition.pools.map((pool) => prizeTable(app, pool))),
    section(app, "rules.how", h("ul", { class: "plain" }, ruleWords(app).map((words) => h("li", {}, words)))),
    section(app, "rules.fairness", fairness(app)),
  ];
}

function section(app, title, ...children) {
  return h("section", {}, h("h3", {}, app.texts.t(title)), ...children);
}

function prizeTable(app, pool) {
  const { texts } = app;
  const head = ["prize", "odds", "quantity"].map((name) => h("th", { scope: "col" }, texts.t(`rules.${name}`)));
  const rows = pool.lines.map((line) =>
    h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "prize-cell" }, picture(app.pictures.get(line.key)), h("span", {}, app.lineName(line)))),
      h("td", {}, odds(line, pool.total)),
      h("td", {}, line.prize ? quantity(texts, line) : "—"),
    ));
  return h("table", { class: "prizes" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

/** The odds as they were typed; the line that takes the rest shows what the rest comes to, exactly. */
function odds({ odds: typed, weight }, total) {
  if (/\d/.test(typed)) return typed;
  const decimals = [0, 1, 2, 3, 4, 5, 6, 7].find((digits) => (BigInt(weight) * 10n ** BigInt(digits + 2)) % BigInt(total) === 0n);
  return decimals === undefined ? `${weight}/${total}` : `${((weight * 100) / total).toFixed(decimals)}%`;
}

function quantity(texts, { stock, day_cap: cap }) {
  if (stock === null && !cap) return texts.t("rules.unlimited");
  if (stock === null) return texts.t("rules.capped", { cap: texts.number(cap) });
  return texts.t(cap ? "rules.units_capped" : "rules.units", { n: texts.number(stock), cap: cap && texts.number(cap) });
}

function ruleWords({ texts, calendar, definition, lineName }) {
  const { limits, pools, starts_at: from, ends_at: to } = definition;
  const zone = calendar.zoneName();
  const day = limits.member_day_plays_max;
  const total = limits.member_plays_max;
  const fallback = pools[0].lines.find((line) => line.key === pools[0].fallback);
  const asks = asksInWords(texts, asksOf(definition.audience));
  return [
    ...(asks.length ? asks : [texts.t("who.everybody")]),
    texts.t("rules.window", { from: calendar.when(from), to: calendar.when(to), zone }),
    day && texts.t("rules.day_limit", { n: day, zone }),
    total && texts.t("rules.total_limit", { n: total }),
    !day && !total && texts.t("rules.no_limit"),
    fallback && texts.t("rules.sold_out", { fallback: lineName(fallback) }),
    texts.t("rules.claim", { n: definition.claim_days }),
    texts.t("rules.organiser", { organiser: texts.own(definition.organiser) }),
  ].filter(Boolean);
}

function fairness({ texts, definition }) {
  const { algorithm, commitment, seed } = definition.fairness;
  const facts = [
    ["rules.algorithm", algorithm],
    ["rules.commitment", commitment],
    ["rules.seed", seed ?? texts.t("rules.seed_later")],
  ];
  return h("div", {},
    h("p", {}, texts.t("rules.fairness_before")),
    h("dl", { class: "proof" }, facts.flatMap(([name, value]) => [h("dt", {}, texts.t(name)), h("dd", {}, value)])));
}
