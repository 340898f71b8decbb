#!/usr/bin/env bash
# Gets libsecp256k1 >= 0.7 with its musig module into artifacts/native (git-ignored). Run by the build when the library is missing.
# 1. a system library that exports secp256k1_musig_partial_sign; 2. on Debian and its kin the packages of trixie-backports, fetched with apt in a
# private state folder (no root, nothing installed, the machine's own archive address and keyring); 3. else it says what to install.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/artifacts/native"
suite=trixie-backports
mkdir -p "$out"

# Several builds may ask at once.
exec 9>"$out/.lock"
flock 9
[ -e "$out/libsecp256k1.so" ] && exit 0

exports_musig() { grep -aq secp256k1_musig_partial_sign "$1" 2>/dev/null; }

fail() {
  cat >&2 <<EOF
error: libsecp256k1 with the musig module was not found and could not be fetched: $1
  Install libsecp256k1 0.7 or later (Debian: libsecp256k1-6 of $suite; Fedora, Arch, Homebrew: a package of that version),
  or put libsecp256k1.so into $out/ and build again.
EOF
  exit 1
}

for name in libsecp256k1.so.7 libsecp256k1.so.6; do
  for folder in /usr/lib/"$(uname -m)"-linux-gnu /usr/lib64 /usr/lib /usr/local/lib /opt/homebrew/lib; do
    if exports_musig "$folder/$name"; then
      cp -L "$folder/$name" "$out/libsecp256k1.so"
      if [ -e "$folder/libsecp256k1.a" ]; then cp -L "$folder/libsecp256k1.a" "$out/"; fi
      echo "libsecp256k1: the system's $folder/$name"
      exit 0
    fi
  done
done

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "this system has no apt"

# The archive address: that of the machine's own Debian sources, deb822 or one-line form.
uri=$( { cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk 'tolower($1)=="uris:"{print $2}'
         cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk '$1=="deb"{for(i=2;i<=NF;i++) if($i ~ /^https?:/){print $i; break}}'
       } | grep -E '/debian/?$' | head -n 1 || true)
[ -n "$uri" ] || fail "no Debian archive among the machine's apt sources"
keyring=
for candidate in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
  [ -e "$candidate" ] && { keyring=$candidate; break; }
done
[ -n "$keyring" ] || fail "the Debian archive keyring is missing (package debian-archive-keyring)"

state="$out/apt"
rm -rf "$state"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/unpacked"
echo "deb [signed-by=$keyring] $uri $suite main" >"$state/sources.list"
apt=(apt-get -qq -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$state/lists"
     -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=true)
echo "libsecp256k1: fetching from $suite"
"$root/eng/again.sh" "${apt[@]}" update || fail "apt-get update of $suite failed"
(cd "$state" && "$root/eng/again.sh" "${apt[@]}" download libsecp256k1-6 libsecp256k1-dev) || fail "apt-get download failed"
for deb in "$state"/*.deb; do dpkg-deb -x "$deb" "$state/unpacked"; done
library=$(find "$state/unpacked" -name 'libsecp256k1.so.6*' -type f | sed -n 1p)
exports_musig "$library" || fail "the package's library lacks the musig module"
archive=$(find "$state/unpacked" -name libsecp256k1.a | sed -n 1p)
[ -z "$archive" ] || cp "$archive" "$out/libsecp256k1.a"
cp "$library" "$out/libsecp256k1.so"
rm -rf "$state"
echo "libsecp256k1: ready in artifacts/native"
