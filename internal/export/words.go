package export

// words are the states as the staff say them; the code that the API and the rules use stands behind.
var words = map[string]string{
	// of a box
	"labelled": "berlabel", "packed": "dikemas", "checked": "diperiksa", "sealed": "disegel", "loaded": "dimuat", "in_transit": "di perjalanan",
	"at_district": "di kecamatan", "at_village": "di desa/kelurahan", "at_station": "di TPS", "damaged": "rusak", "replaced": "diganti",
	"lost": "hilang", "seized": "disita",
	// of a station
	"not_packed": "belum dikemas", "partial_out": "sebagian berangkat", "ready": "siap", "ready_with_issue": "siap dengan catatan", "late": "terlambat",
	"unknown": "tidak diketahui",
	// of a shipment
	"planned": "direncanakan", "loading": "sedang dimuat", "dispatched": "berangkat", "delayed": "tertunda", "arrived": "tiba", "cancelled": "dibatalkan",
	// of a discrepancy
	"open": "terbuka", "explained": "terjelaskan", "resolved": "selesai",
}

// state is a state in words, with its code.
func state(code string) cell {
	if word := words[code]; word != "" {
		return text(word + " / " + code)
	}
	return text(code)
}
