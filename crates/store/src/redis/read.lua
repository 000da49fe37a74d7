-- KEYS: the keys of values. The time in microseconds, and each value or false.
local clock = redis.call('TIME')
local found = {}
for number, place in ipairs(KEYS) do
    found[number] = redis.call('GET', place)
end
return { clock[1] * 1000000 + clock[2], found }
