package export

import (
	"slices"
	"strconv"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
	"jejak/domain/station"
)

// The tables, in the order in which people look at them.
var (
	regencies = &table{"kabupaten-kota", slices.Concat([]column{
		{"kode", "code", 8}, {"nama", "name", 24}, {"keadaan rencana", "plan", 16}, {"kotak: kebutuhan", "boxes needed", 12}, {"kotak: diterima", "boxes received", 12},
		{"kotak: dikemas atau lebih", "boxes packed or further", 12}, {"surat suara: kebutuhan", "ballots needed", 14}, {"surat suara: diterima", "ballots received", 14},
		{"surat suara: rusak", "ballots damaged", 12}, {"selisih terbuka", "open discrepancies", 12}, {"pagu (Rp)", "ceiling (IDR)", 18}, {"terikat (Rp)", "committed (IDR)", 18},
		{"diterima (Rp)", "accepted (IDR)", 18}, {"dibayar (Rp)", "paid (IDR)", 18}},
		states("kotak", "boxes", boxStates()), states("TPS", "stations", stationStates()), states("pengiriman", "shipments", shipmentStates),
		[]column{{"catatan terakhir", "last record", 24}, {"posisi", "position", 12}, offsets})}
	stations = &table{"tps", []column{
		{"TPS", "station", 16}, {"satker", "unit", 8}, {"kecamatan", "district", 20}, {"desa/kelurahan", "village", 20}, {"lokasi khusus", "special location", 8},
		{"pemilih", "voters", 9}, {"pemilih turunan", "voters derived", 9}, {"surat suara per jenis", "ballots of each type", 10}, {"keadaan", "state", 30},
		{"kotak", "boxes", 8}, {"kotak di TPS", "boxes there", 8}, {"selisih terbuka", "open discrepancies", 10}}}
	boxes = &table{"kotak", []column{
		{"kotak", "box", 22}, {"satker", "unit", 8}, {"tujuan", "destination", 16}, {"jenis", "type", 8}, {"keadaan", "state", 24}, {"pemegang", "holder", 16},
		{"desain", "design", 14}, {"surat suara", "ballots", 10}, {"segel", "seals", 24}, {"pengiriman", "shipment", 22}, {"diganti oleh", "replaced by", 22},
		{"dikemas", "packed", 24}, {"diperiksa", "checked", 24}, {"disegel", "sealed", 24}, {"dimuat", "loaded", 24}, {"diterima kecamatan", "taken over by the district", 24},
		{"diterima desa/kelurahan", "taken over by the village", 24}, {"diterima TPS", "taken over by the station", 24}, {"selisih terbuka", "open discrepancies", 10}, offsets}}
	shipments = &table{"pengiriman", []column{
		{"pengiriman", "shipment", 24}, {"satker", "unit", 8}, {"keadaan", "state", 24}, {"ruas", "leg", 6}, {"dari", "from", 14}, {"ke", "to", 14}, {"menuju", "bound for", 14},
		{"kendaraan", "vehicle", 14}, {"pengangkut", "carrier", 18}, {"direncanakan (kotak)", "planned (boxes)", 10}, {"dimuat (kotak)", "loaded (boxes)", 10}, {"serah terima", "handoffs", 24},
		{"pengawal", "escort", 10}, {"pengawal setuju", "escort agreed", 8}, {"direncanakan", "planned at", 24}, {"berangkat", "dispatched at", 24}, {"tiba", "arrived at", 24},
		{"tempat terakhir", "last place", 16}, {"penundaan", "delays", 8}, {"selisih terbuka", "open discrepancies", 10}, offsets}}
	handoffs = &table{"serah-terima", []column{
		{"serah terima", "handoff", 24}, {"satker", "unit", 8}, {"pengiriman", "shipment", 24}, {"dari", "from", 14}, {"ke", "to", 14}, {"ditawarkan", "offered at", 24},
		{"ditawarkan oleh (id)", "offered by (id)", 22}, {"diterima", "accepted at", 24}, {"diterima oleh (id)", "accepted by (id)", 22}, {"ditawarkan (kotak)", "offered (boxes)", 10}, {"diterima (kotak)", "accepted (boxes)", 10},
		{"kurang", "missing", 8}, {"lebih", "extra", 8}, {"saksi (peran id)", "witnesses (role id)", 30}, {"selisih terbuka", "open discrepancies", 10}, offsets}}
	discrepancies = &table{"selisih", []column{
		{"selisih", "discrepancy", 18}, {"satker", "unit", 8}, {"jenis", "kind", 20}, {"berat", "severity", 10}, {"keadaan", "status", 22}, {"sementara", "provisional", 8},
		{"aturan", "rule", 24}, {"tentang", "about", 30}, {"jumlah", "quantity", 9}, {"uraian", "message", 60}, {"uraian (Inggris)", "message in English", 60}, {"catatan", "note", 30},
		{"dilaporkan oleh (id)", "raised by (id)", 22}, {"terjadi", "occurred", 24}, {"tercatat", "recorded", 24}, {"ditutup", "closed", 24}, {"tindakan", "action", 30},
		{"penyelesaian", "resolution", 40}, {"dokumen", "document", 24}, {"bukti (versi)", "proof (versions)", 20}, offsets}}
	events = &table{"kejadian", []column{
		{"posisi", "position", 10}, {"satker", "unit", 8}, {"versi", "version", 9}, {"jenis", "type", 28}, {"terjadi", "occurred", 24}, {"tercatat", "recorded", 24},
		{"oleh (id)", "by (id)", 22}, {"peran", "role", 12}, {"wilayah", "scope", 14}, {"cara", "mode", 9}, {"perangkat", "device", 16}, {"nomor perangkat", "device sequence", 9},
		{"simulasi", "simulated", 8}, {"id", "id", 38}, {"isi", "data", 80}, offsets}}

	tables = []*table{regencies, stations, boxes, shipments, handoffs, discrepancies, events}
)

// offsets is the last column of every table with times.
var offsets = column{"selisih waktu", "UTC offset", 11}

var shipmentStates = []string{"planned", "loading", "dispatched", "delayed", "arrived", "cancelled"}

func boxStates() []string {
	names := make([]string, box.States)
	for i := range names {
		names[i] = box.State(i).String()
	}
	return names
}

func stationStates() []string {
	var names []string
	for _, s := range station.Statuses() {
		names = append(names, string(s))
	}
	return append(names, "unknown")
}

// states are the columns that count things by state.
func states(id, en string, codes []string) []column {
	columns := make([]column, len(codes))
	for i, code := range codes {
		word := words[code]
		if word == "" {
			word = code
		}
		columns[i] = column{id + ": " + word, en + ": " + code, 10}
	}
	return columns
}

// boxesOf lists every box of a unit: those of its stations and districts, each with what took its place, and the kits that were made up.
func boxesOf(ref *election.Reference, books *box.Book, unit domain.Code, each func(domain.BoxID) error) error {
	chain := func(id domain.BoxID) error {
		for id != "" {
			if err := each(id); err != nil {
				return err
			}
			id = books.Box(id).ReplacedBy
		}
		return nil
	}
	for _, district := range ref.Children[unit] {
		for n := range ref.Norms.RecapBoxes(district) {
			if err := chain(domain.BoxID(string(district) + "-REKAP" + strconv.FormatInt(n+1, 10))); err != nil {
				return err
			}
		}
	}
	for _, code := range ref.StationsIn(unit) {
		for _, id := range ref.StationBoxes(code) {
			if err := chain(id); err != nil {
				return err
			}
		}
		kit := domain.BoxID(string(code) + "-" + domain.TypeKit)
		if _, known := books.Register.Number(kit); known {
			if err := each(kit); err != nil {
				return err
			}
		}
	}
	return nil
}
