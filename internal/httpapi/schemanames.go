package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaNames names the schemas of Go types. Types of the domain carry their room's name in front: two rooms may have a type of the same name.
func schemaNames(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	_, room, ok := strings.Cut(t.PkgPath(), "jejak/domain/")
	if !ok || t.Name() == "" || strings.Contains(room, "/") {
		return name
	}
	return strings.ToUpper(room[:1]) + room[1:] + name
}
