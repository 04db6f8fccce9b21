#!/bin/sh
# Dumps each database of $DATABASES into a folder of $BACKUP_DIR that is named after the time, and reads each dump back.
# The server is named by PGHOST, PGUSER and PGPASSWORD. Exit code 0: the folder is whole; else there is none.
set -eu
: "${DATABASES:?name the databases, with spaces between them}" "${BACKUP_DIR:?name the folder that dumps are kept in}"

name=$(date -u +%Y-%m-%dT%H-%M-%SZ)
partial=$BACKUP_DIR/.partial-$name
trap 'rm -rf "$partial"' EXIT
mkdir -p "$partial"
for database in $DATABASES; do
  pg_dump --no-password --format=custom --file="$partial/$database.dump" "$database"
  # The data are read as well as the list: a dump that cannot be read is no backup.
  pg_restore --file=/dev/null "$partial/$database.dump"
done
(cd "$partial" && sha256sum -- *.dump >SHA256SUMS)
mv "$partial" "$BACKUP_DIR/$name"
echo "Backup $name: $(du -sh "$BACKUP_DIR/$name" | cut -f1)B, databases: $DATABASES"
