# Sourced by ci/environment.sh and ci/dev: makes a Python environment with exactly the packages of requirements.lock.
# Sets `checkout`; `make_environment` sets `python`.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

source "$checkout/ci/messages.sh"

# Prints the path of an interpreter itself, not of a virtual environment's: that one may be about to be replaced.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && "$candidate" -c 'import os, sys
if sys.version_info < (3, 11, 5): sys.exit(1)  # what pymdown-extensions wants
print(os.path.realpath(sys.executable))' 2> /dev/null; then
      return
    fi
  done
  return 1
}

# owner_of PATH: whose it is, or the nearest folder above it that can be seen.
owner_of() {
  local place=$1
  until stat -- "$place" > /dev/null 2>&1 || [ "$place" = / ] || [ "$place" = . ]; do place=$(dirname "$place"); done
  stat -c '%n belongs to %U' -- "$place"
}

# make_environment [FOLDER]; without one it is in the cache, keyed by the pins and the version of Python.
make_environment() {
  local base lock_key cache
  base=$(find_python) || fail "no Python 3.11.5 or newer was found" \
    "  next step: install one (Debian: apt-get install python3 python3-venv) or name one in PYTHON"
  cache=${CHAOS_HARNESS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chaos-harness}
  lock_key=$({ cat "$checkout/requirements.lock"; "$base" -VV; } | sha256sum | cut -c1-16)
  local environment=${1:-$cache/python/$lock_key}
  local beside=$cache/python/${environment##*/}
  python=$environment/bin/python
  is_complete "$environment" && return
  { mkdir -p "$cache/python" && [ -w "$cache/python" ]; } 2> /dev/null ||
    fail "cannot write to the cache folder $cache, as $(owner_of "$cache")" \
      "  next step: make it this user's own (chown), or choose another one with CHAOS_HARNESS_CACHE"
  exec 9> "$beside.lock"
  flock -w 900 9 || fail "another process has been making $environment for 15 minutes" \
    "  next step: end it, or remove $beside.lock"
  if ! is_complete "$environment"; then
    say "making a Python environment from requirements.lock ..."
    local log=$beside.log
    rm -rf "$environment"
    if ! "$base" -m venv "$environment" > "$log" 2>&1; then
      if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        say "installing python3-venv ..."
        { apt-get update && apt-get install -y --no-remove --no-install-recommends python3-venv; } >> "$log" 2>&1
      fi
      rm -rf "$environment"
      "$base" -m venv "$environment" >> "$log" 2>&1 || fail "cannot make a Python environment" \
        "  next step: install the venv module of $base (Debian: apt-get install python3-venv)" "  log: $log"
    fi
    timeout 900 "$python" -m pip install --disable-pip-version-check --no-deps --require-hashes \
      -r "$checkout/requirements.lock" >> "$log" 2>&1 ||
      fail "cannot install the pinned Python packages" "$(tail -n 5 "$log")" \
        "  next step: check that pip reaches its package index" "  log: $log"
    printf '%s\n' "$lock_key" > "$environment/complete"
    say "the Python environment is ready"
  fi
  exec 9>&-
}

# Whether all packages of this lock are in the environment, and its Python is still there.
is_complete() {
  [ "$(cat "$1/complete" 2> /dev/null)" = "$lock_key" ] && "$1/bin/python" -c '' 2> /dev/null
}
