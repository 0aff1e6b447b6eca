package envelope

import (
	"errors"

	"jejak/domain"
)

// Object reads a JSON object strictly into target, a pointer to a struct, as the data of a command is read: fields that are unknown or there twice, values of
// another type and null are told, each with its place (a JSON Pointer), all at once. Where there is any fault nothing of target may be used.
func Object(body []byte, target any) []domain.Violation {
	root, err := parseTree(body)
	if err == nil && root.kind != '{' {
		err = errors.New("its outermost value is not an object")
	}
	if err != nil {
		return []domain.Violation{{Rule: RuleNotJSON, Args: []any{err.Error()}}}
	}
	d := diagnosis{bad: map[string]bool{}}
	d.into(root, target, "")
	return d.violations
}
