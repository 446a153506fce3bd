// Welcome: what a friend's link gave, what it still gives, or why it gave nothing.

import { h, picture } from "../dom.js";

const KNOWN = ["unknown-invitation", "invitation-expired", "already-invited", "already-played"];

export function showInvited(app, answer) {
  app.sheets.show({
    name: "invited",
    title: () => app.texts.t(answer.given ? "invited.title" : "invited.not_this_time"),
    render: (body) => body.append(...content(app, answer)),
  });
}

function content(app, { given, refusal }) {
  const { texts } = app;
  const fine = { type: "button", "data-first": true, "aria-describedby": "invited-words" };
  const button = given && app.canPlay()
    ? h("button", { ...fine, class: "primary", onclick: () => app.again() }, app.playWords())
    : h("button", { ...fine, class: "secondary", onclick: () => app.sheets.close() }, texts.t("result.fine"));
  return [
    given ? h("div", { class: "medal" }, picture(app.emblem)) : "",
    h("div", { id: "invited-words", role: "status" }, ...(given ? welcome(app, given) : [h("p", { class: "result-next" }, refused(texts, refusal))])),
    h("div", { class: "buttons" }, button),
  ];
}

function welcome({ texts, calendar, definition }, { chances: n, expires_at: until, reward_when: when }) {
  if (n) {
    const lasts = until ? texts.t("redeem.until", { time: calendar.when(until) }) : texts.t("redeem.for_good");
    return [h("p", { class: "result-prize" }, texts.t("invited.given", { n })), h("p", { class: "result-next" }, lasts)];
  }
  const invitee = definition.invitations?.invitee;
  if (when === "joined" || !invitee) return [h("p", { class: "result-next" }, texts.t(when === "joined" ? "invited.welcome" : "invited.for_friend"))];
  return [h("p", { class: "result-prize" }, texts.t("invited.later", { n: invitee.chances }))];
}

function refused(texts, code) {
  return texts.t(`invited.refused.${KNOWN.includes(code) ? code : "other"}`);
}
