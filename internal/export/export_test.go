package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/internal/epcis"
	"jejak/internal/epcis/epcistest"
	"jejak/internal/export"
)

const president = domain.BoxID("3501012001001-PPWP")

// played is a house in which a little has happened, some of it hostile.
func played(t *testing.T) *house {
	h := newHouse(t)
	h.act("3501", domain.Report, &packing.PackBoxes{Boxes: []packing.PackedBox{{Box: president, Design: "PPWP", Ballots: 255}}})
	h.act("3501", domain.Report, &packing.SealBoxes{Boxes: []packing.SealedBox{{Box: president, Seals: []string{"A-1", "A-2"}}}})
	h.act("3509", domain.Report, &incident.Raise{Kind: domain.Lost, Severity: domain.High, Units: []string{"3509012001001-PPWP"},
		Note: "=HYPERLINK(\"http://x\") <b>&amp;\x01"})
	h.act("3501", domain.Report, &packing.UnsealBoxes{Boxes: []domain.BoxID{president}, Reason: "-1+2", Witnesses: []packing.Witness{{Role: "police", ID: "usr-2"}}})
	return h
}

func names(t testing.TB) epcis.Namer {
	n, err := epcis.NewNamer(epcis.DefaultBase)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (h *house) epcis(c export.Choice) (document []byte, s export.Summary) {
	h.Helper()
	var out bytes.Buffer
	s, err := h.log().EPCIS(h.Context(), &out, c, names(h))
	h.must(err)
	h.must(epcistest.Validate(bytes.NewReader(out.Bytes())))
	return out.Bytes(), s
}

func TestEPCIS(t *testing.T) {
	h := played(t)
	document, s := h.epcis(all())
	if again, _ := h.epcis(all()); !bytes.Equal(document, again) {
		t.Error("made again it has other bytes")
	}
	var doc struct {
		Made  string `json:"creationDate"`
		EPCIS struct {
			Events []epcis.Event `json:"eventList"`
		} `json:"epcisBody"`
	}
	h.must(json.Unmarshal(document, &doc))
	var got []string
	for _, e := range doc.EPCIS.Events {
		got = append(got, e.Of.Unit+" "+e.Type+" "+string(e.Action)+" "+e.Time)
	}
	want := []string{"3501 AggregationEvent ADD 2024-01-10T08:03:00+07:00", "3501 AssociationEvent ADD 2024-01-10T08:04:00+07:00",
		"3501 AssociationEvent DELETE 2024-01-10T08:06:00+07:00", "3509 ObjectEvent OBSERVE 2024-01-10T08:05:00+07:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Units != 3 || s.Written != 4 || doc.Made != "2024-01-10T01:06:00Z" {
		t.Errorf("%+v, made %s", s, doc.Made)
	}
	one, _ := h.epcis(export.Choice{Election: pemilu, Units: []domain.Code{"3509"}})
	if bytes.Contains(one, []byte("3501012001001")) || !bytes.Contains(one, []byte("3509012001001")) {
		t.Errorf("%s", one)
	}
	// From and to: of the sealing only.
	middle, s := h.epcis(export.Choice{Election: pemilu, From: begin.Add(4 * 60e9), To: begin.Add(5 * 60e9)})
	if s.Written != 1 || !bytes.Contains(middle, []byte("obj/seal/pemilu2024/A-1")) {
		t.Errorf("%+v %s", s, middle)
	}
}

func TestUnknown(t *testing.T) {
	h := newHouse(t)
	for _, c := range []export.Choice{{Election: "pemilu1955"}, {Election: pemilu, Units: []domain.Code{"3578"}}} {
		if _, err := h.log().EPCIS(t.Context(), io.Discard, c, names(t)); err == nil {
			t.Errorf("%+v is exported", c)
		}
	}
}

// texts reads the list of the workbook's texts back.
func texts(t *testing.T, f *zip.File) []string {
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Texts []string `xml:"si>t"`
	}
	if err := xml.NewDecoder(r).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.Texts
}

// sheet reads a sheet back as a table of texts.
func sheet(t *testing.T, f *zip.File, texts []string) (rows [][]string) {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Rows []struct {
			Cells []struct {
				At    string `xml:"r,attr"`
				Style string `xml:"s,attr"`
				Type  string `xml:"t,attr"`
				Value string `xml:"v"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	if err := xml.NewDecoder(r).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for i, row := range doc.Rows {
		cells := make([]string, len(doc.Rows[0].Cells))
		for _, c := range row.Cells {
			column := 0
			for _, letter := range strings.TrimRight(c.At, "0123456789") {
				column = 26*column + int(letter-'A') + 1
			}
			text := c.Value
			if c.Type == "s" {
				n, err := strconv.Atoi(c.Value)
				if err != nil {
					t.Fatal(err)
				}
				text = texts[n]
			}
			cells[column-1] = text
			if quoted := c.Style == "2"; i > 0 && quoted != (c.Type == "s" && strings.ContainsAny(text[:1], "=+-@")) {
				t.Errorf("%s of %q has style %s", c.At, text, c.Style)
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

// The workbook and the folder say the same; what a spreadsheet would compute is text in both.
func TestTables(t *testing.T) {
	h := played(t)
	dir := t.TempDir()
	_, err := h.log().CSV(t.Context(), dir, all(), export.Form{Human: true})
	h.must(err)
	var book, again bytes.Buffer
	_, err = h.log().XLSX(t.Context(), &book, "", all(), export.Form{Human: true})
	h.must(err)
	_, err = h.log().XLSX(t.Context(), &again, "", all(), export.Form{Human: true})
	h.must(err)
	if !bytes.Equal(book.Bytes(), again.Bytes()) {
		t.Error("made again the workbook has other bytes")
	}
	z, err := zip.NewReader(bytes.NewReader(book.Bytes()), int64(book.Len()))
	h.must(err)
	list := texts(t, z.File[slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == "xl/sharedStrings.xml" })])
	tables := map[string][][]string{}
	for i, name := range []string{"kabupaten-kota", "tps", "kotak", "pengiriman", "serah-terima", "selisih", "kejadian"} {
		text, err := os.ReadFile(filepath.Join(dir, name+".csv"))
		h.must(err)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
		h.must(err)
		at := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == "xl/worksheets/sheet"+string(rune('1'+i))+".xml" })
		var got [][]string
		for _, row := range rows {
			var cells []string
			for _, c := range row {
				cells = append(cells, strings.TrimPrefix(c, "'"))
			}
			got = append(got, cells)
		}
		if diff := cmp.Diff(got, sheet(t, z.File[at], list)); diff != "" {
			t.Errorf("%s (-csv +xlsx):\n%s", name, diff)
		}
		tables[name] = rows
	}
	if n := len(tables["kotak"]); n != 1+7*2+2*2 {
		t.Errorf("%d rows of boxes", n)
	}
	of := func(table, key, column string) string {
		rows := tables[table]
		at := slices.IndexFunc(rows[0], func(head string) bool { return strings.HasSuffix(head, " / "+column) })
		row := slices.IndexFunc(rows, func(r []string) bool { return r[0] == key })
		if at < 0 || row < 0 {
			t.Fatalf("%s has no %s or no %s", table, column, key)
		}
		return rows[row][at]
	}
	for _, want := range [][4]string{
		{"kotak", string(president), "sealed", "2024-01-10 08:04:00 WIB"}, {"kotak", string(president), "state", "berlabel / labelled"}, {"kotak", string(president), "seals", ""},
		{"kotak", "3509012001001-PPWP", "state", "hilang / lost"}, {"kotak", "350101-REKAP2", "type", "REKAP2"}, {"tps", "3501012001901", "special location", "ya"},
		{"tps", "3501012001001", "voters", "250"}, {"kabupaten-kota", "3501", "name", "Kabupaten Satu"}, {"selisih", "DSC-3509-000001", "note", "'=HYPERLINK(\"http://x\") <b>&amp;\ufffd"},
	} {
		if got := of(want[0], want[1], want[2]); got != want[3] {
			t.Errorf("%s, %s, %s: %q, want %q", want[0], want[1], want[2], got, want[3])
		}
	}
}

var errFull = errors.New("no space")

// What fails leaves nothing, and what was there before stays.
func TestWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.xlsx")
	write := func(fail error) error {
		return export.File(name, func(f *os.File) error {
			_, err := f.WriteString("half")
			return errors.Join(err, fail)
		})
	}
	files := func() (list []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	if err := write(errFull); !errors.Is(err, errFull) || len(files()) != 0 {
		t.Errorf("%v leaves %v", err, files())
	}
	if err := write(nil); err != nil {
		t.Fatal(err)
	}
	if err := write(errFull); !errors.Is(err, errFull) || !slices.Equal(files(), []string{"a.xlsx"}) {
		t.Errorf("%v leaves %v", err, files())
	}
	fill := func(fail error) func(string) error {
		return func(dir string) error { return errors.Join(os.WriteFile(filepath.Join(dir, "b"), nil, 0o600), fail) }
	}
	folder := filepath.Join(dir, "tables")
	if err := export.Directory(folder, fill(errFull)); !errors.Is(err, errFull) || len(files()) != 1 {
		t.Errorf("%v leaves %v", err, files())
	}
	if err := export.Directory(folder, fill(nil)); err != nil {
		t.Fatal(err)
	}
	if err := export.Directory(folder, fill(nil)); err == nil {
		t.Error("a folder that is there is filled")
	}
}
