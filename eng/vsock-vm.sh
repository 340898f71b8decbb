#!/usr/bin/env bash
# The published enclave and gateway on a real AF_VSOCK: boots a stock Debian kernel with vsock_loopback in QEMU (software emulation, no KVM), with the programs in
# its initial ram disk, and there runs the transport's tests and the demo: keys made with KMS through the forwarder, a group, signatures, a restart.
# Nothing is installed but QEMU; kernel and busybox are unpacked. Exit code 0 only if the machine said that everything passed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work="$root/artifacts/vm"
disk="$work/disk"
seconds=${KEYMELD_VM_SECONDS:-2700}

need() { command -v "$1" >/dev/null || { echo "error: $1 is missing; install package $2" >&2; exit 1; }; }
need qemu-system-x86_64 qemu-system-x86
need cpio cpio
need apt-get apt
need dpkg-deb dpkg

"$root/eng/publish.sh"
mkdir -p "$work"

unpack() { # unpack PACKAGE: its files under $work/PACKAGE, fetched once
  local package=$1
  [ -e "$work/$package/.done" ] && return
  rm -rf "${work:?}/$package"
  mkdir -p "$work/$package/deb"
  (cd "$work/$package/deb" && apt-get -qq -o APT::Sandbox::User=root download "$package") || { "$root/eng/again.sh" apt-get -qq update && (cd "$work/$package/deb" && "$root/eng/again.sh" apt-get -qq -o APT::Sandbox::User=root download "$package"); }
  dpkg-deb -x "$work/$package"/deb/*.deb "$work/$package"
  touch "$work/$package/.done"
}

kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ && !n++ {print $2}')
[ -n "$kernel" ] || { "$root/eng/again.sh" apt-get -qq update; kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ && !n++ {print $2}'); }
unpack "$kernel"
unpack busybox-static

rm -rf "$disk"
mkdir -p "$disk"/{bin,dev,etc,km,lib,lib64,modules,proc,sys,tmp}
cp "$work"/busybox-static/bin/busybox "$disk/bin/"
for module in vsock vmw_vsock_virtio_transport_common vsock_loopback; do
  cp "$work/$kernel"/lib/modules/*/kernel/net/vmw_vsock/$module.ko "$disk/modules/"
done
echo 'root:x:0:0:root:/tmp:/bin/sh' >"$disk/etc/passwd"

# The programs: enclave and gateway as published; client, stand-ins for AWS and tests on the machine's own .NET.
dotnet=$(dotnet --list-runtimes | sed -n 's|^Microsoft.NETCore.App 10\..*\[\(.*\)/shared/.*|\1|p' | tail -n 1)
mkdir -p "$disk/dotnet/shared"
cp -r "$dotnet/dotnet" "$dotnet/host" "$disk/dotnet/"
for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
  mkdir -p "$disk/dotnet/shared/$framework"
  cp -r "$(ls -d "$dotnet/shared/$framework"/10.* | sort -V | tail -n 1)" "$disk/dotnet/shared/$framework/"
done
[ -e "$root/artifacts/bin/KeyMeld.Cli/release/keymeld.dll" ] && [ -e "$root/artifacts/bin/KeyMeld.Tests/release/KeyMeld.Tests.dll" ] || dotnet build "$root/KeyMeld.slnx" --nologo -v q
for project in KeyMeld.Cli KeyMeld.DevKit; do
  cp -r "$root/artifacts/bin/$project/release" "$disk/km/$project"
done
for project in KeyMeld.Enclave KeyMeld.Gateway; do
  mkdir "$disk/km/$project"
  find "$root/artifacts/published/$project" -maxdepth 1 -type f ! -name '*.dbg' ! -name '*.pdb' ! -name '*.xml' -exec cp {} "$disk/km/$project/" \;
done
cp -r "$root/artifacts/bin/KeyMeld.Tests/release" "$disk/km/KeyMeld.Tests"
find "$disk/km" \( -name '*.pdb' -o -name '*.xml' \) -delete

# Shared libraries of all of it, OpenSSL among them, which .NET opens by name.
{
  find "$disk/dotnet" "$disk/km" -type f \( -name '*.so' -o -perm -u+x \) -exec ldd {} + 2>/dev/null | awk '$2=="=>" && $3 ~ /^\//{print $3} $1 ~ /^\/lib/{print $1}' | grep -v "^$disk" || true
  for name in libssl.so.3 libcrypto.so.3; do ldconfig -p | awk -v n="$name" '$1==n && !f++{print $NF}'; done
} | sort -u | while read -r library; do
  mkdir -p "$disk$(dirname "$library")"
  cp -Ln "$library" "$disk$library"
done

cat >"$disk/init" <<'INIT'
#!/bin/busybox sh
set -o pipefail
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp TMPDIR=/tmp DOTNET_ROOT=/dotnet DOTNET_CLI_TELEMETRY_OPTOUT=1 KEYMELD_PROGRAMS=/km DOTNET_TieredPGO=0
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ifconfig lo 127.0.0.1 up
for module in vsock vmw_vsock_virtio_transport_common vsock_loopback; do insmod /modules/$module.ko; done
uname -r; ls -l /dev/vsock
failed=0
stamp() { echo "[$(cut -d. -f1 /proc/uptime) s] $*"; }
stamp "transport tests"
KEYMELD_VSOCK=required /dotnet/dotnet /km/KeyMeld.Tests/KeyMeld.Tests.dll -class '*LinkTests' -noColor || failed=1
stamp "demo"
# To a pipe, so that no progress is drawn; emulated, a part takes its time.
/dotnet/dotnet /km/KeyMeld.Cli/keymeld.dll demo --transport vsock --patience 600 --data /tmp/demo 2>&1 | cat || failed=1
[ $failed = 0 ] || for log in /tmp/demo/logs/*; do echo "--- $log"; tail -n 30 "$log"; done
stamp "end"
[ $failed = 0 ] && echo "KEYMELD-VM: passed" || echo "KEYMELD-VM: failed"
poweroff -f
INIT
chmod +x "$disk/init"

(cd "$disk" && find . | cpio --quiet -o -H newc) >"$work/initrd"
echo "initial ram disk: $(($(stat -c %s "$work/initrd") / 1048576)) MiB; booting $kernel"
start=$SECONDS
timeout --foreground "$seconds" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu Westmere,+rdrand -smp 2 -m 3072 -nographic -no-reboot -nodefaults -serial stdio \
  -kernel "$work/$kernel"/boot/vmlinuz-* -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1 random.trust_cpu=on rcupdate.rcu_cpu_stall_suppress=1" </dev/null | tee "$work/console.log" | tr -d '\r' || true
echo "the machine ran $((SECONDS - start)) s"
grep -aq '^KEYMELD-VM: passed' "$work/console.log"
