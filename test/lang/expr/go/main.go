// Answers for the conformance tables of the languages that Go defined: expr-lang, client-go's jsonpath, RE2.
//
//	go run . expr     < ../testdata/expr.cases.json     > ../testdata/expr.json
//	go run . expr     < ../testdata/expr-random.cases.json > ../testdata/expr-random.json
//	go run . jsonpath < ../testdata/jsonpath.cases.json > ../testdata/jsonpath.json
//	go run . regexp   < ../testdata/regexp.cases.json   > ../testdata/regexp.json
//
// One row for each case, in order, one to a line; the same input gives the same output.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"k8s.io/client-go/util/jsonpath"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: oracle expr|jsonpath|regexp < cases > rows")
	}
	var rows []any
	switch os.Args[1] {
	case "expr":
		rows = each(exprRows)
	case "jsonpath":
		rows = each(jsonpathRows)
	case "regexp":
		rows = each(regexpRows)
	default:
		fail("unknown table " + os.Args[1])
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var out strings.Builder
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(row); err != nil {
			fail(err.Error())
		}
		lines[i] = strings.TrimSpace(out.String())
	}
	fmt.Printf("[\n%s\n]\n", strings.Join(lines, ",\n"))
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}

func each[Group any](answer func(Group) []any) []any {
	var groups []Group
	if err := json.NewDecoder(os.Stdin).Decode(&groups); err != nil {
		fail(err.Error())
	}
	var rows []any
	for _, group := range groups {
		rows = append(rows, answer(group)...)
	}
	return rows
}

type exprGroup struct {
	ResultType string          `json:"resultType"`
	Result     json.RawMessage `json:"result"`
	Sources    []string        `json:"sources"`
}

type exprRow struct {
	ResultType string          `json:"resultType"`
	Result     json.RawMessage `json:"result"`
	Source     string          `json:"source"`
	// Go's %T and %v of the outcome.
	Type string `json:"type,omitempty"`
	Text string `json:"text,omitempty"`
	// Or the error: its message and where.
	Error  string `json:"error,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// Set where the expression was refused before it ran.
	Compile bool `json:"compile,omitempty"`
}

func exprRows(group exprGroup) []any {
	var rows []any
	for _, source := range group.Sources {
		row := exprRow{ResultType: group.ResultType, Result: group.Result, Source: source}
		env := environment(group)
		program, err := expr.Compile(source, expr.Env(env))
		if err != nil {
			row.Compile = true
			row.fault(err)
			rows = append(rows, row)
			continue
		}
		out, err := expr.Run(program, env)
		if err != nil {
			row.fault(err)
		} else {
			row.Type = fmt.Sprintf("%T", out)
			row.Text = fmt.Sprintf("%v", out)
			if kind := reflect.ValueOf(out).Kind(); kind == reflect.Func {
				row.Text = ""
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (row *exprRow) fault(err error) {
	var fault *file.Error
	// A panic of the compiler carries a stack trace.
	row.Error, _, _ = strings.Cut(err.Error(), "\n")
	if errors.As(err, &fault) {
		row.Error = fault.Message
		row.Line = fault.Line
		row.Column = fault.Column + 1
	}
}

func environment(group exprGroup) map[string]any {
	var decoded any
	if err := json.Unmarshal(group.Result, &decoded); err != nil {
		fail(err.Error())
	}
	decoded = special(decoded)
	if group.ResultType == "vector" {
		floats := []float64{}
		for _, item := range decoded.([]any) {
			floats = append(floats, item.(float64))
		}
		decoded = floats
	}
	return map[string]any{
		"result":  decoded,
		"asInt":   asInt,
		"asFloat": asFloat,
		"isNaN":   math.IsNaN,
		"isInf":   func(f float64) bool { return math.IsInf(f, 0) },
		"isNil":   func(any) bool { return decoded == nil },
		"default": func(_ any, fallback any) any {
			if decoded == nil {
				return fallback
			}
			return decoded
		},
	}
}

// special turns {"$float": "NaN"} into the float.
func special(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = special(v[i])
		}
	case map[string]any:
		if text, ok := v["$float"].(string); ok {
			f, _ := strconv.ParseFloat(text, 64)
			return f
		}
		for key := range v {
			v[key] = special(v[key])
		}
	}
	return value
}

func asInt(in any) int64 {
	switch v := reflect.ValueOf(in); {
	case v.IsValid() && v.CanInt() && v.Type().PkgPath() == "":
		return v.Int()
	case v.IsValid() && v.CanUint():
		return int64(v.Uint())
	case v.IsValid() && v.CanFloat():
		return int64(v.Float())
	case v.IsValid() && v.Kind() == reflect.String:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	panic(fmt.Sprintf("asInt() not supported on %v %v", reflect.TypeOf(in), in))
}

func asFloat(in any) float64 {
	switch v := reflect.ValueOf(in); {
	case v.IsValid() && v.CanInt() && v.Type().PkgPath() == "":
		return float64(v.Int())
	case v.IsValid() && v.CanUint():
		return float64(v.Uint())
	case v.IsValid() && v.CanFloat():
		return v.Float()
	case v.IsValid() && v.Kind() == reflect.String:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			panic(err)
		}
		return f
	}
	panic(fmt.Sprintf("asFloat() not supported on %v %v", reflect.TypeOf(in), in))
}

type jsonpathGroup struct {
	Body  json.RawMessage `json:"body"`
	Paths []string        `json:"paths"`
}

type jsonpathRow struct {
	Body       json.RawMessage `json:"body"`
	Path       string          `json:"path"`
	ParseError string          `json:"parseError,omitempty"`
	Error      string          `json:"error,omitempty"`
	Panic      string          `json:"panic,omitempty"`
	Results    [][]any         `json:"results,omitzero"`
	Text       *string         `json:"text,omitempty"`
}

func jsonpathRows(group jsonpathGroup) []any {
	var rows []any
	for _, path := range group.Paths {
		row := jsonpathRow{Body: group.Body, Path: path}
		row.answer()
		rows = append(rows, row)
	}
	return rows
}

func (row *jsonpathRow) answer() {
	defer func() {
		if r := recover(); r != nil {
			row.Panic = fmt.Sprint(r)
			row.Results = nil
		}
	}()
	var body any
	if err := json.Unmarshal(row.Body, &body); err != nil {
		fail(err.Error())
	}
	parser := jsonpath.New("table")
	if err := parser.Parse(row.Path); err != nil {
		row.ParseError = err.Error()
		return
	}
	results, err := parser.FindResults(body)
	if err != nil {
		row.Error = err.Error()
		return
	}
	row.Results = [][]any{}
	for _, result := range results {
		values := []any{}
		for _, value := range result {
			values = append(values, value.Interface())
		}
		if row.walksMap() {
			sort.Slice(values, func(i, j int) bool { return text(values[i]) < text(values[j]) })
		}
		row.Results = append(row.Results, values)
	}
	if row.walksMap() {
		return
	}
	// A parser keeps state behind a range: the text comes from a new one.
	parser = jsonpath.New("table")
	if err := parser.Parse(row.Path); err != nil {
		fail(err.Error())
	}
	var printed strings.Builder
	if err := parser.Execute(&printed, body); err != nil {
		fail(err.Error())
	}
	out := printed.String()
	row.Text = &out
}

// walksMap tells whether results come in the order of a map, which is another one each time: they are sorted then.
func (row *jsonpathRow) walksMap() bool {
	return strings.Contains(row.Path, "*") || strings.Contains(row.Path, "..")
}

func text(value any) string {
	out, err := json.Marshal(value)
	if err != nil {
		fail(err.Error())
	}
	return string(out)
}

type regexpGroup struct {
	Patterns []string `json:"patterns"`
	Texts    []string `json:"texts"`
}

type regexpRow struct {
	Pattern string   `json:"pattern"`
	Error   string   `json:"error,omitempty"`
	Matches []string `json:"matches,omitempty"`
	Others  []string `json:"others,omitempty"`
}

func regexpRows(group regexpGroup) []any {
	var rows []any
	for _, pattern := range group.Patterns {
		row := regexpRow{Pattern: pattern}
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			row.Error = err.Error()
		} else {
			for _, text := range group.Texts {
				if compiled.MatchString(text) {
					row.Matches = append(row.Matches, text)
				} else {
					row.Others = append(row.Others, text)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}
