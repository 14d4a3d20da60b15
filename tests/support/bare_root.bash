# Bare Debian systems by debootstrap, for tests/elsewhere and tests/packages, which source this with the variable
# `checkout` set. Needs root.

# shellcheck source=../../run
source "$checkout/run"
# shellcheck source=copy_checkout.bash
source "$checkout/tests/support/copy_checkout.bash"

((EUID == 0)) || fail "debootstrap and chroot need root: sudo $0 $*"

# Makes the root of a release, once: bare_root SUITE DIRECTORY
bare_root() {
  local suite=$1 tree=$2 file
  if [[ ! -f $tree/made ]]; then
    need debootstrap
    printf '== making a bare root of %s in %s\n' "$suite" "$tree"
    rm -rf -- "$tree"
    mkdir -p -- "$tree"
    plain debootstrap --variant=minbase "$suite" "$tree" >"$tree.log" || fail "debootstrap failed: see $tree.log"
    # The package lists of a frozen mirror have expired.
    echo 'Acquire::Check-Valid-Until "false";' >"$tree/etc/apt/apt.conf.d/90lists"
    touch "$tree/made"
  fi
  for file in resolv.conf hosts; do
    cp -L "/etc/$file" "$tree/etc/$file" 2>/dev/null || true
  done
}

# Runs a command in a root with the environment of a login of root: inside DIRECTORY NAME=VALUE... COMMAND...
# /proc and /dev are mounted for this command only.
inside() {
  unshare --mount bash -c 'tree=$1 && shift && mount -t proc proc "$tree/proc" && mount --rbind /dev "$tree/dev" &&
    exec chroot "$tree" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"' bash "$@" </dev/null
}

roots=${XDG_CACHE_HOME:-$HOME/.cache}/xgrad
