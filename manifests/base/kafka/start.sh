#!/bin/bash
# Writes this broker's configuration from its pod's name and becomes the broker, so that SIGTERM reaches the JVM.
set -euo pipefail
ordinal=${POD_NAME##*-}
advertised=${POD_NAME}.kafka.${POD_NAMESPACE}.svc.cluster.local
{
  # One file after the other, a later line wins.
  for file in /etc/greenfield/*-*.properties; do cat "$file"; echo; done
  echo "broker.id=${ordinal}"
  echo "broker.rack=${NODE_NAME}"
  echo "listeners=PLAINTEXT://0.0.0.0:9092"
  echo "advertised.listeners=PLAINTEXT://${advertised}:9092"
} > /tmp/server.properties

# The session of a process that ended without a word goes on for a while, and Kafka ends when its id is registered
# already: the kubelet would let it wait for ever longer. Whatever this finds, it is over in the time of some sessions.
trap 'exit 143' TERM
for (( asked = 0; asked < 100; asked++ )); do
  bash /etc/greenfield/registered.sh /tmp/server.properties || break
  sleep 0.2
done
trap - TERM

export EXTRA_ARGS="-name kafkaServer"  # no garbage collection log: the root file system is read-only
export KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:/etc/greenfield/log4j.properties
export KAFKA_HEAP_OPTS="${BROKER_HEAP_OPTS}"
export KAFKA_JVM_PERFORMANCE_OPTS="${BROKER_JVM_OPTS}"
exec kafka-server-start /tmp/server.properties
