package refdata

import (
	"io/fs"
	"strings"
	"testing"
)

// TestTimesThatTheLogCannotHold: a moment of the definition that no reader of the log takes is refused with its file and line.
func TestTimesThatTheLogCannotHold(t *testing.T) {
	content, err := fs.ReadFile(data(), "pemilu2024.json")
	if err != nil {
		t.Fatal(err)
	}
	for at, odd := range map[string]string{
		`"voting_day": "2024-02-14T00:00:00+07:00"`: `"voting_day": "2024-02-14T00:00:00+24:00"`,
		`"at": "2024-02-13T23:59:00+07:00"`:         `"at": "2024-02-13T2:59:00+07:00"`,
	} {
		before, _, found := strings.Cut(string(content), at)
		if !found {
			t.Fatalf("the definition has no %s", at)
		}
		var problems Problems
		own, ok := loadJSON(folder(map[string]string{"pemilu2024.json": strings.Replace(string(content), at, odd, 1)}), "pemilu2024.json", &definition{}, &problems)
		if !own || ok || len(problems.List) != 1 || problems.List[0].Line != strings.Count(before, "\n")+1 || !strings.Contains(problems.List[0].Message, "RFC 3339") {
			t.Errorf("%s: %+v", odd, problems.List)
		}
	}
}
