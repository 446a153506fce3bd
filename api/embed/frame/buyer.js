// One confirmation, one purchase: the key is kept before anything is sent and asked with again until the wallet has said.

import { Problem, SignedOut } from "./api.js";
import { newKey, Unanswered, wait, worthRetrying } from "./play.js";

const PAUSES_MS = [600, 1200, 2000, 3000, 4000];

export class Buyer {
  constructor({ api, campaign, memory }) {
    this.api = api;
    this.campaign = campaign;
    this.memory = memory;
  }

  /** The purchase that has no answer yet, as {key, chances}; null when there is none. */
  async pending() {
    return this.memory.pendingPurchase(this.campaign, await this.api.member());
  }

  /** The pending purchase, or a new one of so many chances, once it has ended; throws Unanswered or the Problem that refuses it. */
  async buy(chances) {
    const member = await this.api.member();
    const wish = this.memory.pendingPurchase(this.campaign, member) ?? { key: newKey(), chances };
    this.memory.keepPendingPurchase(this.campaign, member, wish);
    try {
      const purchase = await this.#ask(wish);
      this.memory.forgetPendingPurchase(this.campaign, member);
      return purchase;
    } catch (error) {
      if (error instanceof Problem && !worthRetrying(error)) this.memory.forgetPendingPurchase(this.campaign, member);
      throw error;
    }
  }

  async #ask(wish) {
    for (const pause of [...PAUSES_MS, null]) {
      try {
        const purchase = await this.api.buy(wish);
        if (purchase.state !== "pending") return purchase;
      } catch (error) {
        if (error instanceof SignedOut || !worthRetrying(error)) throw error;
      }
      if (pause !== null) await wait(pause);
    }
    throw new Unanswered();
  }
}
