#!/bin/sh
# Lets a judged strategy run at a stage: alert, or paper where its evidence opens the gate.
#   examples/curl/promote.sh STRATEGY_ID [alert|paper]
set -eu
: "${1:?which? give the STRATEGY_ID}"
gateway=${SENTINEL_GATEWAY_URL:-http://127.0.0.1:3000}
curl -sS --fail-with-body "$gateway/api/v1/strategies/$1/promote" \
  -H 'Content-Type: application/json' -d "{\"stage\": \"${2:-alert}\"}"
echo
