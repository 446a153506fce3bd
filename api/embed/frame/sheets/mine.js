// What the member has won and how far it is, and every play so far.

import { follow, isMoving, stateTone, stateWords } from "../awards.js";
import { copyable } from "../copying.js";
import { h, picture } from "../dom.js";
import { tabbed } from "../tabs.js";
import { showClaim } from "./claim.js";

const TABS = ["prizes", "plays"];

export function showMine(app, tab = "prizes") {
  let chosen = tab;
  app.sheets.show({
    name: "mine",
    title: () => app.texts.t("mine.title"),
    render: (body) => body.append(...tabbed({
      id: "mine", names: TABS, label: app.texts.t("mine.title"), words: (name) => app.texts.t(`mine.${name}`), chosen,
      fill: (panel, name) => {
        chosen = name;
        fill(app, panel, name);
      },
    })),
  });
}

const SOURCES = {
  prizes: { fetch: (api, cursor) => api.awards(cursor), item: awardCard },
  plays: { fetch: (api, cursor) => api.plays(cursor), item: playRow },
};

async function fill(app, panel, name) {
  const { texts } = app;
  const { gone } = app.sheets;
  const source = SOURCES[name];
  const list = h("ul", { class: `items items-${name}` });
  const foot = h("div", { class: "items-foot" });
  panel.replaceChildren(list, foot);
  const stale = () => gone.aborted || !list.isConnected;

  const load = async (cursor) => {
    foot.replaceChildren(h("p", { class: "waiting", role: "status" }, texts.t("mine.loading")));
    try {
      const page = await source.fetch(app.api, cursor);
      if (stale()) return;
      list.append(...page.items.map((item) => source.item(app, item, stale)));
      foot.replaceChildren(...footer(page));
    } catch {
      if (!stale()) foot.replaceChildren(h("p", { role: "alert" }, texts.t("mine.trouble")), again("mine.retry", () => load(cursor)));
    }
  };
  const footer = (page) => {
    if (page.next) return [again("mine.more", () => load(page.next))];
    return list.children.length ? [] : [empty(app, name)];
  };
  const again = (words, onclick) => h("button", { type: "button", class: "secondary", onclick }, texts.t(words));
  await load(null);
}

function empty(app, name) {
  return h("div", { class: "empty" },
    picture(name === "prizes" ? app.prizePicture({ type: "parcel" }) : app.noPrizePicture),
    h("p", { class: "empty-title" }, app.texts.t(`mine.no_${name}`)),
    h("p", {}, app.texts.t(`mine.no_${name}_body`)));
}

function awardCard(app, award, stale) {
  const card = h("li", { class: "award" });
  const draw = (now) => card.replaceChildren(...awardParts(app, now));
  draw(award);
  if (isMoving(award)) {
    const gone = new AbortController();
    follow(app.api, award.id, { signal: gone.signal, onChange: (now) => (stale() ? gone.abort() : draw(now)) });
  }
  return card;
}

function awardParts(app, award) {
  const { texts, calendar } = app;
  return [
    picture(app.prizePicture(award.prize)),
    h("div", { class: "award-words" },
      h("p", { class: "award-name" }, texts.own(award.prize.name)),
      h("p", { class: `award-state ${stateTone(award)}` }, stateWords(app, award)),
      award.state === "held" && h("p", { class: "award-fact" }, texts.own(award.told)),
      ...resultParts(app, award),
      h("p", { class: "fine" }, texts.t("mine.won_at", { time: calendar.when(award.won_at) }))),
    award.state === "claim_needed" && h("button", {
      type: "button", class: "small",
      onclick: () => showClaim(app, { id: award.id, claim: award.claim.kind, prize: award.prize }),
    }, texts.t(`award.fill.${award.claim.kind}`)),
  ].filter(Boolean);
}

function resultParts(app, { result, claim }) {
  const { texts } = app;
  const line = (words) => h("p", { class: "award-fact" }, words);
  if (!result) return claim?.summary ? [line(texts.t("award.given", { summary: claim.summary }))] : [];
  const parts = {
    code: () => [copyable(texts, result.code, texts.t("award.code"))],
    link: () => [safeLink(texts, result.url)],
    points: () => [result.balance !== null && line(texts.t("award.balance", { balance: texts.number(result.balance) }))],
    tracking: () => [copyable(texts, result.number, texts.t("award.tracking", { carrier: result.carrier, number: "" }).trim())],
    topup: () => [line(texts.t("award.sent_to", { phone: result.phone }))],
  }[result.kind];
  return parts ? parts().filter(Boolean) : [];
}

function safeLink(texts, url) {
  if (!/^https?:\/\//.test(url)) return null;
  return h("a", { class: "small", href: url, target: "_blank", rel: "noopener noreferrer" }, texts.t("award.open"));
}

function playRow(app, play) {
  const { texts, calendar } = app;
  if (play.covered_until) return cardRow(app, play);
  return h("li", { class: play.award ? "go won" : "go" },
    picture(app.pictures.get(play.awarded) ?? app.noPrizePicture),
    h("div", {},
      h("p", { class: "award-name" }, texts.own(play.line.name)),
      h("p", { class: "fine" }, `${texts.t("mine.play_nth", { n: play.ordinal })} · ${calendar.when(play.played_at)}`)));
}

function cardRow(app, { id, ordinal, covered_until: until }) {
  const { texts, calendar } = app;
  return h("li", { class: "go" },
    picture(app.noPrizePicture),
    h("div", {},
      h("p", { class: "award-name" }, texts.t("cards.unopened")),
      h("p", { class: "fine" }, `${texts.t("mine.play_nth", { n: ordinal })} · ${texts.t("cards.opens", { time: calendar.when(until) })}`)),
    h("button", { type: "button", class: "small", onclick: () => app.toCard(id) }, texts.t("cards.fetch")));
}
