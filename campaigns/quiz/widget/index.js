// The quiz's widget: one question at a time, a clock that runs as the house's does, and what was right once it is answered.

import "./quiz.css";

import { Asking } from "./asking.js";
import { fill, h } from "./dom.js";
import texts from "./texts.json";

const LATE_AFTER_MS = 1_800; // the house waits a moment for answers that were on their way

function mount(root, context) {
  const { view } = context.campaign;
  let { locale } = context;
  let asking = null;
  let score = null;
  const element = h("div", { class: "quiz" });
  root.append(element);

  const words = () => texts[locale];
  const most = view.questions * view.points_each;

  function showIdle() {
    asking?.stop();
    asking = null;
    const facts = { n: view.questions, seconds: view.seconds_each, points: most };
    const chips = ["count", "each", "best"].map((name) => h("li", {}, fill(words()[name], facts)));
    element.replaceChildren(h("div", { class: "quiz-front", role: "img", "aria-label": fill(words().idle, facts) },
      h("div", { class: "quiz-mark", "aria-hidden": "true" }, "?"),
      h("ul", { class: "quiz-chips", "aria-hidden": "true" }, ...chips)));
  }

  function showScore({ points, right, of }) {
    element.replaceChildren(h("div", { class: "quiz-front" },
      h("p", { class: "quiz-score" }, fill(words().result, { points })),
      h("p", { class: "quiz-of" }, fill(words().of, { right, of }))));
  }

  showIdle();
  return {
    start() {
      score = null;
      element.classList.add("waiting");
    },
    /** A round, from where it stands to its end. `move` and `look` answer with the state then, and throw what stands in the way. */
    async round(state, { move, look }) {
      element.classList.remove("waiting");
      asking = new Asking({ holder: element, words, still: context.reducedMotion, lateAfterMs: LATE_AFTER_MS, secondsEach: view.seconds_each });
      try {
        await asking.run(state, { move, look });
      } finally {
        asking.stop();
      }
    },
    async land(reveal) {
      score = reveal;
      asking = null;
      showScore(reveal);
      await new Promise((seen) => setTimeout(seen, context.reducedMotion() ? 300 : 900));
    },
    async fail() {
      element.classList.remove("waiting");
      showIdle();
    },
    setLocale(tag) {
      locale = tag;
      if (asking) asking.relabel();
      else if (score) showScore(score);
      else showIdle();
    },
    setPools() {},
  };
}

/** What a member should know of how it is played. */
function rules(view, locale) {
  const words = texts[locale];
  const facts = { n: view.questions, seconds: view.seconds_each, points: view.points_each };
  return [...words.rules, words.scoring[view.scoring], words.mode[view.mode]].filter(Boolean).map((each) => fill(each, facts));
}

/** What a play's reveal says, in a sentence. */
function outcomeWords({ points, right, of }, locale) {
  const words = texts[locale];
  return `${fill(words.result, { points })} · ${fill(words.of, { right, of })}`;
}

/** Which score a pool is for. */
function poolTitle(view, pool, locale) {
  const words = texts[locale];
  const place = view.bands.findIndex(({ tier }) => tier === pool.tier);
  if (view.bands.length === 1) return words.band_only;
  return place === 0 ? fill(words.band_first, view.bands[1]) : fill(words.band, view.bands[place]);
}

export default { texts, rules, poolTitle, outcomeWords, mount, hasRounds: true };
