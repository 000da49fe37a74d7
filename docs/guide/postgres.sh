# For the command blocks of this guide, and for tests, that need a PostgreSQL server of their own:
#
#     . docs/guide/postgres.sh
#     postgres
#
# `postgres` starts one that listens on a socket in a new folder, for one user whose password it does not ask for. DATABASE_URL names it
# from then on, DATABASE_FOLDER is its folder, and DATABASE its process. `start_database` starts it again there. It ends with the shell.

postgres() {
    DATABASE_FOLDER=$(mktemp -d)
    # It refuses to run as root.
    [ "$(id -u)" != 0 ] || chown nobody "$DATABASE_FOLDER"
    DATABASE_URL="postgres://tollgate:secret@localhost/postgres?host=$DATABASE_FOLDER"
    trap 'kill ${SERVERS:-} ${SERVER:-} 2>/dev/null || true; kill -s QUIT ${DATABASE:-} 2>/dev/null || true' EXIT
    (database_program initdb -D "$DATABASE_FOLDER/data" -U tollgate -A trust --no-sync >/dev/null)
    start_database
}

start_database() {
    local line
    exec {DATABASE_SAYS}< <(database_program postgres -D "$DATABASE_FOLDER/data" \
        -c listen_addresses= -c unix_socket_directories="$DATABASE_FOLDER" -c fsync=off 2>&1)
    DATABASE=$!
    while read -r line <&"$DATABASE_SAYS"; do
        case $line in *'ready to accept connections'*) return ;; esac
    done
    return 1
}

database_program() {
    local name=$1 folder words=()
    shift
    folder=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    folder=${folder:-$(dirname "$(readlink -f "$(type -P postgres)")")}
    [ "$(id -u)" != 0 ] || words=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    cd "$DATABASE_FOLDER" && exec "${words[@]}" "$folder/$name" "$@"
}
