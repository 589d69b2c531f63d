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

# Installs what test/packages and the arguments name and the machine lacks. With `test` first: also what the tests want.
install_packages() {
    local marks='^unpack '
    if [ "${1:-}" = test ]; then shift; else marks="$marks\\|^test "; fi
    export DEBIAN_FRONTEND=noninteractive
    if ! apt-cache show postgresql > /dev/null 2>&1; then as_root apt-get update -qq; fi
    pg=$(pg_version)
    local wanted missing=() package
    wanted=$(sed -e 's/#.*//' -e "/$marks/d" -e 's/^test //' -e "s/@PG@/$pg/" test/packages)
    for package in $wanted "$@"; do
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

# The SQL of a page in Markdown.
sql_of() { awk '/^```sql/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1"; }

# Unpacks into a folder what test/packages has marked so.
unpack_packages() {
    mkdir -p "$1"
    (cd "$1" && sed -n 's/^unpack //p' "$root/test/packages" | xargs apt-get -qq -o APT::Sandbox::User=root download)
    local package
    for package in "$1"/*.deb; do dpkg-deb -x "$package" "$1"; done
}

# Builds, and installs into the folder $stage: nothing is left in the system's own folders.
build() {
    say "Building for PostgreSQL $pg"
    stage=$(mktemp -d "${TMPDIR:-/tmp}/sketch.XXXXXX")
    chmod 755 "$stage"
    trap 'rm -rf "$stage"' EXIT
    make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG"
    make -s install PG_CONFIG="$PG_CONFIG" DESTDIR="$stage" > /dev/null
}

# The same of a copy of the tree, with other flags in place of -O3, and with more sources: build_with "-O1 -g" [file]...
build_with() {
    local copy="$stage/copy"
    mkdir "$copy"
    cp -r Makefile sketch.control src "$copy"
    find "$copy" \( -name '*.o' -o -name '*.d' \) -delete
    sed -i "s/ -O3 / $1 /" "$copy/Makefile"
    if [ $# -gt 1 ]; then cp "${@:2}" "$copy/src/pg/"; fi
    make -s -j"$(nproc)" -C "$copy" PG_CONFIG="$PG_CONFIG"
    make -s -C "$copy" install PG_CONFIG="$PG_CONFIG" DESTDIR="$stage" > /dev/null
    rm -r "$copy"
}

# Runs a command with PGHOST, PGPORT, PGUSER and PGPASSWORD set for a throw-away server that has the extension. It fails
# if the command does, or if the server's log tells of a crash, a sanitizer's report or an internal error.
# with_server [-o setting=value]... [-e VARIABLE=value]... command...     -e: in the environment of the server
with_server() {
    local options=() environment=()
    while [ "$1" = -o ] || [ "$1" = -e ]; do
        if [ "$1" = -o ]; then options+=(-o "$2"); else environment+=("${2%%=*} = '${2#*=}'"); fi
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
    options+=(-o "dynamic_library_path=$stage$lib:\$libdir" -o "log_line_prefix=%m [%p] %e ")
    (cd "${TMPDIR:-/tmp}" && exec env LC_ALL=C.UTF-8 SERVER_ENVIRONMENT="$(printf '%s\n' "${environment[@]}")" \
        pg_virtualenv -t -v "$pg" -i '--encoding=UTF8 --locale=C.UTF-8' "${options[@]}" \
        bash -c 'source "$0" && inside_server "$@"' "$root/test/setup.sh" "$@")
}

# What with_server does once the server runs.
inside_server() {
    local version cluster log status=0
    read -r version cluster _ _ _ _ log < <(pg_lsclusters --no-header)
    if [ -n "$SERVER_ENVIRONMENT" ]; then
        echo "$SERVER_ENVIRONMENT" >> "$PG_CLUSTER_CONF_ROOT/$version/$cluster/environment"
        pg_ctlcluster "$version" "$cluster" restart
    fi
    "$@" || status=$?
    local bad='terminated by signal|PANIC: |TRAP: |AddressSanitizer|: runtime error: | XX[0-9A-Z]{3} [A-Z]+: '
    if grep -nE "$bad" "$log"; then
        echo "FAILED  the server's log has the lines above"
        status=1
    fi
    return "$status"
}
