#!/usr/bin/env bash
# Accept and end-to-end rates of the release build, beside Postfix on the same machine in one go:
# at each number of sessions Postfix, Bauta, Postfix again, and of all repetitions the medians.
# Needs the bench folder that lies beside the project (../shared/bench) and installs Debian's
# postfix for smtp-source and smtp-sink. Quote the ratio, not the numbers.
#
#   benches/beside-postfix.sh [SESSIONS="1 10 50"] [MESSAGES=2000] [BYTES=4096] [REPS=3]
#
# Mails of more than 5,000 characters are text too, which the policy is set to let pass.
# DKIM=1: Bauta signs with RSA-2048. REUSE=1: a session sends all its mails over one connection.
set -euo pipefail
cd "$(dirname "$0")/.."
sessions=${1:-1 10 50} messages=${2:-2000} bytes=${3:-4096} reps=${4:-3}
bench=../shared/bench
[ -d "$bench" ] || { echo "SKIPPED: $bench is not beside the project" >&2; exit 0; }
cargo build --release --locked
bauta=${CARGO_TARGET_DIR:-$PWD/target}/release/bauta
dir=$(mktemp -d)
chmod 755 "$dir" # Postfix runs as a user of its own
export BENCH_DIR=$dir
smtp=24525 sink=24526

cat > "$dir/bauta.toml" <<TOML
[relay]
hostname = "relay.example"
alias_domain = "relay.example"
marketplace = "Bench Market"
data_dir = "data"
[smtp]
listen = ["127.0.0.1:$smtp"]
trusted_networks = ["127.0.0.0/8"]
[senders]
verify = "address"
[delivery]
route = "smarthost"
smarthost = "127.0.0.1:$sink"
tls = "none"
connections = ${CONNECTIONS:-20}
[policy]
mode = "enforce"
max_characters = $((bytes > 5000 ? bytes : 5000))
TOML
run() { "$bauta" --config "$dir/bauta.toml" "$@"; }
if [ -n "${DKIM:-}" ]; then
    mkdir -m 700 "$dir/data"
    run dkim rotate | grep -A2 '^ *\[dkim\]' >> "$dir/bauta.toml"
fi
run seller put S1 --name "Lamp Shop" --email cs@lamps.example
run buyer put B1 --name "Jane Roe" --email jane@mail.example
run order put O1 --seller S1 --buyer B1 --item "Brass lamp"
alias=$(run alias show --order O1 --json | sed 's/.*"seller_alias_for_order":"\([^"]*\)".*/\1/')

pid=
stop() {
    if [ -n "$pid" ]; then kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; fi
    pid=
}
trap 'stop; rm -rf "$dir"' EXIT

postfix_line() { # postfix_line SESSIONS
    "$bench/run-postfix-baseline.sh" "$1" "$messages" "$bytes" "$reps" ||
        echo "Postfix did not run: see above"
}

bauta_line() { # bauta_line SESSIONS
    BAUTA_LOG=${BAUTA_LOG:-info} "$bauta" --config "$dir/bauta.toml" serve 2>"$dir/log" &
    pid=$!
    for _ in $(seq 100); do grep -q "listening for SMTP" "$dir/log" && break; sleep 0.1; done
    mkdir -p /sys/fs/cgroup/cpuacct/bench_bauta 2>/dev/null &&
        echo "$pid" > /sys/fs/cgroup/cpuacct/bench_bauta/cgroup.procs 2>/dev/null || true
    python3 "$bench/bench.py" bauta $smtp $sink std "$1" "$messages" "$bytes" --cg bench_bauta \
        --sender jane@mail.example --rcpt "$alias" --fixed ${REUSE:+--reuse} --reps "$reps" --json "$dir/bauta.jsonl"
    stop
}

for s in $sessions; do
    postfix_line "$s"
    bauta_line "$s"
    postfix_line "$s"
done

python3 - "$dir/bauta.jsonl" "$dir/postfix-rerun.jsonl" <<'PY'
import json, os, statistics, sys

def rates(file):
    found = {}
    if os.path.exists(file):
        for line in open(file):
            run = json.loads(line)
            if run["got"] >= run["n"]:
                found.setdefault(run["s"], []).append((run["accept"], run["e2e"]))
    return {s: [statistics.median(r) for r in zip(*runs)] for s, runs in found.items()}

ours, theirs = rates(sys.argv[1]), rates(sys.argv[2])
print("\nmedians, messages a second: accepted, end to end")
for s in sorted(ours):
    line = f"{s:3d} sessions  bauta {ours[s][0]:6.0f} {ours[s][1]:6.0f}"
    if s in theirs:
        ratios = [a / b for a, b in zip(ours[s], theirs[s])]
        line += f"  postfix {theirs[s][0]:6.0f} {theirs[s][1]:6.0f}"
        line += f"  ratio {ratios[0]:.2f} {ratios[1]:.2f}"
    print(line)
PY
