# What the checks of the command lines share. Each prints a line for each check; the last word is
# `finish`, which ends with 1 when one failed.
#
# Expects CLIENT (who is checked), RINGBACK_URL and the VONAGE_* variables that
# `ringback emulator -- COMMAND` sets, an empty HOME, and the client's program on the PATH.
set -uo pipefail

failed=0
out=""

# What hangs is ended, where the system has the program for it.
limit=()
if command -v timeout > /dev/null; then
    limit=(timeout 60)
fi

limited() {
    # A function of these checks cannot be run by another program.
    if [[ $(type -t "$1") == file ]]; then
        "${limit[@]}" "$@"
    else
        "$@"
    fi
}

verdict() {
    local name=$1 reason=$2
    if [[ -z $reason ]]; then
        echo "ok $CLIENT: $name"
    else
        failed=1
        echo "FAILED $CLIENT: $name: $reason: $(tr -s '[:space:]' ' ' <<< "$out" | cut -c1-900)"
    fi
}

# check NAME PATTERN COMMAND…: the command succeeds, and what it prints (kept in $out) matches.
check() {
    local name=$1 pattern=$2 code reason=""
    shift 2
    out=$(limited "$@" 2>&1 < /dev/null)
    code=$?
    if ((code != 0)); then
        reason="ended with $code"
    elif ! grep -qE -- "$pattern" <<< "$out"; then
        reason="does not print /$pattern/"
    fi
    verdict "$name" "$reason"
}

# absent NAME PATTERN COMMAND…: the command succeeds, and nothing that it prints matches.
absent() {
    local name=$1 pattern=$2 code reason=""
    shift 2
    out=$(limited "$@" 2>&1 < /dev/null)
    code=$?
    if ((code != 0)); then
        reason="ended with $code"
    elif grep -qE -- "$pattern" <<< "$out"; then
        reason="prints /$pattern/"
    fi
    verdict "$name" "$reason"
}

# refuse NAME CODE PATTERN COMMAND…: the command ends with this code and says why.
refuse() {
    local name=$1 wanted=$2 pattern=$3 code reason=""
    shift 3
    out=$(limited "$@" 2>&1 < /dev/null)
    code=$?
    if ((code != wanted)); then
        reason="ended with $code, not $wanted"
    elif ! grep -qE -- "$pattern" <<< "$out"; then
        reason="does not print /$pattern/"
    fi
    verdict "$name" "$reason"
}

# The first thing in $out that matches.
first() {
    grep -oE -- "$1" <<< "$out" | head -n 1
}

# accepted TOKEN: what the platform answers to a request with this token.
accepted() {
    node -e '
        const [url, token] = process.argv.slice(1);
        const headers = { authorization: `Bearer ${token}` };
        fetch(`${url}/v1/conversations`, { headers }).then((reply) => console.log(reply.status));
    ' "$RINGBACK_URL" "$1"
}

finish() {
    exit "$failed"
}

uuid='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
