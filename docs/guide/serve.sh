# For the command blocks of this guide that need a configuration of their own:
#
#     . docs/guide/serve.sh
#     serve 'passthrough: true' <<'END'
#     routes: {}
#     END
#
# `serve` starts a Tollgate on a free port with the configuration on standard input and one key; its arguments are further
# lines of the key's entry. TOLLGATE_URL and TOLLGATE_KEY are those of this Tollgate from then on, CONTROL_URL is where its
# control plane is, if it has a listener of its own, and CONFIGURATION is its file, SERVER its process. It ends with the shell.

serve() {
    local entry line first rest
    CONFIGURATION=$(mktemp -d)/tollgate.yaml
    entry=$(tollgate key new guide)
    TOLLGATE_KEY=$(grep -o '^key tg-[0-9A-Za-z]*' <<<"$entry")
    TOLLGATE_KEY=${TOLLGATE_KEY#key }
    {
        cat
        echo 'keys:'
        sed -n '/^  - name: /,$p' <<<"$entry"
        for line in "$@"; do echo "    $line"; done
    } >"$CONFIGURATION"
    exec 3< <(exec tollgate serve --scripted --config "$CONFIGURATION" --listen 127.0.0.1:0 </dev/null)
    SERVER=$!
    # Further ones, and a database, are told by others (`postgres.sh`).
    trap 'kill ${SERVERS:-} $SERVER 2>/dev/null || true; kill -s QUIT ${DATABASE:-} 2>/dev/null || true' EXIT
    TOLLGATE_URL=
    CONTROL_URL=
    while read -r first rest <&3; do
        case "$first $rest" in
            'listening on '*) TOLLGATE_URL=${rest#on } ;;
            'control plane on '*) CONTROL_URL=${rest#plane on } ;;
            'live providers: '*) return ;;
        esac
    done
    return 1
}
