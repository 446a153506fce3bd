// Invitations: the member's own link, which leads to the mall's page, and coming by a friend's, which is asked about once.

import { Problem } from "./api.js";

const CODE = /^[A-Za-z0-9_-]{22}$/;
const PAGE_MS_MAX = 3000;
const LATER = [401, 429];

/** WeChat lets nobody share a page for a reward. */
export const insideWeChat = () => /MicroMessenger/i.test(navigator.userAgent);

export class Inviter {
  #hear = () => {};
  #accepting = false;

  constructor({ api, campaign, memory, host }) {
    Object.assign(this, { api, campaign, memory, host });
  }

  /** A link leads to the mall's page, so there is one only where the mall's page is around us. */
  get isPossible() {
    return Boolean(this.host.origin);
  }

  /** The member's link as {url, expires_at, friends, earned}; throws the Problem that refuses it, and Error where no page answers. */
  async link() {
    const { code, ...facts } = await this.api.invite();
    const url = await this.#pageWith(code);
    if (!isLink(url, code)) throw new Error("the page told no address");
    return { ...facts, url };
  }

  /** What the mall's page says its address is. */
  hear(url) {
    this.#hear(url);
  }

  #pageWith(code) {
    return new Promise((resolve) => {
      this.#hear = resolve;
      setTimeout(resolve, PAGE_MS_MAX);
      this.host.tell("invite", { code });
    });
  }

  /** What came of a friend's link, as {given} or {refusal}; null where there is nothing to say, or nothing new. */
  async accept(code) {
    if (!CODE.test(code) || this.#accepting) return null;
    this.#accepting = true;
    try {
      const member = await this.api.member();
      if (this.memory.answeredInvitation(this.campaign, member) === code) return null;
      const answer = await this.#ask(code);
      this.memory.keepAnsweredInvitation(this.campaign, member, code);
      return answer;
    } catch {
      return null; // asked again when the page is opened again
    } finally {
      this.#accepting = false;
    }
  }

  async #ask(code) {
    try {
      return { given: await this.api.accept(code) };
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500 || LATER.includes(error.status)) throw error;
      return error.code === "own-invitation" ? null : { refusal: error.code };
    }
  }
}

function isLink(url, code) {
  return typeof url === "string" && /^https?:\/\//.test(url) && url.includes(code);
}
