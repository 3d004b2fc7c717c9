#!/usr/bin/env bash
# Accept and end-to-end rates of the release build, beside Postfix on the same machine in one go.
# Needs the bench folder that lies beside the project (../shared/bench) and installs Debian's
# postfix for smtp-source and smtp-sink. Prints a line for each; quote the ratio, not the numbers.
#
#   benches/beside-postfix.sh [SESSIONS=10] [MESSAGES=3000] [BYTES=4096] [REPS=3]
set -euo pipefail
cd "$(dirname "$0")/.."
sessions=${1:-10} messages=${2:-3000} bytes=${3:-4096} reps=${4:-3}
bench=../shared/bench
[ -d "$bench" ] || { echo "SKIPPED: $bench is not beside the project" >&2; exit 0; }
cargo build --release --locked
bauta=$PWD/target/release/bauta
dir=$(mktemp -d)
chmod 755 "$dir" # Postfix runs as a user of its own
export BENCH_DIR=$dir
smtp=24525 sink=24526

postfix_line() { "$bench/run-postfix-baseline.sh" "$sessions" "$messages" "$bytes" "$reps"; }
postfix_line || echo "Postfix did not run: see above"

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
TOML
run() { "$bauta" --config "$dir/bauta.toml" "$@"; }
run seller put S1 --name "Lamp Shop" --email cs@lamps.example
run buyer put B1 --name "Jane Roe" --email jane@mail.example
run order put O1 --seller S1 --buyer B1 --item "Brass lamp"
alias=$(run alias show --order O1 --json | sed 's/.*"seller_alias_for_order":"\([^"]*\)".*/\1/')
BAUTA_LOG=${BAUTA_LOG:-info} "$bauta" --config "$dir/bauta.toml" serve 2>"$dir/log" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$dir"' EXIT
sleep 1
mkdir -p /sys/fs/cgroup/cpuacct/bench_bauta 2>/dev/null &&
    echo $pid > /sys/fs/cgroup/cpuacct/bench_bauta/cgroup.procs 2>/dev/null || true
python3 "$bench/bench.py" bauta $smtp $sink std "$sessions" "$messages" "$bytes" --cg bench_bauta \
    --sender jane@mail.example --rcpt "$alias" --fixed --reps "$reps"

postfix_line || echo "Postfix did not run: see above"
