{{/* What every pod of the stream is like. */}}
{{- define "stream.pod" -}}
serviceAccountName: {{ include "stream.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "stream.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Settings: the ConfigMap's, the Secret's, and what the chart itself knows. */}}
{{- define "stream.environment" -}}
envFrom:
  - configMapRef: {name: {{ include "stream.name" . }}}
  {{- if include "stream.has-secret" . }}
  - secretRef: {name: {{ include "stream.secret" . }}}
  {{- end }}
{{- end }}

{{- define "stream.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.tls.existingSecret }}
- {name: tls, mountPath: /etc/stream/tls, readOnly: true}
{{- end }}
{{- end }}

{{- define "stream.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if .Values.tls.existingSecret }}
- name: tls
  secret: {secretName: {{ .Values.tls.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "stream.model-mount" -}}
{{- if .Values.model.existingClaim }}
- {name: models, mountPath: /models, readOnly: true}
{{- end }}
{{- end }}

{{- define "stream.model-volume" -}}
{{- if .Values.model.existingClaim }}
- name: models
  persistentVolumeClaim: {claimName: {{ .Values.model.existingClaim }}}
{{- end }}
{{- end }}

{{/* Changes of settings and passwords roll the pods. */}}
{{- define "stream.checksums" -}}
checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
checksum/secret: {{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}
{{- end }}

{{/* Pods of one component apart from each other. Takes the root and the component's name. */}}
{{- define "stream.spread" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "stream.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $component }}
{{- end }}
{{- end }}

{{/* The drain's own limit and a margin for the way down. */}}
{{- define "stream.grace-period" -}}
{{- add (ceil (.Values.config.DRAIN_TIMEOUT_S | default 9 | float64)) 15 -}}
{{- end }}

{{/* The ports of BOOTSTRAP_SERVERS and those that were added, each once. */}}
{{- define "stream.kafka-ports" -}}
{{- $ports := list }}
{{- range splitList "," .Values.config.BOOTSTRAP_SERVERS }}
{{- $ports = append $ports (regexFind "[0-9]+$" (trim .)) }}
{{- end }}
{{- range .Values.networkPolicy.kafkaPorts }}
{{- $ports = append $ports (print .) }}
{{- end }}
{{- range uniq $ports }}
- {protocol: TCP, port: {{ . }}}
{{- end }}
{{- end }}
