# SPDX-License-Identifier: MIT
#
# Unicorn on Debian and its like. Where the distribution's is too old (Debian 12), Debian 13's
# packages are unpacked into the build tree only (debs.sh). They need nothing but glibc 2.34. The
# newest that Debian has, of its unstable distribution, is for the tests alone.

UNICORN_SUITE=trixie
UNICORN_DEBS="libunicorn-dev libunicorn2t64"
UNICORN_DIR=$ROOT/build/deps/unicorn
NEWEST_UNICORN_SUITE=sid
NEWEST_UNICORN_DIR=$ROOT/build/deps/unicorn-newest

# unicorn_is_unpacked DIRECTORY
unicorn_is_unpacked() {
    [ -e "$1/usr/include/unicorn/unicorn.h" ]
}

version_is_enough() {
    [ -n "$1" ] && dpkg --compare-versions "$1" ge "$UNICORN_MINIMUM"
}

unicorn_deb_is_installed() {
    deb_is_installed libunicorn-dev &&
        version_is_enough "$(dpkg-query -W -f='${Version}' libunicorn-dev)"
}

unicorn_deb_is_offered() {
    offered=$(apt-cache policy libunicorn-dev | sed -n 's/^ *Candidate: *//p')
    [ "$offered" != "(none)" ] && version_is_enough "$offered"
}

tell_about_unicorn() {
    fail "Unicorn $UNICORN_MINIMUM or newer is needed, and this system offers none." \
        "Set ZIRCONIA_UNICORN_ROOT to the install prefix of one that you built, or" \
        "ZIRCONIA_UNICORN_SOURCE to its source directory, and run this again."
}

# unpack_unicorn SUITE DIRECTORY
unpack_unicorn() {
    archive_is_known || tell_about_unicorn
    # The list is meant to be split into words.
    # shellcheck disable=SC2086
    unpack_debs "$1" "$2" $UNICORN_DEBS
}
