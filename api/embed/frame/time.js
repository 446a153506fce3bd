// Instants as people say them, in the campaign's zone: its days are the ones that count.

const MS_PER_DAY = 86_400_000;

export class Calendar {
  #offsetMs = 0;

  constructor(texts, zone) {
    this.texts = texts;
    this.zone = zone;
  }

  /** Takes the server's clock as the truth; the device's may be minutes off. */
  setServerTime(instant) {
    this.#offsetMs = new Date(instant).getTime() - Date.now();
  }

  now() {
    return Date.now() + this.#offsetMs;
  }

  /** "tomorrow 00:00", or the date when it is further away. */
  when(instant) {
    const at = new Date(instant);
    const clock = this.#format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const today = this.#day(this.now());
    const words = { [today]: "time.today", [this.#day(this.now() + MS_PER_DAY)]: "time.tomorrow" }[this.#day(at)];
    const said = words ? this.texts.t(words, { clock }) : `${this.date(instant)} ${clock}`;
    return this.#sameHours(at) ? said : `${said} (${this.zoneName(at)})`;
  }

  date(instant) {
    const at = new Date(instant);
    const year = this.#format(at, { year: "numeric" }) === this.#format(new Date(this.now()), { year: "numeric" });
    const options = { month: this.texts.locale === "zh" ? "long" : "short", day: "numeric" };
    return this.#format(at, year ? options : { ...options, year: "numeric" });
  }

  zoneName(at = new Date(this.now())) {
    const parts = new Intl.DateTimeFormat(this.texts.tag, { timeZone: this.zone, timeZoneName: "long" }).formatToParts(at);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? this.zone;
  }

  /** "2 days 03:04:05" until an instant, never below zero. */
  left(instant) {
    const seconds = Math.max(0, Math.ceil((new Date(instant).getTime() - this.now()) / 1000));
    const pad = (n) => String(n).padStart(2, "0");
    const days = Math.floor(seconds / 86_400);
    const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(pad).join(":");
    return (days ? this.texts.t("time.days", { n: days }) : "") + clock;
  }

  #day(at) {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.zone }).format(at);
  }

  #format(at, options) {
    return new Intl.DateTimeFormat(this.texts.tag, { timeZone: this.zone, ...options }).format(at);
  }

  #sameHours(at) {
    const hours = (timeZone) => new Intl.DateTimeFormat("en", { timeZone, day: "numeric", hour: "numeric", minute: "numeric" }).format(at);
    return hours(this.zone) === hours(undefined);
  }
}
