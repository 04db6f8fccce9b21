#!/bin/sh
# Puts the one backup in $BACKUP_DIR in the place of the databases in $DATABASES. What was there is kept under another name.
# Everything is restored beside the old databases first; they change places at the end, when nobody is connected.
set -eu
: "${DATABASES:?name the databases, with spaces between them}" "${BACKUP_DIR:?name the folder that holds one backup}"

query() { psql --no-password --no-psqlrc --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=postgres "$@"; }

set -- "$BACKUP_DIR"/*/SHA256SUMS
[ $# -eq 1 ] && [ -f "$1" ] || { echo "$BACKUP_DIR must hold one backup, a folder with SHA256SUMS." >&2; exit 2; }
folder=${1%/*}
(cd "$folder" && sha256sum --check --quiet SHA256SUMS)

for database in $DATABASES; do
  owner=$(query --command="SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '$database'")
  [ -n "$owner" ] || { echo "There is no database $database to take the place of: create it, with its owner." >&2; exit 1; }
  query --quiet --command="DROP DATABASE IF EXISTS ${database}_restored" --command="CREATE DATABASE ${database}_restored OWNER $owner TEMPLATE template0"
  pg_restore --no-password --exit-on-error --dbname="${database}_restored" "$folder/$database.dump"
done

names=$(printf "'%s'," $DATABASES)
open=$(query --command="SELECT count(*) FROM pg_stat_activity WHERE datname IN (${names%,})")
if [ "$open" -ne 0 ]; then
  echo "$open connections are open: scale all Deployments to 0, and run this again." >&2
  exit 1
fi
before=before_$(date -u +%Y%m%d%H%M%S)
set --
for database in $DATABASES; do
  set -- "$@" --command="ALTER DATABASE $database RENAME TO ${database}_$before" --command="ALTER DATABASE ${database}_restored RENAME TO $database" \
    --command="REVOKE CONNECT ON DATABASE $database FROM PUBLIC"
done
# All or nothing.
query --quiet --single-transaction "$@"
echo "Restored $(basename "$folder"). The old databases are kept: drop those whose names end with _$before when all is well."
