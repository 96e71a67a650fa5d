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

export EXTRA_ARGS="-name kafkaServer"  # no garbage collection log: the root file system is read-only
export KAFKA_LOG4J_OPTS=-Dlog4j.configuration=file:/etc/greenfield/log4j.properties
export KAFKA_HEAP_OPTS="${BROKER_HEAP_OPTS}"
export KAFKA_JVM_PERFORMANCE_OPTS="${BROKER_JVM_OPTS}"
exec kafka-server-start /tmp/server.properties
