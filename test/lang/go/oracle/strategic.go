package main

import (
	"encoding/json"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// strategic takes {"kind", "target", "patch"}.
func strategic(question json.RawMessage) answer {
	var input struct {
		Kind   string          `json:"kind"`
		Target json.RawMessage `json:"target"`
		Patch  json.RawMessage `json:"patch"`
	}
	if err := json.Unmarshal(question, &input); err != nil {
		return answer{Error: err.Error()}
	}
	var schema any
	switch input.Kind {
	case "Pod":
		schema = corev1.Pod{}
	case "Service":
		schema = corev1.Service{}
	case "Deployment":
		schema = appsv1.Deployment{}
	case "Job":
		schema = batchv1.Job{}
	case "Ingress":
		schema = networkingv1.Ingress{}
	default:
		return answer{Error: "unknown kind " + input.Kind}
	}
	out, err := strategicpatch.StrategicMergePatch(input.Target, input.Patch, schema)
	return respond(json.RawMessage(out), err)
}
