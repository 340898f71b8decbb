#!/usr/bin/env bash
# init-vm.sh [IMAGE_FOLDER]: boots both ramdisks of an enclave image with a stock Debian kernel in QEMU (software emulation), which has no security module: a real
# kernel unpacks them, init runs as the first process, mounts, and then refuses to go on without /dev/nsm. Without an argument the image is packed around a stand-in.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
work="$root/artifacts/vm"
command -v qemu-system-x86_64 >/dev/null || { echo "error: qemu-system-x86_64 is missing; install package qemu-system-x86" >&2; exit 1; }
mkdir -p "$work"
kernel=$(compgen -G "$work/linux-image-*/boot/vmlinuz-*" | head -n 1 || true)
if [ -z "$kernel" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ && !n++ {print $2}' || true)
  [ -n "$package" ] || { "$root/eng/again.sh" apt-get -qq update; package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ && !n++ {print $2}'); }
  mkdir -p "$work/$package/deb"
  fetch=(apt-get -qq -o APT::Sandbox::User=root download "$package")
  # What the machine's lists name may be replaced by now.
  (cd "$work/$package/deb" && { "${fetch[@]}" || { "$root/eng/again.sh" apt-get -qq update && "$root/eng/again.sh" "${fetch[@]}"; }; })
  dpkg-deb -x "$work/$package"/deb/*.deb "$work/$package"
  kernel=$(compgen -G "$work/linux-image-*/boot/vmlinuz-*" | sed -n 1p)
fi
image=${1:-}
if [ -z "$image" ]; then
  image="$work/init-image"
  mkdir -p "$work/init-program"
  cp -L /bin/true "$work/init-program/KeyMeld.Enclave"
  "$root/deploy/enclave/build.sh" --config "$root/deploy/enclave/enclave.yaml" --kernel "$kernel" --enclave "$work/init-program" --out "$image" >/dev/null
fi
cat "$image/boot.cpio" "$image/app.cpio" >"$work/init.cpio"
timeout "${KEYMELD_VM_SECONDS:-1200}" qemu-system-x86_64 -machine q35 -cpu max -m 768 -nographic -no-reboot -nic none -kernel "$kernel" -initrd "$work/init.cpio" \
  -append "console=ttyS0 quiet $(cat "$root/deploy/enclave/cmdline")" </dev/null >"$work/init.log" 2>&1 || { tail -n 20 "$work/init.log"; exit 1; }
# Everything before the security module worked, and nothing after it was tried.
grep -q 'init: /dev/nsm: No such file or directory' "$work/init.log" || { echo "error: init did not refuse to run without /dev/nsm" >&2; tail -n 20 "$work/init.log" >&2; exit 1; }
if grep -q 'panic' "$work/init.log"; then echo "error: the kernel panicked" >&2; tail -n 20 "$work/init.log" >&2; exit 1; fi
echo "init refused to run without a security module, as it must"
