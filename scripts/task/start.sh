# Starts the task whose second line reads this file; to Node that line is a comment.
command -v node >/dev/null || {
  printf '%s\n' 'error: node is not on PATH' 'hint: flux-sops-tasks needs Node 24 or newer: `mise use node@24`' >&2
  exit 2
}
# What Node has compiled is kept, for more than half of its start is else the type stripper. It never ends where it cannot make
# the directory, as in /proc (nodejs/node, src/node_file.cc `MKDirpSync`), so it is told of one that is there.
cache=${XDG_CACHE_HOME:-${HOME:-.}/.cache}/flux-sops-tasks/compile
case $cache in
  /*) [ -d "$cache" ] || mkdir -p "$cache" 2>/dev/null ;;
esac
# the user may have one of their own
[ -n "${NODE_COMPILE_CACHE-}" ] || [ ! -d "$cache" ] || export NODE_COMPILE_CACHE="$cache"
exec node "$0" "$@"
