// The member API: a bearer session from a launch token, problems as errors that carry their facts.

const TIMEOUT_MS = 10_000;

/** The service answered with a problem. */
export class Problem extends Error {
  constructor(status, facts, retryAfterSeconds) {
    super(facts.code ?? `status ${status}`);
    this.status = status;
    this.code = facts.code ?? "broken";
    this.facts = facts;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer came; what was sent may or may not have arrived. */
export class NoAnswer extends Error {}

/** There is no session, and no launch token to open one with. */
export class SignedOut extends Error {}

export class Api {
  #launch = null;
  #session = null;
  #opening = null;

  constructor({ campaign, locale, memory, framed }) {
    this.campaign = campaign;
    this.locale = locale;
    this.memory = memory;
    this.framed = framed;
  }

  /** Takes a launch token; a session it already opened in this tab is taken up again, so that a reload costs nothing. */
  setLaunchToken(token) {
    this.#launch = token;
    this.#session = null;
    this.#opening = null;
    const kept = this.memory.session(this.campaign);
    const same = token ? kept?.mark === mark(token) : !this.framed;
    if (kept && same && Date.parse(kept.expires_at) > Date.now()) this.#session = kept;
  }

  async member() {
    return (await this.#signIn()).member.id;
  }

  definition() {
    return this.#send(`/v1/campaigns/${this.campaign}`);
  }

  me() {
    return this.#asMember(`/v1/campaigns/${this.campaign}/me`);
  }

  play(key) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/plays`, { body: { entry: {} }, headers: { "idempotency-key": key } });
  }

  several(key, times) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/plays/several`, { body: { times, entry: {} }, headers: { "idempotency-key": key } });
  }

  /** Begins a round, or takes up the one that is open. */
  beginRound() {
    return this.#asMember(`/v1/campaigns/${this.campaign}/rounds`, { body: {} });
  }

  round(id) {
    return this.#asMember(`/v1/rounds/${id}`);
  }

  moveInRound(id, move) {
    return this.#asMember(`/v1/rounds/${id}/moves`, { body: { move } });
  }

  /** The play that a round ends in; asked again, the same. */
  playRound(id) {
    return this.#asMember(`/v1/rounds/${id}/play`, { body: {} });
  }

  /** Who did best in rounds, today ("day") or in all ("campaign"). */
  leaderboard(of) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/leaderboard?of=${of}`);
  }

  /** A code for chances; sent again, it answers the same. */
  redeem(code) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/redemptions`, { body: { code } });
  }

  /** The code of the member's own link; asked for again, the same while it is good. */
  invite() {
    return this.#asMember(`/v1/campaigns/${this.campaign}/invitations`, { body: {} });
  }

  /** The member came by a friend's link; sent again, it answers the same. */
  accept(code) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/invitations/accept`, { body: { code } });
  }

  buy({ key, chances }) {
    return this.#asMember(`/v1/campaigns/${this.campaign}/purchases`, { body: { chances }, headers: { "idempotency-key": key } });
  }

  plays(cursor) {
    return this.#asMember(`/v1/plays?${this.#query(cursor)}`);
  }

  /** My plays whose outcomes wait to be uncovered. */
  covered() {
    const query = this.#query();
    query.set("covered", "true");
    query.set("limit", "100");
    return this.#asMember(`/v1/plays?${query}`);
  }

  /** See what a covered play came to; asked again, the same. */
  uncover(id) {
    return this.#asMember(`/v1/plays/${id}/uncover`, { body: {} });
  }

  awards(cursor) {
    return this.#asMember(`/v1/awards?${this.#query(cursor)}`);
  }

  award(id) {
    return this.#asMember(`/v1/awards/${id}`);
  }

  claim(id, details) {
    return this.#asMember(`/v1/awards/${id}/claim`, { body: details });
  }

  #query(cursor) {
    const query = new URLSearchParams({ campaign_id: this.campaign, limit: "20" });
    if (cursor) query.set("cursor", cursor);
    return query;
  }

  async #asMember(path, options = {}) {
    const { token } = await this.#signIn();
    try {
      return await this.#send(path, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
    } catch (error) {
      if (error.status !== 401) throw error;
      this.#session = null;
      this.memory.forgetSession(this.campaign);
      throw new SignedOut();
    }
  }

  async #signIn() {
    if (this.#session) return this.#session;
    if (!this.#launch) throw new SignedOut();
    this.#opening ??= this.#open(this.#launch);
    return this.#opening;
  }

  async #open(launch) {
    try {
      this.#session = { ...(await this.#send("/v1/sessions", { body: { token: launch } })), mark: mark(launch) };
      this.memory.keepSession(this.campaign, this.#session);
      return this.#session;
    } catch (error) {
      this.#opening = null;
      if (!(error instanceof Problem) || error.status >= 500 || error.status === 429) throw error;
      this.#launch = null;
      throw new SignedOut();
    }
  }

  async #send(path, { body, headers = {} } = {}) {
    const asked = { accept: "application/json", "accept-language": this.locale, ...headers };
    if (body) asked["content-type"] = "application/json";
    let answer;
    let content;
    try {
      answer = await fetch(path, {
        method: body ? "POST" : "GET",
        headers: asked,
        body: body && JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      content = await answer.text();
    } catch (error) {
      throw new NoAnswer(error.message);
    }
    const facts = parse(content);
    if (answer.ok && facts) return facts;
    throw new Problem(answer.ok ? 502 : answer.status, facts ?? {}, Number(answer.headers.get("retry-after")) || 0);
  }
}

function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** Enough of a token's signature to know it again, and too little to use it. */
function mark(token) {
  return token.slice(-12);
}
