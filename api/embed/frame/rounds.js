// Rounds: a member's moves between the beginning and the one play that a round ends in.

import { Problem } from "./api.js";
import { persist } from "./play.js";

export class Rounds {
  constructor(app) {
    this.app = app;
  }

  /** A round from its beginning, or from where it stands, to its play; throws what stands in the way. */
  async play() {
    const { api, widget } = this.app;
    const begun = await this.#ask(() => api.beginRound());
    this.app.inRound(begun.id);
    const look = async () => (await this.#ask(() => api.round(begun.id))).state;
    await widget.round(begun.state, {
      look,
      move: async (move) => {
        try {
          return (await this.#ask(() => api.moveInRound(begun.id, move))).state;
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "move-refused") throw error;
          return look(); // its time was up, or another page moved: what stands is shown
        }
      },
    });
    return [await this.#ask(() => api.playRound(begun.id))];
  }

  #ask(ask) {
    return persist(ask, () => this.app.view.hint("hero.waiting"));
  }
}
