package unreadable_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/epcis"
	"jejak/internal/epcis/epcistest"
	"jejak/internal/export"
	"jejak/internal/handover"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/server"
	"jejak/internal/trail"
	"jejak/internal/views"
	"jejak/projections/feed"
)

// rows are those of the views of every unit, made of the ledgers in memory.
func (h *house) rows() map[string]string {
	h.Helper()
	all := map[string]string{}
	h.states(func(s *ledger.State, at eventstore.Position) {
		for _, v := range views.All(false) {
			if s.Version == 0 {
				continue
			}
			body, err := v.Row(s, at)
			if err != nil {
				h.Errorf("view %s of %s: %v", v.Name, s.Unit, err)
			}
			all[v.Name+" "+string(s.Unit)] = string(body)
		}
	})
	return all
}

// sameRows fails unless the log gives the rows that the ledgers gave before.
func (h *house) sameRows(dir string, want map[string]string) {
	h.Helper()
	file, err := views.Open(filepath.Join(dir, "views.db"))
	h.must(err)
	defer file.Close()
	made, err := views.Rebuild(context.Background(), views.Log{Store: h.store, Catalog: h.catalog}, views.All(false), file)
	if err != nil || len(made.Unreadable) > 0 {
		h.Fatalf("views: %+v, %v", made, err)
	}
	kept, err := file.Rows()
	h.must(err)
	got := map[string]string{}
	for _, row := range kept {
		got[row.View+" "+string(row.Unit)] = string(row.Body)
	}
	for name, was := range want {
		if got[name] != was {
			h.Fatalf("row %s was\n%s\nand is now\n%s", name, was, got[name])
		}
	}
	if len(got) != len(want) {
		h.Fatalf("there were %d rows, now %d", len(want), len(got))
	}
}

// sameFeed reads every record of the ledgers and checks the messages that are made of it.
func (h *house) sameFeed() {
	h.Helper()
	router := feed.NewRouter()
	for rec, err := range h.store.ReadAll(context.Background(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		h.must(err)
		event, err := journal.Decode(&rec, ledger.NewEventOf)
		if err != nil {
			h.Fatalf("%v: %s %s", err, rec.Data, rec.Metadata)
		}
		if _, err := journal.ReadMetadata(&rec); err != nil {
			h.Fatalf("%v: %s", err, rec.Metadata)
		}
		_, of, _ := journal.SplitStream(rec.Stream)
		messages, err := router.Messages(&feed.Record{
			Recorded: event, Position: rec.Position, Election: pemilu, Unit: of, Schema: rec.Schema, Data: rec.Data,
		})
		h.must(err)
		if len(messages) == 0 && rec.Type != "unit.reference_adopted" {
			h.Fatalf("%s gives no message", rec.Type)
		}
		for _, m := range messages {
			h.sameMessage(&m)
		}
	}
}

// sameMessage checks a message of the feed: as NATS takes and gives it.
func (h *house) sameMessage(m *feed.Message) {
	h.Helper()
	msg := nats.NewMsg(m.Subject)
	for _, field := range m.Headers {
		other := func(r rune) bool { return r < ' ' || r > '~' }
		if strings.ContainsFunc(field.Value, other) || strings.TrimSpace(field.Value) != field.Value {
			h.Fatalf("header %s is %q", field.Name, field.Value)
		}
		msg.Header.Set(field.Name, field.Value)
	}
	var value any
	if err := jsonv2.Unmarshal(m.Body, &value); err != nil {
		h.Fatalf("body of %s: %v", m.Subject, err)
	}
	other := func(r rune) bool { return r <= ' ' || r > '~' || r == '*' || r == '>' }
	if strings.ContainsFunc(m.Subject, other) || strings.Count(m.Subject, ".") != 5 ||
		strings.Contains(m.Subject, "..") || len(m.Subject) > 500 {
		h.Fatalf("subject %q", m.Subject)
	}
}

// sameEPCIS holds the log as EPCIS to GS1's schema.
func (h *house) sameEPCIS() {
	h.Helper()
	namer, err := epcis.NewNamer(epcis.DefaultBase)
	h.must(err)
	var document bytes.Buffer
	log := export.Log{Store: h.store, Catalog: h.catalog}
	s, err := log.EPCIS(context.Background(), &document, export.Choice{Election: pemilu}, namer)
	if err != nil || len(s.Unreadable) > 0 {
		h.Fatalf("EPCIS: %+v, %v", s, err)
	}
	if err := epcistest.Validate(&document); err != nil {
		h.Fatalf("EPCIS: %.3000v", err)
	}
}

// exported writes the log in every form, and reads that back.
func (h *house) exported(dir string) {
	h.Helper()
	ctx, log, all := context.Background(), export.Log{Store: h.store, Catalog: h.catalog}, export.Choice{Election: pemilu}
	h.sameEPCIS()
	for name, form := range map[string]export.Form{"people": {Human: true, Comma: ';'}, "programs": {}} {
		folder, book := filepath.Join(dir, name), filepath.Join(dir, name+".xlsx")
		h.must(os.Mkdir(folder, 0o700))
		if s, err := log.CSV(ctx, folder, all, form); err != nil || len(s.Unreadable) > 0 {
			h.Fatalf("tables for %s: %+v, %v", name, s, err)
		}
		lines := h.readTables(folder, form.Comma)
		h.must(export.File(book, func(f *os.File) error {
			_, err := log.XLSX(ctx, f, dir, all, form)
			return err
		}))
		if rows := h.readBook(book); !slices.Equal(slices.Sorted(slices.Values(rows)), slices.Sorted(maps.Values(lines))) {
			h.Fatalf("the sheets have %v rows, the files %v", rows, lines)
		}
	}
}

// readTables reads CSV files: the number of lines of each.
func (h *house) readTables(folder string, comma rune) map[string]int {
	h.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	h.must(err)
	lines := map[string]int{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		h.must(err)
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
		if comma != 0 {
			r.Comma = comma
		}
		rows, err := r.ReadAll() // all of one length, or it fails
		h.must(err)
		lines[filepath.Base(path)] = len(rows)
	}
	if len(lines) == 0 {
		h.Fatal("no tables")
	}
	return lines
}

// mostInCell is what a cell of Excel holds, in units of UTF-16.
const mostInCell = 32_767

// readBook reads every part of a workbook as XML: the number of rows of each sheet that has a table.
func (h *house) readBook(book string) (rows []int) {
	h.Helper()
	z, err := zip.OpenReader(book)
	h.must(err)
	defer z.Close()
	for _, f := range z.File {
		part, err := f.Open()
		h.must(err)
		n := 0
		for d := xml.NewDecoder(part); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				h.Fatalf("%s: %v", f.Name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if token.Name.Local == "row" {
					n++
				}
			case xml.CharData:
				if len(utf16.Encode([]rune(string(token)))) > mostInCell {
					h.Fatalf("%s has a cell of %d bytes", f.Name, len(token))
				}
			}
		}
		h.must(part.Close())
		if strings.HasPrefix(f.Name, "xl/worksheets/") {
			rows = append(rows, n)
		}
	}
	return rows
}

// thing is what a timeline is of.
type thing struct {
	kind history.Kind
	id   string
}

// things are what the ledgers know: of boxes, seals and findings, of which a command may name a thousand, the
// first 50 of a unit.
func (h *house) things() map[domain.Code][]thing {
	h.Helper()
	all := map[domain.Code][]thing{}
	h.states(func(s *ledger.State, _ eventstore.Position) {
		add := func(kind history.Kind, ids []string) {
			for _, id := range ids[:min(len(ids), 50)] {
				all[s.Unit] = append(all[s.Unit], thing{kind, id})
			}
		}
		var boxes, seals []string
		s.Boxes().EachBox(func(v box.View) bool { boxes = append(boxes, string(v.ID)); return true })
		for n := range s.BoxRegister.Seals.Len() {
			seals = append(seals, s.BoxRegister.Seals.Name(uint32(n)))
		}
		add(history.OfBox, boxes)
		add(history.OfSeal, seals)
		add(history.OfShipment, slices.Sorted(maps.Keys(s.Shipments.Shipments)))
		add(history.OfHandoff, slices.Sorted(maps.Keys(s.Handoffs.Handoffs)))
		add(history.OfDiscrepancy, slices.Sorted(maps.Keys(s.Register.Cases)))
		if s.Unit == regency {
			add(history.OfStation, []string{"3501012001001"})
		}
	})
	return all
}

// told tells the story of everything that the ledgers know, by the index of things, and makes the minutes of every
// handoff.
func (h *house) told(dir string) {
	h.Helper()
	ctx := context.Background()
	file, err := trail.Open(filepath.Join(dir, "trail.db"))
	h.must(err)
	defer file.Close()
	log := trail.Log{Store: h.store, Catalog: h.catalog}
	_, err = file.Build(ctx, log, 1, nil)
	h.must(err)
	index, err := trail.Look(ctx, file, log)
	h.must(err)
	defer index.Close(ctx)
	past := history.New(history.Config{
		Store: h.store, Catalog: h.catalog, Index: index, Now: func() time.Time { return begin },
	})
	var minutes []handover.Sheet
	h.states(func(s *ledger.State, _ eventstore.Position) {
		for _, id := range slices.Sorted(maps.Keys(s.Handoffs.Handoffs)) {
			if sheet, ok := handover.Read(s, id); ok {
				minutes = append(minutes, sheet)
			}
		}
		for _, c := range s.Register.Cases {
			if text := s.Register.Text(c); text.ID == "" || text.EN == "" {
				h.Errorf("%s says nothing: %+v", c.Rule, text)
			}
		}
	})
	cut := history.Cut{}
	for unit, things := range h.things() {
		for _, thing := range things {
			line, err := past.Timeline(ctx, pemilu, unit, thing.kind, thing.id, cut)
			if err != nil {
				h.Fatal(err)
			}
			if _, err := jsonv2.Marshal(line); err != nil {
				h.Fatalf("timeline of %s %s: %v", thing.kind, thing.id, err)
			}
		}
		for _, clock := range []history.Clock{history.Recorded, history.Occurred} {
			if _, err := past.Board(ctx, pemilu, unit, history.Cut{At: begin, Clock: clock}); err != nil {
				h.Fatalf("board of the %s clock: %v", clock, err)
			}
		}
	}
	for _, who := range cast {
		if _, err := past.Person(ctx, pemilu, who.ID, cut, func(domain.Code) bool { return true }); err != nil {
			h.Fatal(err)
		}
	}
	archive := handover.Archive{Store: h.store, Names: func(context.Context, string) (string, error) { return "", nil }}
	for _, sheet := range minutes {
		if sheet.Receiver.Version == 0 {
			continue
		}
		err := archive.Complete(ctx, &sheet, false)
		if err == nil {
			_, err = sheet.PDF()
		}
		if err != nil {
			h.Fatalf("minutes of %s: %v", sheet.Handoff, err)
		}
	}
}

// signed has a notary sign the log, and makes a bundle of it in a folder.
func (h *house) signed(dir, out string) {
	h.Helper()
	ctx := context.Background()
	n, err := notary.Open(ctx, notary.Config{
		Dir: server.NotaryDir(dir), Store: h.store,
		Word: &notary.Word{By: "a test", Why: "what was recorded first is signed later"},
	})
	h.must(err)
	h.must(n.CatchUp(ctx, nil))
	h.must(n.Close())
	name := filepath.Join(out, "bundle.zip")
	log := export.Log{Store: h.store, Catalog: h.catalog}
	packing := export.Packing{Notary: server.NotaryDir(dir), Program: "test"}
	_, err = log.Bundle(ctx, name, export.Choice{Election: pemilu}, packing)
	h.must(err)
	b, err := bundle.Open(name)
	h.must(err)
	defer b.Close()
	count := 0
	for _, err := range b.Records() {
		h.must(err)
		count++
	}
	if int64(count) != b.Manifest.Size {
		h.Fatalf("the bundle has %d of %d records", count, b.Manifest.Size)
	}
}

// audited is jejak audit verify of a data directory.
func (h *house) audited(dir string) {
	h.Helper()
	report, err := server.VerifyLog(context.Background(), dir, "", server.VerifyConfig{})
	if err != nil || !report.OK() || report.Notary == nil || report.Notary.Size == 0 {
		h.Fatalf("audit: %+v %+v, %v", report, report.Notary, err)
	}
}
