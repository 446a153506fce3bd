// The shell every game shares: what may be done now, one button, and the sheets around it.

import { NoAnswer, Problem, SignedOut } from "./api.js";
import { Cards } from "./cards.js";
import { celebrate } from "./celebrate.js";
import { h } from "./dom.js";
import { linePictures, prizePicture, SKINS } from "./pictures.js";
import { Unanswered } from "./play.js";
import { poolsAfter, poolsOf } from "./pools.js";
import { standingOf } from "./raffle.js";
import { Rounds } from "./rounds.js";
import { Sheets } from "./sheet.js";
import { showInvited } from "./sheets/invited.js";
import { showResult } from "./sheets/result.js";
import { showResults } from "./sheets/results.js";
import { COUNTED_DOWN, MAY_EARN, RECHECK_MS } from "./standings.js";
import { stopOf, stops } from "./stopped.js";
import { Calendar } from "./time.js";
import { View } from "./view.js";

const RESUME_SILENTLY_MS = 10 * 60_000;

export class App {
  constructor({ root, texts, api, player, buyer, inviter, host, widgets, memory }) {
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
    this.cards = new Cards(this, { campaign: api.campaign, memory });
    this.rounds = new Rounds(this);
    this.view = new View(this);
    this.sheets = new Sheets({ holder: document.body, words: () => this.texts, onClosed: (name, opener) => this.#sheetClosed(name, opener) });
    this.player.onSlow = () => this.view.hint("hero.waiting");
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
    this.view.render();
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
    this.emblem = SKINS[document.documentElement.dataset.skin].hub;
    this.view.build();
    await this.#mountWidget();
    this.view.render();
  }

  async #mountWidget() {
    const asset = this.widgets[this.definition.game];
    if (asset.css) document.head.append(h("link", { rel: "stylesheet", href: `/assets/${asset.css}` }));
    const { default: game } = await import(`/assets/${asset.js}`);
    this.game = game;
    this.widget = game.mount(this.view.stage, {
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
    await this.cards.load(me);
    if (!this.playing) this.cards.lay();
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
    if (this.cards.current) return "card";
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
    this.view.render();
  }

  async bought({ state, chances: n, balance }) {
    await this.lookAgain();
    if (state !== "done") return;
    const points = balance === null ? "" : this.texts.t("buy.balance", { points: this.texts.number(balance) });
    this.view.say([this.texts.t("buy.done", { n }), points].join(" "));
  }

  canPlay() {
    return this.standing() === "ready" && !this.playing;
  }

  /** The button: it uncovers the card that lies there, and plays where there is none. */
  press() {
    return this.cards.current ? this.cards.uncover() : this.spin();
  }

  /** One press of a button: spin first, land when the answer comes. */
  async spin(times = 1) {
    if (this.playing || !this.widget || this.held) return;
    if (this.standing() !== "ready" && !this.resumable) return;
    this.playing = true;
    this.trouble = null;
    this.view.render();
    if (this.resumable) this.view.hint("hero.resuming");
    this.widget.start();
    this.host.tell("play-started");
    try {
      await this.#finish(await (this.game.hasRounds ? this.rounds.play() : this.player.play(times)));
    } catch (error) {
      await this.widget.fail();
      this.playing = false;
      this.resumable = false;
      await this.refused(error);
    }
  }

  async #finish(outcomes) {
    const isCovered = outcomes[0].covered_until !== null;
    if (!isCovered) await this.widget.land((outcomes.find(({ award }) => award) ?? outcomes.at(-1)).reveal);
    this.playing = false;
    this.resumable = false;
    const { chances_left: left, next_chance_at: next, wins_within: within, ordinal } = outcomes.at(-1);
    const state = left === 0 ? "no-chance-left" : next ? "cooling-down" : "ready";
    this.me = { ...this.me, state, chances_left: left, next_chance_at: next, wins_within: within, round_id: null };
    if (this.me.raffle) this.me.raffle.tickets = Math.max(this.me.raffle.tickets, ordinal);
    if (isCovered) this.#dealt(outcomes);
    else this.show(outcomes);
    await this.player.shown();
    if (left === 0) this.host.tell("no-chance", { next_chance_at: next });
  }

  /** A round is under way: the stage has its own buttons. */
  inRound(id) {
    this.me.round_id = id;
    this.view.render();
    this.view.hint(null);
  }

  /** What was played is there, and its outcome waits for the member. */
  #dealt(plays) {
    this.cards.add(plays);
    this.cards.lay();
    this.view.render();
    this.view.say(this.texts.t("cards.dealt", { n: plays.length }));
  }

  /** What plays came to, in a sheet, to those who listen, and to the mall's page. */
  show(outcomes) {
    const won = outcomes.filter((outcome) => outcome.award);
    const pools = poolsAfter(this.definition, this.me, outcomes.at(-1).drawn);
    this.drewElsewhere = pools.some((key) => !this.me.pools.includes(key));
    this.me = { ...this.me, pools };
    const claims = won.map((outcome) => outcome.award).filter((award) => award.claim !== "none" && !award.held);
    this.waiting += claims.length;
    this.view.render();
    if (outcomes.length > 1) showResults(this, outcomes);
    else showResult(this, outcomes[0]);
    this.#announce(outcomes, won);
    for (const { id, awarded, award } of outcomes) this.host.tell("outcome", { play: id, line: awarded, won: Boolean(award) });
    for (const { id, claim } of claims) this.host.tell("claim-needed", { award: id, claim });
    if (won.length) celebrate();
  }

  #announce(outcomes, won) {
    const prize = won.map(({ award }) => this.texts.own(award.prize.name)).join(this.texts.t("list"));
    const lost = this.definition.raffle ? "raffle.announce" : "result.announce_lost";
    const words = this.texts.t(won.length ? "result.announce_won" : lost, { prize });
    this.view.say(outcomes.length > 1 ? `${this.texts.t("result.of_several", { n: outcomes.length, won: won.length })} ${words}` : words);
  }

  again() {
    this.sheets.close().then(() => !this.cards.current && this.spin());
  }

  /** The member wants to uncover this card. */
  toCard(id) {
    this.sheets.close().then(() => this.cards.choose(id));
  }

  claimed(award) {
    this.waiting = Math.max(0, this.waiting - 1);
    this.view.render();
    this.host.tell("claim-done", { award: award.id });
  }

  /** A code gave chances: they stand on the button at once. */
  async redeemed({ chances_left: left }) {
    this.me = await this.api.me().catch(() => ({ ...this.me, chances_left: left }));
    this.view.render();
  }

  /** The member came to the mall's page by a friend's link. */
  async invited(code) {
    if (!this.me || !this.definition.invitations) return;
    const answer = await this.inviter.accept(code);
    if (!answer || this.playing) return;
    await this.lookAgain();
    showInvited(this, answer);
  }

  /** How many plays may be asked for at once now. */
  atOnce() {
    return Math.min(this.definition.limits.plays_at_once_max ?? 1, this.me?.chances_left ?? Infinity);
  }

  mayInvite() {
    return Boolean(this.definition.invitations) && this.inviter.isPossible && MAY_EARN.includes(this.standing());
  }

  mayRedeem() {
    const { member_plays_max: most } = this.definition.limits;
    return this.definition.redeems_codes && MAY_EARN.includes(this.standing()) && !(most && this.me.plays >= most);
  }

  async refused(error) {
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
    this.view.render();
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
    this.view.render();
  }

  setToken(token) {
    this.api.setLaunchToken(token);
    if (!this.playing) this.open();
  }

  /** The member has been checked, by what they or the page say: what was stopped is asked again. */
  checked() {
    if (!this.stopped?.challenge) return;
    this.stopped = null;
    this.view.render();
    this.spin();
  }

  setHeld(held) {
    this.held = held;
    this.view.render();
  }

  setTexts(texts) {
    this.texts = texts;
    this.api.locale = texts.locale;
    if (!this.definition) return;
    const late = this.calendar.now();
    this.calendar = new Calendar(texts, this.definition.zone);
    this.calendar.setServerTime(late);
    this.widget?.setLocale(texts.locale);
    this.view.render();
    this.sheets.relabel();
  }

  /** What the button says: the game's verb, and the chances left where they are counted. */
  playWords() {
    const { texts, me } = this;
    if (me?.round_id) return this.game.texts[texts.locale].resume;
    const verb = this.game?.texts[texts.locale].play;
    return me?.chances_left === null || !me ? texts.t("hero.play_free", { verb }) : texts.t("hero.play", { verb, n: me.chances_left });
  }

  act(action) {
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
    this.view.render();
    if (this.resumable) this.spin();
  }

  #enter() {
    if (this.host.framed) this.host.tell("enter");
    else location.reload();
  }

  /** Looks again when what stands in the way may have gone. */
  watch(standing) {
    clearInterval(this.timer);
    if (COUNTED_DOWN.includes(standing)) this.timer = setInterval(() => this.tick(), 1000);
    else if (standing in RECHECK_MS) {
      const like = this.#mayBeGiven(standing) ? "out-of-chances" : standing;
      this.timer = setInterval(() => this.#recheck(standing), RECHECK_MS[like]);
    }
  }

  tick() {
    const standing = this.standing();
    if (!COUNTED_DOWN.includes(standing)) return;
    const until = { "cooling-down": this.me.next_chance_at, "slow-down": this.stopped?.until }[standing] ?? this.definition.starts_at;
    this.view.count(standing, until);
    if (new Date(until) > this.calendar.now()) return;
    this.stopped = null;
    this.#recheck();
  }

  /** Whether a chance may come before the next free one: by a friend, an event, or an operator. */
  #mayBeGiven(standing) {
    return standing === "no-chance-left" && Boolean(this.definition.chances);
  }

  async #recheck(standing) {
    if (document.hidden) return;
    if (standing === "no-chance-left" && !this.#mayBeGiven(standing) && new Date(this.me.next_chance_at) > this.calendar.now()) return;
    try {
      const { phase, redeems_codes, raffle, fairness } = await this.api.definition();
      Object.assign(this.definition, { phase, redeems_codes, raffle, fairness });
      this.trouble = null;
      await this.#checkIn();
    } catch (error) {
      this.#fall(error);
    }
    if (this.standing() !== standing) this.view.render();
  }

  #sheetClosed(name, opener) {
    this.host.tell("closed", { sheet: name });
    if (this.drewElsewhere) this.lookAgain();
    this.drewElsewhere = false;
    this.cards.lay();
    (opener && opener !== document.body ? opener : this.view.next).focus({ preventScroll: true });
  }
}
