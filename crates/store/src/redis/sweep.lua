-- KEYS: the set of keys. ARGV: where to begin, the most keys to look at, and what the keys of values begin with.
-- Takes the keys out whose values have expired: the last key that was looked at or false at the end, and how many were taken out.
local keys = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
local swept = 0
for _, key in ipairs(keys) do
    if redis.call('EXISTS', ARGV[3] .. key) == 0 then
        swept = swept + redis.call('ZREM', KEYS[1], key)
    end
end
return { #keys == tonumber(ARGV[2]) and keys[#keys] or false, swept }
