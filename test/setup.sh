# What test/run, demo/run and bench/run share: packages, a build, a throw-away server. Sourced, not run.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\033[1m%s\033[0m\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The version of PostgreSQL to build for: $PGVERSION, else that of an installed server, else the release's own.
pg_version() {
    if [ -n "${PGVERSION:-}" ]; then
        echo "$PGVERSION"
    elif compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then
        ls -d /usr/lib/postgresql/*/bin/postgres | cut -d/ -f5 | sort -n | tail -1
    else
        apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1
    fi
}

# Installs what test/packages names and the machine lacks.
install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    if ! apt-cache show postgresql > /dev/null 2>&1; then as_root apt-get update -qq; fi
    pg=$(pg_version)
    local wanted missing=() package
    wanted=$(sed -e 's/#.*//' -e "s/@PG@/$pg/" test/packages)
    for package in $wanted; do
        dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} != 0 ]; then
        say "Installing ${missing[*]}"
        as_root apt-get update -qq
        # A package of PostgreSQL's servers makes and starts a cluster by default; nobody asked for one.
        as_root mkdir -p /etc/postgresql-common/createcluster.d
        as_root sh -c 'echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/sketch-packages.conf'
        as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" > "${install_log:-/dev/null}"
        as_root rm -f /etc/postgresql-common/createcluster.d/sketch-packages.conf
    fi
    export PG_CONFIG=/usr/lib/postgresql/$pg/bin/pg_config
}

# Builds, and installs into the folder $stage: nothing is left in the system's own folders.
build() {
    say "Building for PostgreSQL $pg"
    make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG"
    stage=$(mktemp -d "${TMPDIR:-/tmp}/sketch.XXXXXX")
    chmod 755 "$stage"
    trap 'rm -rf "$stage"' EXIT
    make -s install PG_CONFIG="$PG_CONFIG" DESTDIR="$stage" > /dev/null
}

# Runs a command with PGHOST, PGPORT, PGUSER and PGPASSWORD set for a throw-away server that has the extension.
# with_server [-o setting=value]... command...
with_server() {
    local options=()
    while [ "$1" = -o ]; do
        options+=(-o "$2")
        shift 2
    done
    local share lib
    share=$("$PG_CONFIG" --sharedir)
    lib=$("$PG_CONFIG" --pkglibdir)
    # The server looks for extensions in the stage as well: by Debian's own setting, or PostgreSQL 18's.
    if grep -q extension_destdir "$share/postgresql.conf.sample"; then
        options+=(-o "extension_destdir=$stage")
    else
        options+=(-o "extension_control_path=$stage$share:\$system")
    fi
    options+=(-o "dynamic_library_path=$stage$lib:\$libdir")
    (cd "${TMPDIR:-/tmp}" && exec env LC_ALL=C.UTF-8 pg_virtualenv -t -v "$pg" -i '--encoding=UTF8 --locale=C.UTF-8' \
        "${options[@]}" sh -c 'cd "$1" && shift && exec "$@"' sh "$root" "$@")
}
