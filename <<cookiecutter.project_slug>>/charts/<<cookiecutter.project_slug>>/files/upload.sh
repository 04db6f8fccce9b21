#!/bin/sh
# Copies the backups of $BACKUP_DIR to the bucket, compares both, and then removes what is older than $KEEP_DAYS there.
# The bucket is rclone's remote `backup`, set up by RCLONE_CONFIG_BACKUP_...
set -eu
: "${BACKUP_DIR:?name the folder of the dumps}" "${BACKUP_PATH:?name the bucket, as BUCKET/PREFIX}" "${KEEP_DAYS:?say for how long}"

rclone copy "$BACKUP_DIR" "backup:$BACKUP_PATH"
rclone check --one-way "$BACKUP_DIR" "backup:$BACKUP_PATH"
rclone delete --min-age "${KEEP_DAYS}d" "backup:$BACKUP_PATH"
echo "Kept in backup:$BACKUP_PATH:"
rclone lsf "backup:$BACKUP_PATH"
