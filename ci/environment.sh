# Sourced by the other scripts: a Python environment with exactly the pinned packages, outside the checkout and keyed
# by the pins, so that every checkout with the same pins shares it.
# Sets `checkout` and `python`.

source "$(dirname "${BASH_SOURCE[0]}")/pinned.sh"

make_environment
export PYTHONPATH=$checkout${PYTHONPATH:+:$PYTHONPATH}
