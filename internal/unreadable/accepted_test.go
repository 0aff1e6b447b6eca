package unreadable_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
)

// fill draws a value of any type that commands have.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(anyText(t))
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(rapid.SampledFrom([]int64{0, 1, 7, 500, -1, 1 << 31, 1 << 53, 1<<63 - 1}).Draw(t, "number"))
	case reflect.Uint64, reflect.Uint32, reflect.Uint:
		v.SetUint(rapid.SampledFrom([]uint64{0, 1, 2, 1 << 31}).Draw(t, "number"))
	case reflect.Float64:
		v.SetFloat(rapid.SampledFrom([]float64{0, 1.5, 1e300}).Draw(t, "float"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "given") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 2).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key)
			fill(t, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	}
}

func anyText(t *rapid.T) string {
	return rapid.SampledFrom(slices.Concat(names, oddTexts, wrongTexts)).Draw(t, "text")
}

// change puts other values in the place of some of a command's data. Most of what the form of commands forbids is
// taken back, so that something is accepted.
func change(t *rapid.T, body any, wrong func() bool) {
	found := leaves("", body, nil)
	if len(found) == 0 || found[0].set == nil {
		return // no value within it
	}
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		l := rapid.SampledFrom(found).Draw(t, "value")
		switch l.value.(type) {
		case string:
			l.set(anyText(t))
		case bool:
			l.set(rapid.Bool().Draw(t, "truth"))
		default:
			l.set(rapid.SampledFrom(oddNumbers).Draw(t, "number"))
		}
		if wrong() && rapid.IntRange(0, 9).Draw(t, "insist") > 0 {
			l.set(l.value)
		}
	}
}

// drawn draws a command of any type as a client would send it: mostly the example with other values.
func drawn(t *rapid.T, all map[string][]byte) []byte {
	kind := rapid.SampledFrom(ledger.CommandTypes()).Draw(t, "type")
	mode := rapid.SampledFrom([]domain.Mode{domain.Report, domain.Report, domain.Request}).Draw(t, "mode")
	id := commandID("drawn", int(rapid.Uint32().Draw(t, "id")))
	o := outer{unit: regency, id: id, mode: mode, occurred: begin.Format(time.RFC3339)}
	data := all[kind]
	if rapid.IntRange(0, 5).Draw(t, "unit") == 0 {
		o.unit, data = province, provincial(data)
	}
	around := func(what string, field *string, from []string) {
		was := *field
		*field = rapid.OneOf(rapid.Just(was), rapid.SampledFrom(from)).Draw(t, what)
		if malformed(o.command(kind, string(data))) && rapid.IntRange(0, 9).Draw(t, "insist") > 0 {
			*field = was
		}
	}
	around("occurred", &o.occurred, oddMoments)
	around("device", &o.device, oddDevices)
	around("place", &o.place, oddPlaces)
	around("evidence", &o.evidence, oddEvidence)
	if rapid.IntRange(0, 3).Draw(t, "form") == 0 {
		data := ledger.NewCommandOf(kind)
		fill(t, reflect.ValueOf(data).Elem())
		filled, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		return o.command(kind, string(filled))
	}
	body := parsed(t, data)
	change(t, body, func() bool { return malformed(o.command(kind, written(body))) })
	return o.command(kind, written(body))
}

// TestAcceptedCanBeRead: everything that a server and its tools make of a log is made of the story, with odd values in
// every command, and of many more commands, on a data directory that is closed and opened again each time.
// JEJAK_FAULTS=all has more of them.
func TestAcceptedCanBeRead(t *testing.T) {
	dir := t.TempDir()
	h := onDisk(t, dir)
	h.enter()
	defer func() { h.leave() }()
	h.publish()
	h.tellStory()
	for _, kind := range ledger.CommandTypes() {
		if h.taken[kind] == 0 {
			t.Errorf("no command %s is in the story", kind)
		}
	}
	before := total(h.taken)
	for n, body := range seeds(t) {
		h.send(body, n)
	}
	if n := total(h.taken) - before; n < 40 {
		t.Errorf("only %d seeds of FuzzEnvelope are accepted", n)
	}
	all := examples(t)
	batch := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []byte { return drawn(t, all) }), 150, 150)
	rounds := 2
	if os.Getenv("JEJAK_FAULTS") == "all" {
		rounds = 10
	}
	for round := range rounds {
		if round > 0 {
			before = total(h.taken)
			for n, body := range batch.Example(round) {
				h.send(body, n)
			}
			t.Logf("%d of 150 more commands accepted", total(h.taken)-before)
			if total(h.taken) == before {
				t.Errorf("no command of batch %d was accepted", round)
			}
		}
		rows, made := h.rows(), t.TempDir()
		h.leave()
		h.enter()
		h.sameRows(made, rows)
		h.sameFeed()
		h.exported(made)
		h.told(made)
		h.signed(dir, made)
		h.leave()
		h.audited(dir)
		h.enter()
	}
}

// seeds are the commands that FuzzEnvelope begins with.
func seeds(t *testing.T) (all [][]byte) {
	t.Helper()
	names, err := filepath.Glob("testdata/fuzz/FuzzEnvelope/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		quoted := strings.TrimSpace(strings.TrimPrefix(string(file), "go test fuzz v1\n[]byte("))
		body, err := strconv.Unquote(strings.TrimSuffix(quoted, ")"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		const id = "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a41" // of all of them
		all = append(all, []byte(strings.Replace(body, id, commandID("seed", len(all)).String(), 1)))
	}
	return all
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// theStory is the log after the story.
var theStory = sync.OnceValue(func() []eventstore.Record {
	h := inMemory(panics{}, nil)
	h.enter()
	h.publish()
	h.tellStory()
	records := h.records()
	h.leave()
	return records
})

// panics is a rapid.TB outside of a test.
type panics struct{ rapid.TB }

func (panics) Helper()                           {}
func (panics) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (panics) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

// read does, in memory, what shows whether a log can be read: by the ledgers, the views, the feed and in EPCIS.
func (h *house) read() {
	h.Helper()
	before := h.rows()
	h.leave()
	h.enter()
	after := h.rows()
	for name, row := range before {
		if after[name] != row {
			h.Fatalf("row %s was\n%s\nand is now\n%s", name, row, after[name])
		}
	}
	h.sameFeed()
	h.sameEPCIS()
}

// TestAnyAcceptedCanBeRead: a few commands of any types after the story; what is accepted of them is read back.
func TestAnyAcceptedCanBeRead(t *testing.T) {
	all := examples(t)
	rapid.Check(t, func(t *rapid.T) {
		h := inMemory(t, theStory())
		h.enter()
		defer func() { h.leave() }()
		for n := range rapid.IntRange(1, 10).Draw(t, "commands") {
			h.send(drawn(t, all), n+rapid.IntRange(0, len(cast)-1).Draw(t, "sender"))
		}
		h.read()
	})
}

// FuzzEnvelope: whatever bytes are accepted as a command can be read back.
func FuzzEnvelope(f *testing.F) {
	all := examples(f)
	for n, kind := range ledger.CommandTypes() {
		o := outer{unit: regency, id: commandID("fuzz", n), mode: domain.Report, occurred: pick(oddMoments, n),
			device: pick(oddDevices, n), place: pick(oddPlaces, n), evidence: pick(oddEvidence, n)}
		f.Add(o.command(kind, string(all[kind])))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if malformed(body) {
			return // package envelope has targets of its own for what is refused
		}
		h := inMemory(t, theStory())
		h.enter()
		defer func() { h.leave() }()
		if why := h.send(body, 0); why != "" {
			t.Log(why)
			return
		}
		h.read()
	})
}
