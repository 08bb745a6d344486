package main

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"time"
)

// No key is a single escaped character: JSON.parse of Node 24 misreads "\n" and the like as a backslash.
var texts = []string{
	"", "a", "app", "x<y", "a&b", "\"q\"", "é", "l\u2028", "tab\t", "nl\n", "\x7f", "c\x01", "\b\f", "😀", "\uffee", "0", "true", "b\\", "/",
}
var quantities = []string{
	"0", "1", "100m", "1000m", "0.5", "1.5Gi", "1024Mi", "1Ki", "1e3", "12e6", "1500m", "2000", "1.25", "0.1", "128974848", "-1", "1k", "10M",
}

// randomPodTemplate fills every field of the structs by chance. The question is the seed.
func randomPodTemplate(question json.RawMessage) answer {
	var seed int64
	if err := json.Unmarshal(question, &seed); err != nil {
		return answer{Error: err.Error()}
	}
	source := rand.New(rand.NewSource(seed))
	var filled corev1.PodTemplateSpec
	fill(source, reflect.ValueOf(&filled).Elem(), 0)
	written, err := json.Marshal(&filled)
	if err != nil {
		return answer{Error: err.Error()}
	}
	// Read and written once more: that is what a stored object goes through.
	var template corev1.PodTemplateSpec
	if err := json.Unmarshal(written, &template); err != nil {
		return answer{Error: err.Error()}
	}
	out, err := hashOf(&template, nil)
	out.Template = json.RawMessage(shuffled(source, written))
	return respond(out, err)
}

// shuffled writes the same document with its keys in another order, so that only the field table can
// restore the order of the structs.
func shuffled(source *rand.Rand, document []byte) string {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(document)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	var out strings.Builder
	var write func(any)
	write = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			keys := make([]string, 0, len(value))
			for key := range value {
				keys = append(keys, key)
			}
			// Map order is random in Go but not repeatable: sort, then shuffle by the seed.
			for i := range keys {
				for j := i + 1; j < len(keys); j++ {
					if keys[j] < keys[i] {
						keys[i], keys[j] = keys[j], keys[i]
					}
				}
			}
			source.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			out.WriteByte('{')
			for i, key := range keys {
				if i > 0 {
					out.WriteByte(',')
				}
				name, _ := json.Marshal(key)
				out.Write(name)
				out.WriteByte(':')
				write(value[key])
			}
			out.WriteByte('}')
		case []any:
			out.WriteByte('[')
			for i, item := range value {
				if i > 0 {
					out.WriteByte(',')
				}
				write(item)
			}
			out.WriteByte(']')
		default:
			leaf, _ := json.Marshal(value)
			out.Write(leaf)
		}
	}
	write(value)
	return out.String()
}

func fill(source *rand.Rand, value reflect.Value, depth int) {
	chance := 0.6
	if depth > 2 {
		chance = 0.35
	}
	switch target := value.Addr().Interface().(type) {
	case *resource.Quantity:
		*target = resource.MustParse(quantities[source.Intn(len(quantities))])
		return
	case *metav1.Time:
		if source.Float64() < 0.5 {
			*target = metav1.NewTime(time.Unix(source.Int63n(2_000_000_000), 0).UTC())
		}
		return
	case *intstr.IntOrString:
		if source.Float64() < 0.5 {
			*target = intstr.FromInt32(source.Int31n(70000))
		} else {
			*target = intstr.FromString(texts[source.Intn(len(texts))])
		}
		return
	case *metav1.FieldsV1:
		target.Raw = []byte(`{"f:a":{}}`)
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if source.Float64() < chance {
			value.Set(reflect.New(value.Type().Elem()))
			fill(source, value.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if source.Float64() < chance {
				fill(source, value.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		n := source.Intn(3)
		value.Set(reflect.MakeSlice(value.Type(), n, n))
		for i := range n {
			fill(source, value.Index(i), depth+1)
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for range source.Intn(4) {
			key := reflect.New(value.Type().Key()).Elem()
			item := reflect.New(value.Type().Elem()).Elem()
			fill(source, key, depth+1)
			fill(source, item, depth+1)
			value.SetMapIndex(key, item)
		}
	case reflect.String:
		value.SetString(texts[source.Intn(len(texts))])
	case reflect.Bool:
		value.SetBool(source.Float64() < 0.7)
	case reflect.Int, reflect.Int32, reflect.Int64:
		value.SetInt(source.Int63n(5))
	case reflect.Uint8:
		value.SetUint(uint64(source.Intn(256)))
	default:
		panic("no rule for " + value.Type().String())
	}
}
