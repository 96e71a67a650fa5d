#!/bin/bash
# Exits 0 only while ZooKeeper lists this broker as registered: registered.sh <server.properties>
#
# Asks one member after the other until one answers that has a quorum, with nothing but bash and coreutils. Where nobody
# answers it exits 1: what comes next is then Kafka's to say, which waits for ZooKeeper by itself.
set -uo pipefail
self=${POD_NAME##*-}
connect=$(grep '^zookeeper\.connect=' "$1" | tail -n 1)
connect=${connect#*=}
for member in ${connect//,/ }; do
  member=${member%%/*}
  answer=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf dump >&3 && cat <&3' \
    "${member%:*}" "${member##*:}" 2> /dev/null) || continue
  [[ $answer == *"ephemeral nodes dump"* ]] || continue
  grep -q "/brokers/ids/${self}\$" <<< "$answer"
  exit
done
exit 1
