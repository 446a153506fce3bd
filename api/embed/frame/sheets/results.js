// What came of several plays at once: each prize with how often it was won, the rest in one line.

import { h, picture } from "../dom.js";
import { showMine } from "./mine.js";

export function showResults(app, outcomes) {
  const won = outcomes.filter((outcome) => outcome.award);
  app.sheets.show({
    name: won.length ? "several" : "several-loss",
    title: () => app.texts.t("result.of_several", { n: outcomes.length, won: won.length }),
    render: (body) => body.append(list(app, won, outcomes.length - won.length), ...heldWords(app, won), ...buttons(app, won)),
  });
}

function list(app, won, lost) {
  const { texts } = app;
  const times = Map.groupBy ? Map.groupBy(won, ({ awarded }) => awarded) : grouped(won);
  const row = (image, name, n, className) =>
    h("li", { class: className }, picture(image), h("span", { class: "award-name" }, name), h("span", { class: "times" }, texts.t("result.times", { n })));
  return h("ul", { class: "items results" },
    [...times.values()].map((same) => row(app.pictures.get(same[0].awarded) ?? "", texts.own(same[0].award.prize.name), same.length, "go won")),
    lost ? row(app.noPrizePicture, texts.t("result.lost"), lost, "go") : "");
}

function grouped(won) {
  const groups = new Map();
  for (const outcome of won) groups.set(outcome.awarded, [...(groups.get(outcome.awarded) ?? []), outcome]);
  return groups;
}

function heldWords({ texts }, won) {
  const n = won.filter(({ award }) => award.held).length;
  return n ? [h("p", { class: "result-next" }, texts.t("result.held_of_several", { n }))] : [];
}

function buttons(app, won) {
  const { texts } = app;
  const waiting = won.filter(({ award }) => award.claim !== "none" && !award.held).length;
  const close = h("button", { type: "button", class: won.length ? "secondary" : "primary", onclick: () => app.sheets.close() }, texts.t("result.fine"));
  if (!won.length) return [h("div", { class: "buttons" }, close)];
  const see = h("button", { type: "button", class: "primary", "data-first": true, onclick: () => showMine(app) },
    texts.t(waiting ? "result.see_waiting" : "result.see_prizes", { n: waiting }));
  return [h("div", { class: "buttons" }, see, close)];
}
