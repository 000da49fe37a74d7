INSERT INTO versions (version) VALUES ($1)
