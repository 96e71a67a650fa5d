#!/bin/bash
# Readiness: exits 0 only when this member serves as leader or follower; `imok` would also come from one without a quorum.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/2181
printf srvr >&3
answer=$(cat <&3)
[[ $answer =~ Mode:\ (leader|follower) ]] || { echo "not in a quorum: ${answer%%$'\n'*}"; exit 1; }
