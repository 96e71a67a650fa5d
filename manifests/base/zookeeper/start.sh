#!/bin/bash
# Writes this member's number (its ordinal plus one: zero is not allowed) and becomes the server.
set -euo pipefail
mkdir -p /var/lib/zookeeper/data/snapshots /var/lib/zookeeper/data/log
echo $(( ${POD_NAME##*-} + 1 )) > /var/lib/zookeeper/data/snapshots/myid
export SERVER_JVMFLAGS="${SERVER_OPTS}"
exec zkServer.sh start-foreground
