DELETE FROM items WHERE response = $1
