#!/usr/bin/env bash
# Builds an enclave image: publishes the enclave with native AOT (or takes a published one), packs it with its libraries, its configuration and init.c into two
# ramdisks, and those with a kernel into an image. Equal inputs give equal bytes and so equal PCRs, in whatever folder; every input's digest is in OUT/parts.sha256.
# The configuration lies in the image: the PCRs are the deployment's own. Needs the .NET SDK and a C compiler; no Docker, no root.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
config='' kernel='' out='' nsm='' enclave='' arguments="$here/arguments" cmdline="$here/cmdline" certificate='' key='' version=0 kernel_version=unknown
usage() {
  cat >&2 <<EOF
Usage: deploy/enclave/build.sh --config FILE --kernel FILE --out DIR [--nsm FILE] [--enclave DIR] [--arguments FILE] [--cmdline-file FILE]
                               [--version-name TEXT] [--kernel-version TEXT] [--certificate PEM --key PEM]
  --config   the enclave's configuration file, such as deploy/enclave/enclave.yaml with your key in it
  --kernel   a bzImage with virtio-mmio, vsock and initramfs support, such as the one in AWS's nitro-cli packages (blobs/bzImage)
  --nsm      the security module's driver, nsm.ko for that kernel (blobs/nsm.ko); left out where the kernel has it built in (6.8 and later)
  --enclave  a published enclave (eng/publish-enclave.sh), instead of publishing now
EOF
  exit 2
}
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --config) config=$2 ;; --kernel) kernel=$2 ;; --out) out=$2 ;; --nsm) nsm=$2 ;; --enclave) enclave=$2 ;; --arguments) arguments=$2 ;;
    --cmdline-file) cmdline=$2 ;; --version-name) version=$2 ;; --kernel-version) kernel_version=$2 ;; --certificate) certificate=$2 ;; --key) key=$2 ;; *) usage ;;
  esac
  shift 2
done
[ -n "$config" ] && [ -n "$kernel" ] && [ -n "$out" ] || usage
for file in "$config" "$kernel" "$arguments" "$cmdline" ${nsm:+"$nsm"}; do [ -r "$file" ] || { echo "error: $file cannot be read" >&2; exit 2; }; done
keymeld=${KEYMELD:-$root/keymeld}
umask 022
rm -rf "$out/work" && mkdir -p "$out/work/boot" "$out/work/app/lib"
out=$(cd "$out" && pwd)
boot=$out/work/boot app=$out/work/app

if [ -z "$enclave" ]; then
  enclave=$out/work/published
  "$root/eng/publish-enclave.sh" "$enclave"
fi

# The first ramdisk: init and the driver.
"${CC:-gcc}" -std=c11 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none "-ffile-prefix-map=$here=." -o "$boot/init" "$here/init.c"
{
  echo "file /init init 0555 0 0"
  for folder in dev proc sys tmp etc enclave; do echo "dir /$folder 0755 0 0"; done
  echo "nod /dev/console 0600 0 0 c 5 1"
  if [ -n "$nsm" ]; then cp "$nsm" "$boot/nsm.ko"; echo "file /nsm.ko nsm.ko 0444 0 0"; fi
} >"$boot/list"

# The second: program, libraries, configuration. OpenSSL is opened by name at run time, so that no linker knows of it.
# (awk reads to the end: whoever closes a pipe early fails its writer, now and then.)
cp "$enclave/KeyMeld.Enclave" "$app/KeyMeld.Enclave"
cp "$config" "$app/enclave.yaml"
cp "$arguments" "$app/arguments"
openssl=()
for name in libssl.so.3 libcrypto.so.3; do
  path=$(ldconfig -p | awk -v name="$name" '$1 == name && /x86-64|AArch64/ && !n++ {print $NF}')
  [ -n "$path" ] || { echo "error: $name is not on this machine (package libssl3)" >&2; exit 1; }
  openssl+=("$path")
done
{
  ldd "$app/KeyMeld.Enclave" "${openssl[@]}" | awk '/=> \// {print $3} /^[[:space:]]*\/.*ld-linux/ {print $1}'
  printf '%s\n' "${openssl[@]}"
  if [ -e "$enclave/libsecp256k1.so" ]; then echo "$enclave/libsecp256k1.so"; fi
} | sort -u >"$app/libraries"
loader=$(grep -m1 -E 'ld-linux' "$app/libraries")
{
  for folder in dev proc sys tmp etc etc/keymeld enclave lib "$(dirname "$loader" | sed 's,^/,,')"; do echo "dir /$folder 0755 0 0"; done
  while read -r library; do
    name=$(basename "$library")
    cp -L "$library" "$app/lib/$name"
    case $library in
      "$loader") echo "file $loader lib/$name 0555 0 0" ;;
      "$enclave"/*) echo "file /enclave/$name lib/$name 0444 0 0" ;;
      *) echo "file /lib/$name lib/$name 0444 0 0" ;;
    esac
  done <"$app/libraries"
  echo "file /enclave/KeyMeld.Enclave KeyMeld.Enclave 0555 0 0"
  echo "file /etc/keymeld/enclave.yaml enclave.yaml 0444 0 0"
  echo "file /etc/keymeld/arguments arguments 0444 0 0"
} | sort -u >"$app/list"

"$keymeld" eif rootfs "$boot/list" --out "$out/boot.cpio" >/dev/null
"$keymeld" eif rootfs "$app/list" --out "$out/app.cpio" >/dev/null
"$keymeld" eif build --kernel "$kernel" --cmdline-file "$cmdline" --ramdisk "$out/boot.cpio" --ramdisk "$out/app.cpio" --out "$out/enclave.eif" \
  --version-name "$version" --kernel-version "$kernel_version" ${certificate:+--certificate "$certificate"} ${key:+--key "$key"} --json >"$out/measurements.json" || { cat "$out/measurements.json" >&2; exit 1; }
{
  (cd "$out/work" && find boot app -type f ! -name list ! -name libraries -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
  sha256sum "$kernel" "$cmdline" | sed "s,  .*/,  ,"
} >"$out/parts.sha256"
rm -rf "$out/work"
cat "$out/measurements.json"
