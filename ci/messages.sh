# Sourced by ci/environment.sh: what the scripts say, and the exit codes of docs/exit-codes.md that they end with.

say() { printf '[%s] %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

fail() {
  printf '%s\n' "$@" >&2
  exit 6
}

usage_error() {
  printf '%s\n' "$@" >&2
  exit 4
}
