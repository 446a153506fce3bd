// What stops a member who plays suspiciously often: a wait, or a check that the mall makes.

const STOPS = ["slow-down", "challenge-needed"];

/** Whether asking again by oneself would only be stopped again. */
export const stops = (error) => STOPS.includes(error.code);

/** The stop that a problem tells of: its name, the reason in both languages, until when, or which challenge. */
export function stopOf({ code, facts }) {
  return { code, told: facts.told, until: facts.retry_at ?? null, challenge: facts.challenge_id ?? null };
}
