# SPDX-License-Identifier: MIT
#
# The kernel, its drivers for the VM's devices and the busybox that `zirconia linux` and
# tests/linux/ boot, on Debian: fetched by apt from where the system takes its own packages, and
# unpacked into a folder, never installed. Elsewhere, or without a network, the tests are skipped.

LINUX_DEBS="linux-image-cloud-amd64 busybox-static"
LINUX_DIR=$ROOT/build/deps/linux
LINUX_APT_OPTIONS=

# Of 32 bits, for the tests. Debian's release 12 is the last that has one.
LINUX_32_SUITE=bookworm
LINUX_32_DEBS="linux-image-686 busybox-static"
LINUX_32_DIR=$ROOT/build/deps/linux-32

# In the order in which they are loaded.
LINUX_DRIVERS="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk
virtio_console"

# linux_is_unpacked [DIRECTORY]
linux_is_unpacked() {
    set -- "${1:-$LINUX_DIR}"
    [ -e "$1/vmlinuz" ] && [ -e "$1/busybox" ] && [ -e "$1/modules/order" ]
}

# The packages to download: the kernel's has no kernel in it, but depends on the newest one's.
linux_deb_names() {
    for deb in $LINUX_DEBS; do
        # shellcheck disable=SC2086
        apt-cache $LINUX_APT_OPTIONS depends --important "$deb" 2>/dev/null |
            sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | grep . || echo "$deb"
    done
}

# Drivers that the kernel has built in are no files.
keep_linux_drivers() {
    mkdir modules && : >modules/order
    for driver in $LINUX_DRIVERS; do
        find all -type f -name "$driver.ko" -exec mv {} modules/ \;
        [ ! -e "modules/$driver.ko" ] || echo "$driver.ko" >>modules/order
    done
}

# In a subshell, for apt downloads into the current directory. The list of packages is meant to be
# split into words.
# shellcheck disable=SC2046
download_linux() (
    rm -rf "$LINUX_DIR" && mkdir -p "$LINUX_DIR/all" && cd "$LINUX_DIR" || return 1
    user=
    [ "$(id -u)" -ne 0 ] || user="-o APT::Sandbox::User=root"
    # shellcheck disable=SC2086
    apt-get -qq $user $LINUX_APT_OPTIONS download $(linux_deb_names) || return 1
    for deb in ./*.deb; do
        dpkg-deb -x "$deb" all || return 1
    done
    keep_linux_drivers
    mv all/boot/vmlinuz-* vmlinuz && find all -type f -path '*/bin/busybox' -exec mv {} busybox \;
    rm -rf all ./*.deb
)

unpack_linux() {
    say "Fetching $LINUX_DEBS into build/deps"
    if ! download_linux >>"$LOG" 2>&1 || ! linux_is_unpacked; then
        say "That failed; the tests that boot Linux will be skipped"
    fi
}

# With a configuration of apt's for that architecture (debs.sh). In a subshell, for the variables.
download_linux_32() (
    LINUX_DIR=$LINUX_32_DIR
    LINUX_DEBS=$LINUX_32_DEBS
    LINUX_APT_OPTIONS="-c $APT_DIR/apt.conf"
    archive_is_known && write_apt_configuration "$(system_mirror)" "$LINUX_32_SUITE" i386 || return 1
    apt-get -qq -c "$APT_DIR/apt.conf" update && download_linux
)

unpack_linux_32() {
    say "Fetching $LINUX_32_DEBS for 32 bits into build/deps"
    if ! download_linux_32 >>"$LOG" 2>&1 || ! linux_is_unpacked "$LINUX_32_DIR"; then
        say "That failed; the test that boots a 32-bit Linux will be skipped"
    fi
    rm -rf "$APT_DIR"
}
