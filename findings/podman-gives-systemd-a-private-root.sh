#!/usr/bin/env bash
# Do mounts propagate in a container that podman starts with --systemd=always, as systemd needs it?
#
# Versions:  podman 4.3.1 and runc of Debian 12.
# Guess:     Yes: the option prepares a container for systemd as PID 1, and / is shared on a machine that systemd has started.
# Behaviour: / of the container is private, also where / of the host is shared. What systemd mounts for a unit in another
#            namespace, for example its credentials, is then absent from the unit. `mount --make-rshared /` in the container,
#            before systemd starts, is the remedy.
# Why the guess is wrong: systemd makes / shared only outside of containers; inside it leaves that to the container manager.
#            Podman makes the root of each container private, so that mounts do not leak to the host, with this option too.
# Source:    systemd, src/shared/mount-setup.c, mount_setup, which makes / shared unless detect_container reports one;
#            podman-run(1), --systemd.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
for command in podman runc unshare; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
[ "$(podman --version)" = 'podman version 4.3.1' ] || { echo "needs podman 4.3.1" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# A root of one program and its libraries.
mkdir -p rootfs/{bin,proc,sys,dev,etc,tmp,run}
cp "$(command -v cat)" rootfs/bin/
ldd "$(command -v cat)" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "rootfs$(dirname "$library")"
  cp "$library" "rootfs$library"
done
cat >probe.sh <<'SH'
# The mount of / in a mountinfo: shared, if it has that field.
root_of() { awk '$5 == "/" { found = /shared:/ ? "shared" : "private" } END { print found }'; }
echo "host: / is $(root_of </proc/self/mountinfo)"
for option in false always; do
  inside="$(podman --root "$PWD/storage" --runroot "$PWD/run" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc \
    run --rm --network none --systemd "$option" --ulimit nofile=1024 --ulimit nproc=1024 --rootfs "$PWD/rootfs" \
    cat /proc/self/mountinfo 2>/dev/null | root_of)"
  echo "container with --systemd=$option: / is $inside"
done
SH
# In a namespace of its own, whose / is shared as on a machine that systemd has started.
seen="$(unshare --mount --propagation shared sh -c 'mount --make-rshared / && sh probe.sh')"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
host: / is shared
container with --systemd=false: / is private
container with --systemd=always: / is private
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: podman --systemd=always leaves / of the container private, so that mounts which systemd makes elsewhere do not propagate"
