DELETE FROM objects WHERE kind = ?1 AND name = ?2
