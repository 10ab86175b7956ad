# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by tests/run.sh and samples/demo.sh: installs the Debian packages that are missing, and
# configures a build folder once. Without anything missing it needs neither root nor a network.

# need_packages NAME...: install those that are not there yet.
need_packages() {
    local missing=() package as_root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "not a Debian system: taking it that Meson, a C compiler and the libraries are there" >&2
        return 0
    fi
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "missing packages, and neither root nor sudo: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "installing: ${missing[*]}" >&2
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
               -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update </dev/null >&2 || echo "the package lists could not be brought up to date" >&2
    "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null >&2
}

# What the library, the command-line tool and the samples are built with.
build_packages=(meson ninja-build gcc libc6-dev pkg-config libyuv-dev libjpeg62-turbo-dev
                libturbojpeg0-dev libjansson-dev libstb-dev libpng-dev)

# configure FOLDER OPTION...: set a build folder up, or bring an older one to these options.
configure() {
    local folder=$1 log
    shift
    log=$folder-setup.log
    mkdir -p "$(dirname "$folder")"
    if [ -f "$folder/build.ninja" ] && meson setup --reconfigure "$folder" "$@" </dev/null >"$log" 2>&1
    then
        return 0
    fi
    rm -rf "$folder"
    meson setup "$folder" "$@" </dev/null >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        return 1
    }
}
