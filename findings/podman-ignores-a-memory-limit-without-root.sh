#!/usr/bin/env bash
# What does `podman run --memory 64m` do for a user other than root, on a machine with cgroups v1?
#
# Versions:  podman 4.3.1 and runc of Debian 12, cgroups v1 (a memory controller in /sys/fs/cgroup/memory).
# Guess:     It fails and names the reason, or it sets the limit: a container that was asked to be limited is not started without.
# Behaviour: The container runs in the memory cgroup of its caller, without a limit, and the exit code is 0. One line on stderr says
#            that limits are ignored. As root the same command has a cgroup of its own with the limit.
# Why the guess is wrong: with cgroups v1 only root may make cgroups, because delegation to users is unsafe there. Podman chose to
#            run anyway, so that commands written for cgroups v2 still work.
# Source:    podman-run(1), --memory: "This option is not supported on cgroups V1 rootless systems."
# Output seen: the text in `expected` at the end.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "needs root, to be another user as well" >&2; exit 2; }
[ -d /sys/fs/cgroup/memory ] || { echo "needs cgroups v1" >&2; exit 2; }
for command in podman runc setpriv; do command -v "$command" >/dev/null || { echo "needs $command" >&2; exit 2; }; done
[ "$(podman --version)" = 'podman version 4.3.1' ] || { echo "needs podman 4.3.1" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# A root of one program and its libraries.
mkdir -p rootfs/{bin,proc,sys,dev,etc,tmp,run} home user
cp "$(command -v cat)" rootfs/bin/
ldd "$(command -v cat)" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "rootfs$(dirname "$library")"
  cp "$library" "rootfs$library"
done
chown -R 65534:65534 .
chmod 755 .

# Prints the memory cgroup of the container, for the numeric user.
container() {
  local user=$1
  setpriv --reuid "$user" --regid "$user" --clear-groups \
    env -i PATH="$PATH" HOME="$work/home" XDG_RUNTIME_DIR="$work/user" \
    podman --root "$work/storage-$user" --runroot "$work/run-$user" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc \
    run --rm --network none --memory 64m --ulimit nofile=1024 --ulimit nproc=1024 --rootfs "$work/rootfs" \
    cat /proc/self/cgroup 2>"$work/stderr-$user" | grep ':memory:'
}
is_own() { if [ "$1" = "$(grep ':memory:' /proc/self/cgroup)" ]; then echo "that of the caller"; else echo "its own"; fi; }

mkdir storage-65534 run-65534
chown 65534:65534 storage-65534 run-65534
report() {
  local name=$1 user=$2 code=0 cgroup
  cgroup="$(container "$user")" || code=$?
  echo "$name: exit code $code, memory cgroup: $(is_own "$cgroup")"
}
seen="$(report 'user 65534' 65534; report root 0; grep -h 'Resource limits' stderr-65534)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
user 65534: exit code 0, memory cgroup: that of the caller
root: exit code 0, memory cgroup: its own
Resource limits are not supported and ignored on cgroups V1 rootless systems
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rootless podman with cgroups v1 runs a container without the memory limit that it was asked for, and exits with 0"
