{{/* Where the database's URL and passwords are. */}}
{{- define "system.databaseSecret" -}}
{{- if .Values.postgresql.enabled -}}
{{ .Values.postgresql.existingSecret | default (printf "%s-postgres" (include "system.fullname" .)) }}
{{- else -}}
{{ required "externalDatabase.existingSecret must name the Secret that holds DATABASE_URL, since postgresql.enabled is false" .Values.externalDatabase.existingSecret }}
{{- end -}}
{{- end }}

{{- define "system.temporalAddress" -}}
{{- if .Values.temporal.enabled -}}
{{ include "system.fullname" . }}-temporal:7233
{{- else -}}
{{ required "temporal.address must name the Temporal server as HOST:PORT, since temporal.enabled is false" .Values.temporal.address }}
{{- end -}}
{{- end }}

{{/* Where Temporal keeps its state: host, port, user and Secret. */}}
{{- define "system.temporalStore" -}}
{{- $store := .Values.temporal.database -}}
{{- if and (not .Values.postgresql.enabled) (not (and $store.host $store.existingSecret)) -}}
{{- fail "temporal.database.host and temporal.database.existingSecret must name a PostgreSQL, since postgresql.enabled is false and temporal.enabled is true" -}}
{{- end -}}
- name: POSTGRES_SEEDS
  value: {{ $store.host | default (printf "%s-postgres" (include "system.fullname" .)) | quote }}
- name: DB_PORT
  value: {{ $store.port | quote }}
- name: POSTGRES_USER
  value: {{ $store.user | quote }}
- name: POSTGRES_PWD
  valueFrom:
    secretKeyRef:
      name: {{ $store.existingSecret | default (include "system.databaseSecret" .) }}
      key: {{ $store.key }}
- name: DBNAME
  value: {{ $store.name | quote }}
- name: VISIBILITY_DBNAME
  value: {{ $store.visibilityName | quote }}
- name: SQL_TLS_ENABLED
  value: {{ $store.tls | quote }}
{{- end }}

{{/* What a process of the project has beside its settings: the database, Temporal's key, room for files. */}}
{{- define "system.processEnv" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "system.databaseSecret" . }}
      key: {{ ternary "DATABASE_URL" .Values.externalDatabase.key .Values.postgresql.enabled }}
{{- with .Values.temporal.apiKey.existingSecret }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.temporal.apiKey.key }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "system.processMounts" -}}
# The only place that can be written to.
- name: tmp
  mountPath: /tmp
{{- if and (not .Values.temporal.enabled) .Values.temporal.tls.existingSecret }}
- name: temporal-tls
  mountPath: /etc/temporal-tls
  readOnly: true
{{- end }}
{{- end }}

{{- define "system.processVolumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- if and (not .Values.temporal.enabled) .Values.temporal.tls.existingSecret }}
- name: temporal-tls
  secret:
    secretName: {{ .Values.temporal.tls.existingSecret }}
{{- end }}
{{- end }}

{{/* Flows that networkpolicy.yaml lets through, as labels of a pod: (dict "root" $ "to" (list "postgres" "temporal" "outside")). */}}
{{- define "system.reaches" -}}
{{- range .to }}
reaches-{{ . }}: "true"
{{- end }}
{{- end }}

{{/*
A Job that must be done before new processes start. An installation has it as a plain object, named after its version,
and processes wait for what it does. An upgrade has it as a hook, done before anything else is changed.
(dict "root" $ "component" "migrate" "version" .Chart.AppVersion "weight" 0)
*/}}
{{- define "system.jobMetadata" -}}
{{- $version := include "system.inName" .version -}}
{{- include "system.metadata" (dict "root" .root "component" .component "name" (printf "-%s-%s" .component $version)) }}
{{- if .root.Release.IsUpgrade }}
annotations:
  helm.sh/hook: pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}
