# SPDX-License-Identifier: MIT
#
# The kernel, its drivers for the VM's devices and the busybox that `zirconia linux` and
# tests/linux/ boot, on Debian: fetched by apt from where the system takes its own packages, and
# unpacked into a folder, never installed. Elsewhere, or without a network, the tests are skipped.

LINUX_DEBS="linux-image-cloud-amd64 busybox-static"
LINUX_DIR=$ROOT/build/deps/linux

# In the order in which they are loaded.
LINUX_DRIVERS="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk
virtio_console"

linux_is_unpacked() {
    [ -e "$LINUX_DIR/vmlinuz" ] && [ -e "$LINUX_DIR/busybox" ] && [ -e "$LINUX_DIR/modules/order" ]
}

# The packages to download: the kernel's has no kernel in it, but depends on the newest one's.
linux_deb_names() {
    for deb in $LINUX_DEBS; do
        apt-cache depends --important "$deb" 2>/dev/null |
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
    apt-get -qq $user download $(linux_deb_names) || return 1
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
