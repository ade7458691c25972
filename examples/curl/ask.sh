#!/bin/sh
# The three passages of the knowledge base nearest to a question.
#   examples/curl/ask.sh "where do I put a stop?"
set -eu
: "${1:?what? give the question in quotes}"
gateway=${SENTINEL_GATEWAY_URL:-http://127.0.0.1:3000}
query=$(printf '%s' "$1" | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g')
curl -sS --fail-with-body "$gateway/api/v1/knowledge/search" \
  -H 'Content-Type: application/json' -d "{\"query\": \"$query\", \"limit\": 3}"
echo
