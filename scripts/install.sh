#!/bin/sh
# Installs pollen for this user, or for all when root runs it: fetches the file for this machine,
# verifies its signature and checksum, and puts it on the path. `--help` says more.
#
# Everything is inside functions, so that a download cut off half-way does nothing.
set -eu

# Put here when a release is made: where releases are, and the key (PEM) that signs them.
RELEASE_URL='@RELEASE_URL@'
RELEASE_KEY='@RELEASE_KEY@'

usage() {
  cat <<'TEXT'
Usage: install.sh [options]
  --from DIR|URL   where the release is (its SHA256SUMS, signature and files)
  --to DIR         where to put the program (default: ~/.local/bin; for root /usr/local/bin)
  --key FILE       the public key that must have signed it (default: the one in this script)
  --dry-run        say what would be done, and stop
  --uninstall      remove the program; keys and state stay
  --help           this text
TEXT
}

main() {
  from=$RELEASE_URL to='' key_file='' dry_run='' uninstall=''
  case $from in @*) from='' ;; esac
  while [ $# -gt 0 ]; do
    case $1 in
      --from) need "$@"; from=$2; shift ;;
      --to) need "$@"; to=$2; shift ;;
      --key) need "$@"; key_file=$2; shift ;;
      --dry-run) dry_run=yes ;;
      --uninstall) uninstall=yes ;;
      --help) usage; exit 0 ;;
      *) usage >&2; fail "There is no option $1." ;;
    esac
    shift
  done
  if [ -z "$to" ]; then to=$(default_folder); fi
  if [ -n "$uninstall" ]; then remove "$to"; else install_program; fi
}

need() {
  [ $# -ge 2 ] || fail "$1 wants a value."
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

default_folder() {
  if [ "$(id -u)" = 0 ]; then echo /usr/local/bin; return; fi
  [ -n "${HOME:-}" ] || fail "HOME is not set. Name a folder with --to."
  echo "$HOME/.local/bin"
}

# The name of this platform in the names of a release's files.
platform() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=macos ;;
    *) fail "There is no pollen for $(uname -s)." ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "There is no pollen for processors of the kind $(uname -m)." ;;
  esac
  if [ $os = linux ]; then demand_glibc; fi
  echo "$os-$arch"
}

# Deno, which pollen runs on, is linked with the GNU C library.
demand_glibc() {
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 /lib64/ld-linux-aarch64.so.1; do
    if [ -e $loader ]; then return; fi
  done
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then
      fail "This system has the C library musl; pollen needs glibc. Use a system with glibc, or a container of one."
    fi
  done
  fail "This system has no GNU C library (glibc), which pollen needs."
}

install_program() {
  [ -n "$from" ] || fail "Where is the release? Name its folder or address with --from."
  target=$(platform)
  demand_tools
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  fetch SHA256SUMS
  fetch SHA256SUMS.sig
  verify_signature
  file=$(file_for "$target")
  echo "pollen for $target: $file"
  echo "  from     $from"
  echo "  to       $to/pollen"
  echo "  signed   by the key ${key_file:-in this script}"
  if [ -n "$dry_run" ]; then echo "Nothing was changed."; return; fi
  fetch "$file"
  verify_checksum "$file"
  unpack "$file"
  chmod 0755 "$work/pollen"
  "$work/pollen" version >/dev/null || fail "The program does not run on this machine."
  mkdir -p "$to" 2>/dev/null || fail "The folder $to cannot be made. Name another one with --to."
  if [ -e "$work/pollen.payload" ]; then place pollen.payload; fi
  place pollen
  echo "Installed $("$to/pollen" version)"
  case ":$PATH:" in
    *":$to:"*) ;;
    *) echo "$to is not on your path. Add it with: export PATH=\"$to:\$PATH\"" ;;
  esac
  echo "Next: pollen init, or pollen join <token>"
}

demand_tools() {
  openssl_is_new || fail "Verifying the signature needs OpenSSL 3 or newer (openssl). Install it and try again."
  case $from in
    http://* | https://*)
      command -v curl >/dev/null || command -v wget >/dev/null || fail "Fetching needs curl or wget." ;;
  esac
}

openssl_is_new() {
  command -v openssl >/dev/null || return 1
  case $(openssl version) in "OpenSSL "[3-9].*) return 0 ;; *) return 1 ;; esac
}

# Gets one file of the release into the work folder.
fetch() {
  case $from in
    http://* | https://*)
      if command -v curl >/dev/null; then
        curl -fsSL --proto '=http,https' --retry 3 -o "$work/$1" "${from%/}/$1" ||
          fail "${from%/}/$1 cannot be fetched."
      else
        wget -q -O "$work/$1" "${from%/}/$1" || fail "${from%/}/$1 cannot be fetched."
      fi
      ;;
    *) cp "$from/$1" "$work/$1" 2>/dev/null || fail "There is no file $1 in $from." ;;
  esac
}

verify_signature() {
  if [ -n "$key_file" ]; then
    cp "$key_file" "$work/key.pem" 2>/dev/null || fail "The key $key_file cannot be read."
  else
    case $RELEASE_KEY in
      @*) fail "This script holds no release key. Name one with --key." ;;
    esac
    printf '%s\n' "$RELEASE_KEY" >"$work/key.pem"
  fi
  openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin \
    -in "$work/SHA256SUMS" -sigfile "$work/SHA256SUMS.sig" >/dev/null 2>&1 ||
    fail "The signature of the release is wrong: it was not made by the project, or was altered on the way. Nothing was installed."
}

# The file for a platform, as the signed list of checksums names it.
file_for() {
  name=$(sed -n "s/^[0-9a-f]\{64\}  \(pollen-[0-9A-Za-z.+-]*-$1\(\.tar\.gz\)\{0,1\}\)\$/\1/p" "$work/SHA256SUMS")
  case $name in
    '') fail "The release has no file for $1." ;;
    *"
"*) fail "The release has several files for $1." ;;
  esac
  echo "$name"
}

verify_checksum() {
  wanted=$(grep "  $1\$" "$work/SHA256SUMS" | cut -d' ' -f1)
  if command -v sha256sum >/dev/null; then
    found=$(sha256sum "$work/$1" | cut -d' ' -f1)
  else
    found=$(shasum -a 256 "$work/$1" | cut -d' ' -f1)
  fi
  [ "$wanted" = "$found" ] ||
    fail "The checksum of $1 is wrong: it was altered or cut off on the way. Nothing was installed."
}

# On macOS the program is two files that lie side by side.
unpack() {
  case $1 in
    *.tar.gz) tar -xzf "$work/$1" -C "$work" pollen pollen.payload || fail "$1 cannot be unpacked." ;;
    *) mv "$work/$1" "$work/pollen" ;;
  esac
}

# Puts one file in its place: beside it first, so that the last step is a rename.
place() {
  if cp "$work/$1" "$to/.$1.new" 2>/dev/null && mv -f "$to/.$1.new" "$to/$1"; then return; fi
  fail "The folder $to cannot be written to. Name another one with --to."
}

remove() {
  if [ ! -e "$1/pollen" ]; then fail "There is no pollen in $1."; fi
  echo "Removes $1/pollen and what it unpacked; keys and state stay."
  if [ -n "$dry_run" ]; then echo "Nothing was changed."; return; fi
  "$1/pollen" down >/dev/null 2>&1 || true
  rm -f "$1/pollen" "$1/pollen.payload" "$1/pollen.previous" || fail "$1/pollen cannot be removed."
  cache=${POLLEN_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pollen}
  # Nothing but what is called by a hash: the folder may be somebody's own.
  for unpacked in "$cache"/*; do
    case ${unpacked##*/} in
      *[!0-9a-f]* | '') ;;
      *) if [ ${#unpacked} -eq $((${#cache} + 65)) ]; then rm -rf "$unpacked"; fi ;;
    esac
  done
  echo "Removed. To forget this machine's keys as well, remove ${HOME:-its home}/.pollen."
}

main "$@"
