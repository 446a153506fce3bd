// What this browser remembers: the play and the purchase that have no answer yet, and this tab's session. Works without storage too.

const PENDING_HOURS_MAX = 24;
const fallback = new Map();

function read(storage, name) {
  try {
    return JSON.parse(storage().getItem(name));
  } catch {
    return fallback.get(name) ?? null;
  }
}

function write(storage, name, value) {
  fallback.set(name, value);
  try {
    if (value === null) storage().removeItem(name);
    else storage().setItem(name, JSON.stringify(value));
  } catch {
    // A browser that refuses storage keeps the value for as long as the page lives.
  }
}

const lasting = () => window.localStorage;
const ofTab = () => window.sessionStorage;
const pendingName = (campaign, member) => `windfall:pending:${campaign}:${member}`;
const purchaseName = (campaign, member) => `windfall:purchase:${campaign}:${member}`;
const invitationName = (campaign, member) => `windfall:invitation:${campaign}:${member}`;
const cardName = (campaign, member) => `windfall:card:${campaign}:${member}`;
const sessionName = (campaign) => `windfall:session:${campaign}`;

/** The key of a play, or of so many at once, whose outcome was not shown yet, with its age; null when there is none. */
export function pendingPlay(campaign, member) {
  const kept = read(lasting, pendingName(campaign, member));
  const age = kept ? Date.now() - kept.at : 0;
  if (!kept || !(age < PENDING_HOURS_MAX * 3_600_000)) return null;
  return { key: kept.key, times: kept.times ?? 1, ageMs: age };
}

export function keepPendingPlay(campaign, member, { key, times }) {
  write(lasting, pendingName(campaign, member), { key, times, at: Date.now() });
}

export function forgetPendingPlay(campaign, member) {
  write(lasting, pendingName(campaign, member), null);
}

/** The purchase that has no answer yet, as {key, chances}; null when there is none. */
export function pendingPurchase(campaign, member) {
  const kept = read(lasting, purchaseName(campaign, member));
  const age = kept ? Date.now() - kept.at : 0;
  return kept && age < PENDING_HOURS_MAX * 3_600_000 ? { key: kept.key, chances: kept.chances } : null;
}

export function keepPendingPurchase(campaign, member, { key, chances }) {
  write(lasting, purchaseName(campaign, member), { key, chances, at: Date.now() });
}

export function forgetPendingPurchase(campaign, member) {
  write(lasting, purchaseName(campaign, member), null);
}

/** The card that was touched and not seen to its end, so that a page that is opened again goes on with it. */
export const touchedCard = (campaign, member) => read(lasting, cardName(campaign, member));
export const keepTouchedCard = (campaign, member, card) => write(lasting, cardName(campaign, member), card);

/** The code of the invitation that was last answered, so that a page that is opened again does not ask again. */
export const answeredInvitation = (campaign, member) => read(lasting, invitationName(campaign, member));
export const keepAnsweredInvitation = (campaign, member, code) => write(lasting, invitationName(campaign, member), code);

export const session = (campaign) => read(ofTab, sessionName(campaign));
export const keepSession = (campaign, kept) => write(ofTab, sessionName(campaign), kept);
export const forgetSession = (campaign) => write(ofTab, sessionName(campaign), null);
