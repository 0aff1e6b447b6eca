package backup_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/backup"
)

// A file of each format that there ever was, as it was written at the time, must stay readable. They are never written again; -golden makes that of a new format.
var golden = flag.Bool("golden", false, "write the golden file of the format in use, unless it is there")

func goldenName(format int) string {
	return filepath.Join("testdata", fmt.Sprintf("format%d.backup", format))
}

// goldenFiles are in the golden file of a format. The notary's leaves came with format 2, the streams beside the log with 3.
func goldenFiles(format int) map[string]string {
	files := map[string]string{"directory.json": `{"kind":"simulated"}`, "people.db": "people"}
	if format >= 2 {
		files["notary/leaves"] = strings.Repeat("leaf", 8*3)
	}
	if format >= 3 {
		files["side"] = `{"position":1,"stream":"side-notary-0","version":1,"id":"0190a0b0-0000-7000-8000-000000000002","type":"notary.begun","schema":1,"recorded_at":"2024-02-13T20:15:00.000000Z","data":2,"metadata":0}` + "\n{}\n\n"
	}
	return files
}

// goldenRecords are in all of them.
func goldenRecords() (all []eventstore.Record) {
	command := uuid.MustParse("0190a0b0-0000-7000-8000-000000000001")
	for i, data := range []string{`{"kind":"wet"}`, "{\n \"spaced\" : 1.0 }", ""} {
		rec := eventstore.Record{Position: eventstore.Position(i + 1), Stream: "ledger-pemilu2024.3578", Version: eventstore.Version(i + 1), Event: eventstore.Event{
			ID: uuid.NewSHA1(command, []byte{byte(i)}), Type: "incident.raised", Schema: 1, RecordedAt: time.Date(2024, 2, 13, 20, 15, i, 123456000, time.UTC),
		}}
		if i < 2 {
			rec.Command, rec.Data, rec.Metadata = command, []byte(data), []byte(`{"actor":"usr-1"}`)
		}
		all = append(all, rec)
	}
	return all
}

func writeGolden(t *testing.T) {
	t.Helper()
	store, dir := memory.New(), t.TempDir()
	records := goldenRecords()
	_, err := store.Append(t.Context(), records[0].Stream, 0, records[0].Event, records[1].Event)
	if err == nil {
		_, err = store.Append(t.Context(), records[0].Stream, 2, records[2].Event)
	}
	src := backup.Source{
		Program: "jejak of this format", Kind: "simulated", Began: time.Date(2024, 2, 13, 22, 0, 0, 0, time.UTC), People: backup.People{Accounts: 2, Forgotten: 1},
		LeftOut: []string{"admin.token"}, Log: store, Head: 3, Engine: "sqlite",
	}
	for name, text := range goldenFiles(backup.Format) {
		path := filepath.Join(dir, filepath.Base(name))
		err = errors.Join(err, os.WriteFile(path, []byte(text), 0o600))
		src.Files = append(src.Files, backup.File{Name: name, Path: path})
	}
	var out bytes.Buffer
	if err == nil {
		_, err = backup.Write(t.Context(), &out, src, nil)
	}
	if err == nil {
		err = os.MkdirAll("testdata", 0o755)
	}
	var file *os.File
	if err == nil {
		file, err = os.OpenFile(goldenName(backup.Format), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	}
	if err == nil {
		_, err = file.Write(out.Bytes())
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryFormatIsRead(t *testing.T) {
	if *golden {
		writeGolden(t)
	}
	for format := 1; format <= backup.Format; format++ {
		f, size, err := backup.Open(goldenName(format))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files, records := map[string]string{}, []eventstore.Record(nil)
		list, err := backup.Read(t.Context(), f, size, backup.Target{
			File: func(name string, body io.Reader) error {
				text, err := io.ReadAll(body)
				files[name] = string(text)
				return err
			},
			Log: func(all iter.Seq2[eventstore.Record, error]) error {
				for rec, err := range all {
					if err != nil {
						return err
					}
					records = append(records, rec)
				}
				return nil
			},
		}, nil)
		if err != nil {
			t.Errorf("format %d: %v", format, err)
			continue
		}
		if list.Format != format || list.Program != "jejak of this format" || list.Log.Events != 3 || list.People.Accounts != 2 {
			t.Errorf("format %d: %+v", format, list)
		}
		if diff := cmp.Diff(goldenRecords(), records); diff != "" {
			t.Errorf("format %d, records (-want +got):\n%s", format, diff)
		}
		if diff := cmp.Diff(goldenFiles(format), files); diff != "" {
			t.Errorf("format %d, files (-want +got):\n%s", format, diff)
		}
	}
}
