// The words, in both languages, with counted forms where a language has them.

import en from "./texts/en.json";
import zh from "./texts/zh.json";

const LANGUAGES = { zh, en };

/** The language to speak: the one asked for, else the browser's first that we have, else zh. */
export function chooseLocale(...wishes) {
  const tags = wishes.filter(Boolean).map((wish) => wish.toLowerCase().slice(0, 2));
  return tags.find((tag) => tag in LANGUAGES) ?? "zh";
}

export class Texts {
  constructor(locale) {
    this.locale = locale;
    this.tag = locale === "zh" ? "zh-CN" : "en";
    this.plural = new Intl.PluralRules(this.tag);
  }

  /** The words at a dotted path, its {facts} filled in; `n` picks the counted form. */
  t(path, facts = {}) {
    const found = path.split(".").reduce((node, step) => node?.[step], LANGUAGES[this.locale]);
    const words = typeof found === "object" ? (found[this.plural.select(facts.n ?? 0)] ?? found.other) : found;
    if (typeof words !== "string") return path;
    return words.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
  }

  has(path) {
    return path.split(".").reduce((node, step) => node?.[step], LANGUAGES[this.locale]) !== undefined;
  }

  /** A campaign's own text in this language. */
  own(text) {
    return text?.[this.locale] ?? "";
  }

  money({ amount, currency }) {
    const format = new Intl.NumberFormat(this.tag, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    const units = amount / 10 ** format.resolvedOptions().maximumFractionDigits;
    return format.format(units).replace(/[.,]00$/, "");
  }

  /** A day of the week, from 1 for Monday. */
  weekday(day) {
    return new Intl.DateTimeFormat(this.tag, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, day));
  }

  number(n) {
    return new Intl.NumberFormat(this.tag).format(n);
  }
}
