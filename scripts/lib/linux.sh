# SPDX-License-Identifier: MIT
#
# The kernel and the busybox that tests/linux/ boots, on Debian: fetched by apt from where the
# system takes its own packages, and unpacked into the build tree, never installed. Elsewhere, or
# without a network, that test is skipped.

LINUX_DEBS="linux-image-cloud-amd64 busybox-static"
LINUX_DIR=$ROOT/build/deps/linux

linux_is_unpacked() {
    [ -e "$LINUX_DIR/vmlinuz" ] && [ -e "$LINUX_DIR/busybox" ]
}

# The packages to download: the kernel's has no kernel in it, but depends on the newest one's.
linux_deb_names() {
    for deb in $LINUX_DEBS; do
        apt-cache depends --important "$deb" 2>/dev/null |
            sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | grep . || echo "$deb"
    done
}

# In a subshell, for apt downloads into the current directory. The list of packages is meant to be
# split into words.
# shellcheck disable=SC2046
download_linux() (
    rm -rf "$LINUX_DIR" && mkdir -p "$LINUX_DIR/all" && cd "$LINUX_DIR" &&
        apt-get -qq -o APT::Sandbox::User=root download $(linux_deb_names) || return 1
    for deb in ./*.deb; do
        dpkg-deb -x "$deb" all || return 1
    done
    mv all/boot/vmlinuz-* vmlinuz && find all -type f -path '*/bin/busybox' -exec mv {} busybox \;
    rm -rf all ./*.deb
)

unpack_linux() {
    say "Fetching $LINUX_DEBS into build/deps"
    if ! download_linux >>"$LOG" 2>&1 || ! linux_is_unpacked; then
        say "That failed; the test that boots Linux will be skipped"
    fi
}
