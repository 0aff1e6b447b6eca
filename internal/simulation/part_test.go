package simulation_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"jejak/internal/refdata"
	"jejak/internal/server"
)

// cities are smaller cities of the province, with 2,900 of its 120,666 stations. A server tells of every station that is silent at its deadline; of all of
// them it tells the real program's scripts (cmd/jejak), and of these under the race detector.
var cities = []string{"3571", "3572", "3574", "3575", "3576"}

// part is the reference data of a province with no other regencies than the cities.
func part(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	add := func(name, content string) { files[name] = &fstest.MapFile{Data: []byte(content)} }
	for name, column := range map[string]int{
		"regencies.csv": 0, "districts.csv": 0, "villages.csv": 0, "polling_stations.csv.gz": 0, "derived_polling_station_voters.csv.gz": 0,
		"derived_regency_voters.csv": 0, "derived_village_voters.csv": 0, "police_units.csv": 2, "electoral_district_areas.csv": 2,
	} {
		var lines []string
		for i, line := range strings.SplitAfter(table(t, name), "\n") {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), ",")
			if i == 0 || len(fields) > column && slices.Contains(cities, fields[column][:min(4, len(fields[column]))]) {
				lines = append(lines, line)
			}
		}
		content := strings.Join(lines, "")
		if strings.HasSuffix(name, ".gz") {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			if _, err := io.WriteString(w, content); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			content = packed.String()
		}
		add(name, content)
	}
	add("electoral_districts.csv", electoralDistricts(t, string(files["electoral_district_areas.csv"].Data), string(files["villages.csv"].Data)))
	var definition map[string]any
	if err := json.Unmarshal([]byte(table(t, "pemilu2024.json")), &definition); err != nil {
		t.Fatal(err)
	}
	definition["official"] = []any{} // totals of the whole province
	content, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	add("pemilu2024.json", string(content))
	return files
}

// table is a file of the reference data, unpacked.
func table(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../refdata/data", name))
	if err == nil && strings.HasSuffix(name, ".gz") {
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(content)); err == nil {
			content, err = io.ReadAll(r)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// electoralDistricts are those in which the villages lie, with the number of their stations there.
func electoralDistricts(t *testing.T, areas, villages string) string {
	t.Helper()
	in := map[string]string{} // level and area, to electoral district
	for line := range strings.Lines(areas) {
		if f := strings.Split(line, ","); strings.TrimSpace(f[5]) == "" {
			in[f[1]+" "+f[2]] = f[0]
		}
	}
	stations := map[string]int{} // by level and electoral district
	for i, line := range strings.Split(strings.TrimSpace(villages), "\n") {
		if i == 0 {
			continue
		}
		f := strings.Split(line, ",")
		n, err := strconv.Atoi(f[8])
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []string{"dpr", "dprd_provinsi", "dprd_kabkota"} {
			for _, area := range []string{f[0], f[0][:6], f[0][:4]} {
				if code, ok := in[level+" "+area]; ok {
					stations[level+" "+code] += n
					break
				}
			}
		}
	}
	var kept strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(table(t, "electoral_districts.csv")), "\n") {
		f := strings.Split(line, ",")
		if n := stations[f[1]+" "+f[0]]; i == 0 {
			fmt.Fprintln(&kept, line)
		} else if n > 0 {
			fmt.Fprintln(&kept, strings.Join(append(f[:len(f)-1], strconv.Itoa(n)), ","))
		}
	}
	return kept.String()
}

// wholeProvince tells whether somebody plays by hand, in the whole province.
func wholeProvince() bool { return *all || *regencies != "" }

// reference makes dir a simulated directory with the reference data of the cities and no other, and returns its files; by hand, those that every new
// directory has.
func reference(t *testing.T, dir string) fs.FS {
	t.Helper()
	if wholeProvince() {
		return os.DirFS("../refdata/data")
	}
	files := part(t)
	data, problems := refdata.Load(files, "pemilu2024")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Simulated, NoImport: true, NATS: server.NATS{Off: true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Import(t.Context(), dir, "", data); err != nil {
		t.Fatal(err)
	}
	return files
}
