#!/usr/bin/env bash
# Does `podman inspect` report that the kernel killed a container for its memory?
#
# Versions:  podman 4.3.1, conmon 2.1.6 and runc of Debian 12, cgroups v1 (a memory controller in /sys/fs/cgroup/memory).
# Guess:     Yes: .State.OOMKilled is true beside the exit code 137. That is what the member is for.
# Behaviour: OOMKilled is false. An empty file named `oom` stays in the directory in which podman was called, for example in a
#            repository. Called in the bundle of the container, podman reports true.
# Why the guess is wrong: conmon, podman's monitor, notes the kill as `oom` in its working directory, which it inherits from podman.
#            Podman looks for that file in the bundle of the container.
# Source:    conmon, src/cgroup.c, write_oom_files, which opens "oom" without a directory; podman, libpod/container_internal.go,
#            handleExitFile, which looks for "oom" below bundlePath.
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 2; }
[ -d /sys/fs/cgroup/memory ] || { echo "needs cgroups v1" >&2; exit 2; }
for command in podman conmon runc; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
[ "$(podman --version)" = 'podman version 4.3.1' ] || { echo "needs podman 4.3.1" >&2; exit 2; }
conmon --version | grep -q '^conmon version 2\.1\.6' || { echo "needs conmon 2.1.6" >&2; exit 2; }
work="$(mktemp -d)"
cd "$work"
podman() {
  command podman --root "$work/storage" --runroot "$work/run" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc "$@"
}
trap 'podman rm --all --force >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
# A root of one program and its libraries.
mkdir -p rootfs/{bin,proc,sys,dev,etc,tmp,run} caller
cp "$(command -v tail)" rootfs/bin/
ldd "$(command -v tail)" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "rootfs$(dirname "$library")"
  cp "$library" "rootfs$library"
done

# The last line of an endless file without a line break: tail keeps all of it, up to the limit of the container.
create() {
  podman create --memory 16m --memory-swap 16m --network none --ulimit nofile=1024 --ulimit nproc=1024 --rootfs "$work/rootfs" \
    tail /dev/zero
}
report() {
  local name=$1 id=$2 folder=$3
  (cd "$folder" && podman start "$id" >/dev/null)
  echo "$name: exit code $(podman wait "$id"), OOMKilled $(podman inspect --format '{{.State.OOMKilled}}' "$id")"
}
plain="$(create)"
bundled="$(create)"
seen="$(
  report 'started in another directory' "$plain" caller
  echo "in that directory: $(ls -A caller)"
  report 'started in its bundle' "$bundled" "storage/vfs-containers/$bundled/userdata"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
started in another directory: exit code 137, OOMKilled false
in that directory: oom
started in its bundle: exit code 137, OOMKilled true
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: podman reports OOMKilled false, because conmon notes the kill in the directory of the caller, where podman does not look"
