// The messages between the mall's page and the frame: versioned, and checked field by field on both sides.

export const VERSION = 1;
const TEXT_LENGTH_MAX = 4096;
const HEIGHT_PX_MAX = 4000;

const text = (value) => typeof value === "string" && value.length > 0 && value.length <= TEXT_LENGTH_MAX;
const flag = (value) => typeof value === "boolean";
const count = (value) => Number.isInteger(value) && value >= 0;
const height = (value) => count(value) && value <= HEIGHT_PX_MAX;
const orNull = (check) => (value) => value === null || check(value);

/** What the frame tells the page. */
export const FROM_FRAME = {
  ready: { state: text, chances_left: orNull(count) },
  "play-started": {},
  outcome: { play: text, line: text, won: flag },
  "claim-needed": { award: text, claim: text },
  "claim-done": { award: text },
  "challenge-needed": { challenge: text },
  "no-chance": { next_chance_at: orNull(text) },
  error: { code: text },
  enter: {},
  invite: { code: text },
  closed: { sheet: text },
  resize: { height },
};

/** What the page tells the frame. */
export const FROM_PAGE = {
  token: { token: text },
  locale: { locale: text },
  pause: { paused: flag },
  refresh: {},
  checked: {},
  invitation: { code: text },
  "invite-link": { url: text },
};

export function pack(type, facts = {}) {
  return { windfall: VERSION, type, ...facts };
}

/** The message as {type, …facts}, or null when it is not exactly one of `kinds`. */
export function unpack(data, kinds) {
  if (typeof data !== "object" || data === null || data.windfall !== VERSION) return null;
  if (!Object.hasOwn(kinds, data.type)) return null;
  const fields = kinds[data.type];
  const names = Object.keys(fields);
  if (Object.keys(data).length !== names.length + 2) return null;
  if (!names.every((name) => fields[name](data[name]))) return null;
  const { windfall: _version, ...message } = data;
  return message;
}
