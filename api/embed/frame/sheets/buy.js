// Chances for points: how many, what they cost and what is left, confirmed once.

import { Problem } from "../api.js";
import { h } from "../dom.js";

const IN_WORDS = ["insufficient-points", "purchase-limit", "blocked", "not-eligible", "over", "paused"];

export function showBuy(app) {
  const form = new BuyForm(app);
  app.sheets.show({ name: "buy", title: () => app.texts.t("buy.title"), render: (body) => form.render(body) });
  form.open();
}

class BuyForm {
  constructor(app) {
    this.app = app;
    this.chances = 1;
    this.sending = false;
    this.trouble = null;
  }

  /** The points may have changed since the page was opened; and a purchase without an answer is asked about first. */
  async open() {
    const { gone } = this.app.sheets;
    const pending = await this.app.buyer.pending().catch(() => null);
    await this.app.lookAgain();
    if (gone.aborted) return;
    if (pending) this.chances = pending.chances;
    if (pending) await this.#buy();
    else this.#update();
  }

  render(body) {
    const { texts } = this.app;
    this.fewer = this.#step("−", "buy.fewer", -1);
    this.more = this.#step("+", "buy.more", 1);
    this.count = h("output", { class: "count" });
    this.cost = h("p", { class: "cost", role: "status" });
    this.balance = h("p", { class: "balance" });
    this.said = h("p", { class: "trouble", role: "alert" });
    this.confirm = h("button", { type: "button", class: "primary", "data-first": true, onclick: () => this.#buy() });
    this.steps = h("div", { class: "steps", role: "group", "aria-label": texts.t("buy.how_many") }, this.fewer, this.count, this.more);
    body.append(
      this.steps, this.cost, this.balance, this.said,
      h("div", { class: "buttons" }, this.confirm,
        h("button", { type: "button", class: "secondary", onclick: () => this.app.sheets.close() }, texts.t("buy.later"))),
      h("p", { class: "fine" }, texts.t("buy.safe")));
    this.#update();
  }

  #step(sign, label, by) {
    return h("button", { type: "button", class: "step", "aria-label": this.app.texts.t(label), onclick: () => this.#count(by) }, sign);
  }

  #count(by) {
    const wanted = this.chances + by;
    if (this.sending || wanted < 1 || wanted > this.#most()) return;
    this.chances = wanted;
    this.trouble = null;
    this.#update();
  }

  #most() {
    const { at_once_max: atOnce, left } = this.app.me.offer;
    return Math.max(Math.min(atOnce, left ?? atOnce), 1);
  }

  #update() {
    const { texts, me } = this.app;
    const { points: price, balance } = me.offer;
    if (!this.sending) this.chances = Math.min(this.chances, this.#most());
    const n = this.chances;
    const points = texts.number(n * price);
    const short = balance !== null && balance < n * price && !this.sending;
    this.steps.hidden = this.#most() === 1;
    this.count.textContent = texts.number(n);
    this.fewer.setAttribute("aria-disabled", String(this.sending || n <= 1));
    this.more.setAttribute("aria-disabled", String(this.sending || n >= this.#most()));
    this.cost.textContent = texts.t("buy.cost", { n, points });
    this.balance.textContent = balance === null ? "" : texts.t("buy.balance", { points: texts.number(balance) });
    this.said.textContent = this.trouble ?? (short ? texts.t("buy.short", { points: texts.number(n * price - balance) }) : "");
    this.confirm.textContent = texts.t(this.sending ? "buy.sending" : "buy.confirm", { n, points });
    this.confirm.setAttribute("aria-disabled", String(this.sending || short));
  }

  async #buy() {
    if (this.sending || this.confirm.getAttribute("aria-disabled") === "true") return;
    const { gone } = this.app.sheets;
    this.sending = true;
    this.trouble = null;
    this.#update();
    try {
      const purchase = await this.app.buyer.buy(this.chances);
      await this.app.bought(purchase);
      if (purchase.state === "done" && !gone.aborted) return this.app.sheets.close();
      this.trouble = purchase.state === "done" ? null : this.app.texts.t("buy.refunding");
    } catch (error) {
      this.trouble = this.#inWords(error);
      await this.app.lookAgain();
    }
    this.sending = false;
    if (!gone.aborted) this.#update();
  }

  #inWords(error) {
    const { texts } = this.app;
    if (!(error instanceof Problem) || error.status >= 500) return texts.t("buy.unanswered");
    return texts.t(`buy.${IN_WORDS.includes(error.code) ? error.code : "refused"}`, { n: error.facts.left ?? 0 });
  }
}
