#!/bin/sh
# The maintainer's whole loop, on a copy of the shipped list, with a throw-away GnuPG home.
# Prints each command before it runs it; leaves nothing behind.
#   sh scripts/demo.sh FOLDER-OF-THE-PROGRAM
set -eu

PATH=$(cd "$1" && pwd):$PATH
export PATH
checkout=$(pwd)
room=$(mktemp -d "${TMPDIR:-/tmp}/stpolicy.XXXXXX")
GNUPGHOME=$(mktemp -d /tmp/stp.XXXXXX) # gpg-agent's socket needs a short path
export GNUPGHOME

clean_up() {
    gpgconf --kill all >/dev/null 2>&1 || :
    rm -rf "$room" "$GNUPGHOME"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

chmod 700 "$GNUPGHOME"
cp "$checkout/policy.json" "$room/policy.json"
cp "$checkout/policy.json" "$room/before.json"
mkdir "$room/web"
cd "$room"

run stpolicy keys new --no-passphrase --name 'Demonstration'
run stpolicy keys export
signer=$(stpolicy keys export --quiet | sed 's/.*"\(.*\)".*/\1/')
run stpolicy validate
run stpolicy sign
run stpolicy verify --keyring trusted.asc --signer "$signer"
run stpolicy diff before.json
run stpolicy show gmail.com
run stpolicy publish --to web --keyring trusted.asc --signer "$signer"
run ls -l web
printf '\nThat was the whole loop. README.md says more; nothing of this is left behind.\n'
