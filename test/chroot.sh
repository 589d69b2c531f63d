# Debian roots to test in: made once with debootstrap, kept in $SKETCH_CHROOTS (default: ~/.cache/sketch-chroots).
# Sourced by test/matrix and test/fresh. Wants root, and debootstrap, which is installed when it is missing.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
chroots=${SKETCH_CHROOTS:-$HOME/.cache/sketch-chroots}
say() { printf '\033[1m%s\033[0m\n' "$*"; }

# The mirror that this machine installs from.
mirror() {
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null || true; } |
        sed -nE -e 's/^deb (\[[^]]*\] )?(https?:[^ ]*debian\/?) .*/\2/p' -e 's/^URIs: *(https?:[^ ]*debian\/?).*/\1/p' |
        head -1
}

# A pristine root of a release, made if there is none yet; then a scratch copy of it, at $copy, gone at exit.
enter_release() {
    local release=$1
    command -v debootstrap > /dev/null || apt-get install -y -qq debootstrap > /dev/null
    if [ ! -e "$chroots/$release/.complete" ]; then
        say "Making a bare $release (once)"
        rm -rf "${chroots:?}/$release"
        mkdir -p "$chroots"
        debootstrap --variant=minbase "$release" "$chroots/$release" "$(mirror)" > "$chroots/$release.log"
        # Packages come from where this machine gets them, proxies included.
        cp -a /etc/apt/apt.conf.d/. "$chroots/$release/etc/apt/apt.conf.d/" 2> /dev/null || true
        touch "$chroots/$release/.complete"
    fi
    copy=$chroots/copy-$release-$$
    cp -a --reflink=auto "$chroots/$release" "$copy"
    mount -t proc proc "$copy/proc"
    mount --bind /dev "$copy/dev"
    mount -t tmpfs shm "$copy/dev/shm" 2> /dev/null || true
    cp -L /etc/resolv.conf "$copy/etc/resolv.conf" 2> /dev/null || true
    git clone -q "$root" "$copy/sketch"
    chmod 755 "$copy" "$copy/sketch"
}

leave_release() {
    umount "$copy/dev/shm" 2> /dev/null || true
    umount "$copy/dev" "$copy/proc" 2> /dev/null || true
    # Nothing may still be mounted below what is removed.
    mountpoint -q "$copy/dev" || mountpoint -q "$copy/proc" || rm -rf --one-file-system "$copy"
}

inside() { chroot "$copy" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C "$@"; }
