// Plays whose outcomes wait to be uncovered: one at a time lies on the stage, the others wait behind it.

import { persist } from "./play.js";

export class Cards {
  #outcomes = new Map();
  #laid = null;

  constructor(app, { campaign, memory }) {
    Object.assign(this, { app, campaign, memory });
    this.waiting = [];
    this.isOpening = false;
  }

  get current() {
    return this.waiting[0] ?? null;
  }

  /** Takes up what waits at the service, oldest first; before it the one that is, or was, being scratched. */
  async load({ covered }) {
    const found = covered ? (await this.app.api.covered()).items.reverse() : [];
    const first = this.waiting.find(({ id }) => id === this.#laid) ?? this.memory.touchedCard(this.campaign, await this.app.api.member());
    this.waiting = first ? [first, ...found.filter(({ id }) => id !== first.id)] : found;
  }

  add(plays) {
    this.waiting.push(...plays);
  }

  /** Lays the next card on the stage, if none lies there. */
  lay() {
    const play = this.current;
    if (!play || this.#laid === play.id) return;
    this.#laid = play.id;
    this.app.widget.cover({ ordinal: play.ordinal, outcome: () => this.#revealOf(play), done: () => this.#done([play]) });
  }

  /** Brings one card to the front. */
  choose(id) {
    const chosen = this.waiting.find((play) => play.id === id);
    if (chosen) this.waiting = [chosen, ...this.waiting.filter((play) => play !== chosen)];
    this.lay();
  }

  async uncover() {
    if (!this.current || this.isOpening) return;
    await this.#opening(() => this.app.widget.uncover());
  }

  /** All that wait, together. */
  async uncoverAll() {
    if (!this.current || this.isOpening) return;
    const plays = [...this.waiting];
    await this.#opening(async () => {
      const outcomes = [];
      for (const play of plays) outcomes.push(await this.#outcomeOf(play));
      if (outcomes.some((outcome) => !outcome)) return;
      await this.app.widget.land((outcomes.find(({ award }) => award) ?? outcomes.at(-1)).reveal);
      await this.#done(plays);
    });
  }

  async #opening(open) {
    this.isOpening = true;
    this.app.view.render();
    await open();
    this.isOpening = false;
    this.app.view.render();
  }

  async #revealOf(play) {
    return (await this.#outcomeOf(play))?.reveal ?? null;
  }

  /** What a card came to, asked for once however often it is touched; null when there was no answer. */
  async #outcomeOf(play) {
    if (!this.#outcomes.has(play.id)) this.#outcomes.set(play.id, this.#ask(play));
    const outcome = await this.#outcomes.get(play.id);
    if (!outcome) this.#outcomes.delete(play.id);
    return outcome;
  }

  async #ask(play) {
    this.memory.keepTouchedCard(this.campaign, await this.app.api.member(), { id: play.id, ordinal: play.ordinal, covered_until: play.covered_until });
    try {
      return await persist(() => this.app.api.uncover(play.id), () => this.app.view.hint("hero.waiting"));
    } catch (error) {
      if (error.status === 404) await this.#forget(play);
      await this.app.refused(error);
      return null;
    }
  }

  /** What is not there any more is not offered again. */
  async #forget(play) {
    this.memory.keepTouchedCard(this.campaign, await this.app.api.member(), null);
    this.waiting = this.waiting.filter((other) => other !== play);
    this.#laid = null;
  }

  async #done(plays) {
    const outcomes = await Promise.all(plays.map((play) => this.#outcomeOf(play)));
    this.waiting = this.waiting.filter((play) => !plays.includes(play));
    this.#laid = null;
    this.isOpening = false;
    this.memory.keepTouchedCard(this.campaign, await this.app.api.member(), null);
    this.app.show(outcomes);
  }
}
