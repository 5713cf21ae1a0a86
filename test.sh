#!/usr/bin/env bash
# Runs every test of the workspace. Installs what the tests need and is missing: Python and npm
# packages into ~/.cache/keywatt, system packages with apt. Needs no settings; these are heeded:
#   CARGO_TARGET_DIR         where to build               (~/.cache/keywatt/target)
#   KEYWATT_TEST_POSTGRES    a server to test on, as the URL of its maintenance database
# Arguments go to the test runner: ./test.sh -E 'binary(parity)'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

: "${HOME:=/tmp}"
cache="$HOME/.cache/keywatt"
mkdir -p "$cache"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'test.sh: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

install_packages() {
    have apt-get || die "please install what provides: $*"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo && sudo -n true 2>/dev/null || die "as root: apt-get install $*"
        as_root=(sudo -n)
    fi
    say "installing $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@" >&2
}

ensure_system_packages() {
    local missing=()
    have cargo || die "Rust is missing: https://rustup.rs installs it without questions by -y"
    have cc || missing+=(build-essential)
    have python3 || missing+=(python3)
    # `ensurepip` is what Debian splits off from python3.
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    have node || missing+=(nodejs)
    have npm || missing+=(npm)
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# Makes a folder again when the files that describe it change; $1 folder, $2 the maker, $3... files.
ensure_made() {
    local folder=$1 maker=$2
    shift 2
    local wanted
    wanted="$(cat "$@" | cksum)"
    [ "$(cat "$folder/.made-from" 2>/dev/null)" = "$wanted" ] && return
    rm -rf "$folder"
    "$maker" "$folder"
    printf '%s\n' "$wanted" >"$folder/.made-from"
}

make_venv() {
    say "installing the Python clients into $1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r tests/interop/requirements.txt >&2
}

make_node() {
    say "installing the Node clients into $1"
    mkdir -p "$1"
    cp tests/interop/package.json tests/interop/package-lock.json "$1"
    npm ci --prefix "$1" --silent --no-fund --no-audit --ignore-scripts >&2
}

# --- PostgreSQL: the one named, else one that answers, else a temporary one -----------------

cluster=""
cluster_bin=""
cluster_user=()

answers() { psql -w -X -q -A -t -d "$1" -c 'SELECT 1' >/dev/null 2>&1; }

server_binaries() {
    local found
    found="$(command -v initdb || true)"
    [ -n "$found" ] || found="$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null \
        | sort -V | tail -n 1)"
    [ -n "$found" ] && dirname "$(readlink -f "$found")"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_cluster() {
    local bin port
    bin="$(server_binaries || true)"
    if [ -z "$bin" ]; then
        install_packages postgresql
        bin="$(server_binaries)" || die "PostgreSQL was installed and its initdb is not found"
    fi
    cluster_bin="$bin"
    cluster="$(mktemp -d "${TMPDIR:-/tmp}/keywatt-postgres-XXXXXX")"
    if [ "$(id -u)" -eq 0 ]; then
        # PostgreSQL refuses to run as root.
        local user=postgres
        id -u "$user" >/dev/null 2>&1 || user=nobody
        chown "$user" "$cluster"
        cluster_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
    fi
    port="$(free_port)"
    say "starting a temporary PostgreSQL on port $port"
    # Durable settings are its defaults: fsync, full_page_writes and synchronous_commit are on.
    (cd "$cluster" && "${cluster_user[@]}" "$bin/initdb" -D "$cluster/data" -U postgres \
        --auth=trust --encoding=UTF8 --locale=C >"$cluster/log" 2>&1 \
        && "${cluster_user[@]}" "$bin/pg_ctl" -D "$cluster/data" -w -l "$cluster/data/server.log" \
            -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$cluster' \
                -c max_connections=200" start >/dev/null 2>&1) \
        || { cat "$cluster"/log "$cluster"/data/server.log >&2 || true; die "the temporary PostgreSQL does not start"; }
    export KEYWATT_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
}

stop_cluster() {
    [ -n "$cluster" ] || return 0
    (cd "$cluster" && "${cluster_user[@]}" "$cluster_bin/pg_ctl" -D "$cluster/data" -m immediate \
        -w stop >/dev/null 2>&1) || true
    rm -rf "$cluster"
}
trap stop_cluster EXIT

ensure_postgres() {
    if [ -n "${KEYWATT_TEST_POSTGRES:-}" ]; then
        return # Whether it answers is told by the first test that needs it.
    fi
    if have psql; then
        local user url
        for user in postgres "$(id -un)"; do
            url="postgres://$user@127.0.0.1:5432/postgres"
            if answers "$url"; then
                export KEYWATT_TEST_POSTGRES="$url"
                return
            fi
        done
    fi
    start_cluster
}

# --------------------------------------------------------------------------------------------

ensure_system_packages
ensure_made "$cache/venv" make_venv tests/interop/requirements.txt
ensure_made "$cache/node" make_node tests/interop/package.json tests/interop/package-lock.json
ensure_postgres

export KEYWATT_TEST_PYTHON="$cache/venv/bin/python"
export KEYWATT_TEST_NODE_MODULES="$cache/node/node_modules"

# Programs and tests in one build, so that both see the same features of their dependencies.
cargo build --workspace --bins --tests
export KEYWATT_BIN="$CARGO_TARGET_DIR/debug/keywatt"
export SIMULATOR_BIN="$CARGO_TARGET_DIR/debug/simulator"

if cargo nextest --version >/dev/null 2>&1; then
    # The runner leaves out examples in the documentation; they go first, so that its own summary
    # is the last line.
    cargo test --workspace --doc --quiet
    cargo nextest run --workspace "$@"
else
    cargo test --workspace "$@"
fi
