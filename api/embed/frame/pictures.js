// Every drawing the frame shows, coloured by the skin's tokens.

import hubCool from "./pictures/hub-cool.svg";
import hubNight from "./pictures/hub-night.svg";
import hubWarm from "./pictures/hub-warm.svg";
import prizeBag from "./pictures/prize-bag.svg";
import prizeBox from "./pictures/prize-box.svg";
import prizeCoupon from "./pictures/prize-coupon.svg";
import prizeLink from "./pictures/prize-link.svg";
import prizeNone from "./pictures/prize-none.svg";
import prizePoints from "./pictures/prize-points.svg";
import prizeTicket from "./pictures/prize-ticket.svg";
import prizeTopup from "./pictures/prize-topup.svg";
import skinCool from "./pictures/skin-cool.svg";
import skinNight from "./pictures/skin-night.svg";
import skinWarm from "./pictures/skin-warm.svg";
import network from "./pictures/state-network.svg";
import noChanceLeft from "./pictures/state-no-chance-left.svg";
import notEligible from "./pictures/state-not-eligible.svg";
import notOpenYet from "./pictures/state-not-open-yet.svg";
import over from "./pictures/state-over.svg";
import paused from "./pictures/state-paused.svg";
import recovering from "./pictures/state-recovering.svg";
import signedOut from "./pictures/state-signed-out.svg";
import usedUp from "./pictures/state-used-up.svg";

const BY_TYPE = { phone_topup: prizeTopup, points: prizePoints, coupon_code: prizeCoupon, link: prizeLink, parcel: prizeBox };

const BY_STATE = {
  "not-open-yet": notOpenYet,
  over,
  paused,
  held: paused,
  recovering,
  "no-chance-left": noChanceLeft,
  "may-buy": noChanceLeft,
  "cooling-down": notOpenYet,
  "slow-down": notOpenYet,
  "challenge-needed": paused,
  "awaiting-draw": notOpenYet,
  "all-plays-taken": over,
  "used-up": usedUp,
  "not-eligible": notEligible,
  blocked: paused,
  "blocked-for-good": notEligible,
  "signed-out": signedOut,
  network,
  unanswered: recovering,
  broken: network,
};

export const SKINS = {
  warm: { backdrop: skinWarm, hub: hubWarm },
  cool: { backdrop: skinCool, hub: hubCool },
  night: { backdrop: skinNight, hub: hubNight },
};

/** A prize's drawing by its type; null is no prize. */
export function prizePicture(prize) {
  return prize ? (BY_TYPE[prize.type] ?? prizeLink) : prizeNone;
}

/** The drawing of each line, so that two parcels on one wheel do not look the same; of a raffle's plays each is a ticket. */
export function linePictures(lines, { areTickets = false } = {}) {
  let parcels = 0;
  return new Map(
    lines.map((line) => {
      const second = line.prize?.type === "parcel" && parcels++ % 2 === 1;
      return [line.key, second ? prizeBag : areTickets && !line.prize ? prizeTicket : prizePicture(line.prize)];
    }),
  );
}

export const statePicture = (state) => BY_STATE[state] ?? network;
