#!/bin/sh
# Waits until a job has ended and prints its result, or why there is none.
#   examples/curl/wait.sh JOB_ID
set -eu
: "${1:?which? give the JOB_ID}"
gateway=${SENTINEL_GATEWAY_URL:-http://127.0.0.1:3000}
while curl -sS --fail-with-body "$gateway/api/v1/jobs/$1" | grep -q '"state": *"running"'; do
  sleep 1
done
curl -sS --fail-with-body "$gateway/api/v1/jobs/$1/result"
echo
