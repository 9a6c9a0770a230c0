#!/bin/sh
# Fetches a signed STARTTLS policy list, verifies it and installs it as one switch: for hosts without Python.
#
# Needs curl or GNU wget, gpgv, awk, and sha256sum, shasum or openssl. Run it from cron; it speaks only when
# there is cause. Its files, verdicts and exit codes are those of `stpolicy update`, and both may keep
# one folder. It sees less of a list than that does: the form of its top level and of every name, no entries.
# Everything is set by the environment, or here:

: "${STPOLICY_URL:=}"          # where the list is, https; several mirrors are tried in this order
: "${STPOLICY_SIGNER:=}"       # whole fingerprints of the keys that may sign it
: "${STPOLICY_KEYRING:=}"      # file with those keys, armoured or binary
: "${STPOLICY_THRESHOLD:=1}"   # how many of them must have signed
: "${STPOLICY_DIR:=/var/lib/stpolicy}"
: "${STPOLICY_CA_FILE:=}"      # authorities to trust instead of the system's
: "${STPOLICY_TIMEOUT:=300}"   # seconds for one mirror, all in all
: "${STPOLICY_MAX_SIZE:=67108864}"
: "${STPOLICY_POST_UPDATE:=}"  # command that is run when another list has been installed, until it succeeds
: "${STPOLICY_ALLOW_HTTP:=}"   # 1: http on this host, for tests
: "${STPOLICY_NOW:=}"          # RFC 3339: the time to judge by, for tests

# Exit codes: 0 installed or unchanged; 1 refused, or the list has run out; 2 wrongly set up; 3 could not look
# (network, clock, disk); 75 another run is at work; 128 + n ended by signal n. state.json has the reason.
set -uf
umask 022 # what is installed is for everybody to read
unset CDPATH
LC_ALL=C
export LC_ALL

ASC_LIMIT=65536 # bytes
DAY=86400
newline='
'

# Dates ----------------------------------------------------------------------------------------------
# An instant is the seconds since 1970, and a point and the digits of the fraction if that is not 0.
# awk's %d ends at 2^31 here and there, so numbers are printed with %.0f.

dates='
function days(y, m, d) {
    if (m < 3) { y--; m += 12 }
    return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
}
function instant(text,   two, y, m, d, rest, zone, sign, fraction, last) {
    two = "[0-9][0-9]"
    if (text !~ ("^" two two "-" two "-" two "[Tt]" two ":" two ":" two "([.][0-9]+)?([Zz]|[-+]" two ":" two ")$"))
        return ""
    y = (1 substr(text, 1, 4)) - 10000 # to some, 0444 is octal
    m = substr(text, 6, 2) + 0; d = substr(text, 9, 2) + 0
    last = m == 2 ? 28 + (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)) : 30 + (m == 1 || m == 3 || m == 5 || m == 7 || m == 8 || m == 10 || m == 12)
    rest = substr(text, 12)
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > last || substr(rest, 1, 2) > 23 || substr(rest, 4, 2) > 59 || substr(rest, 7, 2) > 59)
        return ""
    if (rest !~ /[Zz]$/) {
        zone = substr(rest, length(rest) - 4)
        sign = substr(rest, length(rest) - 5, 1) "1"
        zone = substr(zone, 4) > 59 ? DAY : substr(zone, 1, 2) * 3600 + substr(zone, 4) * 60
        if (zone > 14 * 3600) return ""
    }
    fraction = substr(rest, 9)
    sub(/([Zz]|[-+].*)$/, "", fraction)
    sub(/[.]?0*$/, "", fraction)
    if (length(fraction) > 9999) return ""
    return sprintf("%.0f", days(y, m, d) * DAY + substr(rest, 1, 2) * 3600 + substr(rest, 4, 2) * 60 + substr(rest, 7, 2) - sign * zone) fraction
}
function stamp(epoch,   s, z, e, o, y, p, d, m) {
    sub(/[.].*/, "", epoch)
    z = (epoch - (s = (epoch % DAY + DAY) % DAY)) / DAY + 719468
    e = int((z < 0 ? z - 146096 : z) / 146097)
    o = z - e * 146097
    y = int((o - int(o / 1460) + int(o / 36524) - int(o / 146096)) / 365)
    d = o - (365 * y + int(y / 4) - int(y / 100))
    p = int((5 * d + 2) / 153)
    m = p < 10 ? p + 3 : p - 9
    d = d - int((153 * p + 2) / 5) + 1
    return sprintf("%04.0f-%02d-%02dT%02d:%02d:%02dZ", y + e * 400 + (m < 3), m, d, int(s / 3600), int(s % 3600 / 60), s % 60)
}
BEGIN { DAY = 86400 }
'

# The instant of an RFC 3339 text; nothing for any other text.
instant() {
    awk "$dates"'BEGIN { print instant(ARGV[1]) }' "$1"
}

# An instant in RFC 3339, UTC, whole seconds.
stamp() {
    awk "$dates"'BEGIN { print stamp(ARGV[1]) }' "$1"
}

# Whether instant $1 is before instant $2. Fractions are compared as text: any number of digits counts.
before() {
    [ "${1%%.*}" -eq "${2%%.*}" ] || { [ "${1%%.*}" -lt "${2%%.*}" ]; return; }
    expr "x${1#"${1%%.*}"}" \< "x${2#"${2%%.*}"}" >/dev/null
}

# The instant a day after another.
day_after() {
    echo "$((${1%%.*} + DAY))${1#"${1%%.*}"}"
}

# Speech, state and the end -------------------------------------------------------------------------

# One line for people. What came over the network is in it, so that it is made printable.
say() {
    printf 'stpolicy: %s\n' "$1" | tr -c ' -~\n' '?' >&2
}

# A text as a JSON string, an empty one as null.
json() {
    [ -n "$1" ] || { echo null; return; }
    printf '"%s"\n' "$(printf '%s' "$1" | tr -c ' -~' '?' | sed 's/[\\"]/\\&/g')"
}

# Puts standard input at $1 as one switch, once it reads back as it was: a disk may say that it has written
# what it has not. A folder in its place would swallow what is moved there.
replace() {
    lines=$(cat)
    printf '%s\n' "$lines" >"$1.new" && [ "$(cat "$1.new")" = "$lines" ] && sync_file "$1.new" || return
    if [ -d "$1" ]; then rm -rf "$1"; fi
    mv -f "$1.new" "$1"
}

# state.json, which decides nothing: status and monitoring read it. Python's client has more in it.
write_state() {
    list=null
    if [ -n "$installed" ]; then
        list="{\"timestamp\": \"$installed_timestamp\", \"expires\": \"$installed_expires\", \"sha256\": \"$installed_sha256\", \"version\": \"$installed\"}"
    fi
    replace "$dir/state.json" <<END
{
  "reason": "$reason",
  "exit": $code,
  "message": $(json "$message"),
  "at": $(json "$(stamp "$now")"),
  "client": "update_and_verify.sh",
  "last_success": $(json "$last_success"),
  "url": $(json "$used"),
  "list": $list$(kept_state)
}
END
}

# What only Python's client keeps from run to run, as it stands in its state.json: which map it makes, above all.
kept_state() {
    [ -f "$dir/state.json" ] || return
    head -c 1048576 "$dir/state.json" | awk '
        function close_block() {
            sub(/,$/, "", block)
            if (block != "" && !depth) all = all ",\n" block
            block = ""; depth = 0
        }
        /[^ -~]/ || NR == 1 && $0 != "{" { exit }
        /^}$/ { close_block(); printf "%s", all; exit }
        /^  "/ { close_block(); kept = $0 ~ /^  "(validators|map)": ./ }
        kept { block = block (block == "" ? "" : "\n") $0; depth += /[[{]$/; depth -= /^ *[]}],?$/ }'
}

# Whether less than a third of the installed list's life is left, and less than four days.
running_out() {
    running_out_left=$((${installed_expires%%.*} - ${now%%.*}))
    running_out_life=$((${installed_expires%%.*} - ${installed_timestamp%%.*}))
    [ "$((running_out_left * 3))" -lt "$running_out_life" ] && [ "$running_out_left" -lt "$((4 * DAY))" ]
}

# Whether cron may hear of a fault that may pass by itself.
pressing() {
    [ -n "$installed" ] && [ -n "$last_success" ] || return 0
    ! running_out || return 0
    pressing_last=$(instant "$last_success")
    [ "$((${now%%.*} - ${pressing_last%%.*}))" -ge "$((2 * DAY))" ]
}

# Ends the run with reason $1, and $2 in words.
finish() {
    reason=$1 message=$2
    if ! keep_mark; then
        case $reason in
            unchanged | network | clock) reason=disk message="$dir/mark cannot be written" said='' ;;
        esac
    fi
    case $reason in
        unchanged | network | clock | disk | internal)
            if [ -n "$installed" ] && ! before "$now" "$installed_expires"; then
                message="the installed list has run out on $(stamp "$installed_expires"): $message"
                reason=expired said=
            fi
            ;;
    esac
    case $reason in
        installed | unchanged) code=0 last_success=$(stamp "$now") ;;
        configuration) code=2 ;;
        network | clock | disk | internal) code=3 ;;
        busy) code=75 ;;
        *) code=1 ;;
    esac
    case $reason in
        installed | unchanged) ! running_out || say "$reason: $message; it runs out on $(stamp "$installed_expires")" ;;
        network | clock) ! pressing || say "$reason: $message" ;;
        *) [ -n "$said" ] || say "$reason: $message" ;;
    esac
    keep_state
    run_hook
    exit "$code"
}

# Leaves word of this run, if it has the folder to itself.
keep_state() {
    if [ -n "$locked" ] && ! write_state 2>/dev/null; then
        say "disk: $dir/state.json cannot be written"
        [ "$code" -ne 0 ] || code=3
    fi
}

# Runs the command that the administrator wants after a switch. The switch has left a file, which stays until the
# command has succeeded, so that one that failed or was killed is run again though nothing is new.
run_hook() {
    [ -n "$installed" ] && [ -n "$STPOLICY_POST_UPDATE" ] && [ -e "$dir/hook-pending" ] || return
    if wait_for sh -c "$STPOLICY_POST_UPDATE"; then
        rm -rf "$dir/hook-pending"
        return
    fi
    say "internal: the command after the update has failed: $STPOLICY_POST_UPDATE"
    [ "$code" -ne 1 ] || return # a refusal says more
    reason=internal message="the command after the update has failed: $STPOLICY_POST_UPDATE" code=3
    keep_state
}

# Lets the next run know that the command has not been run yet, even if this one is killed after the switch.
leave_hook() {
    [ -n "$STPOLICY_POST_UPDATE" ] && [ ! -e "$dir/hook-pending" ] || return 0
    rm -rf "$dir/hook-pending" && true >"$dir/hook-pending"
}

# Removes what this run has made beside its result, and what it has started.
# shellcheck disable=SC2317  # the trap calls it
clean_up() {
    for clean_up_child in $children; do kill "$clean_up_child" 2>/dev/null; done
    [ -z "$locked" ] || rm -rf "$work" "$dir/.current.new" "$dir/mark.new" "$dir/state.json.new"
    [ "$locked" != link ] || rm -f "$dir/.lock.pid"
}

# A trap runs only when the command in the foreground has ended; so what takes long is waited for instead.
wait_for() {
    "$@" 9>&- &
    children="$children $!"
    wait "$!"
}

# Hashes, files ----------------------------------------------------------------------------------

# The hash of standard input by SHA-1 or SHA-256 ($1: 1 or 256), in lower-case hexadecimal digits.
digest() {
    case $hasher in
        sha256sum) "sha$1sum" ;;
        shasum) shasum -a "$1" ;;
        openssl) openssl dgst -r "-sha$1" ;;
    esac | cut -d ' ' -f 1
}

# Makes files and folders durable; where sync(1) takes no names it is the whole system.
sync_file() {
    if [ -n "$sync_by_name" ]; then sync -- "$@"; else sync; fi
}

# How many bytes a file has.
size() {
    echo "$(($(wc -c <"$1")))"
}

# Names of our own form; what has another name was not put there by us, and stays.
is_version() {
    case $1 in
        *[!0-9a-fTZ-]*) false ;;
        ????????T??????Z-????????????) true ;;
        *) false ;;
    esac
}

# Settings ---------------------------------------------------------------------------------------

# Whether $1 is a number from 1 on, of at most 12 digits.
is_count() {
    case $1 in
        '' | *[!0-9]* | 0* | ?????????????*) false ;;
    esac
}

# Whether a URL may be asked: https, or http on this host in tests. Sets scheme.
is_allowed() {
    scheme=${1%%://*}
    is_allowed_host=${1#*://}
    is_allowed_host=${is_allowed_host%%[/?#]*}
    case $1 in
        *[!!-~]* | *[\"\'\<\>\\^\`\{\|\}]*) return 1 ;;
        https://[!/:?#]*) return 0 ;;
        http://*) [ "$STPOLICY_ALLOW_HTTP" = 1 ] || return 1 ;;
        *) return 1 ;;
    esac
    case $is_allowed_host in
        '[::1]' | '[::1]:'*) ;;
        *[!0-9.a-z:]*) false ;;
        localhost | localhost:*) ;;
        *[!0-9.:]*) false ;;
        127.*.*.*) ;;
        *) false ;;
    esac
}

# What is wrong with the settings, in words; nothing when they are sound.
complain() {
    case $dir in *[[:cntrl:]]*) echo 'STPOLICY_DIR has control characters'; return ;; esac
    case $STPOLICY_KEYRING$STPOLICY_CA_FILE in *[[:cntrl:]]*) echo 'a file name has control characters'; return ;; esac
    [ -n "$urls" ] || { echo 'STPOLICY_URL is not set'; return; }
    for complain_url in $urls; do
        complain_host=${complain_url#*://}
        case ${complain_host%%[/?#]*} in *@*) echo 'STPOLICY_URL has a user or a password in it: everybody may read what is kept of it, and a list that is signed needs none'; return ;; esac
        is_allowed "$complain_url" || { echo "${complain_url##*@} is no https URL"; return; }
    done
    [ -n "$signers" ] || { echo 'STPOLICY_SIGNER is not set'; return; }
    complain_count=0
    for complain_signer in $signers; do
        case $complain_signer in *[!0-9A-F]*) complain_signer=x ;; esac
        case ${#complain_signer} in
            40 | 64) complain_count=$((complain_count + 1)) ;;
            *) echo 'STPOLICY_SIGNER: whole fingerprints have 40 or 64 hexadecimal digits'; return ;;
        esac
    done
    for complain_number in "$STPOLICY_TIMEOUT" "$STPOLICY_MAX_SIZE" "$STPOLICY_THRESHOLD"; do
        is_count "$complain_number" || { echo "$complain_number is no count"; return; }
    done
    [ "$STPOLICY_THRESHOLD" -le "$complain_count" ] || { echo 'STPOLICY_THRESHOLD: there are not so many signers'; return; }
    [ -n "$clock" ] || { echo "STPOLICY_NOW is no date like 2030-01-31T12:00:00Z"; return; }
    for complain_file in "$STPOLICY_KEYRING" "${STPOLICY_CA_FILE:-$STPOLICY_KEYRING}"; do
        if [ ! -f "$complain_file" ] || [ ! -r "$complain_file" ]; then echo "'$complain_file' is no file that can be read"; return; fi
    done
}

# Finds the programs. Each of them missing is a fault of the host, and not a verdict.
find_programs() {
    for hasher in sha256sum shasum openssl ''; do
        ! command -v "${hasher:-false}" >/dev/null 2>&1 || break
    done
    [ -n "$hasher" ] || finish internal 'sha256sum is not installed, nor are shasum and openssl'
    command -v gpgv >/dev/null 2>&1 || finish internal 'gpgv is not installed'
    if command -v curl >/dev/null 2>&1; then
        fetcher=curl
    else # busybox has a wget that looks at no certificate
        case $(wget --version 2>/dev/null) in
            'GNU Wget'*) fetcher=wget ;;
            *) finish internal 'curl is not installed, nor is GNU wget' ;;
        esac
    fi
}

# The folder ---------------------------------------------------------------------------------------

# Keeps other runs out: by flock(2), as Python's client does, and otherwise by a link that names our process.
take_lock() {
    mkdir -p "$dir" 2>/dev/null || finish disk "$dir cannot be made"
    if command -v flock >/dev/null 2>&1; then
        if [ ! -f "$dir/.lock" ] && { [ -e "$dir/.lock" ] || [ -L "$dir/.lock" ]; }; then rm -rf "$dir/.lock"; fi
        (: >>"$dir/.lock") 2>/dev/null || finish disk "$dir/.lock cannot be written"
        exec 9>>"$dir/.lock"
        flock -n 9 2>/dev/null
        case $? in
            0) locked='flock' ;;
            1) finish busy "another run is at work in $dir" ;;
            *) finish disk "$dir/.lock cannot be locked" ;;
        esac
        return
    fi
    until ln -s "$$" "$dir/.lock.pid" 2>/dev/null; do
        take_lock_owner=$(ls -ld "$dir/.lock.pid" 2>/dev/null)
        take_lock_owner=${take_lock_owner##* }
        case $take_lock_owner in
            '') finish disk "$dir/.lock.pid cannot be made" ;;
            *[!0-9]*) ;;
            *) ! kill -0 "$take_lock_owner" 2>/dev/null || [ -n "$(find "$dir/.lock.pid" -prune -mtime +0)" ] || finish busy "process $take_lock_owner is at work in $dir" ;;
        esac
        rm -rf "$dir/.lock.pid.$$"
        mv -f "$dir/.lock.pid" "$dir/.lock.pid.$$" 2>/dev/null # only one of us gets it
        rm -rf "$dir/.lock.pid.$$"
    done
    locked='link'
}

# Makes room for this run, where the files lie on the same file system; removes what a killed run has left.
make_room() {
    if [ ! -d "$dir/versions" ]; then rm -f "$dir/versions"; fi
    set +f
    rm -rf "$dir/versions"/.tmp-* "$dir/.current.new" "$dir/mark.new" "$dir/state.json.new"
    set -f
    mkdir -p "$dir/versions" && mkdir "$work" "$work/none" && mkfifo "$work/pipe" && true >"$work/empty" || return
    sync_by_name=
    ! sync -- "$work/empty" || sync_by_name=1
    ln -s 1 "$work/a" && ln -s "$work/none" "$work/b" || return
    one_step=
    ! mv -fT "$work/a" "$work/b" || one_step=1
} 2>/dev/null

# Lets `current` lead to versions/$1. Plain mv would move the new link into the folder that the old one leads to.
switch_to() {
    rm -rf "$dir/.current.new"
    ln -s "versions/$1" "$dir/.current.new" || return
    if [ -d "$dir/current" ] && [ ! -L "$dir/current" ]; then mv "$dir/current" "$work/folder" || return; fi
    if [ -n "$one_step" ]; then
        mv -fT "$dir/.current.new" "$dir/current"
    else # for a moment there is none; if we are killed in it, the next run installs again
        rm -f "$dir/current" && mv -f "$dir/.current.new" "$dir/current"
    fi
}

# The high-water mark: three lines, or none at all. Sets mark_timestamp, mark_signed and mark_sha256.
read_mark() {
    mark_timestamp='' mark_signed='' mark_sha256=''
    [ -f "$dir/mark" ] || return
    # shellcheck disable=SC2046  # it prints three words or none
    set -- $(head -c 20000 "$dir/mark" | awk '
        { field[NR] = $2; whole = $2; sub(/[.].*/, "", whole) }
        NR == 1 { good += /^timestamp (0|-?[1-9][0-9]*)([.][0-9]*[1-9])?$/ && length(whole) < 18 }
        NR == 2 { good += /^signed (0|[1-9][0-9]*)$/ && length(whole) < 18 }
        NR == 3 { good += /^sha256 [0-9a-f]+$/ && length($2) == 64 }
        END { if (NR == 3 && good == 3) print field[1], field[2], field[3] }')
    [ $# -eq 3 ] || return
    mark_timestamp=$1 mark_signed=$2 mark_sha256=$3
}

# Writes the mark again when it was lost or is behind the pair that was verified: it must outlive that one.
keep_mark() {
    [ -n "$mark_behind" ] || return 0
    printf 'timestamp %s\nsigned %s\nsha256 %s\n' "$mark_timestamp" "$mark_signed" "$mark_sha256" | replace "$dir/mark" || return
    sync_file "$dir"
} 2>/dev/null

# Signatures ----------------------------------------------------------------------------------------

# Takes off ASCII armour, and prints the octets of what is in it for printf's %b; then `end` if all is well.
# shellcheck disable=SC2016  # awk's, not the shell's
unarmour='
function either(a, b,   sum, place) {
    for (place = 1; a || b; place *= 2) {
        if (a % 2 != b % 2) sum += place
        a = int(a / 2); b = int(b / 2)
    }
    return sum + 0
}
function crc24(   crc, i, bit) { # RFC 4880 section 6.1
    crc = 11994318
    for (i = 0; i < n; i++) {
        crc = either(crc, octets[i] * 65536)
        for (bit = 0; bit < 8; bit++) crc = crc < 8388608 ? crc * 2 : either(crc * 2 % 16777216, 8801531)
    }
    return crc
}
function decode(text,   i, j, bits) {
    if (text !~ /^[A-Za-z0-9+\/]+=?=?$/ || length(text) % 4) return 0
    for (i = 1; i <= length(text); i += 4) {
        bits = 0
        for (j = 0; j < 4; j++) bits = bits * 64 + value[substr(text, i + j, 1)]
        octets[n++] = int(bits / 65536); octets[n++] = int(bits / 256) % 256; octets[n++] = bits % 256
    }
    n -= gsub(/=/, "", text)
    return 1
}
function finished(   i, line) {
    if (!decode(text)) return 0
    if (sum != "" && !ring) {
        i = n
        if (!decode(sum) || crc24(n = i) != octets[i] * 65536 + octets[i + 1] * 256 + octets[i + 2]) return 0
    }
    for (i = 0; i < n; i++) {
        line = line sprintf("\\0%o", octets[i])
        if (i % 64 == 63 || i == n - 1) { print line; line = "" }
    }
    text = sum = ""; n = 0; armours++
    return 1
}
BEGIN {
    kind = ring ? "PUBLIC KEY BLOCK" : "SIGNATURE"
    for (i = 0; i < 64; i++) value[substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", i + 1, 1)] = i
}
wrong { next }
{ sub(/\r$/, "") }
place == "" && /^[ \t\r]*$/ && (armours || ring) { next }
place == "" && $0 == "-----BEGIN PGP " kind "-----" && (!armours || ring) { place = "headers"; next }
place == "headers" && /^[ \t]*$/ { place = "data"; next }
place == "headers" && ring && /^[!-9;-~]+: / { next }
place ~ /data|sum/ && /^-----END PGP / {
    if ($0 !~ ("^-----END PGP " kind "-----[ \t\r]*$") || !finished()) wrong = 1
    place = ""; next
}
place == "data" && /^=[A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/]$/ { sum = substr($0, 2); place = "sum"; next }
place == "data" && /^[A-Za-z0-9+\/=\r]*$/ { gsub(/\r/, ""); text = text $0; next }
{ wrong = 1 }
END { if (!wrong && place == "" && armours) print "end" }
'

# Walks through the packets of octets (od -tu1; RFC 9580 section 4.2). Prints `signature` for each, or with `ring`
# the version, begin and length of each primary key; then `end` if all is well.
# shellcheck disable=SC2016  # awk's, not the shell's
packets='
function number(from, width,   sum) { while (width--) sum = sum * 256 + octet[from++]; return sum }
function walk(   at, first, tag, width, length_) {
    while (at < n) {
        first = octet[at++]
        if (first < 128) return 0
        if (first >= 192) {
            tag = first - 192
            first = octet[at]
            if (first < 192) { length_ = first; at++ }
            else if (first < 224) { length_ = number(at, 2) - 192 * 256 + 192; at += 2 }
            else if (first == 255) { length_ = number(at + 1, 4); at += 5 }
            else return 0
        } else {
            if (first % 4 == 3) return 0
            tag = int(first / 4) % 16
            width = first % 4 == 2 ? 4 : first % 4 + 1
            length_ = number(at, width); at += width
        }
        if (at + length_ > n) return 0
        if (ring) {
            if (tag == 5 || tag == 7) return 0
            if (tag == 6 && (octet[at] < 4 || octet[at] > 6 || !length_)) return 0
            if (tag == 6) print octet[at], at, length_
        } else {
            if (tag != 2 || length_ < 6 || octet[at] < 4 || octet[at] > 6 || octet[at + 1] != 0) return 0
            if (++signatures > 16) return 0
            print "signature"
        }
        at += length_
    }
    return n > 0
}
{ for (i = 1; i <= NF; i++) octet[n++] = $i + 0 }
END { if (walk()) print "end" }
'

# Judges the status lines of gpgv, by field: GOODSIG and VALIDSIG of one signature, by a pinned primary key, over
# a binary file, by SHA-256 or longer. Prints `ok` and the newest date, or the first doubt and words for it.
# shellcheck disable=SC2016  # awk's, not the shell's
judge='
function doubt(text) { if (first == "") first = text }
function object(text) { if (objection == "") objection = text }
function close_signature() {
    if (!lines) return
    if (objection != "") doubt(objection)
    else if (good != 1 || valid != 1 || fields < 12 || made !~ /^[0-9]+$/ || until !~ /^[0-9]+$/ || primary !~ /^[0-9A-F]+$/ || length(primary) != 40 && length(primary) != 64) doubt("malformed_signature gpgv does not vouch for a signature")
    else if (!(primary in pinned)) doubt("unknown_signer the signer " primary " is not pinned")
    else if (class != "00") doubt("malformed_signature it is not a signature over a binary file")
    else if (hash !~ /^([89]|10)$/) doubt("bad_signature its digest is weaker than SHA-256")
    else if (made + 0 > tomorrow + 0) doubt("future the signature is dated " stamp(made) ", ahead of the clock")
    else if (until != "0" && until + 0 <= now + 0) doubt("bad_signature the signature itself has expired")
    else {
        if (!(primary in counted)) count++
        counted[primary]
        if (made + 0 > newest + 0) newest = made
    }
    lines = good = valid = 0; objection = ""
}
BEGIN { split(signers, s, " "); for (i in s) pinned[s[i]]; newest = "0" }
$1 == "exit" && NF == 2 { exit_code = $2; ended = 1; next }
$1 != "[GNUPG:]" || NF < 2 { next }
$2 == "NEWSIG" { close_signature() }
{ lines++ }
$2 == "GOODSIG" { good++ }
$2 == "VALIDSIG" && !valid++ { fields = NF; made = $5; until = $6; hash = $10; class = $11; primary = $12 }
$2 == "BADSIG" { object("BADSIG it is not a signature over these bytes") }
$2 == "EXPSIG" { object("bad_signature the signature itself has expired") }
$2 == "EXPKEYSIG" { object("bad_key the key " $3 " has expired") }
$2 == "REVKEYSIG" || $2 == "KEYREVOKED" { object("bad_key the key " $3 " is revoked") }
$2 == "NO_PUBKEY" { object("unknown_signer the key " $3 " is not in the key ring") }
$2 == "NODATA" || $2 == "UNEXPECTED" { object("malformed_signature there is something else than signatures") }
$2 == "FAILURE" || $2 == "ERROR" { object("bad_signature gpgv has failed") }
$2 == "ERRSIG" {
    if ($8 == "9") object("unknown_signer the key " $3 " is not in the key ring")
    else if ($5 ~ /^[123]$/) object("bad_signature its digest is weaker than SHA-256")
    else if ($8 == "6") object("clock the key " $3 " is younger than the clock says: set the clock")
    else object("bad_signature gpgv cannot check the signature by " $3)
}
END {
    close_signature()
    if (exit_code != "0") doubt("bad_signature gpgv refuses it, exit code " exit_code)
    if (count + 0 < threshold + 0) doubt("threshold " count + 0 " of the pinned signers have signed; " threshold " are needed")
    if (!ended || exit_code + 0 > 128) first = "internal gpgv has not ended as it should"
    print (first == "" ? "ok " newest : first)
}
'

# Writes what is in the armour of $1 to $2; $3 is ring=1 for a key ring. 3: it is not as it should be; 4: disk.
take_off_armour() {
    [ "$(tr -d '\011\012\015\040-\176' <"$1" | head -c 1 | wc -c)" -eq 0 ] || return 3
    awk -v "$3" "$unarmour" "$1" | {
        while IFS= read -r octets; do
            [ "$octets" != end ] || exit 0
            printf '%b' "$octets" || exit 4
        done
        exit 3
    } >"$2" 2>/dev/null
}

# Makes $work/ring.gpg, as gpgv reads it. What is wrong is the setting: to gpgv a missing key looks like an attack.
make_ring() {
    case $(od -An -v -tu1 -N 1 "$STPOLICY_KEYRING" | tr -d ' ') in
        12[89] | 1[3-9]? | 2??) cp "$STPOLICY_KEYRING" "$work/ring.gpg" ;;
        *) take_off_armour "$STPOLICY_KEYRING" "$work/ring.gpg" ring=1 ;;
    esac
    case $? in
        0) ;;
        3) finish configuration "$STPOLICY_KEYRING is no key ring" ;;
        *) finish disk "$work cannot be written" ;;
    esac
    make_ring_held=0
    make_ring_list=$(od -An -v -tu1 "$work/ring.gpg" | awk -v ring=1 "$packets")
    case "$newline$make_ring_list" in
        *"${newline}end") ;;
        *) finish configuration "$STPOLICY_KEYRING is no key ring" ;;
    esac
    make_ring_fingerprints=" $(printf '%s\n' "$make_ring_list" | while read -r version begin length; do
        [ "$version" = end ] || fingerprint "$version" "$begin" "$length"
    done | tr '\n' ' ')"
    for make_ring_signer in $signers; do
        case $make_ring_fingerprints in *" $make_ring_signer "*) make_ring_held=$((make_ring_held + 1)) ;; esac
    done
    [ "$make_ring_held" -ge "$STPOLICY_THRESHOLD" ] ||
        finish configuration "$STPOLICY_KEYRING holds $make_ring_held of the pinned keys; $STPOLICY_THRESHOLD are needed"
}

# The fingerprint of the primary key, version $1, whose $3 octets begin at $2 (RFC 9580 section 5.5.4).
fingerprint() {
    case $1 in
        4) fingerprint_begin=$(printf '\\0231\\0%o\\0%o' "$(($3 / 256))" "$(($3 % 256))") fingerprint_hash=1 ;;
        *)
            fingerprint_begin=$(printf '\\0%o' "$((149 + $1))" "$(($3 / 16777216))" "$(($3 / 65536 % 256))" "$(($3 / 256 % 256))" "$(($3 % 256))")
            fingerprint_hash=256
            ;;
    esac
    { printf '%b' "$fingerprint_begin"; tail -c "+$(($2 + 1))" "$work/ring.gpg" | head -c "$3"; } | digest "$fingerprint_hash" | tr a-f A-F
}

# Judges the signature of the pair in folder $1. Sets signed; or reason and message, and again if another
# fetch may mend it. gpgv gets the packets that were looked at, not the armour, which it could read in another way.
check_signature() {
    reason='' message='' again='' signed=''
    if [ "$(size "$1/policy.json.asc")" -gt "$ASC_LIMIT" ]; then
        reason=malformed_signature
    else
        take_off_armour "$1/policy.json.asc" "$work/sig" ring=
        case $? in
            0) ;;
            4) reason=disk message="$work cannot be written" ;;
            *) reason=malformed_signature ;;
        esac
    fi
    if [ -z "$reason" ]; then
        case "$newline$(od -An -v -tu1 "$work/sig" | awk "$packets")" in
            *"${newline}end") ;;
            *) reason=malformed_signature ;;
        esac
    fi
    if [ "$reason" = malformed_signature ]; then
        again=1 message='the .asc is not one ASCII armour of detached signatures and nothing else'
    fi
    [ -z "$reason" ] || return
    # The lines come on a descriptor of their own: a message of gpgv could look like one of them.
    check_signature_said=$({
        gpgv --homedir "$work" --keyring "gnupg-ring:$work/ring.gpg" --weak-digest SHA1 --status-fd 3 \
            -- "$work/sig" "$1/policy.json" 3>&1 >/dev/null 2>&1
        echo "exit $?"
    } | head -c 1048576 | awk -F '[ ]' -v "signers=$signers" -v "threshold=$STPOLICY_THRESHOLD" -v "now=${now%%.*}" \
        -v "tomorrow=$((${now%%.*} + DAY))" "$dates$judge")
    reason=${check_signature_said%% *} message=${check_signature_said#* }
    case $reason in
        ok) signed=$message reason='' message='' ;;
        BADSIG) reason=bad_signature again=1 ;;
        malformed_signature) again=1 ;;
        '') reason=internal message='awk has failed' ;;
    esac
}

# Lists -------------------------------------------------------------------------------------------

# Reads a list, cut at quotes: strings and what stands between them in turn. All of JSON's grammar is
# asked for, and the form of what the top level holds; every string below that must be a name.
# Prints the instants of timestamp and expires, or what is wrong after an exclamation mark.
# shellcheck disable=SC2016  # awk's, not the shell's
list='
function refuse(why) { if (!wrong) print "! " why; wrong = 1; exit }
function value_ends() { state = stack == "" ? "end" : "," }
function scalar(text) { if (stack == "{") value[key] = text; value_ends() }
function between(text,   c, top) { # state: what may come next; v a value, k a key; V, K: or the end of what is empty
    while (1) {
        sub(/^[ \t\r\n]+/, "", text)
        if (text == "") return
        c = substr(text, 1, 1); top = substr(stack, length(stack))
        if (c == "," && state == ",") state = top == "{" ? "k" : "v"
        else if (c == ":" && state == ":") state = "v"
        else if ((c == "{" || c == "[") && (state == "v" || state == "V")) {
            if (stack == "" && c != "{" || length(stack) == 16) refuse("it is no object, or too deep")
            if (stack == "{") value[key] = c
            stack = stack c
            state = c == "{" ? "K" : "V"
        } else if (c == "}" && top == "{" && (state == "K" || state == ",") || c == "]" && top == "[" && (state == "V" || state == ",")) {
            stack = substr(stack, 1, length(stack) - 1)
            value_ends()
        } else if ((state == "v" || state == "V") && stack != "" && match(text, /^(-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)/)) {
            scalar(substr(text, 1, RLENGTH))
            text = substr(text, RLENGTH)
        } else refuse("it is not JSON")
        text = substr(text, 2)
    }
}
function string(text) {
    if (length(stack) > 1 && text !~ /^[A-Za-z0-9._-]+$/) refuse("a name has characters that no name has")
    if (text ~ /[\t\r\n]/) refuse("a string has control characters")
    if (state == "v" || state == "V") scalar("\"" text)
    else if (state == "k" || state == "K") {
        if (stack == "{" && text !~ /^(timestamp|expires|version|author|policy-aliases|policies)$/) refuse("its top level has an unknown field")
        if (stack == "{" && text in value) refuse("its top level has a field twice")
        if (stack == "{") value[key = text] = ""
        state = ":"
    } else refuse("it is not JSON")
}
function date(text,   n) {
    if (text ~ /^"/) return instant(substr(text, 2))
    n = text + 0
    if (text !~ /^[-0-9]/ || text ~ /^[0-9]+$/ && length(text) >= 16 && (length(text) > 16 || text "" > "9007199254740992")) return ""
    return n < 0 || n > 9007199254740992 || n != int(n) ? "" : n ? sprintf("%.0f", n) : "0"
}
function author(text) {
    if (text !~ /^"/) return 0
    gsub(/\\\\/, "", text)
    if (text ~ /\\([bfnrt]|u00[01]|u007[fF]|u00[89])/) return 0
    gsub(/\\u[dD][89aAbB][0-9a-fA-F][0-9a-fA-F]\\u[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]/, "", text)
    if (text ~ /\\u[dD][89a-fA-F]/) return 0
    gsub(/\\(["\/]|u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])/, "", text)
    return text !~ /\\/
}
BEGIN { RS = "\""; state = "v" }
in_string {
    if (match($0, /\\+$/) && RLENGTH % 2) { held = held $0 RS; next } # that quote was escaped
    string(held $0)
    held = ""; in_string = 0; next
}
{ in_string = 1 }
length(stack) < 2 || /[0-9a-z]/ { between($0); next }
{ # inside the entries the same few pieces come again and again
    at = stack state $0
    if (at in stack_after) { stack = stack_after[at]; state = state_after[at]; next }
    between($0)
    if (length($0) < 40) { stack_after[at] = stack; state_after[at] = state }
}
END {
    if (!wrong && (state != "end" || !in_string)) refuse("it ends too early")
    if (!wrong && !("timestamp" in value && "expires" in value && "version" in value && "policies" in value && "policy-aliases" in value)) refuse("its top level has not all fields")
    if (!wrong && (value["version"] != "\"0.1" || value["policies"] != "{" || value["policy-aliases"] != "{" || "author" in value && !author(value["author"]))) refuse("a field of its top level is not as it should be")
    if (!wrong && (date(value["timestamp"]) == "" || date(value["expires"]) == "")) refuse("a date is none")
    if (!wrong) print date(value["timestamp"]), date(value["expires"])
}
'

# Reads the list in file $1. Sets timestamp and expires, or reason and message.
read_list() {
    timestamp='' expires=''
    if [ "$(tr -d '\011\012\015\040-\176\200-\377' <"$1" | head -c 1 | wc -c)" -ne 0 ]; then
        reason=invalid message='the list has control characters'
        return
    fi
    read_list_said=$(awk "$dates$list" "$1")
    case $read_list_said in
        [0-9-]*\ [0-9-]*) timestamp=${read_list_said% *} expires=${read_list_said#* } ;;
        *) reason=invalid message="the list cannot be read: ${read_list_said#! }"; return ;;
    esac
    before "$timestamp" "$expires" || reason=invalid message='the list expires before its own date'
}

# Finds what is installed. A pair that is missing, torn or damaged is none, and never an obstacle. One behind the
# mark is in force until it runs out; as an offer it is refused.
look_at_installed() {
    installed=
    [ -f "$dir/current/policy.json" ] && [ -f "$dir/current/policy.json.asc" ] || return
    check_signature "$dir/current"
    [ -n "$reason" ] || read_list "$dir/current/policy.json"
    [ -z "$reason" ] || return
    installed_timestamp=$timestamp installed_expires=$expires installed_signed=$signed
    installed_sha256=$(digest 256 <"$dir/current/policy.json")
    installed=$(cd -P "$dir/current" && pwd -P)
    installed=${installed##*/}
    if mark_is_behind; then
        mark_timestamp=$installed_timestamp mark_signed=$installed_signed mark_sha256=$installed_sha256 mark_behind=1
    fi
}

# Whether the mark was lost or is of an older pair than that which is installed: timestamp first, then the signature's date.
mark_is_behind() {
    [ -n "$mark_timestamp" ] || return 0
    ! before "$mark_timestamp" "$installed_timestamp" || return 0
    [ "$mark_timestamp" = "$installed_timestamp" ] && [ "$mark_signed" -lt "$installed_signed" ]
}

# Now is not earlier than the newest list that was seen, so that a clock put back revives nothing.
set_now() {
    if [ -n "$mark_timestamp" ] && before "$(day_after "$now")" "$mark_timestamp"; then
        now=$mark_timestamp
        say "the clock is behind the newest list, of $(stamp "$now"), which stands in for it"
    fi
}

# Fetching ----------------------------------------------------------------------------------------

# The status, content encodings and number of different lengths of the last answer in a log of headers.
# shellcheck disable=SC2016  # awk's, not the shell's
headers='
{ sub(/\r$/, ""); sub(/^[ \t]+/, ""); name = tolower($1) }
/^HTTP\/[0-9.]+ [0-9][0-9][0-9]/ { status = $2; encoding = ""; lengths = 0; length_ = ""; next }
name == "content-encoding:" && tolower($2) != "identity" { encoding = "encoded" }
name == "content-length:" && $2 != length_ { length_ = $2; lengths++ }
END { print status + 0, (encoding == "" && lengths < 2 ? "plain" : "odd") }
'

# Ends process $1 after $2 seconds, for a program that counts only the time between two bytes.
watch() {
    (
        trap 'kill "$sleeper"; exit' TERM
        sleep "$2" &
        sleeper=$!
        wait "$sleeper"
        kill -9 "$1"
    ) >/dev/null 2>&1 9>&- &
    watcher=$!
    children="$children $watcher"
}

# Writes what is at URL $1 to standard output and its headers to $work/head. Replaces this process; neither
# program reads a file of settings. ulimit: endless headers must not fill the disk.
transfer() {
    ulimit -f 2048 2>/dev/null
    case $fetcher in
        curl)
            set -- --header 'Accept-Encoding: identity' --url "$1"
            [ -z "$STPOLICY_CA_FILE" ] || set -- --cacert "$STPOLICY_CA_FILE" --capath "$work/none" "$@"
            exec curl -q --silent --globoff --fail --location --max-redirs 3 --proto "=$scheme" --proto-redir =https \
                --connect-timeout 30 --max-time "$left" --user-agent stpolicy --dump-header "$work/head" --output - "$@"
            ;;
        wget)
            set -- --header 'Accept-Encoding: identity' -- "$1"
            [ -z "$STPOLICY_CA_FILE" ] || set -- --ca-certificate "$STPOLICY_CA_FILE" --ca-directory "$work/none" "$@"
            exec wget --no-config --no-verbose --server-response --no-hsts --no-cookies --no-netrc --tries 1 --timeout 30 \
                --max-redirect 0 --user-agent stpolicy --output-document - "$@" 2>"$work/head"
            ;;
    esac
}

# Fetches URL $1 into file $2, at most $3 bytes. Sets reason and message if that fails.
fetch() {
    is_allowed "$1"
    left=$((deadline - $(date +%s)))
    [ "$left" -le "$STPOLICY_TIMEOUT" ] || left=$STPOLICY_TIMEOUT
    [ "$left" -gt 0 ] || { reason=network message='it takes too long'; return; }
    true >"$work/head"
    head -c "$(($3 + 1))" <"$work/pipe" >"$2" 2>/dev/null 9>&- &
    sink=$!
    (transfer "$1") >"$work/pipe" 2>/dev/null 9>&- &
    source=$!
    watcher=
    children="$source $sink"
    [ "$fetcher" = curl ] || watch "$source" "$left"
    wait "$source" 2>/dev/null
    fetch_code=$?
    wait "$sink" 2>/dev/null
    fetch_written=$?
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
    children=
    fetch_head=$(awk "$headers" "$work/head")
    if [ "$fetch_written" -ne 0 ]; then
        reason=disk message="$2 cannot be written"
    elif [ "$fetch_head" != '200 plain' ]; then
        reason=network message="$1 cannot be fetched ($fetcher's exit code is $fetch_code, the status ${fetch_head% *})"
    elif [ "$(size "$2")" -gt "$3" ]; then
        reason=too_large message="$1 has more than $3 bytes"
    elif [ "$fetch_code" -ne 0 ]; then
        reason=network message="$1 cannot be fetched to its end ($fetcher's exit code is $fetch_code)"
    fi
}

# Deciding and installing ---------------------------------------------------------------------------

# Judges the offered pair; nothing in it is believed before its signature is. Sets reason and message.
decide() {
    check_signature "$offer"
    [ -z "$reason" ] || return
    sha256=$(digest 256 <"$offer/policy.json")
    if [ -n "$installed" ] && [ "$sha256" = "$installed_sha256" ]; then
        timestamp=$installed_timestamp expires=$installed_expires
    else
        read_list "$offer/policy.json"
    fi
    [ -z "$reason" ] || return
    if before "$(day_after "$now")" "$timestamp"; then
        reason=future message="the list is dated $(stamp "$timestamp"), ahead of the clock"
    elif [ -n "$mark_timestamp" ] && before "$timestamp" "$mark_timestamp"; then
        reason=rolled_back message="the list of $(stamp "$timestamp") is older than that of $(stamp "$mark_timestamp")"
    elif [ -n "$mark_signed" ] && [ "$signed" -lt "$mark_signed" ]; then
        reason=rolled_back message="the signature of $(stamp "$signed") is older than that of $(stamp "$mark_signed")"
    elif [ "$timestamp" = "$mark_timestamp" ] && [ "$sha256" != "$mark_sha256" ]; then
        reason=equivocation message="two lists have the date $(stamp "$timestamp"): $mark_sha256, and now $sha256"
    elif ! before "$now" "$expires"; then
        reason=expired message="the list has run out on $(stamp "$expires")"
    elif [ -n "$installed" ] && [ "$sha256 $signed" = "$installed_sha256 $installed_signed" ]; then
        reason=unchanged message="the list of $(stamp "$timestamp") is the newest"
    else
        install_offer
    fi
}

# Installs the offered pair: on the disk, verified there, named; mark; switch; prune (in this order, so that
# whatever ends us leaves the old pair or the new one, a mark that is not behind it, and a hook that is not forgotten).
install_offer() {
    reason=disk message="$dir cannot be written"
    install_before=$(cd -P "$dir/current" 2>/dev/null && pwd -P)
    install_before=${install_before##*/}
    # By a file, since of a pipe only the last program is asked how it went.
    cat "$offer/policy.json" "$offer/policy.json.asc" >"$work/both" || return
    label=$(stamp "$timestamp" | tr -d :-)-$(digest 256 <"$work/both" | cut -c 1-12)
    rm -f "$work/both"
    is_version "$label" || return
    chmod 755 "$offer" && chmod 644 "$offer/policy.json" "$offer/policy.json.asc" || return
    sync_file "$offer/policy.json" "$offer/policy.json.asc" "$offer" || return
    install_signed=$signed
    check_signature "$offer"
    if [ -n "$reason" ] || [ "$signed $(digest 256 <"$offer/policy.json")" != "$install_signed $sha256" ]; then
        reason=disk message="$dir does not hold what was written to it"
        return
    fi
    reason=disk message="$dir cannot be written"
    target=$dir/versions/$label
    if ! { cmp -s "$offer/policy.json" "$target/policy.json" && cmp -s "$offer/policy.json.asc" "$target/policy.json.asc"; }; then
        if [ -e "$target" ] || [ -L "$target" ]; then mv "$target" "$work/replaced" || return; fi
        mv "$offer" "$target" || return
    fi
    sync_file "$dir/versions" || return
    printf 'timestamp %s\nsigned %s\nsha256 %s\n' "$timestamp" "$signed" "$sha256" | replace "$dir/mark" || return
    mark_behind=
    leave_hook && sync_file "$dir" && switch_to "$label" && sync_file "$dir" || return
    reason=installed message="the list of $(stamp "$timestamp") is installed"
    installed=$label installed_timestamp=$timestamp installed_expires=$expires installed_sha256=$sha256
    set +f
    for install_old in "$dir/versions"/*; do
        install_name=${install_old##*/}
        if is_version "$install_name" && [ "$install_name" != "$label" ] && [ "$install_name" != "$install_before" ]; then
            rm -rf "$install_old"
        fi
    done
    set -f
} 2>/dev/null

# Asks one mirror: the list and then its signature, three times at most, because a publisher may be
# switching from one pair to the next between the two. Sets reason and message.
ask() {
    deadline=$(($(date +%s) + STPOLICY_TIMEOUT + 1)) # a second may have been nearly over
    seen=
    for tries in 1 2 3; do
        reason='' message=''
        rm -rf "$offer"
        mkdir "$offer" || { reason=disk message="$work cannot be written"; return; }
        fetch "$1" "$offer/policy.json" "$STPOLICY_MAX_SIZE"
        [ -n "$reason" ] || fetch "$1.asc" "$offer/policy.json.asc" "$ASC_LIMIT"
        if [ -n "$reason" ]; then # what was seen before counts for more than what was not now
            case $reason in network | too_large) [ -z "$seen" ] || reason=${seen%% *} message=${seen#* } ;; esac
            return
        fi
        decide
        if [ -z "$again" ] || [ "$tries" -eq 3 ]; then return; fi
        seen="$reason $message"
    done
}

# Asks the mirrors until one has a list for us. The best answer of all stands.
ask_all() {
    refused='' failed='' unchanged=''
    for url in $urls; do
        ask "$url"
        case $reason in
            installed) used=$url; finish "$reason" "$message" ;;
            unchanged)
                used=${used:-$url} unchanged=$message
                # Late in a list's life a mirror that shows nothing newer may have been frozen.
                [ "$(((${expires%%.*} - ${now%%.*}) * 2))" -lt "$((${expires%%.*} - ${timestamp%%.*}))" ] || break
                ;;
            disk | internal) finish "$reason" "$message" ;;
            network | clock) failed=${failed:-"$reason $message"} ;;
            *)
                say "$reason: $url: $message"
                refused=${refused:-"$reason $message"}
                ;;
        esac
    done
    [ -z "$unchanged" ] || finish unchanged "$unchanged"
    [ -z "$refused" ] || { said=1; finish "${refused%% *}" "${refused#* }"; }
    finish "${failed%% *}" "${failed#* }"
}

# The run -----------------------------------------------------------------------------------------

dir=${STPOLICY_DIR%"${STPOLICY_DIR##*[!/]}"}
case $dir in /*) ;; *) dir=$(pwd)/$dir ;; esac
work=$dir/versions/.tmp-$$
offer=$work/offer
urls=
for url in $STPOLICY_URL; do
    case $url in *.json) ;; *) url=${url%/}/policy.json ;; esac
    urls="$urls $url"
done
signers=
for signer in $STPOLICY_SIGNER; do
    signer=$(printf '%s' "${signer#0x}" | tr a-f A-F)
    case " $signers " in *" $signer "*) ;; *) signers="$signers $signer" ;; esac
done
clock=$(instant "${STPOLICY_NOW:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}")
now=${clock:-0}
locked='' children='' said='' used='' installed='' last_success='' sync_by_name='' mark_timestamp='' mark_behind=''

trap clean_up EXIT
for signal in 1 2 15; do
    # shellcheck disable=SC2064  # the number of now
    trap "exit $((128 + signal))" "$signal"
done

complaint=$(complain)
if [ -n "$complaint" ] && [ ! -d "$dir" ]; then finish configuration "$complaint"; fi
take_lock
if [ -f "$dir/state.json" ]; then
    last_success=$(head -c 65536 "$dir/state.json" | tr -d '\000' | sed -n 's/^  "last_success": "\([0-9TZ:-]*\)",*$/\1/p' | head -n 1)
    [ -n "$(instant "$last_success")" ] || last_success=
fi
[ -z "$complaint" ] || finish configuration "$complaint"
find_programs
make_room || finish disk "$dir cannot be written"
make_ring
read_mark
set_now
look_at_installed
set_now
ask_all
