// What may stand in the way of a play, in groups that are treated alike.

export const COUNTED_DOWN = ["not-open-yet", "cooling-down", "slow-down"];
export const OUT_OF_CHANCES = ["no-chance-left", "used-up", "out-of-chances"];
export const MAY_EARN = ["ready", "cooling-down", "not-open-yet", "paused", "recovering", "may-buy", ...OUT_OF_CHANCES];

/** How often it is looked again whether it has gone, in ms. */
export const RECHECK_MS = {
  recovering: 1500, paused: 4000, "no-chance-left": 4000, "may-buy": 4000, "out-of-chances": 15_000, blocked: 15_000, "blocked-for-good": 15_000, "awaiting-draw": 5000,
};
