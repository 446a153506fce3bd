-- Sources of a chance are "until take|until take|…", in the order in which they are spent; `until` is an hour in ms.

-- The take of the first source that has a chance left, and how many chances of grants are left when it is taken; nil when
-- there is none.
local function pay(sources, held, period_of, now_ms)
  local paid, left = nil, 0
  for till, takes in string.gmatch(sources, '(%d+) ([^|]*)|') do
    local is_open = now_ms < tonumber(till)
    if is_open and not paid and take(takes, held, period_of) then
      paid = takes
      if string.find(takes, ':grant:', 1, true) then left = left - 1 end
    end
    local last, name = string.match(takes, '(%d+)%+1:(grant:%d+);')
    if is_open and last then
      local _, number, gaps = string.match(held['tally:' .. name], '^(%d+) (%d+) ?(.*)$')
      local _, lost = string.gsub(gaps, '%d+', '')
      left = left + last - number + 1 + lost
    end
  end
  return paid, left
end
