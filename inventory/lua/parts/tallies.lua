-- Takes are "<of><period><last>+<amount>:<name>;…"; what a tally holds is "period next gaps".
local TAKE = '([cm])(%a)(%d+)%+(%d+):([^;]+);'

-- The tallies that takes name, added to the fields to look up.
local function add_fields(takes, of_campaign, of_member)
  for of, _, _, _, name in string.gmatch(takes, TAKE) do
    local fields = of == 'c' and of_campaign or of_member
    fields[#fields + 1] = 'tally:' .. name
  end
end

-- How many numbers a tally has left in the present period.
local function left_of(held, period_of, letter, last, name)
  local period, number, gaps = string.match(held['tally:' .. name], '^(%d+) (%d+) ?(.*)$')
  if tonumber(period) < period_of(letter) then number, gaps = 1, '' end
  local _, lost = string.gsub(gaps, '%d+', '')
  return last - number + 1 + lost
end

-- The first tally of takes that has fewer than so many numbers left.
local function lacks(takes, held, period_of, count)
  for _, letter, last, _, name in string.gmatch(takes, TAKE) do
    if left_of(held, period_of, letter, last, name) < count then return name end
  end
end

-- The next number of every tally that takes name, from the gaps first, with what to write; or nil, and the tally that
-- has none left. A sum, which has no gaps, goes on by its amount. A period never goes back, whatever the clock does. A run
-- (r) goes on in its period until a play ends it (e), or ends it past its last number only (l).
local function take(takes, held, period_of)
  local numbers, writes = '', {c = {}, m = {}}
  for of, letter, last, amount, name in string.gmatch(takes, TAKE) do
    local field = 'tally:' .. name
    local period, number, gaps = string.match(held[field], '^(%d+) (%d+) ?(.*)$')
    local present = period_of(letter) or tonumber(period)
    if tonumber(period) < present then period, number, gaps = present, 1, '' end
    local gap, others = string.match(gaps, '^(%d+),?(.*)$')
    local next_number = gap and number or number + amount
    local is_past = not gap and next_number - 1 > tonumber(last)
    if is_past ~= (letter == 'l') then return nil, name end
    local ends = letter == 'e' or letter == 'l'
    table.insert(writes[of], field)
    table.insert(writes[of], string.format('%d %d %s', ends and period + 1 or period, ends and 1 or next_number, others or ''))
    numbers = numbers .. string.format('%s=%d:%d;', name, period, gap or next_number - 1)
  end
  return numbers, writes
end

-- What the group in this place drew, and the first of its candidates whose every number is to be had, with its numbers;
-- what to write is added to writes.
local function give(groups, place, held, period_of, writes)
  local drawn, candidates
  for of_group, text in string.gmatch(groups, '([^>/]+)>([^/]*)') do
    if place == 1 then drawn, candidates = of_group, text break end
    place = place - 1
  end
  for line, takes in string.gmatch(candidates, '([^ |]+) ([^|]*)|') do
    local numbers, given = take(takes, held, period_of)
    if numbers then
      for of, parts in pairs(given) do
        for _, part in ipairs(parts) do table.insert(writes[of], part) end
      end
      return drawn, line, numbers
    end
  end
  return drawn
end

-- The numbers of a play, what it drew, the line it is given, and what to write; nil and the tally that has no number left.
local function play_out(takes, groups, place, held, period_of)
  local numbers, writes = take(takes, held, period_of)
  if not numbers then return nil, writes end
  local drawn, awarded, of_line = give(groups, place, held, period_of, writes)
  return numbers .. (of_line or ''), drawn, awarded, writes
end
