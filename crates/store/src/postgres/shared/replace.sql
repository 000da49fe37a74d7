SELECT clock.at, became.change_place, became.made, became.current_version, became.current_value
FROM (SELECT store_time() AS at) AS clock
LEFT JOIN replace_values($1, $2, $3, $4) AS became ON true
