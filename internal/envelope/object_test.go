package envelope_test

import (
	"testing"

	"jejak/internal/envelope"
)

func TestObject(t *testing.T) {
	type person struct {
		Name string `json:"name"`
		Age  int    `json:"age,omitempty"`
	}
	for body, want := range map[string][]string{
		`{"name":"Siti","age":3}`:       nil,
		`{"nama":"Siti","age":"three"}`: {"field_unknown /nama", "field_type /age"},
		`{"name":"a","name":"b"}`:       {"field_repeated /name"},
		`{"name":null}`:                 {"null_value /name"},
		`[1]`:                           {"not_json "},
		`{"name":"a"} {}`:               {"not_json "},
		``:                              {"not_json "},
		"{\"name\":\"\xff\"}":           {"not_json "},
	} {
		var p person
		violations := envelope.Object([]byte(body), &p)
		if len(violations) != len(want) {
			t.Errorf("%s: %v, want %v", body, violations, want)
			continue
		}
		for i, v := range violations {
			if got := v.Rule.ID + " " + v.Path; got != want[i] {
				t.Errorf("%s: %s, want %s", body, got, want[i])
			}
		}
		if want == nil && (p.Name != "Siti" || p.Age != 3) {
			t.Errorf("%s: %+v", body, p)
		}
	}
}
