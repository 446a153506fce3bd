// One press, one play: the key is kept before anything is sent and sent again until there is an answer.

import { NoAnswer, Problem, SignedOut } from "./api.js";
import { stops } from "./stopped.js";

const BACKOFF_MS = [400, 900, 2000, 4000, 8000];
const SLOW_AFTER_MS = 4000;

/** The service did not answer in the time a member waits; the same key is safe to send again. */
export class Unanswered extends Error {}

export class Player {
  constructor({ api, campaign, memory, onSlow }) {
    this.api = api;
    this.campaign = campaign;
    this.memory = memory;
    this.onSlow = onSlow;
  }

  async pending() {
    return this.memory.pendingPlay(this.campaign, await this.api.member());
  }

  /** The outcomes of what is pending, or of so many new plays; throws Unanswered, SignedOut or the Problem that refuses them. */
  async play(times = 1) {
    const member = await this.api.member();
    const asked = this.memory.pendingPlay(this.campaign, member) ?? { key: newKey(), times };
    this.memory.keepPendingPlay(this.campaign, member, asked);
    try {
      return await persist(() => this.#ask(asked), this.onSlow);
    } catch (error) {
      if (error instanceof Problem) this.memory.forgetPendingPlay(this.campaign, member);
      throw error;
    }
  }

  /** The outcome has been shown: the next press is a new play. */
  async shown() {
    this.memory.forgetPendingPlay(this.campaign, await this.api.member());
  }

  async #ask({ key, times }) {
    return times === 1 ? [await this.api.play(key)] : (await this.api.several(key, times)).plays;
  }
}

/** Asks what is safe to ask again until there is an answer; throws Unanswered, SignedOut or the Problem that refuses it. */
export async function persist(ask, onSlow) {
  const slow = setTimeout(onSlow, SLOW_AFTER_MS);
  try {
    for (const pause of [...BACKOFF_MS, null]) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof SignedOut || !worthRetrying(error)) throw error;
        if (pause === null) throw new Unanswered();
        await wait(Math.max(pause * (0.75 + Math.random() / 2), (error.retryAfterSeconds ?? 0) * 1000));
      }
    }
    throw new Unanswered();
  } finally {
    clearTimeout(slow);
  }
}

export function worthRetrying(error) {
  if (error instanceof NoAnswer) return true;
  return error instanceof Problem && !stops(error) && (error.status >= 500 || error.status === 429 || error.status === 408);
}

export function wait(ms) {
  return new Promise((done) => setTimeout(done, Math.min(ms, 10_000)));
}

/** A random UUID; `crypto.randomUUID` is missing on plain http. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
