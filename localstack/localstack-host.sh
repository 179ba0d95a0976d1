#!/usr/bin/env bash
# LocalStack starter: runs the real LocalStack without Docker, with S3 and DynamoDB on 127.0.0.1:$PORT, until it is ended. It needs a JDK 17, Maven and
# Python 3.13. It installs everything in .local/localstack, except DynamoDB Local, which LocalStack expects below /var/lib/localstack. DynamoDB Local comes
# from Maven instead of LocalStack's own download. An empty Java agent replaces LocalStack's agent, which only raises the limit on indexes.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$PWD/.local/localstack
port=${PORT:-4566}
lib=/var/lib/localstack/lib
ddb=$lib/dynamodb-local/2

die() { echo "$1" >&2; exit 1; }
python=
for candidate in "${PYTHON:-}" python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python; do
  if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || die "LocalStack needs Python 3.13: install it (pyenv install 3.13), name it in PYTHON, or set AWS_ENDPOINT_URL."
command -v java >/dev/null && command -v javac >/dev/null && command -v jar >/dev/null || die "DynamoDB Local needs a JDK 17: install it (Debian: apt install openjdk-17-jdk), or set AWS_ENDPOINT_URL."
command -v mvn >/dev/null || die "DynamoDB Local comes by Maven: install it (Debian: apt install maven), or set AWS_ENDPOINT_URL."
mkdir -p "$dir" "$lib" 2>/dev/null || die "LocalStack keeps DynamoDB Local in $lib, which cannot be written. Make it yours, or set AWS_ENDPOINT_URL."

if [ ! -f "$dir/venv/ready" ]; then
  "$python" -m venv --clear "$dir/venv" || die "$python cannot make a virtual environment: install its venv module (Debian: apt install python3.13-venv), or set AWS_ENDPOINT_URL."
  "$dir/venv/bin/pip" install -q "localstack-core[runtime]==2026.3.0" "cbor2<5.9" "pyOpenSSL==25.3.0" "cryptography<46.1" service_identity \
    || die "LocalStack could not be installed from the Python package index. Is the network there? Mend that, or set AWS_ENDPOINT_URL."
  touch "$dir/venv/ready"
fi
if [ ! -f "$ddb/DynamoDBLocal.jar" ]; then
  work=$dir/dynamodb
  mkdir -p "$ddb/DynamoDBLocal_lib" "$lib/java" "$work"
  cat > "$work/pom.xml" <<'X'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>l</groupId><artifactId>l</artifactId><version>1</version>
<dependencies><dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>2.6.1</version></dependency></dependencies></project>
X
  (cd "$work" && mvn -q dependency:copy-dependencies -DoutputDirectory="$ddb/DynamoDBLocal_lib") || die "DynamoDB Local could not be fetched by Maven. Is the network there? Mend that, or set AWS_ENDPOINT_URL."
  for f in "$ddb"/DynamoDBLocal_lib/libsqlite4java-*-1.0.392.*; do mv "$f" "${f/-1.0.392/}"; done
  echo 'public class Noop { public static void premain(String a) {} }' > "$work/Noop.java"
  (cd "$work" && javac Noop.java && printf 'Premain-Class: Noop\n' > agent.txt && jar cfm "$ddb/ddb-local-loader-0.1.jar" agent.txt Noop.class)
  "$python" - "$ddb" > "$work/manifest.txt" <<'X'
import os, sys
jars = sorted(f for f in os.listdir(sys.argv[1] + '/DynamoDBLocal_lib') if f.endswith('.jar'))
line = 'Class-Path: ' + ' '.join('DynamoDBLocal_lib/' + f for f in jars)
out, line = line[:70], line[70:]
while line:
    out, line = out + '\n ' + line[:69], line[69:]
print('Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner')
print(out)
X
  rm -rf "$lib/java/21"; ln -s "$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")" "$lib/java/21"
  jar cfm "$ddb/DynamoDBLocal.jar" "$work/manifest.txt"
fi

export SERVICES=${SERVICES:-s3,dynamodb,dynamodbstreams,sts,iam,kms} LOCALSTACK_VOLUME_DIR="$dir/volume" GATEWAY_LISTEN="127.0.0.1:$port"
export SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 S3_SKIP_SIGNATURE_VALIDATION=0
exec "$dir/venv/bin/python" -m localstack.runtime.main
