// The shell every game shares: what may be done now, one button, and the sheets around it.

import { NoAnswer, Problem, SignedOut } from "./api.js";
import { asksInWords } from "./audience.js";
import { celebrate } from "./celebrate.js";
import { h, picture } from "./dom.js";
import { linePictures, prizePicture, SKINS, statePicture } from "./pictures.js";
import { Unanswered } from "./play.js";
import { poolsAfter, poolsOf } from "./pools.js";
import { resultWords, standingOf, ticketWords } from "./raffle.js";
import { Sheets } from "./sheet.js";
import { showBuy } from "./sheets/buy.js";
import { showInvite } from "./sheets/invite.js";
import { showInvited } from "./sheets/invited.js";
import { showMine } from "./sheets/mine.js";
import { showRedeem } from "./sheets/redeem.js";
import { showResult } from "./sheets/result.js";
import { showResults } from "./sheets/results.js";
import { showRules } from "./sheets/rules.js";
import { stopOf, stops } from "./stopped.js";
import { Calendar } from "./time.js";

const RECHECK_MS = {
  recovering: 1500, paused: 4000, "no-chance-left": 4000, "may-buy": 4000, "out-of-chances": 15_000, blocked: 15_000, "blocked-for-good": 15_000, "awaiting-draw": 5000,
};
const COUNTED_DOWN = ["not-open-yet", "cooling-down", "slow-down"];
const FEW_CHANCES = 2;
const RESUME_SILENTLY_MS = 10 * 60_000;
const OUT_OF_CHANCES = ["no-chance-left", "used-up", "out-of-chances"];
const REDEEM_IN = ["ready", "cooling-down", "not-open-yet", "paused", "recovering", "may-buy", ...OUT_OF_CHANCES];
const ACTIONS = { "signed-out": "enter", network: "retry", unanswered: "resume", broken: "retry", "challenge-needed": "passed" };
const INVITE_FIRST = ["may-buy", ...OUT_OF_CHANCES];
const BUYABLE = ["no-chance-left", "may-buy"];

export class App {
  constructor({ root, texts, api, player, buyer, inviter, host, widgets }) {
    Object.assign(this, { root, texts, api, player, buyer, inviter, host, widgets });
    this.definition = null;
    this.me = null;
    this.trouble = null;
    this.stopped = null;
    this.held = false;
    this.playing = false;
    this.resumable = false;
    this.drewElsewhere = false;
    this.waiting = 0;
    this.prizePicture = prizePicture;
    this.noPrizePicture = prizePicture(null);
    this.lineName = (line) => this.texts.own(line.name);
    this.sheets = new Sheets({ holder: document.body, words: () => this.texts, onClosed: (name, opener) => this.#sheetClosed(name, opener) });
    this.player.onSlow = () => this.#hint("hero.waiting");
  }

  /** Opens the campaign: what it is, who plays, what may be done. Safe to call again after any trouble. */
  async open() {
    this.#settle(null);
    this.stopped = null;
    try {
      if (!this.definition) await this.#define();
      await this.#checkIn();
    } catch (error) {
      this.#fall(error);
    }
    this.#render();
    this.host.tell("ready", { state: this.standing(), chances_left: this.me?.chances_left ?? null });
    if (this.resumable && this.resumable.ageMs < RESUME_SILENTLY_MS) this.spin();
  }

  async #define() {
    this.definition = await this.api.definition();
    this.calendar = new Calendar(this.texts, this.definition.zone);
    this.calendar.setServerTime(this.definition.server_time);
    const areTickets = Boolean(this.definition.raffle);
    this.pictures = linePictures(this.definition.pools.flatMap((pool) => pool.lines), { areTickets });
    document.documentElement.dataset.skin = this.definition.skin in SKINS ? this.definition.skin : "warm";
    this.#build();
    await this.#mountWidget();
    this.#render();
  }

  async #mountWidget() {
    const asset = this.widgets[this.definition.game];
    if (asset.css) document.head.append(h("link", { rel: "stylesheet", href: `/assets/${asset.css}` }));
    const { default: game } = await import(`/assets/${asset.js}`);
    this.game = game;
    this.widget = game.mount(this.stage, {
      campaign: this.definition,
      pools: poolsOf(this.definition, this.me),
      locale: this.texts.locale,
      lineName: (line, locale) => line.name[locale],
      linePicture: (line) => this.pictures.get(line.key),
      emblem: this.emblem,
      reducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
    });
  }

  async #checkIn() {
    const [me] = await Promise.all([this.api.me(), this.#countWaiting()]);
    this.me = me;
    this.calendar.setServerTime(me.server_time);
    this.resumable = await this.player.pending();
  }

  async #countWaiting() {
    const page = await this.api.awards().catch(() => ({ items: [] }));
    this.waiting = page.items.filter(({ state, claim }) => ["won", "claim_needed"].includes(state) && claim.kind !== "none").length;
  }

  /** What may be done now, as one word: ready, or the name of the state that stands in the way. */
  standing() {
    if (this.trouble) return this.trouble;
    if (this.held) return "held";
    if (this.definition?.phase === "recovering" || this.me?.state === "recovering") return "recovering";
    if (!this.me) return "loading";
    if (this.stopped) return this.stopped.code;
    if (this.me.state === "blocked") return this.me.blocked_until ? "blocked" : "blocked-for-good";
    if (this.me.state === "over") return standingOf(this.me);
    if (this.me.state !== "no-chance-left" || this.me.next_chance_at) return this.me.state;
    if (this.canBuy()) return "may-buy";
    return this.definition.chances ? "out-of-chances" : "used-up";
  }

  canBuy() {
    return Boolean(this.me?.offer && this.me.offer.left !== 0);
  }

  /** Reads what the member has and may do, and keeps what is known when there is no answer. */
  async lookAgain() {
    await this.#checkIn().catch(() => {});
    this.#render();
  }

  async bought({ state, chances: n, balance }) {
    await this.lookAgain();
    if (state !== "done") return;
    const points = balance === null ? "" : this.texts.t("buy.balance", { points: this.texts.number(balance) });
    this.live.textContent = [this.texts.t("buy.done", { n }), points].join(" ");
  }

  canPlay() {
    return this.standing() === "ready" && !this.playing;
  }

  /** One press of a button: spin first, land when the answer comes. */
  async spin(times = 1) {
    if (this.playing || !this.widget || this.held) return;
    if (this.standing() !== "ready" && !this.resumable) return;
    this.playing = true;
    this.trouble = null;
    this.#render();
    if (this.resumable) this.#hint("hero.resuming");
    this.widget.start();
    this.host.tell("play-started");
    try {
      await this.#finish(await this.player.play(times));
    } catch (error) {
      await this.widget.fail();
      this.playing = false;
      this.resumable = false;
      await this.#refused(error);
    }
  }

  async #finish(outcomes) {
    const won = outcomes.filter((outcome) => outcome.award);
    await this.widget.land((won[0] ?? outcomes.at(-1)).reveal);
    this.playing = false;
    this.resumable = false;
    const { chances_left: left, next_chance_at: next, wins_within: within, drawn } = outcomes.at(-1);
    const state = left === 0 ? "no-chance-left" : next ? "cooling-down" : "ready";
    const pools = poolsAfter(this.definition, this.me, drawn);
    this.drewElsewhere = pools.some((key) => !this.me.pools.includes(key));
    this.me = { ...this.me, state, chances_left: left, next_chance_at: next, wins_within: within, pools };
    const claims = won.map((outcome) => outcome.award).filter((award) => award.claim !== "none" && !award.held);
    this.waiting += claims.length;
    if (this.me.raffle) this.me.raffle.tickets = Math.max(this.me.raffle.tickets, outcomes.at(-1).ordinal);
    this.#render();
    if (outcomes.length > 1) showResults(this, outcomes);
    else showResult(this, outcomes[0]);
    this.#announce(outcomes, won);
    await this.player.shown();
    for (const { id, awarded, award } of outcomes) this.host.tell("outcome", { play: id, line: awarded, won: Boolean(award) });
    for (const { id, claim } of claims) this.host.tell("claim-needed", { award: id, claim });
    if (left === 0) this.host.tell("no-chance", { next_chance_at: next });
    if (won.length) celebrate();
  }

  #announce(outcomes, won) {
    const prize = won.map(({ award }) => this.texts.own(award.prize.name)).join(this.texts.t("list"));
    const lost = this.definition.raffle ? "raffle.announce" : "result.announce_lost";
    const words = this.texts.t(won.length ? "result.announce_won" : lost, { prize });
    this.live.textContent = outcomes.length > 1 ? `${this.texts.t("result.of_several", { n: outcomes.length, won: won.length })} ${words}` : words;
  }

  again() {
    this.sheets.close().then(() => this.spin());
  }

  claimed(award) {
    this.waiting = Math.max(0, this.waiting - 1);
    this.#render();
    this.host.tell("claim-done", { award: award.id });
  }

  /** A code gave chances: they stand on the button at once. */
  async redeemed({ chances_left: left }) {
    this.me = await this.api.me().catch(() => ({ ...this.me, chances_left: left }));
    this.#render();
  }

  /** The member came to the mall's page by a friend's link. */
  async invited(code) {
    if (!this.me || !this.definition.invitations) return;
    const answer = await this.inviter.accept(code);
    if (!answer || this.playing) return;
    await this.lookAgain();
    showInvited(this, answer);
  }

  #mayInvite() {
    return Boolean(this.definition.invitations) && this.inviter.isPossible && REDEEM_IN.includes(this.standing());
  }

  #mayRedeem() {
    const { member_plays_max: most } = this.definition.limits;
    return this.definition.redeems_codes && REDEEM_IN.includes(this.standing()) && !(most && this.me.plays >= most);
  }

  async #refused(error) {
    if (error instanceof Unanswered) {
      this.#settle("unanswered");
    } else if (error instanceof Problem && stops(error)) {
      this.stopped = stopOf(error);
      if (this.stopped.challenge) this.host.tell("challenge-needed", { challenge: this.stopped.challenge });
    } else if (error instanceof Problem && error.status < 500 && error.status !== 404) {
      this.host.tell("error", { code: error.code });
      await this.#checkIn().catch((again) => this.#fall(again));
    } else {
      this.#fall(error);
    }
    this.#render();
  }

  #fall(error) {
    if (error instanceof SignedOut) this.#settle("signed-out");
    else if (error instanceof NoAnswer) this.#settle("network");
    else if (error instanceof Problem && error.status === 503) this.#settle("recovering");
    else this.#settle("broken");
  }

  #settle(trouble) {
    this.trouble = trouble;
    if (trouble) this.host.tell("error", { code: trouble });
  }

  /** The network is back: what stood still for want of it goes on. */
  reconnected() {
    if (this.trouble === "network") this.open();
    else if (this.trouble === "unanswered") this.#resume();
  }

  /** The page, or whoever comes back to it, says that there may be something new: chances that were given, for example. */
  async refresh() {
    if (!this.me || this.playing || this.trouble || document.hidden) return;
    await this.#checkIn().catch((error) => this.#fall(error));
    this.#render();
  }

  setToken(token) {
    this.api.setLaunchToken(token);
    if (!this.playing) this.open();
  }

  /** The member has been checked, by what they or the page say: what was stopped is asked again. */
  checked() {
    if (!this.stopped?.challenge) return;
    this.stopped = null;
    this.#render();
    this.spin();
  }

  setHeld(held) {
    this.held = held;
    this.#render();
  }

  setTexts(texts) {
    this.texts = texts;
    this.api.locale = texts.locale;
    if (!this.definition) return;
    const late = this.calendar.now();
    this.calendar = new Calendar(texts, this.definition.zone);
    this.calendar.setServerTime(late);
    this.widget?.setLocale(texts.locale);
    this.#render();
    this.sheets.relabel();
  }

  #build() {
    const skin = SKINS[document.documentElement.dataset.skin];
    this.emblem = skin.hub;
    this.by = h("p", { class: "by" });
    this.name = h("h1", {});
    this.dates = h("p", { class: "dates" });
    this.shelf = h("ul", { class: "shelf" });
    this.stage = h("div", { class: "stage", onclick: () => this.canPlay() && this.spin() });
    this.button = h("button", { type: "button", class: "primary play", onclick: () => this.spin() });
    this.many = h("button", { type: "button", class: "link many", onclick: () => this.spin(this.#atOnce()) });
    this.notice = h("div", { class: "notice", tabindex: "-1" });
    this.hint = h("p", { class: "hint" });
    this.buyLink = h("button", { type: "button", class: "link buy", hidden: true, onclick: () => showBuy(this) });
    this.live = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.rulesLink = h("button", { type: "button", class: "link", onclick: () => showRules(this) });
    this.mineLink = h("button", { type: "button", class: "link", onclick: () => showMine(this) });
    this.redeemLink = h("button", { type: "button", class: "link", onclick: () => showRedeem(this) });
    this.inviteLink = h("button", { type: "button", class: "link", onclick: () => showInvite(this) });
    this.root.replaceChildren(
      picture(skin.backdrop, "backdrop"),
      h("div", { class: "layout" },
        h("header", {}, this.by, this.name, this.dates),
        this.stage,
        h("div", { class: "action" }, this.button, this.many, this.notice, this.hint, this.buyLink),
        this.shelf,
        h("div", { class: "links" }, this.rulesLink, this.mineLink, this.redeemLink, this.inviteLink)),
      this.live);
  }

  #hint(path, facts) {
    this.hint.textContent = path ? this.texts.t(path, facts) : "";
  }

  #render() {
    const { texts, definition, calendar } = this;
    if (!definition) return this.#renderBare();
    document.title = texts.own(definition.name);
    this.by.textContent = texts.t("hero.by", { organiser: texts.own(definition.organiser) });
    this.name.textContent = texts.own(definition.name);
    const upcoming = definition.phase === "scheduled";
    this.dates.textContent = texts.t(upcoming ? "hero.from" : "hero.until", { time: calendar.when(upcoming ? definition.starts_at : definition.ends_at) });
    this.rulesLink.textContent = texts.t("hero.rules");
    this.mineLink.replaceChildren(texts.t("hero.mine"), ...(this.waiting ? [h("span", { class: "badge", "aria-hidden": "true" }, String(this.waiting))] : []));
    this.mineLink.setAttribute("aria-label", this.waiting ? texts.t("hero.mine_waiting", { n: this.waiting }) : texts.t("hero.mine"));
    this.redeemLink.textContent = texts.t("hero.redeem");
    if (!this.playing) this.widget?.setPools(poolsOf(definition, this.me));
    this.stage.classList.toggle("unsure", this.standing() === "loading" && definition.pools.length > 1);
    this.redeemLink.hidden = !this.#mayRedeem() || OUT_OF_CHANCES.includes(this.standing()); // the notice offers it then
    this.inviteLink.textContent = texts.t("hero.invite");
    this.inviteLink.hidden = !this.#mayInvite() || INVITE_FIRST.includes(this.standing());
    const drawn = definition.raffle?.prizes ?? [];
    this.shelf.replaceChildren(
      ...drawn.map(({ prize }) => h("li", {}, picture(prizePicture(prize)), h("span", {}, texts.own(prize.name)))),
      ...this.#prizes().map((line) => h("li", {}, picture(this.pictures.get(line.key)), h("span", {}, this.lineName(line)))));
    this.#renderAction();
  }

  /** How many plays may be asked for at once now. */
  #atOnce() {
    return Math.min(this.definition.limits.plays_at_once_max ?? 1, this.me?.chances_left ?? Infinity);
  }

  /** The prizes that may be won here; of a member who is known, by them. */
  #prizes() {
    return poolsOf(this.definition, this.me).flatMap((pool) => pool.lines).filter((line) => line.prize);
  }

  /** What the button says: the game's verb, and the chances left where they are counted. */
  playWords() {
    const { texts, me } = this;
    const verb = this.game?.texts[texts.locale].play;
    return me?.chances_left === null || !me ? texts.t("hero.play_free", { verb }) : texts.t("hero.play", { verb, n: me.chances_left });
  }

  #renderAction() {
    const { texts, me, calendar } = this;
    const standing = this.standing();
    const open = this.playing || standing === "ready" || standing === "loading";
    this.stage.classList.toggle("resting", !open);
    this.button.hidden = !open;
    this.notice.hidden = open;
    this.many.hidden = this.playing || standing !== "ready" || this.#atOnce() < 2;
    this.many.textContent = texts.t("hero.play_several", { n: this.#atOnce() });
    this.buyLink.hidden = this.playing || standing !== "ready" || !this.canBuy() || (me.chances_left ?? Infinity) > FEW_CHANCES;
    if (!this.buyLink.hidden) this.buyLink.textContent = this.#offerWords();
    this.#watch(standing);
    if (!open) return this.#renderNotice(standing);
    this.button.textContent = this.playing ? this.game.texts[texts.locale].playing : this.playWords();
    this.button.setAttribute("aria-disabled", String(this.playing || standing !== "ready"));
    if (this.playing) return;
    const day = this.definition.limits.member_day_plays_max;
    const soonest = me?.grants.find((grant) => grant.expires_at);
    if (this.definition.chances) this.#hint(soonest ? "hero.expiring" : null, soonest && { n: soonest.left, time: calendar.when(soonest.expires_at) });
    else if (me?.next_chance_at && day) this.#hint("hero.more", { n: day, time: calendar.when(me.next_chance_at) });
    else if (day) this.#hint("hero.last_refill", { n: day });
    else this.#hint(null);
    if (me?.wins_within) this.hint.prepend(this.#assurance(me.wins_within));
    const tickets = ticketWords(this);
    if (tickets) this.hint.prepend(h("strong", { class: "assurance" }, tickets));
  }

  #offerWords() {
    return this.texts.t("buy.offer", { n: 1, points: this.texts.number(this.me.offer.points) });
  }

  #assurance(n) {
    const { guarantee, lines } = poolsOf(this.definition, this.me).find((pool) => pool.guarantee);
    const line = this.lineName(lines.find(({ key }) => key === guarantee.line));
    return h("strong", { class: "assurance" }, this.texts.t("hero.assured", { n, line }));
  }

  #renderNotice(standing) {
    const { texts, me, calendar, definition } = this;
    const turn = { "not-open-yet": definition.starts_at, blocked: me?.blocked_until, "slow-down": this.stopped?.until }[standing];
    const time = calendar.when(turn ?? me?.next_chance_at ?? definition.ends_at);
    const path = ["used-up", "out-of-chances"].includes(standing) && this.#mayRedeem() ? "redeem.without" : `states.${standing}`;
    this.countdown = COUNTED_DOWN.includes(standing) ? h("p", { class: "countdown" }) : null;
    const action = this.#noticeAction(standing);
    const asks = standing === "not-eligible" ? asksInWords(texts, me.asks) : this.#leadWords(standing);
    const buy = BUYABLE.includes(standing) && this.canBuy() && h("button", { type: "button", class: "small", onclick: () => showBuy(this) }, this.#offerWords());
    const invite = INVITE_FIRST.includes(standing) && this.#mayInvite() && h("button", { type: "button", class: "small", onclick: () => showInvite(this) }, texts.t("invite.title"));
    this.notice.dataset.state = standing;
    this.notice.replaceChildren(
      picture(statePicture(standing)),
      h("div", {}, h("p", { class: "notice-title" }, texts.t(`${path}.title`)), this.countdown ?? "", ...asks.map((words) => h("p", { class: "ask" }, words)), h("p", {}, texts.t(`${path}.body`, { time }))),
      ...[action, buy, invite].filter(Boolean));
    this.#hint(null);
    this.#tick();
  }

  #noticeAction(standing) {
    const button = (words, onclick) => h("button", { type: "button", class: "small", onclick }, this.texts.t(words));
    if (OUT_OF_CHANCES.includes(standing) && this.#mayRedeem()) return button("redeem.offer", () => showRedeem(this));
    const words = `states.${standing}.action`;
    return this.texts.has(words) && button(words, () => this.#act(ACTIONS[standing]));
  }

  /** What stands first in a notice: once the campaign is over, what came of one's tickets; before, how many they are. */
  #leadWords(standing) {
    if (this.stopped?.code === standing) return [this.texts.own(this.stopped.told)];
    if (standing === "over" || standing === "awaiting-draw") return resultWords(this);
    const tickets = ticketWords(this);
    return tickets ? [tickets] : [];
  }

  #renderBare() {
    const standing = this.standing();
    if (standing === "loading") return;
    const { texts } = this;
    this.root.replaceChildren(h("div", { class: "bare", role: "alert" },
      picture(statePicture(standing)),
      h("h1", {}, texts.t(`states.${standing}.title`)),
      h("p", {}, texts.t(`states.${standing}.body`)),
      h("button", { type: "button", class: "primary", onclick: () => this.open() }, texts.t("states.network.action"))));
  }

  #act(action) {
    if (action === "enter") this.#enter();
    else if (action === "resume") this.#resume();
    else if (action === "passed") this.checked();
    else this.open();
  }

  async #resume() {
    this.trouble = null;
    try {
      this.resumable = (await this.player.pending()) ?? false;
    } catch (error) {
      this.#fall(error);
    }
    this.#render();
    if (this.resumable) this.spin();
  }

  #enter() {
    if (this.host.framed) this.host.tell("enter");
    else location.reload();
  }

  #watch(standing) {
    clearInterval(this.timer);
    if (COUNTED_DOWN.includes(standing)) this.timer = setInterval(() => this.#tick(), 1000);
    else if (standing in RECHECK_MS) this.timer = setInterval(() => this.#recheck(standing), RECHECK_MS[standing]);
  }

  #tick() {
    const standing = this.standing();
    if (!COUNTED_DOWN.includes(standing)) return;
    const until = { "cooling-down": this.me.next_chance_at, "slow-down": this.stopped?.until }[standing] ?? this.definition.starts_at;
    if (this.countdown) this.countdown.textContent = this.texts.t(`states.${standing}.countdown`, { left: this.calendar.left(until) });
    if (new Date(until) > this.calendar.now()) return;
    this.stopped = null;
    this.#recheck();
  }

  async #recheck(standing) {
    if (document.hidden) return;
    if (standing === "no-chance-left" && new Date(this.me.next_chance_at) > this.calendar.now()) return;
    try {
      const { phase, redeems_codes, raffle, fairness } = await this.api.definition();
      Object.assign(this.definition, { phase, redeems_codes, raffle, fairness });
      this.trouble = null;
      await this.#checkIn();
    } catch (error) {
      this.#fall(error);
    }
    if (this.standing() !== standing) this.#render();
  }

  #sheetClosed(name, opener) {
    this.host.tell("closed", { sheet: name });
    if (this.drewElsewhere) this.lookAgain();
    this.drewElsewhere = false;
    const next = this.button.hidden ? this.notice : this.button;
    (opener && opener !== document.body ? opener : next).focus({ preventScroll: true });
  }
}
