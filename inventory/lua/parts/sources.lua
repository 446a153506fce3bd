-- Sources of a chance are "until take|until take|…", in the order in which they are spent; `until` is an hour in ms.

-- The take of the first source that has a chance left, and how many all of them have left when it is taken; nil when there is
-- none.
local function pay(sources, held, period_of, now_ms)
  local paid, left = nil, -1
  for till, takes in string.gmatch(sources, '(%d+) ([^|]*)|') do
    if now_ms < tonumber(till) then
      if not paid and take(takes, held, period_of) then paid = takes end
      local letter, last, name = string.match(takes, '^%a(%a)(%d+)%+1:([^;]+);')
      left = left + left_of(held, period_of, letter, last, name)
    end
  end
  return paid, left
end
