// The winner gives a phone number or an address, once; what was typed survives every error.

import { follow, isMoving, stateWords } from "../awards.js";
import { Problem } from "../api.js";
import { h, picture } from "../dom.js";
import { blame, field, setBusy } from "../form.js";
import { showMine } from "./mine.js";

const PHONE = /^1[3-9]\d{9}$/;
const FIELDS = {
  phone: [{ name: "phone", type: "tel", autocomplete: "tel-national", inputmode: "numeric", max: 20, hint: "claim.phone_hint" }],
  address: [
    { name: "recipient", autocomplete: "name", max: 40 },
    { name: "phone", type: "tel", autocomplete: "tel-national", inputmode: "numeric", max: 20 },
    { name: "address", autocomplete: "street-address", max: 200, hint: "claim.address_hint", rows: 2 },
  ],
};

/** `award` is what a play answers: {id, claim: "phone"|"address", prize}. */
export function showClaim(app, award) {
  const form = new ClaimForm(app, award);
  app.sheets.show({
    name: "claim",
    title: () => app.texts.t(form.given ? `claim.done_${award.claim}` : `claim.${award.claim}_title`),
    render: (body) => form.render(body),
  });
}

class ClaimForm {
  constructor(app, award) {
    this.app = app;
    this.award = award;
    this.values = {};
    this.errors = {};
    this.given = null;
    this.sending = false;
  }

  render(body) {
    body.append(...(this.given ? this.#receipt() : [this.#form()]));
  }

  #form() {
    const { texts } = this.app;
    const fields = FIELDS[this.award.claim];
    this.submit = h("button", { type: "submit", class: "primary" }, texts.t(`claim.${this.award.claim}_submit`));
    this.trouble = h("p", { class: "trouble", role: "alert" });
    return h("form", { novalidate: true, onsubmit: (event) => this.#send(event) },
      h("p", { class: "claim-prize" }, texts.t("claim.prize", { prize: texts.own(this.award.prize.name) })),
      ...fields.map((each, index) => this.#field(each, index === 0)),
      this.award.claim === "phone" && (this.echo = h("p", { class: "echo", "aria-live": "polite" })),
      this.trouble,
      h("div", { class: "buttons" }, this.submit),
      h("p", { class: "fine" }, texts.t("claim.private")));
  }

  #field({ name, hint, max, ...rest }, first) {
    const { texts } = this.app;
    return field({
      id: `claim-${name}`, name, maxlength: max, "data-first": first, ...rest,
      label: texts.t(`claim.${name}`), hint: hint && texts.t(hint), value: this.values[name], error: this.errors[name],
      oninput: (value) => this.#typed(name, value),
    });
  }

  #typed(name, value) {
    this.values[name] = value;
    if (this.errors[name]) this.#blame(name, "");
    if (this.echo) {
      const phone = digits(value);
      const [a, b, c] = [phone.slice(0, 3), phone.slice(3, 7), phone.slice(7)];
      this.echo.textContent = PHONE.test(phone) ? this.app.texts.t("claim.phone_confirm", { phone: `${a} ${b} ${c}` }) : "";
    }
  }

  #blame(name, words) {
    this.errors[name] = words;
    blame(`claim-${name}`, words);
  }

  #details() {
    const details = Object.fromEntries(FIELDS[this.award.claim].map(({ name }) => [name, (this.values[name] ?? "").trim()]));
    details.phone = digits(details.phone);
    return details;
  }

  #check(details) {
    const { texts } = this.app;
    const wrong = {
      recipient: details.recipient === "",
      phone: !PHONE.test(details.phone),
      address: details.address !== undefined && details.address.length < 8,
    };
    const names = FIELDS[this.award.claim].map(({ name }) => name).filter((name) => wrong[name]);
    for (const name of names) this.#blame(name, texts.t(`claim.wrong_${name}`));
    if (names.length) document.getElementById(`claim-${names[0]}`).focus();
    return names.length === 0;
  }

  async #send(event) {
    event.preventDefault();
    const details = this.#details();
    if (this.sending || !this.#check(details)) return;
    this.#busy(true);
    const { gone } = this.app.sheets;
    try {
      this.given = await this.app.api.claim(this.award.id, details);
      this.app.claimed(this.given);
      if (gone.aborted) return;
      this.app.sheets.relabel();
      document.querySelector(".sheet-claim .primary")?.focus();
      this.#follow(gone);
    } catch (error) {
      if (!gone.aborted) this.#refused(error);
    } finally {
      this.#busy(false);
    }
  }

  #busy(sending) {
    this.sending = sending;
    const words = sending ? "claim.sending" : `claim.${this.award.claim}_submit`;
    setBusy(this.submit, sending, this.app.texts.t(words));
  }

  #refused(error) {
    const { texts } = this.app;
    const blamed = (error.facts?.errors ?? []).filter(({ field }) => document.getElementById(`claim-${field}`));
    for (const { field } of blamed) this.#blame(field, texts.t(`claim.wrong_${field}`));
    if (blamed.length) {
      document.getElementById(`claim-${blamed[0].field}`).focus();
      return;
    }
    const known = { "claim-closed": "claim.closed", "already-claimed": "claim.already" };
    this.trouble.textContent = texts.t((error instanceof Problem && known[error.code]) || "claim.trouble");
  }

  #receipt() {
    const { app, given } = this;
    return [
      h("div", { class: "medal" }, picture(app.prizePicture(given.prize))),
      h("p", { class: "result-prize" }, app.texts.own(given.prize.name)),
      given.claim.summary && h("p", { class: "result-value" }, app.texts.t("award.given", { summary: given.claim.summary })),
      h("p", { class: "result-next", role: "status" }, stateWords(app, given)),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "primary", onclick: () => showMine(app) }, app.texts.t("result.see_prizes")),
        app.canPlay() && h("button", { type: "button", class: "secondary", onclick: () => app.sheets.close() }, app.texts.t("result.fine"))),
    ].filter(Boolean);
  }

  #follow(signal) {
    if (!isMoving(this.given)) return;
    follow(this.app.api, this.given.id, {
      signal,
      onChange: (award) => {
        this.given = award;
        const line = document.querySelector(".sheet-claim .result-next");
        const words = stateWords(this.app, award);
        if (line && line.textContent !== words) line.textContent = words;
      },
    });
  }
}

/** A phone number as its eleven digits, whatever spaces, dashes or +86 it was typed with. */
function digits(phone = "") {
  return phone.replace(/[\s\-()]/g, "").replace(/^(\+|00)?86(?=1\d{10}$)/, "");
}
