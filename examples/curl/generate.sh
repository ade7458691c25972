#!/bin/sh
# A sentence becomes a strategy: prints the job, with the result if it is done within 30 s.
#   examples/curl/generate.sh "buy BTCUSDT on the hourly chart when RSI is below 30, sell when RSI is above 70"
set -eu
: "${1:?what? give the sentence in quotes}"
gateway=${SENTINEL_GATEWAY_URL:-http://127.0.0.1:3000}
text=$(printf '%s' "$1" | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g')
curl -sS --fail-with-body "$gateway/api/v1/strategies/generate" \
  -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d "{\"text\": \"$text\"}"
echo
