// What came of one play, with what happens next as its button.

import { follow, stateWords } from "../awards.js";
import { h, picture } from "../dom.js";
import { ticketWords } from "../raffle.js";
import { showBuy } from "./buy.js";
import { showClaim } from "./claim.js";
import { showMine } from "./mine.js";

export function showResult(app, outcome) {
  const won = Boolean(outcome.award);
  app.sheets.show({
    name: won ? "win" : "loss",
    quiet: true,
    title: () => app.texts.t(won ? "result.won" : app.definition.raffle ? "raffle.got" : "result.lost"),
    render: (body) => body.append(...(won ? win(app, outcome) : loss(app, outcome))),
  });
  if (won && !outcome.award.held && outcome.award.claim === "none") followGift(app, outcome.award.id);
}

/** How it went, where the game has something to say of it. */
function gameWords({ game, texts }, { reveal }) {
  const words = game.outcomeWords?.(reveal, texts.locale);
  return words ? [h("p", { class: "result-value" }, words)] : [];
}

function win(app, outcome) {
  const { texts } = app;
  const { award, awarded } = outcome;
  const { prize, claim, held } = award;
  const value = prize.market_value?.amount > 0 && texts.t("result.value", { money: texts.money(prize.market_value) });
  return [
    h("div", { class: "medal" }, picture(app.pictures.get(awarded) ?? "")),
    h("p", { class: "result-lead" }, texts.t("result.won")),
    h("p", { class: "result-prize" }, texts.own(prize.name)),
    value && h("p", { class: "result-value" }, value),
    ...gameWords(app, outcome),
    h("p", { class: "result-next", role: "status" }, nextWords(app, award)),
    h("div", { class: "buttons" }, ...(claim === "none" || held ? giftButtons(app) : claimButtons(app, award))),
  ].filter(Boolean);
}

function nextWords({ texts, calendar }, { claim, claim_before: before, prize, held }) {
  if (held) return texts.t("result.held", { reason: texts.own(held) });
  if (claim !== "none") return texts.t(`result.${claim}_by`, { date: calendar.date(before) });
  return texts.t(texts.has(`result.${prize.type}`) ? `result.${prize.type}` : "result.none");
}

function claimButtons(app, award) {
  return [
    primary(app.texts.t(`result.${award.claim}`), () => showClaim(app, award)),
    secondary(app.texts.t("result.later"), () => app.sheets.close()),
  ];
}

function giftButtons(app) {
  return [
    primary(app.texts.t("result.see_prizes"), () => showMine(app)),
    ...(app.cards.current ? [secondary(app.texts.t("cards.next"), () => app.sheets.close())] : [onwards(app)]),
  ];
}

function onwards(app) {
  return app.canPlay() ? secondary(againWords(app), () => app.again()) : secondary(app.texts.t("result.fine"), () => app.sheets.close());
}

function loss(app, outcome) {
  const { awarded } = outcome;
  const { texts, calendar, me, definition } = app;
  const next = me.next_chance_at;
  const words = () => {
    if (app.cards.current) return texts.t("cards.more", { n: app.cards.waiting.length });
    if (me.chances_left !== 0 && next) return texts.t("result.lost_cooling");
    if (!app.canPlay()) return next ? texts.t("result.lost_next", { time: calendar.when(next) }) : texts.t("result.lost_last");
    return me.chances_left === null ? texts.t("result.lost_unlimited") : texts.t(definition.raffle ? "raffle.again" : "result.lost_again", { n: me.chances_left });
  };
  return [
    h("div", { class: definition.raffle ? "medal" : "medal quiet" }, picture(definition.raffle ? app.pictures.get(awarded) : app.noPrizePicture)),
    h("p", { class: "result-prize" }, texts.t(definition.raffle ? "raffle.got_title" : "result.lost")),
    ...(definition.raffle ? [h("p", { class: "result-value" }, ticketWords(app))] : []),
    ...gameWords(app, outcome),
    h("p", { class: "result-next" }, words()),
    h("div", { class: "buttons" }, ...lossButtons(app)),
  ];
}

function lossButtons(app) {
  const { texts, me } = app;
  if (app.cards.current) return [primary(texts.t("cards.next"), () => app.sheets.close())];
  if (app.canPlay()) return [primary(againWords(app), () => app.again())];
  if (me.chances_left !== 0 || !app.canBuy()) return [primary(texts.t("result.fine"), () => app.sheets.close())];
  return [
    primary(texts.t("buy.offer", { n: 1, points: texts.number(me.offer.points) }), () => showBuy(app)),
    secondary(texts.t("result.fine"), () => app.sheets.close()),
  ];
}

function againWords({ texts, me }) {
  return me.chances_left === null ? texts.t("result.again_free") : texts.t("result.again", { n: me.chances_left });
}

function followGift(app, id) {
  const { gone } = app.sheets;
  follow(app.api, id, {
    signal: gone,
    onChange: (award) => {
      const line = document.querySelector(".sheet-win .result-next");
      if (line && award.state === "delivered") line.textContent = stateWords(app, award);
    },
  });
}

function primary(words, onclick) {
  return h("button", { type: "button", class: "primary", "data-first": true, onclick }, words);
}

function secondary(words, onclick) {
  return h("button", { type: "button", class: "secondary", onclick }, words);
}
