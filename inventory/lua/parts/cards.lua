-- Cards are "take span first letters closes:due,due,…": of this span, the card with the number `first` picks the group of the
-- first letter, from # on, the next card that of the next one. Where cards have hours, one is taken only when it is due.

-- The n-th of numbers that stand one after the other.
local function nth(text, n)
  for number in string.gmatch(text, '%d+') do
    if n == 1 then return tonumber(number) end
    n = n - 1
  end
end

-- The place of the group that the next card picks, what takes it, its span, and whether a play may go without it: place 1 and
-- nothing when no card with an hour is due; nil, the card and its span when it lies outside the stretch.
local function pick(cards, held, now_ms)
  local takes, span, first, letters, closes, hours = string.match(cards, '^(%S+) (%d+) (%d+) (%S*) (%d*):?(%S*)$')
  local last, name = string.match(takes, '^%a%a(%d+)%+%d+:([^;]+)')
  local at, number, gaps = string.match(held['tally:' .. name], '^(%d+) (%d+) ?(.*)$')
  span, at = tonumber(span), tonumber(at)
  if at < span then at, number, gaps = span, 1, '' end
  local card = tonumber(string.match(gaps, '^%d+') or number)
  local has_hours = closes ~= ''
  if has_hours and at == span and (card > tonumber(last) or now_ms >= tonumber(closes)) then return 1, '', span end
  local letter = at == span and card >= tonumber(first) and string.byte(letters, card - first + 1)
  if not letter then return nil, card, at end
  local due = nth(hours, card - first + 1)
  if due and now_ms < due then return 1, '', span end
  return letter - 34, takes, span, has_hours
end
