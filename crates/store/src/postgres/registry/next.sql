UPDATE registry SET revision = revision + 1 WHERE revision = $1 RETURNING revision
