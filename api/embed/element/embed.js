// <windfall-campaign campaign="ID" token="…" locale="zh">: one campaign in a sandboxed frame of Windfall's own origin.
//
// Attributes: campaign, token (a launch token), token-url (where this page's server mints one), locale (zh or en), invite-page
// (the address that invited friends are sent to; this page's own when left out).
// Methods: refreshToken([token]), setLocale(locale), pause([paused]), refresh(), checked().
// Events: windfall:ready, windfall:play-started, windfall:outcome, … (messages.js), none of them with personal data.

import { FROM_FRAME, pack, unpack } from "./messages.js";

const BASE = new URL(document.currentScript.src).origin;
const NAME = "windfall-campaign";
const NEAR_PX = 400;
const INVITATION = "windfall_invitation"; // the parameter by which a friend's link names its invitation
const REFRESH_GAP_MS = 15_000;
const STYLE = `:host{display:block;min-height:var(--windfall-min-height,600px)}
iframe{display:block;width:100%;height:100%;min-height:inherit;border:0;border-radius:inherit;color-scheme:normal}`;

class WindfallCampaign extends HTMLElement {
  static observedAttributes = ["campaign", "token", "locale"];

  #frame = null;
  #watch = null;
  #refreshedAt = -Infinity;
  #listen = (event) => this.#hear(event);

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = STYLE;
    root.append(style);
  }

  connectedCallback() {
    window.addEventListener("message", this.#listen);
    this.#open();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.#listen);
    this.#close();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return;
    if (name === "locale") this.#tell("locale", { locale: now ?? "" });
    else if (name === "token" && this.#frame) this.refreshToken(now);
    else this.#reopen();
  }

  /** Hands the frame a fresh launch token; without one, asks `token-url` for it. */
  async refreshToken(token) {
    const fresh = token || (await this.#mint());
    if (fresh) this.#tell("token", { token: fresh });
    return Boolean(fresh);
  }

  setLocale(locale) {
    this.setAttribute("locale", locale);
  }

  /** Holds the game back (or lets it go on), for example while the page shows something above it. */
  pause(paused = true) {
    this.#tell("pause", { paused });
  }

  /** Says that the member may have been given something, a chance for example: the game looks again. */
  refresh() {
    this.#tell("refresh");
  }

  /** Says that the member has passed the page's check, and its server has told so: what was stopped goes on. */
  checked() {
    this.#tell("checked");
  }

  #open() {
    if (!this.getAttribute("campaign") || this.#watch || this.#frame) return;
    this.#watch = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) this.#load();
      },
      { rootMargin: `${NEAR_PX}px` },
    );
    this.#watch.observe(this);
  }

  async #load() {
    this.#watch?.disconnect();
    this.#watch = null;
    const campaign = this.getAttribute("campaign");
    const frame = document.createElement("iframe");
    this.#frame = frame;
    const token = this.getAttribute("token") || (await this.#mint());
    if (this.#frame !== frame) return;
    const fragment = new URLSearchParams({ origin: location.origin });
    if (this.getAttribute("locale")) fragment.set("locale", this.getAttribute("locale"));
    if (token) fragment.set("token", token);
    frame.title = this.getAttribute("label") || "Windfall";
    frame.allow = "clipboard-write; web-share";
    frame.referrerPolicy = "origin";
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox");
    frame.src = `${BASE}/w/${encodeURIComponent(campaign)}#${fragment}`;
    this.shadowRoot.append(frame);
  }

  #close() {
    this.#watch?.disconnect();
    this.#watch = null;
    this.#frame?.remove();
    this.#frame = null;
  }

  #reopen() {
    this.#close();
    this.#open();
  }

  async #mint() {
    const url = this.getAttribute("token-url");
    if (!url) return null;
    this.#refreshedAt = performance.now();
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ campaign: this.getAttribute("campaign") }),
      });
      const { token } = answer.ok ? await answer.json() : {};
      return typeof token === "string" ? token : null;
    } catch {
      return null;
    }
  }

  /** Whoever came to this page by a friend's link: the game is told by which. */
  #passInvitation() {
    const code = new URLSearchParams(location.search).get(INVITATION);
    if (code) this.#tell("invitation", { code });
  }

  /** The address that a member sends to friends. */
  #linkWith(code) {
    const url = new URL(this.getAttribute("invite-page") || location.href, location.href);
    url.hash = "";
    url.searchParams.set(INVITATION, code);
    return url.href;
  }

  #tell(type, facts) {
    this.#frame?.contentWindow?.postMessage(pack(type, facts), BASE);
  }

  #hear(event) {
    if (event.origin !== BASE || !this.#frame || event.source !== this.#frame.contentWindow) return;
    const message = unpack(event.data, FROM_FRAME);
    if (!message) return;
    const { type, ...detail } = message;
    if (type === "resize") this.#frame.style.height = `${detail.height}px`;
    if (type === "ready") this.#passInvitation();
    if (type === "invite") this.#tell("invite-link", { url: this.#linkWith(detail.code) });
    const signedOut = type === "error" && detail.code === "signed-out";
    const mayRefresh = performance.now() - this.#refreshedAt > REFRESH_GAP_MS; // a page that mints bad tokens is not asked for ever
    if (type === "enter" || (signedOut && mayRefresh)) this.refreshToken();
    this.dispatchEvent(new CustomEvent(`windfall:${type}`, { detail, bubbles: true, composed: true }));
  }
}

if (!customElements.get(NAME)) customElements.define(NAME, WindfallCampaign);
