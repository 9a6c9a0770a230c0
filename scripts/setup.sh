#!/bin/sh
# Makes the virtual environment that every task runs in, from the lock. Says in one line what is missing.
#   sh scripts/setup.sh FOLDER [LOCK]        PYTHON=python3.13 chooses the interpreter
set -eu

venv=$1
lock=${2:-requirements.lock}

missing() {
    echo "stpolicy needs $1, which is not here: $2" >&2
    exit 3
}

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11} ''; do
    [ -n "$python" ] || missing 'Python 3.11 or newer' 'install the package python3'
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
done
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing 'the venv module of Python' 'install the package python3-venv'
for program in gpg gpgv; do
    command -v "$program" >/dev/null 2>&1 || missing "$program" 'install the packages gnupg and gpgv'
done

if [ ! -x "$venv/bin/python" ]; then
    echo "making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_WARN_SCRIPT_LOCATION=1
"$venv/bin/python" -m pip install --quiet --require-hashes --requirement "$lock"
# The build back-end is in the lock, so nothing unpinned is fetched to build with.
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
touch "$venv/ready"
