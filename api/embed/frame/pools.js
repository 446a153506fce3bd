// Which pools a member draws from. The server says it by the rule of the play itself; here is only what follows from it.

/** One pool of each tier: the member's own or, of somebody unknown, those that are for everybody. */
export function poolsOf({ pools }, me) {
  if (me) return pools.filter(({ key }) => me.pools.includes(key));
  return pools.filter(({ tier }, place) => !pools.slice(place + 1).some((later) => later.tier === tier));
}

/** The keys of the member's pools once a line was drawn: its pool takes the place of the other one of its tier. */
export function poolsAfter(definition, me, line) {
  const drawn = definition.pools.find(({ lines }) => lines.some(({ key }) => key === line));
  const others = poolsOf(definition, me).filter(({ tier }) => tier !== drawn.tier);
  return [...others, drawn].map(({ key }) => key);
}
