package history

import (
	"reflect"
	"time"

	"jejak/domain/ledger"
)

// looked is how many entries of a table are weighed; the others weigh as much on average.
const looked = 256

// weigh says about how many bytes of memory a state takes: its tables, and what is in them. What is shared with the reference data or with clones counts as
// its own.
func weigh(s *ledger.State) uint64 {
	return uint64(reflect.TypeFor[ledger.State]().Size()) + behind(reflect.ValueOf(&s.Data).Elem())
}

// behind is what a value takes beyond its own size.
func behind(v reflect.Value) uint64 {
	switch v.Kind() {
	case reflect.String:
		return uint64(v.Len())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return uint64(v.Elem().Type().Size()) + behind(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0 // its zone is everybody's
		}
		sum := uint64(0)
		for i := range v.NumField() {
			sum += behind(v.Field(i))
		}
		return sum
	case reflect.Array:
		return entries(v)
	case reflect.Slice:
		return uint64(v.Cap())*uint64(v.Type().Elem().Size()) + entries(v)
	case reflect.Map:
		return table(v)
	default:
		return 0
	}
}

// entries is what the entries of a list take beyond their own size.
func entries(v reflect.Value) uint64 {
	n := v.Len()
	if n == 0 || flat(v.Type().Elem()) {
		return 0
	}
	step := max(1, n/looked)
	sum, weighed := uint64(0), uint64(0)
	for i := 0; i < n; i += step {
		sum += behind(v.Index(i))
		weighed++
	}
	return sum * uint64(n) / weighed
}

// table is what a map takes: its entries, of which it is filled to some two thirds, a byte beside each, and what is behind them.
func table(v reflect.Value) uint64 {
	n := uint64(v.Len())
	if n == 0 {
		return 0
	}
	size := n * (uint64(v.Type().Key().Size()+v.Type().Elem().Size()) + 1) * 3 / 2
	if flat(v.Type().Key()) && flat(v.Type().Elem()) {
		return size
	}
	sum, weighed := uint64(0), uint64(0)
	for all := v.MapRange(); weighed < looked && all.Next(); weighed++ {
		sum += behind(all.Key()) + behind(all.Value())
	}
	return size + sum*n/weighed
}

// flat tells whether values of a type have nothing behind them.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Struct:
		for i := 0; t != reflect.TypeFor[time.Time]() && i < t.NumField(); i++ {
			if !flat(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return true
	}
}
