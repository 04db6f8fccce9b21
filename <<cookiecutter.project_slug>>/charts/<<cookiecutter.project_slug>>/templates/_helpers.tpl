{{/* What every object is named after: the release, with the chart's name unless the release has it. */}}
{{- define "system.fullname" -}}
{{- $name := .Release.Name -}}
{{- if .Values.fullnameOverride -}}
{{- $name = .Values.fullnameOverride -}}
{{- else if not (contains .Chart.Name .Release.Name) -}}
{{- $name = printf "%s-%s" .Release.Name .Chart.Name -}}
{{- end -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* What selects the pods of one component: (dict "root" $ "component" "worker"). */}}
{{- define "system.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The metadata of an object: (dict "root" $ "component" "worker" "name" "-worker"). */}}
{{- define "system.metadata" -}}
name: {{ printf "%s%s" (include "system.fullname" .root) .name | trunc 63 | trimSuffix "-" }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "system.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: {{ .root.Chart.Name }}
{{- end }}

{{- define "system.image" -}}
{{ .Values.image.repository | default .Chart.Name }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* A version as part of a name: a Job cannot be changed, so each version has its own. */}}
{{- define "system.inName" -}}
{{ . | lower | replace "." "-" | replace "_" "-" | replace "+" "-" | trunc 20 | trimSuffix "-" }}
{{- end }}

{{- define "system.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "system.fullname" .) }}
{{- end }}

{{- define "system.secrets" -}}
{{ .Values.secrets.existingSecret | default (printf "%s-secrets" (include "system.fullname" .)) }}
{{- end }}

{{/* What may be done in a container: nothing that Pod Security `restricted` forbids, and its root file system is read-only. */}}
{{- define "system.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What every pod has: (dict "root" $ "uid" 10001 "scheduling" .Values.worker). */}}
{{- define "system.pod" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
serviceAccountName: {{ include "system.serviceAccount" .root }}
# No pod talks to the Kubernetes API.
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid }}
  runAsGroup: {{ .uid }}
  fsGroup: {{ .uid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- $own := .scheduling | default dict }}
{{- with $own.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity | default .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Copies of a component on different machines and zones, where that can be had: (dict "root" $ "component" "api"). */}}
{{- define "system.spread" -}}
{{- if .scheduling.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .scheduling.topologySpreadConstraints | nindent 2 }}
{{- else }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "system.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Annotations of a pod: those for all, and the sum of its settings, so that a changed setting brings new pods. */}}
{{- define "system.podAnnotations" -}}
checksum/settings: {{ toJson (list .Values.settings (pick (.Values.temporal | default dict) "enabled" "address" "namespace" "tls")) | sha256sum | trunc 16 | quote }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A container of the project's own image: (dict "root" $ "name" "api" "args" (list "api")). */}}
{{- define "system.container" -}}
name: {{ .name }}
image: {{ include "system.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .args }}
securityContext:
  {{- include "system.containerSecurity" . | nindent 2 }}
envFrom:
  - configMapRef:
      name: {{ include "system.fullname" .root }}-config
  - secretRef:
      name: {{ include "system.secrets" .root }}
  {{- with .root.Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
