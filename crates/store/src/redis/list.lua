-- KEYS: the set of keys. ARGV: where to begin and to end, the most keys to look at, and what the keys of values begin with.
-- The time in microseconds, the last key that was looked at or false at the end, and the keys that have a value, with it.
local clock = redis.call('TIME')
local keys = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local listed = {}
for _, key in ipairs(keys) do
    local current = redis.call('GET', ARGV[4] .. key)
    if current then
        table.insert(listed, { key, current })
    end
end
return { clock[1] * 1000000 + clock[2], #keys == tonumber(ARGV[3]) and keys[#keys] or false, listed }
