// Answers questions about the languages that Go defined. Reads a JSON list from standard input and
// prints a JSON list of answers in the same order; an answer is {"ok": ...} or {"error": "..."}.
//
//	go run ./oracle quantity|duration|selector|yaml-read|yaml-print|pod-template|pod-template-random|strategic
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

type answer struct {
	OK    any    `json:"ok,omitempty"`
	Error string `json:"error,omitempty"`
}

func respond(value any, err error) answer {
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{OK: value}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oracle <language> < questions.json")
		os.Exit(2)
	}
	var questions []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ask, known := map[string]func(json.RawMessage) answer{
		"quantity":            quantity,
		"duration":            duration,
		"selector":            selector,
		"yaml-read":           yamlRead,
		"yaml-print":          yamlPrint,
		"pod-template":        podTemplate,
		"pod-template-random": randomPodTemplate,
		"strategic":           strategic,
	}[os.Args[1]]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown language", os.Args[1])
		os.Exit(2)
	}
	answers := make([]answer, len(questions))
	for i, question := range questions {
		answers[i] = ask(question)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	if err := out.Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func text(question json.RawMessage) string {
	var s string
	if err := json.Unmarshal(question, &s); err != nil {
		panic(err)
	}
	return s
}

func quantity(question json.RawMessage) answer {
	q, err := resource.ParseQuantity(text(question))
	return respond(q.String(), err)
}

func duration(question json.RawMessage) answer {
	d, err := time.ParseDuration(text(question))
	return respond([]string{fmt.Sprint(int64(d)), d.String()}, err)
}

func selector(question json.RawMessage) answer {
	s, err := labels.Parse(text(question))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{OK: []string{s.String()}}
}

func yamlRead(question json.RawMessage) answer {
	out, err := yaml.YAMLToJSON([]byte(text(question)))
	return respond(json.RawMessage(out), err)
}

func yamlPrint(question json.RawMessage) answer {
	out, err := yaml.JSONToYAML(question)
	return respond(string(out), err)
}

type hashed struct {
	Template json.RawMessage `json:"template,omitempty"`
	JSON     string          `json:"json"`
	Hash     string          `json:"hash"`
}

// hashOf is the revision hash of a template: FNV-1a of its JSON, then the collision count.
func hashOf(template *corev1.PodTemplateSpec, collisions *int32) (hashed, error) {
	data, err := json.Marshal(template)
	if err != nil {
		return hashed{}, err
	}
	sum := fnv.New32a()
	sum.Write(data)
	if collisions != nil {
		count := make([]byte, 8)
		binary.LittleEndian.PutUint32(count, uint32(*collisions))
		sum.Write(count)
	}
	return hashed{JSON: string(data), Hash: rand.SafeEncodeString(fmt.Sprint(sum.Sum32()))}, nil
}

func podTemplate(question json.RawMessage) answer {
	var template corev1.PodTemplateSpec
	if err := kjson.UnmarshalCaseSensitivePreserveInts(question, &template); err != nil {
		return answer{Error: err.Error()}
	}
	out, err := hashOf(&template, nil)
	return respond(out, err)
}
