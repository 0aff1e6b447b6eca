package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"jejak/domain"
	"jejak/internal/api"
)

// unreadableUnit is a question's failure because a record of the unit's ledger cannot be read: 503 where the unit was asked for, and no failure of what is
// asked of many units.
type unreadableUnit struct {
	error
	why domain.Violation
}

func (u *unreadableUnit) Unwrap() error { return u.error }

// leftOut are the units that a list does not have because their ledgers cannot be read.
type leftOut struct {
	alone bool // one unit was asked for: then it is an error
	units []string
}

// out takes note of a unit that cannot be read; every other error comes back.
func (l *leftOut) out(unit domain.Code, err error) error {
	if why := new(unreadableUnit); l.alone || !errors.As(err, &why) {
		return err
	}
	l.units = append(l.units, string(unit))
	return nil
}

func (l *leftOut) header() string { return strings.Join(l.units, ",") }

// unreadableRow is the row of a unit whose ledger cannot be read: its code, and why. Everything else in it is empty.
func unreadableRow[T any](unit domain.Code, why domain.Violation) (row T) {
	text, err := json.Marshal(map[string]string{"code": string(unit), "unreadable": fmt.Sprintf("%s / %s", why.Message(), why.MessageEN())})
	if err == nil {
		err = json.Unmarshal(text, &row)
	}
	if err != nil {
		panic(fmt.Sprintf("a row has no texts code and unreadable: %v", err))
	}
	emptied(reflect.ValueOf(&row).Elem())
	return row
}

// emptied makes lists and maps that are nil empty, as they are in every other answer.
func emptied(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			emptied(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

// unreadables are the records of the log that cannot be read, for /readyz.
func (s *Server) unreadables() []api.UnreadableRecord {
	var list []api.UnreadableRecord
	for _, e := range s.cfg.Unreadable.List() {
		list = append(list, api.UnreadableRecord{
			Stream: e.Stream, Version: uint64(e.Version), Position: uint64(e.Position), ID: e.ID.String(), Type: e.Type, Schema: e.Schema, Reason: e.Err.Error(),
		})
	}
	return list
}
