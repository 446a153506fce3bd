#!lua
-- set_state: bring the version and state in force to a loaded lane; later versions are never set back.
--
-- KEYS[1] counters  hash  epoch, version, state
-- ARGV[1] epoch  ARGV[2] version  ARGV[3] state
-- Returns {"set"}, {"kept"} when a later version is in force, {"recovering"}, {"not_loaded"} or {"other_epoch", epoch}.

local c = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'state')
if not (c[1] and c[2] and c[3]) then return {'not_loaded'} end
if c[1] ~= ARGV[1] then return {'other_epoch', c[1]} end
if c[3] == 'recovering' then return {'recovering'} end
if tonumber(c[2]) > tonumber(ARGV[2]) then return {'kept'} end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
return {'set'}
