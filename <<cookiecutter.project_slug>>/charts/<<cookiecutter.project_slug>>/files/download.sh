#!/bin/sh
# Fetches one backup from the bucket into $BACKUP_DIR: the one named by $BACKUP, or the latest.
set -eu
: "${BACKUP_DIR:?name the folder for the dumps}" "${BACKUP_PATH:?name the bucket, as BUCKET/PREFIX}"

name=${BACKUP:-latest}
if [ "$name" = latest ]; then
  name=$(rclone lsf --dirs-only "backup:$BACKUP_PATH" | sort | tail -n 1)
  name=${name%/}
fi
[ -n "$name" ] || { echo "There is no backup in backup:$BACKUP_PATH." >&2; exit 1; }
rclone copy "backup:$BACKUP_PATH/$name" "$BACKUP_DIR/$name"
[ -f "$BACKUP_DIR/$name/SHA256SUMS" ] || { echo "There is no backup $name in backup:$BACKUP_PATH, or it is not whole." >&2; exit 1; }
echo "Fetched backup $name."
