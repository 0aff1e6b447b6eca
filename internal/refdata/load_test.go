package refdata

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// full is a folder as a user would have it: the built-in files, unpacked, without the definitions.
var full = sync.OnceValue(func() map[string]string {
	files := map[string]string{}
	for _, name := range []string{fileRegencies, fileDistricts, fileVillages, fileStations, fileDapils, fileAreas, fileRegencyVoters, fileVillageVoters, fileStationVoters} {
		content, err := fs.ReadFile(data(), name)
		if err != nil {
			panic(err)
		}
		if plain, zipped := strings.CutSuffix(name, ".gz"); zipped {
			r, err := gzip.NewReader(bytes.NewReader(content))
			if err != nil {
				panic(err)
			}
			if content, err = io.ReadAll(r); err != nil {
				panic(err)
			}
			name = plain
		}
		files[name] = string(content)
	}
	return files
})

// small is a folder of Pacitan (3501) and Kota Madiun (3577, which has a split district) with a definition of its own.
var small = sync.OnceValue(func() map[string]string {
	files := map[string]string{filePolice: "id,name,regency_code\nP3501A,Polres Pacitan,3501\nP3577A,Polres Madiun Kota,3577\n"}
	for name, content := range full() {
		column := 0
		switch name {
		case fileDapils:
			continue
		case fileAreas:
			column = 2
		}
		files[name] = keep(content, func(fields []string) bool {
			return strings.HasPrefix(fields[column], "3501") || strings.HasPrefix(fields[column], "3577")
		})
	}
	stations := map[string]int{"3507": 1860, "3508": 584, "350009": 1860, "350011": 584}
	var dapils strings.Builder
	for i, line := range strings.SplitAfter(full()[fileDapils], "\n") {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ",")
		switch n := stations[fields[0]]; {
		case i == 0, len(fields) == 5 && (fields[3] == "3501" || fields[3] == "3577"):
			dapils.WriteString(line)
		case n > 0 && fields[1] != levelRegency:
			fields[4] = strconv.Itoa(n)
			dapils.WriteString(strings.Join(fields, ",") + "\n")
		}
	}
	files[fileDapils] = dapils.String()
	definition, err := fs.ReadFile(data(), "pemilu2024.json")
	if err != nil {
		panic(err)
	}
	before, _, _ := strings.Cut(string(definition), "\"official\": [")
	files["pemilu2024.json"] = before + `"official": [
		{"what": "regencies", "value": 2, "source": "test"}, {"what": "districts", "value": 15, "source": "test"},
		{"what": "villages", "value": 199, "source": "test"}, {"what": "polling_stations", "value": 2444, "source": "test"},
		{"what": "voters", "value": 626660, "source": "test"}, {"what": "ballot_designs", "value": 16, "source": "test"}]}`
	return files
})

func keep(content string, wanted func([]string) bool) string {
	var kept strings.Builder
	for i, line := range strings.SplitAfter(content, "\n") {
		if fields := strings.Split(line, ","); i == 0 || len(fields) > 1 && wanted(fields) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// edit is a change of one file; a nil change removes it.
type edit struct {
	file   string
	change func(string) string
}

func replace(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic(fmt.Sprintf("%q is not in the file", old))
		}
		return strings.Replace(s, old, new, 1)
	}
}

// dropColumn removes a column of a file without quoted fields before it.
func dropColumn(name string) func(string) string {
	return func(s string) string {
		lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
		at := -1
		for i, column := range strings.Split(lines[0], ",") {
			if column == name {
				at = i
			}
		}
		for i, line := range lines {
			fields := strings.Split(line, ",")
			lines[i] = strings.Join(append(fields[:at:at], fields[at+1:]...), ",")
		}
		return strings.Join(lines, "\n") + "\n"
	}
}

func folder(files map[string]string, edits ...edit) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		for _, e := range edits {
			if e.file == name && e.change != nil {
				content = e.change(content)
			}
		}
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	for _, e := range edits {
		if e.change == nil {
			delete(fsys, e.file)
		}
	}
	return fsys
}

// line is the number of the first line of a file of small with a text; of "" the number after the last.
func line(file, text string) int {
	content := small()[file]
	if text == "" {
		return strings.Count(content, "\n") + 1
	}
	at := strings.Index(content, text)
	if at < 0 {
		panic(fmt.Sprintf("%q is not in %s", text, file))
	}
	return strings.Count(content[:at], "\n") + 1
}

const (
	stationsPlain = "polling_stations.csv"
	votersPlain   = "derived_polling_station_voters.csv"
)

func TestAUsersFolderIsTheBuiltInData(t *testing.T) {
	ds, problems := Load(folder(full()), "pemilu2024")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	builtIn, err := BuiltIn("pemilu2024")
	if err != nil {
		t.Fatal(err)
	}
	if ds.Version != builtIn.Version {
		t.Errorf("version %s, built in %s", ds.Version, builtIn.Version)
	}
}

// The order of lines, a byte order mark and carriage returns make no difference.
func TestFormOfTheFilesDoesNotCount(t *testing.T) {
	reversed := func(s string) string {
		lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
		for i, j := 1, len(lines)-1; i < j; i, j = i+1, j-1 {
			lines[i], lines[j] = lines[j], lines[i]
		}
		return "\ufeff" + strings.Join(lines, "\r\n") + "\r\n"
	}
	var edits []edit
	for name := range full() {
		edits = append(edits, edit{name, reversed})
	}
	for _, id := range Elections() {
		ds, problems := Load(folder(full(), edits...), id)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		builtIn, err := BuiltIn(id)
		if err != nil {
			t.Fatal(err)
		}
		if ds.Version != builtIn.Version {
			t.Errorf("version %s, built in %s", ds.Version, builtIn.Version)
		}
	}
}

func TestBadFiles(t *testing.T) {
	kalak := line(fileVillages, "3501012003,")
	kalakStation := line(stationsPlain, "3501012003001,")
	kalakVoters := line(votersPlain, "3501012003001,")
	for name, c := range map[string]struct {
		edits []edit
		want  []string
	}{
		"missing file": {[]edit{{fileDistricts, nil}}, []string{"districts.csv: the file is missing"}},
		"missing zipped file": {[]edit{{stationsPlain, nil}},
			[]string{"polling_stations.csv.gz: the file is missing"}},
		"missing column":      {[]edit{{fileVillages, dropColumn("tps_count")}}, []string{"villages.csv:1: tps_count: the column is missing"}},
		"missing code column": {[]edit{{fileVillages, dropColumn("code")}}, []string{"villages.csv:1: code: the column is missing"}},
		"unknown column": {[]edit{{fileDapils, replace("dapil_code,level,name,regency_code,tps_count", "dapil_code,level,name,regency_code,TPS")}},
			[]string{"electoral_districts.csv:1: TPS: the column is unknown; known are: dapil_code, level, name, regency_code, tps_count",
				"electoral_districts.csv:1: tps_count: the column is missing"}},
		"column twice": {[]edit{{fileRegencyVoters, replace("regency_code,voters,basis", "regency_code,voters,voters")}},
			[]string{"derived_regency_voters.csv:1: voters: the column stands in the header twice", "derived_regency_voters.csv:1: basis: the column is missing"}},
		"semicolons": {[]edit{{fileRegencyVoters, func(s string) string { return strings.ReplaceAll(s, ",", ";") }}},
			[]string{"derived_regency_voters.csv:1: the columns are separated by semicolons: save the file with commas"}},
		"empty file": {[]edit{{fileRegencyVoters, func(string) string { return "" }}}, []string{"derived_regency_voters.csv:1: the header line cannot be read: EOF"}},
		"UTF-16": {[]edit{{fileRegencyVoters, func(string) string { return "\xff\xfec\x00o\x00" }}},
			[]string{"derived_regency_voters.csv:1: the file is UTF-16: save it as UTF-8"}},
		"wrong encoding": {[]edit{{fileVillages, replace(",Kalak,", ",Kal\xe9k,")}},
			[]string{fmt.Sprintf("villages.csv:%d: byte 0xe9 at byte 36 is not UTF-8 (a file saved as Windows-1252?): save it as UTF-8", kalak)}},
		"quotes": {[]edit{{fileVillages, replace(",Kalak,", ",Ka\"lak,")}},
			[]string{fmt.Sprintf("villages.csv:%d: bare \" in non-quoted", kalak)}},
		"fields": {[]edit{{fileVillages, replace(",Kalak,", ",")}}, []string{fmt.Sprintf("villages.csv:%d: the line has 11 fields, the header 12", kalak)}},
		"duplicate village": {[]edit{{fileVillages, func(s string) string { return s + strings.Split(s, "\n")[kalak-1] + "\n" }}},
			[]string{fmt.Sprintf("villages.csv:%d: code: 3501012003 is already on line %d", line(fileVillages, ""), kalak)}},
		"duplicate station": {[]edit{{stationsPlain, func(s string) string { return s + "3501012003001,3501012003,1,regular\n" }}},
			[]string{fmt.Sprintf("polling_stations.csv:%d: code: 3501012003001 is already on line %d", line(stationsPlain, ""), kalakStation)}},
		"orphan village": {[]edit{{fileVillages, func(s string) string {
			return s + "3501992001,35.01.99.2001,350199,Baru,BARU,desa,,,0,0,0,350102\n"
		}}}, []string{fmt.Sprintf("villages.csv:%d: district_code: 350199 is not in districts.csv", line(fileVillages, ""))}},
		"orphan station": {[]edit{{stationsPlain, func(s string) string { return s + "3501992001001,3501992001,1,regular\n" }}},
			[]string{fmt.Sprintf("polling_stations.csv:%d: village_code: 3501992001 is not in villages.csv", line(stationsPlain, ""))}},
		"orphan voters": {[]edit{{votersPlain, func(s string) string { return s + "3501012003099,250\n" }}},
			[]string{fmt.Sprintf("derived_polling_station_voters.csv:%d: polling_station_code: 3501012003099 is not in polling_stations.csv", line(votersPlain, ""))}},
		"not a number": {[]edit{{fileVillages, replace(",12,12,0,350102\n3501012004", ",dua belas,12,0,350102\n3501012004")}},
			[]string{fmt.Sprintf("villages.csv:%d: tps_count: \"dua belas\" is not a whole number", kalak),
				fmt.Sprintf("villages.csv:%d: tps_count: 3501012003 Kalak states 0, polling_stations.csv has 12", kalak)}},
		"negative voters": {[]edit{{votersPlain, replace("3501012003001,255", "3501012003001,-255")}},
			[]string{fmt.Sprintf("derived_polling_station_voters.csv:%d: voters_derived: -255 is negative", kalakVoters)}},
		"14 digits": {[]edit{{stationsPlain, replace("3501012003001,", "35010120030011,")}},
			[]string{fmt.Sprintf("polling_stations.csv:%d: code: region code \"35010120030011\" has 14 digits: a province has 2, a regency 4, a district 6, a village 10, a polling station 13", kalakStation)}},
		"letters in a code": {[]edit{{fileDapils, replace("\n3507,dpr", "\n35o7,dpr")}},
			[]string{"electoral_districts.csv:2: dapil_code: \"35o7\" is not a code of [4 6] digits"}},
		"number and code": {[]edit{{stationsPlain, replace("3501012003001,3501012003,1,", "3501012003001,3501012003,2,")}},
			[]string{fmt.Sprintf("polling_stations.csv:%d: code: 3501012003001 is not the village code 3501012003 and the station's number 002", kalakStation)}},
		"special number": {[]edit{{stationsPlain, replace("3501012003001,3501012003,1,regular", "3501012003001,3501012003,1,special")}},
			[]string{fmt.Sprintf("polling_stations.csv:%d: kind: \"special\" does not fit number 1: special stations are numbered from 901", kalakStation)}},
		"kind of village": {[]edit{{fileVillages, replace("Kalak,KALAK,desa", "Kalak,KALAK,kelurahan")}},
			[]string{fmt.Sprintf("villages.csv:%d: kind: \"kelurahan\" does not fit the code 3501012003", kalak)}},
		"village of another district": {[]edit{{fileVillages, replace("350101,Kalak", "350102,Kalak")}},
			[]string{fmt.Sprintf("villages.csv:%d: district_code: 350102 does not begin the code 3501012003", kalak)}},
		"village in no electoral district": {[]edit{{fileAreas, replace("357702,dprd_kabkota,3577031001,village,MOJOREJO,\n", "")}},
			[]string{fmt.Sprintf("villages.csv:%d: 3577031001 Mojorejo lies in no electoral district of level dprd_kabkota", line(fileVillages, "3577031001,"))}},
		"village in two electoral districts": {[]edit{{fileAreas, func(s string) string { return s + "357703,dprd_kabkota,3577031001,village,MOJOREJO,\n" }}},
			[]string{fmt.Sprintf("electoral_district_areas.csv:%d: area_code: 3577031001 is in electoral district 357703, but also (in whole or in part) in 357702", line(fileAreas, ""))}},
		"unknown electoral district": {[]edit{{fileAreas, replace("\n3507,dpr,3501", "\n3599,dpr,3501")}},
			[]string{"electoral_district_areas.csv:2: dapil_code: 3599 of dpr is not in electoral_districts.csv"}},
		"other electoral district": {[]edit{{fileDistricts, replace(",125,125,0,350102,65", ",125,125,0,350101,65")}},
			[]string{"districts.csv:2: dapil_dprd_kab: states 350101, but the villages of 350101 lie in 350102"}},
		"voters do not add up": {[]edit{{votersPlain, replace("3501012003001,255", "3501012003001,256")}}, []string{
			fmt.Sprintf("derived_village_voters.csv:%d: 3501012003 has 3050 voters here, its stations have 3051", line(fileVillageVoters, "3501012003,")),
			"derived_regency_voters.csv:2: 3501 has 472780 voters here, its stations have 472781",
			"derived_polling_station_voters.csv: voters: official 626660 (test), here 626661"}},
		"count of a district": {[]edit{{fileDistricts, replace(",12,125,125,0,350102,65", ",13,126,125,0,350102,65")}}, []string{
			"districts.csv:2: village_count: 350101 Donorojo states 13, villages.csv has 12",
			"districts.csv:2: tps_count: 350101 Donorojo states 126, polling_stations.csv has 125"}},
	} {
		t.Run(name, func(t *testing.T) {
			ds, problems := Load(folder(small(), c.edits...), "pemilu2024")
			if ds != nil || problems.Err() == nil {
				t.Fatal("the files were accepted")
			}
			text := problems.Error()
			for _, want := range c.want {
				if !strings.Contains("\n"+text, "\n"+want) {
					t.Errorf("%q is not among:\n%s", want, head20(text))
				}
			}
			for _, p := range problems.List {
				if p.File == "" || p.Message == "" {
					t.Errorf("no place or no text: %+v", p)
				}
			}
			if n := len(problems.List); n > 40 {
				t.Errorf("%d problems for one cause:\n%s", n, head20(text))
			}
		})
	}
}

func head20(s string) string {
	lines := strings.SplitAfterN(s, "\n", 21)
	return strings.Join(lines[:min(20, len(lines))], "")
}

// A station that is missing shows on every level, and voters without a station too.
func TestMissingStationShowsOnEveryLevel(t *testing.T) {
	_, problems := Load(folder(full(), edit{stationsPlain, replace("3501012003012,3501012003,12,regular\n", "")}), "pemilu2024")
	got := map[string]int{}
	for _, p := range problems.List {
		got[p.File]++
	}
	want := map[string]int{
		fileVillages: 3, fileDistricts: 3, fileRegencies: 3, // total, regular, against KPU's list
		fileDapils:  3, // DPR, province, regency
		votersPlain: 2, fileVillageVoters: 1, fileRegencyVoters: 1,
		stationsPlain: 2, // total and regular of the province
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems by file (-want +got):\n%s\n%s", diff, problems.Error())
	}
}

// Counts and rows that agree with each other, but not with KPU.
func TestConsistentButNotOfficial(t *testing.T) {
	_, problems := Load(folder(full(),
		edit{fileVillages, replace("3501012003,35.01.01.2003,350101,Kalak", "3501012099,35.01.01.2099,350101,Kalak")},
		edit{stationsPlain, func(s string) string { return strings.ReplaceAll(s, "3501012003", "3501012099") }},
		edit{votersPlain, func(s string) string { return strings.ReplaceAll(s, "3501012003", "3501012099") }},
		edit{fileVillageVoters, replace("3501012003,", "3501012099,")},
	), "pemilu2024")
	want := []Problem{
		{File: fileDistricts, Line: 2, Message: "3501012003 Kalak below Donorojo is on KPU's list, but not in villages.csv"},
		{File: fileVillages, Line: line(fileVillages, "3501012003,"), Column: "code", Message: "3501012099 Kalak is not on KPU's list"},
	}
	if diff := cmp.Diff(want, problems.List); diff != "" {
		t.Error(diff)
	}
}

func TestAThousandErrors(t *testing.T) {
	broken := 0
	_, problems := Load(folder(small(), edit{stationsPlain, func(s string) string {
		lines := strings.Split(s, "\n")
		for i := 1; broken < 1000; i += 2 {
			if strings.HasSuffix(lines[i], ",regular") {
				lines[i] = strings.Replace(lines[i], ",regular", ",reguler", 1)
				broken++
			}
		}
		return strings.Join(lines, "\n")
	}}), "pemilu2024")
	text := problems.Error()
	if got := strings.Count(text, `kind: "reguler" is none of: regular, special`); got != broken {
		t.Errorf("%d of %d errors are listed", got, broken)
	}
	if want := fmt.Sprintf("\n%d problems: nothing was imported", len(problems.List)); !strings.HasSuffix(text, want) {
		t.Errorf("the end is not %q", want)
	}
	if got := strings.Count(text, "\n"); got != len(problems.List) {
		t.Errorf("%d lines for %d problems", got, len(problems.List))
	}
}

// One missing file or column does not bury its cause under what follows from it.
func TestNoProblemsThatFollow(t *testing.T) {
	for _, e := range []edit{
		{fileRegencies, nil}, {fileDistricts, nil}, {fileVillages, nil}, {stationsPlain, nil}, {votersPlain, nil}, {fileAreas, nil},
		{fileRegencies, dropColumn("code")}, {fileDistricts, dropColumn("regency_code")}, {fileVillages, dropColumn("district_code")},
		{stationsPlain, dropColumn("village_code")}, {fileDapils, dropColumn("dapil_code")}, {votersPlain, dropColumn("polling_station_code")},
	} {
		if _, problems := Load(folder(small(), e), "pemilu2024"); len(problems.List) != 1 {
			t.Errorf("%s: %d problems:\n%s", e.file, len(problems.List), head20(problems.Error()))
		}
	}
}

func TestDefinitions(t *testing.T) {
	for name, c := range map[string]struct {
		election, file, content, want string
	}{
		"unknown election": {"pemilu1999", "x", "", "pemilu1999.json: the election is unknown: neither the files nor the program define it; built in are: pemilu2024, pilkada2024"},
		"not JSON":         {"pemilu2024", "pemilu2024.json", "{\n\"election\": \"pemilu2024\",,}", "pemilu2024.json:2: invalid character ',' looking for beginning of object key string"},
		"unknown field":    {"pemilu2024", "pemilu2024.norms.json", "{\"items\": [{\"per_tps\": 5}]}", "pemilu2024.norms.json:1: json: unknown field \"per_tps\""},
		"wrong type":       {"pemilu2024", "pemilu2024.norms.json", "{\n\"version\": 5}", "pemilu2024.norms.json:2: json: cannot unmarshal number"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := folder(small())
			fsys[c.file] = &fstest.MapFile{Data: []byte(c.content)}
			_, problems := Load(fsys, c.election)
			if err := problems.Err(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// New norms make a new version, and nothing else.
func TestOwnNorms(t *testing.T) {
	content, err := fs.ReadFile(data(), "pemilu2024.norms.json")
	if err != nil {
		t.Fatal(err)
	}
	fsys := folder(full())
	fsys["pemilu2024.norms.json"] = &fstest.MapFile{Data: bytes.Replace(content, []byte("pemilu2024-1"), []byte("pemilu2024-2"), 1)}
	ds, problems := Load(fsys, "pemilu2024")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	builtIn, err := BuiltIn("pemilu2024")
	if err != nil {
		t.Fatal(err)
	}
	if ds.Version == builtIn.Version || ds.Reference.Norms.Version != "pemilu2024-2" {
		t.Errorf("version %s with norms %s", ds.Version, ds.Reference.Norms.Version)
	}
}
