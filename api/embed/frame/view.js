// What stands on the page: the stage, the one button and what is around it, as the app says it is.

import { asksInWords } from "./audience.js";
import { h, picture } from "./dom.js";
import { prizePicture, SKINS, statePicture } from "./pictures.js";
import { poolsOf } from "./pools.js";
import { resultWords, ticketWords } from "./raffle.js";
import { showBuy } from "./sheets/buy.js";
import { showInvite } from "./sheets/invite.js";
import { showLeaders } from "./sheets/leaders.js";
import { showMine } from "./sheets/mine.js";
import { showRedeem } from "./sheets/redeem.js";
import { showRules } from "./sheets/rules.js";
import { COUNTED_DOWN, OUT_OF_CHANCES } from "./standings.js";

const FEW_CHANCES = 2;
const ACTIONS = { "signed-out": "enter", network: "retry", unanswered: "resume", broken: "retry", "challenge-needed": "passed" };
const INVITE_FIRST = ["may-buy", ...OUT_OF_CHANCES];
const BUYABLE = ["no-chance-left", "may-buy"];

export class View {
  constructor(app) {
    this.app = app;
  }

  /** Where the focus goes when a sheet closes whose opener is gone. */
  get next() {
    return this.button.hidden ? this.notice : this.button;
  }

  /** Says it to those who do not see the page. */
  say(words) {
    this.live.textContent = words;
  }

  /** How long there is to wait, in a notice that counts down. */
  count(standing, until) {
    const { texts, calendar } = this.app;
    if (this.countdown) this.countdown.textContent = texts.t(`states.${standing}.countdown`, { left: calendar.left(until) });
  }

  build() {
    const skin = SKINS[document.documentElement.dataset.skin];
    this.by = h("p", { class: "by" });
    this.name = h("h1", {});
    this.dates = h("p", { class: "dates" });
    this.shelf = h("ul", { class: "shelf" });
    this.stage = h("div", { class: "stage", onclick: () => this.app.canPlay() && this.app.spin() });
    this.button = h("button", { type: "button", class: "primary play", onclick: () => this.app.press() });
    this.many = h("button", { type: "button", class: "link many", onclick: () => (this.app.cards.current ? this.app.cards.uncoverAll() : this.app.spin(this.app.atOnce())) });
    this.notice = h("div", { class: "notice", tabindex: "-1" });
    this.hintLine = h("p", { class: "hint" });
    this.buyLink = h("button", { type: "button", class: "link buy", hidden: true, onclick: () => showBuy(this.app) });
    this.live = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.rulesLink = h("button", { type: "button", class: "link", onclick: () => showRules(this.app) });
    this.mineLink = h("button", { type: "button", class: "link", onclick: () => showMine(this.app) });
    this.leadersLink = h("button", { type: "button", class: "link", hidden: true, onclick: () => showLeaders(this.app) });
    this.redeemLink = h("button", { type: "button", class: "link", onclick: () => showRedeem(this.app) });
    this.inviteLink = h("button", { type: "button", class: "link", onclick: () => showInvite(this.app) });
    this.app.root.replaceChildren(
      picture(skin.backdrop, "backdrop"),
      h("div", { class: "layout" },
        h("header", {}, this.by, this.name, this.dates),
        this.stage,
        h("div", { class: "action" }, this.button, this.many, this.notice, this.hintLine, this.buyLink),
        this.shelf,
        h("div", { class: "links" }, this.rulesLink, this.mineLink, this.leadersLink, this.redeemLink, this.inviteLink)),
      this.live);
  }

  hint(path, facts) {
    this.hintLine.textContent = path ? this.app.texts.t(path, facts) : "";
  }

  /** Shows what is so now. */
  render() {
    const { texts, definition, calendar } = this.app;
    if (!definition) return this.#renderBare();
    document.title = texts.own(definition.name);
    this.by.textContent = texts.t("hero.by", { organiser: texts.own(definition.organiser) });
    this.name.textContent = texts.own(definition.name);
    const upcoming = definition.phase === "scheduled";
    this.dates.textContent = texts.t(upcoming ? "hero.from" : "hero.until", { time: calendar.when(upcoming ? definition.starts_at : definition.ends_at) });
    this.rulesLink.textContent = texts.t("hero.rules");
    this.mineLink.replaceChildren(texts.t("hero.mine"), ...(this.app.waiting ? [h("span", { class: "badge", "aria-hidden": "true" }, String(this.app.waiting))] : []));
    this.mineLink.setAttribute("aria-label", this.app.waiting ? texts.t("hero.mine_waiting", { n: this.app.waiting }) : texts.t("hero.mine"));
    this.leadersLink.textContent = texts.t("leaders.title");
    this.leadersLink.hidden = !this.app.game?.hasRounds || !this.app.me;
    this.redeemLink.textContent = texts.t("hero.redeem");
    if (!this.app.playing) this.app.widget?.setPools(poolsOf(definition, this.app.me));
    this.stage.classList.toggle("unsure", this.app.standing() === "loading" && definition.pools.length > 1);
    this.redeemLink.hidden = !this.app.mayRedeem() || OUT_OF_CHANCES.includes(this.app.standing()); // the notice offers it then
    this.inviteLink.textContent = texts.t("hero.invite");
    this.inviteLink.hidden = !this.app.mayInvite() || INVITE_FIRST.includes(this.app.standing());
    const drawn = definition.raffle?.prizes ?? [];
    this.shelf.replaceChildren(
      ...drawn.map(({ prize }) => h("li", {}, picture(prizePicture(prize)), h("span", {}, texts.own(prize.name)))),
      ...this.#prizes().map((line) => h("li", {}, picture(this.app.pictures.get(line.key)), h("span", {}, this.app.lineName(line)))));
    this.#renderAction();
  }

  /** The prizes that may be won here, each once; of a member who is known, by them. */
  #prizes() {
    const lines = poolsOf(this.app.definition, this.app.me).flatMap((pool) => pool.lines).filter((line) => line.prize);
    return [...new Map(lines.map((line) => [this.app.lineName(line), line])).values()];
  }

  #renderAction() {
    const { texts, me, calendar } = this.app;
    const standing = this.app.standing();
    const open = this.app.playing || ["ready", "card", "loading"].includes(standing);
    this.stage.classList.toggle("resting", !open);
    this.button.hidden = !open || (this.app.playing && Boolean(this.app.me?.round_id));
    this.notice.hidden = open;
    this.many.hidden = this.app.playing || standing !== "ready" || this.app.game.hasRounds || this.app.atOnce() < 2;
    this.many.textContent = texts.t("hero.play_several", { n: this.app.atOnce() });
    this.buyLink.hidden = this.app.playing || standing !== "ready" || !this.app.canBuy() || (me.chances_left ?? Infinity) > FEW_CHANCES;
    if (!this.buyLink.hidden) this.buyLink.textContent = this.#offerWords();
    this.app.watch(standing);
    if (!open) return this.#renderNotice(standing);
    if (standing === "card" && !this.app.playing) return this.#renderCard();
    this.button.textContent = this.app.playing ? this.app.game.texts[texts.locale].playing : this.app.playWords();
    this.button.setAttribute("aria-disabled", String(this.app.playing || standing !== "ready"));
    if (this.app.playing) return;
    const day = this.app.definition.limits.member_day_plays_max;
    const soonest = me?.grants.find((grant) => grant.expires_at);
    if (this.app.definition.chances) this.hint(soonest ? "hero.expiring" : null, soonest && { n: soonest.left, time: calendar.when(soonest.expires_at) });
    else if (me?.next_chance_at && day) this.hint("hero.more", { n: day, time: calendar.when(me.next_chance_at) });
    else if (day) this.hint("hero.last_refill", { n: day });
    else this.hint(null);
    if (me?.wins_within) this.hintLine.prepend(this.#assurance(me.wins_within));
    const tickets = ticketWords(this.app);
    if (tickets) this.hintLine.prepend(h("strong", { class: "assurance" }, tickets));
  }

  /** The card that lies on the stage, and how many wait behind it. */
  #renderCard() {
    const { texts, cards, calendar, game } = this.app;
    const n = cards.waiting.length;
    const words = game.texts[texts.locale];
    this.button.textContent = cards.isOpening ? words.uncovering : words.uncover;
    this.button.setAttribute("aria-disabled", String(cards.isOpening));
    this.many.hidden = n < 2 || cards.isOpening;
    this.many.textContent = texts.t("cards.all", { n });
    if (!cards.isOpening) this.hint(n > 1 ? "cards.several" : "cards.one", { n, time: calendar.when(cards.current.covered_until) });
  }

  #offerWords() {
    return this.app.texts.t("buy.offer", { n: 1, points: this.app.texts.number(this.app.me.offer.points) });
  }

  #assurance(n) {
    const { guarantee, lines } = poolsOf(this.app.definition, this.app.me).find((pool) => pool.guarantee);
    const line = this.app.lineName(lines.find(({ key }) => key === guarantee.line));
    return h("strong", { class: "assurance" }, this.app.texts.t("hero.assured", { n, line }));
  }

  #renderNotice(standing) {
    const { texts, me, calendar, definition } = this.app;
    const turn = { "not-open-yet": definition.starts_at, blocked: me?.blocked_until, "slow-down": this.app.stopped?.until }[standing];
    const time = calendar.when(turn ?? me?.next_chance_at ?? definition.ends_at);
    const path = ["used-up", "out-of-chances"].includes(standing) && this.app.mayRedeem() ? "redeem.without" : `states.${standing}`;
    this.countdown = COUNTED_DOWN.includes(standing) ? h("p", { class: "countdown" }) : null;
    const action = this.#noticeAction(standing);
    const asks = standing === "not-eligible" ? asksInWords(texts, me.asks) : this.#leadWords(standing);
    const buy = BUYABLE.includes(standing) && this.app.canBuy() && h("button", { type: "button", class: "small", onclick: () => showBuy(this.app) }, this.#offerWords());
    const invite = INVITE_FIRST.includes(standing) && this.app.mayInvite() && h("button", { type: "button", class: "small", onclick: () => showInvite(this.app) }, texts.t("invite.title"));
    this.notice.dataset.state = standing;
    this.notice.replaceChildren(
      picture(statePicture(standing)),
      h("div", {}, h("p", { class: "notice-title" }, texts.t(`${path}.title`)), this.countdown ?? "", ...asks.map((words) => h("p", { class: "ask" }, words)), h("p", {}, texts.t(`${path}.body`, { time }))),
      ...[action, buy, invite].filter(Boolean));
    this.hint(null);
    this.app.tick();
  }

  #noticeAction(standing) {
    const button = (words, onclick) => h("button", { type: "button", class: "small", onclick }, this.app.texts.t(words));
    if (OUT_OF_CHANCES.includes(standing) && this.app.mayRedeem()) return button("redeem.offer", () => showRedeem(this.app));
    const words = `states.${standing}.action`;
    return this.app.texts.has(words) && button(words, () => this.app.act(ACTIONS[standing]));
  }

  /** What stands first in a notice: once the campaign is over, what came of one's tickets; before, how many they are. */
  #leadWords(standing) {
    if (this.app.stopped?.code === standing) return [this.app.texts.own(this.app.stopped.told)];
    if (standing === "over" || standing === "awaiting-draw") return resultWords(this.app);
    const tickets = ticketWords(this.app);
    return tickets ? [tickets] : [];
  }

  #renderBare() {
    const standing = this.app.standing();
    if (standing === "loading") return;
    const { texts } = this.app;
    this.app.root.replaceChildren(h("div", { class: "bare", role: "alert" },
      picture(statePicture(standing)),
      h("h1", {}, texts.t(`states.${standing}.title`)),
      h("p", {}, texts.t(`states.${standing}.body`)),
      h("button", { type: "button", class: "primary", onclick: () => this.app.open() }, texts.t("states.network.action"))));
  }
}
