# Short names for `cargo xtask`; nothing is decided here.

_list:
    @just --list --unsorted

# Build and start Tollgate on 127.0.0.1:8080
up *arguments:
    cargo xtask up -- {{arguments}}

# Everything that continuous integration checks
test *arguments:
    cargo xtask test {{arguments}}

# The style guide as a test
tidy:
    cargo xtask tidy

# Added latency, throughput and memory against the floor
bench *arguments:
    cargo xtask bench {{arguments}}

# Known vulnerabilities in the dependency tree
audit:
    cargo xtask audit

# Fold the fragments of changelog.d into CHANGELOG.md
changelog *arguments:
    cargo xtask changelog {{arguments}}
