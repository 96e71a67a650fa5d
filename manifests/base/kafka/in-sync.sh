#!/bin/bash
# Readiness: exits 0 only when this broker is registered and in the in-sync set of every partition that it holds.
#
# A TCP check would let a rolling update take the next broker while this one is still catching up, which leaves
# partitions below min.insync.replicas. Asks the local broker for its metadata (Kafka protocol, Metadata v1) with
# nothing but bash and coreutils: a JVM every few seconds would eat the half CPU that the broker has.
set -euo pipefail
self=${POD_NAME##*-}

exec 3<>/dev/tcp/127.0.0.1/9092
# 19 bytes: api 3, version 1, correlation 1, client "probe", all topics
printf '\x00\x00\x00\x13\x00\x03\x00\x01\x00\x00\x00\x01\x00\x05probe\xff\xff\xff\xff' >&3
size=($(head -c 4 <&3 | od -An -v -tu1))
bytes=($(head -c $(( (size[0] << 24) + (size[1] << 16) + (size[2] << 8) + size[3] )) <&3 | od -An -v -tu1 -w65536))
exec 3<&-

at=4  # behind the correlation id
int32() { value=$(( (bytes[at] << 24) + (bytes[at+1] << 16) + (bytes[at+2] << 8) + bytes[at+3] )); at=$((at + 4)); }
skip_string() { local n=$(( (bytes[at] << 8) + bytes[at+1] )); (( n == 65535 )) && n=0; at=$((at + 2 + n)); }
holds_self() { # reads an int32 array; found=1 when it holds this broker
  int32; local n=$value; found=0
  for (( ; n > 0; n-- )); do int32; if (( value == self )); then found=1; fi; done
}

int32; brokers=$value; registered=0
for (( ; brokers > 0; brokers-- )); do
  int32; if (( value == self )); then registered=1; fi
  skip_string; at=$((at + 4)); skip_string
done
(( registered )) || { echo "broker ${self} is not registered yet"; exit 1; }

at=$((at + 4))  # controller id
int32; topics=$value; lagging=0
for (( ; topics > 0; topics-- )); do
  at=$((at + 2)); skip_string; at=$((at + 1))
  int32; partitions=$value
  for (( ; partitions > 0; partitions-- )); do
    at=$((at + 10))  # error, partition, leader
    holds_self; held=$found
    holds_self; (( held && !found )) && lagging=$((lagging + 1))
  done
done
(( lagging == 0 )) || { echo "broker ${self} is out of sync on ${lagging} partitions"; exit 1; }
