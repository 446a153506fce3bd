// An award's state in plain words, and following it until it rests.

const MOVING = new Set(["won", "sending", "unknown", "retry"]);
const FOLLOW_MS = [700, 1000, 1500, 2000, 3000, 3000, 5000, 5000, 5000, 10_000, 10_000, 10_000, 20_000, 30_000];

/** Whether an award moves by itself within moments, so that waiting for it makes sense. */
export function isMoving(award) {
  return MOVING.has(award.state) || (award.state === "ready" && award.prize.form !== "physical");
}

/** What an award waits for or has come to, in one sentence. */
export function stateWords({ texts, calendar }, award) {
  const { state, prize, claim, told } = award;
  if (told && state === "void") return texts.own(told);
  const date = claim?.before ? calendar.date(claim.before) : "";
  for (const path of [`award.${state}.${prize.type}`, `award.${state}.${claim?.kind}`, `award.${state}.other`, `award.${state}`]) {
    const words = texts.t(path, { date });
    if (words !== path) return words;
  }
  return texts.t("award.won");
}

/** Which of four looks a state has: your move, moving, done, or stopped. */
export function stateTone({ state }) {
  if (state === "claim_needed") return "yours";
  if (state === "delivered") return "done";
  return ["refused", "dead", "void", "lapsed"].includes(state) ? "stopped" : "moving";
}

/** Asks for the award now and then until it rests, the sheet has gone, or patience ends. */
export async function follow(api, id, { signal, onChange }) {
  for (const pause of FOLLOW_MS) {
    await new Promise((done) => setTimeout(done, pause));
    if (signal.aborted) return;
    const award = await api.award(id).catch(() => null);
    if (signal.aborted) return;
    if (award) onChange(award);
    if (award && !isMoving(award)) return;
  }
}
