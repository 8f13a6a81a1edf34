{{- define "stream.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "stream.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "stream.selector" . }}
{{- end }}

{{- define "stream.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stream.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "stream.secret" -}}
{{ .Values.secrets.existingSecret | default (include "stream.name" .) }}
{{- end }}

{{- define "stream.has-secret" -}}
{{- $given := .Values.secrets }}
{{- if or $given.existingSecret $given.SASL_PASSWORD $given.SSL_KEY_PASSWORD $given.SCHEMA_REGISTRY_PASSWORD }}yes{{ end }}
{{- end }}
