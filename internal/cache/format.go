package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"

	"jejak/domain/ledger"
)

// format names the form of a snapshot and the fold that made it: FoldVersion, every Go type in ledger.Data, and, where the build says so, the
// revision of the source, so that no build uses what another has folded unless nothing can have changed.
func format() string {
	h := sha256.New()
	fmt.Fprintf(h, "fold %d\n", FoldVersion)
	describe(h, reflect.TypeFor[ledger.Data](), map[reflect.Type]bool{})
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision", "vcs.modified":
				fmt.Fprintf(h, "%s %s\n", s.Key, s.Value)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func describe(w io.Writer, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprintf(w, "%s %s\n", t, t.Kind())
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		describe(w, t.Elem(), seen)
	case reflect.Map:
		describe(w, t.Key(), seen)
		describe(w, t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Fprintf(w, ".%s ", f.Name)
			describe(w, f.Type, seen)
		}
	}
}
