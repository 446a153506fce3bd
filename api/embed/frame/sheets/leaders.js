// Who did best, today and in all; and where the member stands.

import { h } from "../dom.js";
import { tabbed } from "../tabs.js";

const TABS = ["day", "campaign"];

export function showLeaders(app, tab = "day") {
  let chosen = tab;
  app.sheets.show({
    name: "leaders",
    title: () => app.texts.t("leaders.title"),
    render: (body) => body.append(...tabbed({
      id: "leaders", names: TABS, label: app.texts.t("leaders.title"), words: (name) => app.texts.t(`leaders.${name}`), chosen,
      fill: (panel, name) => {
        chosen = name;
        fill(app, panel, name);
      },
    })),
  });
}

async function fill(app, panel, name) {
  const { texts } = app;
  const { gone } = app.sheets;
  panel.replaceChildren(h("p", { class: "waiting", role: "status" }, texts.t("mine.loading")));
  try {
    const { places, mine } = await app.api.leaderboard(name);
    if (gone.aborted || panel.getAttribute("aria-labelledby") !== `tab-${name}`) return;
    const below = mine && !places.some((place) => place.is_mine) ? [mine] : [];
    panel.replaceChildren(places.length ? table(texts, [...places, ...below]) : empty(texts));
  } catch {
    if (!gone.aborted) panel.replaceChildren(h("p", { role: "alert" }, texts.t("mine.trouble")), h("button", { type: "button", class: "secondary", onclick: () => fill(app, panel, name) }, texts.t("mine.retry")));
  }
}

function table(texts, places) {
  const head = ["rank", "name", "points", "time"].map((name) => h("th", { scope: "col" }, texts.t(`leaders.${name}`)));
  const rows = places.map(({ rank, name, points, ms, is_mine: mine }) =>
    h("tr", { class: mine ? "mine" : "" },
      h("td", {}, texts.number(rank)),
      h("th", { scope: "row" }, mine ? `${name} ${texts.t("leaders.you")}` : name),
      h("td", {}, texts.number(points)),
      h("td", {}, texts.t("leaders.seconds", { s: texts.number(Math.round(ms / 100) / 10) }))));
  return h("table", { class: "prizes leaders" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
}

function empty(texts) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, texts.t("leaders.nobody")), h("p", {}, texts.t("leaders.nobody_body")));
}
