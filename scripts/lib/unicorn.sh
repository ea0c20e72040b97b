# SPDX-License-Identifier: MIT
#
# Unicorn on Debian and its like. Where the distribution's is too old (Debian 12), Debian 13's
# packages are fetched by apt with a configuration of its own, so that the system's is untouched:
# from the mirror that the system is set up with, verified by the archive's signature like any
# other package, and unpacked into the build tree only. They need nothing but glibc 2.34. The newest
# that Debian has, of its unstable distribution, is for the tests alone.

UNICORN_SUITE=trixie
UNICORN_DEBS="libunicorn-dev libunicorn2t64"
UNICORN_DIR=$ROOT/build/deps/unicorn
NEWEST_UNICORN_SUITE=sid
NEWEST_UNICORN_DIR=$ROOT/build/deps/unicorn-newest
APT_DIR=$ROOT/build/deps/apt
ARCHIVE_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

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

# The address of the archive from which this system takes its own release.
system_mirror() {
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    # The field's name is for apt to expand.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' "Codename: $codename" |
        grep -v '^cdrom:' | head -n 1
}

# Everything of the system's configuration is kept (proxies, certificates) but for the places where
# apt keeps its state, and the hooks that other programs hang on it.
# write_apt_configuration MIRROR SUITE
write_apt_configuration() {
    mkdir -p "$APT_DIR/lists/partial" "$APT_DIR/archives/partial"
    : >"$APT_DIR/status"
    echo "deb [signed-by=$ARCHIVE_KEYRING] $1 $2 main" >"$APT_DIR/sources.list"
    cat >"$APT_DIR/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
Dir::Etc::SourceList "$APT_DIR/sources.list";
Dir::Etc::SourceParts "-";
Dir::Etc::Preferences "-";
Dir::Etc::PreferencesParts "-";
Dir::State "$APT_DIR";
Dir::State::Lists "$APT_DIR/lists/";
Dir::State::Status "$APT_DIR/status";
Dir::Cache "$APT_DIR";
Dir::Cache::Archives "$APT_DIR/archives/";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
END
}

# unpack_debs DIRECTORY
unpack_debs() {
    rm -rf "$1.new" "$1"
    mkdir -p "$1.new"
    for deb in "$APT_DIR"/*.deb; do
        dpkg-deb -x "$deb" "$1.new" || return 1
    done
    mv "$1.new" "$1"
}

# In a subshell, for apt downloads into the current directory. The list of packages is meant to be
# split into words.
# shellcheck disable=SC2086
download_debs() (
    cd "$APT_DIR" && rm -f ./*.deb &&
        apt-get -qq -c "$APT_DIR/apt.conf" update &&
        apt-get -qq -c "$APT_DIR/apt.conf" download $UNICORN_DEBS
)

# unpack_unicorn SUITE DIRECTORY
unpack_unicorn() {
    mirror=$(system_mirror)
    if [ -z "$mirror" ] || [ ! -r "$ARCHIVE_KEYRING" ]; then
        tell_about_unicorn
    fi
    if can_be_root; then
        # An older keyring does not know the newer release's key yet.
        say "Bringing the archive's keyring up to date"
        quietly run_apt_get install --yes --no-install-recommends debian-archive-keyring
    fi

    say "Fetching $UNICORN_DEBS of $1 from $mirror into build/deps"
    write_apt_configuration "$mirror" "$1"
    quietly download_debs
    say "Unpacking them into build/deps/$(basename "$2")"
    quietly unpack_debs "$2"
    rm -rf "$APT_DIR"
}
