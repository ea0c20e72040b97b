# SPDX-License-Identifier: MIT
#
# Packages of another release or architecture of Debian, which are never installed: fetched by apt
# with a configuration of its own, so that the system's is untouched, from the mirror that the system
# is set up with, verified by the archive's signature like any other package, and unpacked into the
# build tree.

APT_DIR=$ROOT/build/deps/apt
ARCHIVE_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

system_codename() {
    (. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# The address of the archive from which this system takes its own release.
system_mirror() {
    # The field's name is for apt to expand.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' "Codename: $(system_codename)" |
        grep -v '^cdrom:' | head -n 1
}

# Everything of the system's configuration is kept (proxies, certificates) but for the places where
# apt keeps its state, and the hooks that other programs hang on it.
# write_apt_configuration MIRROR SUITE ARCHITECTURE
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
APT::Architecture "$3";
APT::Architectures "$3";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
END
}

archive_is_known() {
    [ -n "$(system_mirror)" ] && [ -r "$ARCHIVE_KEYRING" ]
}

# In a subshell, for apt downloads into the current directory.
# download_debs DEB...
download_debs() (
    cd "$APT_DIR" && rm -f ./*.deb &&
        apt-get -qq -c "$APT_DIR/apt.conf" update &&
        apt-get -qq -c "$APT_DIR/apt.conf" download "$@"
)

# extract_debs DIRECTORY
extract_debs() {
    rm -rf "$1.new" "$1"
    mkdir -p "$1.new"
    for deb in "$APT_DIR"/*.deb; do
        dpkg-deb -x "$deb" "$1.new" || return 1
    done
    mv "$1.new" "$1"
}

# unpack_debs SUITE DIRECTORY DEB...; of the architecture $DEB_ARCHITECTURE if that is set.
unpack_debs() {
    suite=$1
    directory=$2
    shift 2
    mirror=$(system_mirror)
    if can_be_root; then
        # An older keyring does not know the newer release's key yet.
        say "Bringing the archive's keyring up to date"
        quietly run_apt_get install --yes --no-install-recommends debian-archive-keyring
    fi

    say "Fetching $* of $suite from $mirror into build/deps"
    write_apt_configuration "$mirror" "$suite" \
        "${DEB_ARCHITECTURE:-$(dpkg --print-architecture)}"
    quietly download_debs "$@"
    say "Unpacking them into build/deps/$(basename "$directory")"
    quietly extract_debs "$directory"
    rm -rf "$APT_DIR"
}
