// A friend for a chance: the link to the mall's page, to copy, to share or to hold up, and what came of it so far.

import { Problem } from "../api.js";
import { copyable } from "../copying.js";
import { h } from "../dom.js";
import { insideWeChat } from "../inviter.js";

const QR_CHARS_MAX = 600; // more would be too fine for a camera

export function showInvite(app) {
  const sheet = new InviteSheet(app);
  app.sheets.show({ name: "invite", title: () => app.texts.t("invite.title"), render: (body) => sheet.render(body) });
  sheet.open();
}

/** What an invitation gives, to whom, and how often, as the rules stand. */
export function inviteWords({ texts, definition: { invitations } }) {
  if (!invitations) return [];
  const { reward_when: when, inviter, invitee } = invitations;
  return [
    texts.t(`invite.${when}`, { n: inviter.chances }),
    invitee && texts.t("invite.friend", { n: invitee.chances }),
    inviter.every && texts.t(`invite.every_${inviter.every}`, { n: inviter.every_max }),
    inviter.member_max && texts.t("invite.in_all", { n: inviter.member_max }),
    inviter.is_limited && texts.t("invite.limited"),
    texts.t("invite.once"),
  ].filter(Boolean);
}

class InviteSheet {
  constructor(app) {
    this.app = app;
    this.link = null;
    this.trouble = null;
  }

  async open() {
    if (insideWeChat()) return;
    const { gone } = this.app.sheets;
    try {
      const [link, { qrCode }] = await Promise.all([this.app.inviter.link(), import("../qr.js")]);
      Object.assign(this, { link, qrCode, trouble: null });
    } catch (error) {
      this.trouble = error instanceof Problem && this.app.texts.has(`invite.refused.${error.code}`) ? `invite.refused.${error.code}` : "invite.trouble";
    }
    if (gone.aborted) return;
    this.app.sheets.relabel();
    document.querySelector(".sheet-invite [data-first]")?.focus({ preventScroll: true });
  }

  render(body) {
    const { texts } = this.app;
    if (insideWeChat()) return body.append(h("p", {}, texts.t("invite.wechat")));
    const [lead, ...terms] = inviteWords(this.app);
    body.append(
      h("p", { class: "invite-lead" }, lead ?? ""),
      ...(this.link ? this.#ready() : [this.#waiting()]),
      h("ul", { class: "plain" }, terms.map((words) => h("li", {}, words))));
  }

  #waiting() {
    const { texts } = this.app;
    if (!this.trouble) return h("p", { class: "waiting", role: "status" }, texts.t("invite.loading"));
    const again = h("button", { type: "button", class: "small", "data-first": true, onclick: () => this.#retry() }, texts.t("invite.retry"));
    return h("div", { class: "empty" }, h("p", { role: "alert" }, texts.t(this.trouble)), again);
  }

  #retry() {
    this.trouble = null;
    this.app.sheets.relabel();
    this.open();
  }

  #ready() {
    const { texts, calendar } = this.app;
    const { url, expires_at: until, friends, earned } = this.link;
    return [
      url.length <= QR_CHARS_MAX && this.qrCode(url, texts.t("invite.qr")),
      copyable(texts, url, texts.t("invite.link")),
      navigator.share && h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", "data-first": true, onclick: () => this.#share() }, texts.t("invite.share"))),
      h("p", { class: "invite-so-far" }, friends ? texts.t("invite.so_far", { n: friends, earned: texts.number(earned) }) : texts.t("invite.nobody")),
      h("p", { class: "fine" }, texts.t("invite.until", { time: calendar.when(until) })),
    ].filter(Boolean);
  }

  #share() {
    const { texts, definition } = this.app;
    const name = texts.own(definition.name);
    navigator.share({ title: name, text: texts.t("invite.share_text", { name }), url: this.link.url }).catch(() => {}); // they thought better of it
  }
}
