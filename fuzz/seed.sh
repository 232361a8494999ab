#!/bin/sh
# Fills corpus/ with the captures in tests/fixtures, from which the fuzzer starts. Large ones only slow it down.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/otlp_json corpus/otlp_protobuf corpus/otlp_logs_json corpus/otlp_logs_protobuf corpus/facts corpus/filter
find ../tests/fixtures -name '*.otlp.json' ! -name '*.logs.*' -size -64k -exec cp {} corpus/otlp_json/ \;
find ../tests/fixtures -name '*.otlp.json' ! -name '*.logs.*' -size -64k -exec cp {} corpus/facts/ \;
find ../tests/fixtures -name '*.otlp.pb' ! -name '*.logs.*' -size -64k -exec cp {} corpus/otlp_protobuf/ \;
find ../tests/fixtures -name '*.logs.otlp.json' -size -64k -exec cp {} corpus/otlp_logs_json/ \;
find ../tests/fixtures -name '*.logs.otlp.pb' -size -64k -exec cp {} corpus/otlp_logs_protobuf/ \;
echo '{"op":"AND","conditions":[{"op":"EQ","key":"status","value":"OK"},{"op":"GTE","key":"duration_ms","value":5}]}' >corpus/filter/and.json
echo '{"op":"NOT","condition":{"op":"IN","key":"agent_id","values":["a","b",null,1.5]}}' >corpus/filter/not.json
