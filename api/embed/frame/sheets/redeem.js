// A redeem code for chances: one field; what was typed survives every error, and the same code twice costs nothing.

import { Problem } from "../api.js";
import { h, picture } from "../dom.js";
import { blame, field, setBusy } from "../form.js";

const FIELD = "redeem-code";
const CHARS_MAX = 100;
const JUST_NOW_MS = 60_000;
const TIMES = ["opens_at", "locked_until"];

export function showRedeem(app) {
  const form = new RedeemForm(app);
  app.sheets.show({
    name: "redeem",
    title: () => app.texts.t("redeem.title"),
    render: (body) => form.render(body),
  });
}

class RedeemForm {
  constructor(app) {
    this.app = app;
    this.value = "";
    this.refusal = null;
    this.given = null;
    this.sending = false;
  }

  render(body) {
    body.append(...(this.given ? this.#receipt() : [this.#form()]));
  }

  #form() {
    const { texts } = this.app;
    this.submit = h("button", { type: "submit", class: "primary" });
    this.#busy(this.sending);
    return h("form", { novalidate: true, onsubmit: (event) => this.#send(event) },
      field({
        id: FIELD, name: "code", type: "text", maxlength: CHARS_MAX, "data-first": true,
        autocomplete: "off", autocapitalize: "characters", autocorrect: "off", spellcheck: "false", enterkeyhint: "done",
        label: texts.t("redeem.code"), hint: texts.t("redeem.hint"), value: this.value, error: this.#words(this.refusal),
        oninput: (value) => this.#typed(value),
      }),
      h("div", { class: "buttons" }, this.submit));
  }

  #typed(value) {
    this.value = value;
    if (this.refusal) this.#blame(null);
  }

  /** Says beside the field why not; null takes it back. */
  #blame(refusal) {
    this.refusal = refusal;
    blame(FIELD, this.#words(refusal));
  }

  #words(refusal) {
    if (!refusal) return "";
    const { code, facts } = refusal;
    const { texts, calendar } = this.app;
    const path = `redeem.refused.${code}`;
    const at = TIMES.map((name) => facts[name]).find(Boolean);
    return texts.t(texts.has(path) ? path : "redeem.trouble", { n: facts.codes_max, time: at && calendar.when(at) });
  }

  #busy(sending) {
    this.sending = sending;
    setBusy(this.submit, sending, this.app.texts.t(sending ? "redeem.sending" : "redeem.submit"));
  }

  async #send(event) {
    event.preventDefault();
    if (this.sending) return;
    if (!this.value.trim()) return this.#refused({ code: "missing", facts: {} });
    this.#busy(true);
    const { gone } = this.app.sheets;
    try {
      const given = await this.app.api.redeem(this.value.trim());
      await this.app.redeemed(given);
      if (gone.aborted) return;
      this.given = given;
      this.app.sheets.relabel();
      document.querySelector(".sheet-redeem [data-first]")?.focus();
    } catch (error) {
      if (!gone.aborted) this.#refused(error instanceof Problem ? error : { code: "trouble", facts: {} });
    } finally {
      this.#busy(false);
    }
  }

  #refused(refusal) {
    this.#blame(refusal);
    const input = document.getElementById(FIELD);
    input.focus();
    input.select();
  }

  #receipt() {
    const { app, given } = this;
    const { texts, calendar } = app;
    const isOld = calendar.now() - new Date(given.redeemed_at) > JUST_NOW_MS;
    const facts = { n: given.chances, time: calendar.when(isOld ? given.redeemed_at : (given.expires_at ?? given.redeemed_at)) };
    const until = given.expires_at ? "redeem.until" : "redeem.for_good";
    return [
      h("div", { class: "medal" }, picture(app.emblem)),
      h("div", { role: "status", id: "redeem-result" },
        h("p", { class: "result-prize" }, texts.t(isOld ? "redeem.before" : "redeem.done", facts)),
        h("p", { class: "result-next" }, texts.t(isOld ? "redeem.before_at" : until, facts))),
      h("div", { class: "buttons" },
        app.canPlay() && h("button", { type: "button", class: "primary", "data-first": true, "aria-describedby": "redeem-result", onclick: () => app.again() }, app.playWords()),
        h("button", { type: "button", class: "secondary", "data-first": !app.canPlay(), "aria-describedby": !app.canPlay() && "redeem-result", onclick: () => this.#another() }, texts.t("redeem.another"))),
    ];
  }

  #another() {
    this.given = null;
    this.value = "";
    this.app.sheets.relabel();
    document.getElementById(FIELD).focus();
  }
}
